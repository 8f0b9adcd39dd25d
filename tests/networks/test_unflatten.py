import pytest
import torch

from sortal.errors import OptionError
from sortal.networks.flatten import Flatten
from sortal.networks.layer import Held, Pass
from sortal.networks.unflatten import Unflatten

RUN = Pass(members=1)


def test_a_row_becomes_the_stamp_that_flattening_had():
    stamp = torch.randn(1, 2, 4, 3, 5)
    row = Flatten().forward(stamp, Held(), RUN)
    again = Unflatten(channels=4, points=(3, 5)).forward(row, Held(), RUN)
    assert torch.equal(again, stamp)


def test_a_row_stored_channel_by_channel_is_shaped_as_in_torch():
    stamp = torch.randn(1, 2, 4, 3, 5)
    layer = Unflatten(channels=4, points=(3, 5), order="first")
    assert torch.equal(layer.forward(stamp.flatten(2), Held(), RUN), stamp)


def test_a_row_of_another_length_is_told():
    with pytest.raises(
        OptionError, match=r"expected 60 features an example \(3 x 5 x 4\), got \(7,\)"
    ):
        Unflatten(channels=4, points=(3, 5)).result_shape((7,))
