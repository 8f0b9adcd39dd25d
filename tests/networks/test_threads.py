"""Within a block torch has its threads and takes denormal numbers for zero; after it all is as before."""

import pytest
import torch

from sortal.networks.threads import torch_threads

DENORMAL = 1e-40


def doubled() -> float:
    return float(torch.tensor([DENORMAL]) * 2)


def test_denormal_numbers_are_zero_within_the_block_alone():
    assert doubled() > 0
    with torch_threads(None):
        assert doubled() == 0
    assert doubled() > 0


def test_a_block_within_a_block_leaves_the_outer_one_as_it_was():
    with torch_threads(1):
        with torch_threads(2):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 1
        assert doubled() == 0


def test_an_error_puts_everything_back():
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="within"), torch_threads(before + 1):
        raise ValueError("within")
    assert torch.get_num_threads() == before
    assert doubled() > 0
