import pytest
import torch

from sortal.training.stopping import Stopping

WEIGHTS = torch.zeros(2, 1)


def _feed(stopping, *epochs):
    """Losses of each epoch; weights are the epoch's number."""
    return [
        stopping.judge(
            torch.tensor(losses, dtype=torch.float64), torch.full((2, 1), float(epoch)), epoch
        )
        for epoch, losses in enumerate(epochs, start=1)
    ]


def test_a_member_ends_once_its_own_patience_has():
    stopping = Stopping([2, 3], [0.0, 0.0], WEIGHTS)
    ended = _feed(stopping, (1.0, 1.0), (0.5, 1.1), (0.6, 0.9), (0.5, 1.0), (0.7, 1.0), (0.1, 1.0))
    assert ended[:3] == [[], [], []]
    assert ended[3] == [0]
    assert ended[5] == [1]


def test_the_weights_of_the_best_epoch_are_kept():
    stopping = Stopping([5, 5], [0.0, 0.0], WEIGHTS)
    _feed(stopping, (1.0, 1.0), (0.5, 0.9), (0.6, 0.8))
    now = torch.full((2, 1), 3.0)
    assert stopping.kept(0, now) == (torch.tensor([2.0]), 2)
    assert stopping.kept(1, now) == (torch.tensor([3.0]), 3)


def test_a_gain_that_is_too_small_does_not_count():
    stopping = Stopping([1, 1], [0.0, 0.2], WEIGHTS)
    assert _feed(stopping, (1.0, 1.0), (0.9, 0.9))[1] == [1]
    assert stopping.best_epoch.tolist() == [2, 1]


def test_without_patience_nobody_stops_and_current_weights_count():
    stopping = Stopping([0, 0], [0.0, 0.0], WEIGHTS)
    assert _feed(stopping, (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)) == [[], [], []]
    assert stopping.kept(0, torch.full((2, 1), 3.0)) == (torch.tensor([3.0]), 0)


@pytest.mark.parametrize("kept", [[0], [1], [1, 0]])
def test_those_that_stay_keep_their_course(kept):
    stopping = Stopping([2, 3], [0.0, 0.1], WEIGHTS)
    _feed(stopping, (1.0, 2.0), (1.5, 2.5))
    stopping.keep(torch.tensor(kept))
    assert stopping.best_loss.tolist() == [[1.0, 2.0][row] for row in kept]
    assert stopping.patience.tolist() == [[2, 3][row] for row in kept]
    assert stopping.waited.tolist() == [1] * len(kept)
