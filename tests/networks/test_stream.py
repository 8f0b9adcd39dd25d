import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.networks.stream import stream, stream_seed
from sortal.networks.threads import torch_threads


@given(st.integers(0, 2**31 - 1))
def test_streams_of_one_seed_differ_by_name(seed):
    names = ("initialisation", "dropout", "order")
    seeds = {stream_seed(seed, name) for name in names}
    assert len(seeds) == 3
    assert all(0 <= one < 2**63 for one in seeds)


def test_a_stream_starts_anew_each_time():
    first, again = (torch.rand(5, generator=stream(1, "a")) for _ in range(2))
    assert torch.equal(first, again)


def test_threads_are_put_back():
    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
