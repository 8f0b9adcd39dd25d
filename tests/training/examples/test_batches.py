import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.training.examples import batches
from sortal.training.examples.batches import epoch_order, minibatches, stretch_order


@given(st.integers(0, 2**63 - 1), st.integers(0, 1000), st.integers(1, 60))
def test_every_epoch_sees_each_example_once(seed, epoch, rows):
    order = epoch_order(seed, epoch, rows)
    assert torch.equal(order.sort().values, torch.arange(rows))
    assert torch.equal(order, epoch_order(seed, epoch, rows))


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 30), st.integers(0, 6))
def test_epochs_of_given_length_are_cut_from_a_row_of_passes(rows, size, steps, epoch):
    passes = [epoch_order(3, number, rows) for number in range(7 * 30 * 9 // rows + 2)]
    length = steps * size
    expected = torch.cat(passes)[epoch * length : (epoch + 1) * length]
    assert torch.equal(stretch_order(3, epoch, rows, steps=steps, batch_size=size), expected)


def test_epochs_and_seeds_have_their_own_order():
    orders = [tuple(epoch_order(seed, epoch, 50).tolist()) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4


@given(st.integers(1, 100), st.integers(1, 40), st.data())
def test_minibatches_meet_without_gap_from_wherever_they_start(rows, size, data):
    start = size * data.draw(st.integers(0, rows // size))
    seen = [row for batch in minibatches(rows, size, start=start) for row in range(rows)[batch]]
    assert seen == list(range(start, rows))


LARGE = {"batch_size": 64, "row_bytes": 40}


@pytest.fixture
def small_limits(monkeypatch):
    """As if 20,000 rows of 40 bytes were much more than fits: blocks of 4,096 rows."""
    monkeypatch.setattr(batches, "LARGE_BYTES", 100_000)
    monkeypatch.setattr(batches, "BLOCK_BYTES", 40 * 4096)


@given(st.integers(0, 2**63 - 1), st.integers(1, 3000), st.integers(1, 700), st.integers(1, 5000))
def test_large_data_too_is_seen_once_an_epoch(seed, rows, size, row_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LARGE_BYTES", 1000)
        patch.setattr(batches, "BLOCK_BYTES", 50_000)
        order = epoch_order(seed, 3, rows, batch_size=size, row_bytes=row_bytes)
        again = epoch_order(seed, 3, rows, batch_size=size, row_bytes=row_bytes)
        other = epoch_order(seed, 4, rows, batch_size=size, row_bytes=row_bytes)
    assert torch.equal(order.sort().values, torch.arange(rows))
    assert torch.equal(order, again)
    assert rows < 10 or not torch.equal(order, other)


def test_small_data_is_permuted_as_a_whole():
    assert torch.equal(epoch_order(1, 2, 5000, **LARGE), epoch_order(1, 2, 5000))


@pytest.mark.usefixtures("small_limits")
def test_blocks_of_large_data_are_read_as_runs_of_neighbours():
    order = epoch_order(1, 0, 20_000, **LARGE)
    for block in (order[:4096], order[4096:8192], order[16_384:]):
        gaps = block.sort().values.diff()
        assert (gaps == 1).double().mean() >= 1 - 1 / 8 - 0.01


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("classes", [2, 5])
def test_minibatches_of_sorted_data_are_mixed_almost_at_random(classes):
    rows, size = 20_000, 64
    labels = torch.arange(rows) * classes // rows
    shares = []
    for epoch in range(20):
        seen = labels[epoch_order(7, epoch, rows, **LARGE)]
        whole = seen[: rows - rows % size].reshape(-1, size)
        shares.append((whole == 0).double().mean(dim=1))
    share, each = 1 / classes, torch.cat(shares)
    binomial = share * (1 - share) / size
    assert each.mean().item() == pytest.approx(share, abs=0.003)
    assert 0.9 < each.var().item() / binomial < 1 + 1 / 8 + 0.1
    within = ((each - share).abs() < 2 * binomial**0.5).double().mean().item()
    assert within == pytest.approx(0.95, abs=0.03)
