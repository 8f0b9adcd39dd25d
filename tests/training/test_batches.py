import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.training.batches import epoch_order, minibatches


@given(st.integers(0, 2**63 - 1), st.integers(0, 1000), st.integers(1, 60))
def test_every_epoch_sees_each_example_once(seed, epoch, rows):
    order = epoch_order(seed, epoch, rows)
    assert torch.equal(order.sort().values, torch.arange(rows))
    assert torch.equal(order, epoch_order(seed, epoch, rows))


def test_epochs_and_seeds_have_their_own_order():
    orders = [tuple(epoch_order(seed, epoch, 50).tolist()) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4


@given(st.integers(1, 100), st.integers(1, 40), st.data())
def test_minibatches_meet_without_gap_from_wherever_they_start(rows, size, data):
    start = size * data.draw(st.integers(0, rows // size))
    seen = [row for batch in minibatches(rows, size, start=start) for row in range(rows)[batch]]
    assert seen == list(range(start, rows))
