import pytest
import torch

from sortal.networks.dropout import Dropout, draw_uniform
from sortal.networks.layer import Held, Pass
from sortal.networks.stream import stream


def opened(kept: list[float], rows: int, draws: int, seeds: range) -> Pass:
    shares = torch.tensor(kept)
    generators = [stream(seed, "dropout") for seed in seeds]
    uniform = draw_uniform(generators, rows, draws, shares)
    return Pass(members=len(kept), training=True, kept=shares, uniform=uniform)


def test_each_member_drops_its_own_share_and_keeps_the_mean():
    run = opened([1.0, 0.8, 0.25], 200, 50, range(3))
    result = Dropout().forward(torch.ones(1, 200, 50), Held(), run)
    assert torch.equal(result[0], torch.ones(200, 50))
    for row, share in ((1, 0.8), (2, 0.25)):
        assert set(result[row].unique().tolist()) == {0.0, torch.tensor(1 / share).item()}
        assert abs((result[row] > 0).float().mean().item() - share) < 0.02


def test_a_given_rate_is_the_same_for_all_members():
    run = opened([1.0, 1.0], 200, 50, range(2))
    result = Dropout(rate=0.4).forward(torch.ones(1, 200, 50), Held(), run)
    assert result.max().item() == pytest.approx(1 / 0.6)
    assert (result == 0).float().mean().item() == pytest.approx(0.4, abs=0.02)


def test_a_members_masks_do_not_depend_on_its_neighbours():
    ones = torch.ones(1, 6, 5)
    together = Dropout().forward(ones, Held(), opened([0.5, 0.7], 6, 5, range(4, 6)))
    alone = Dropout().forward(ones, Held(), opened([0.7], 6, 5, range(5, 6)))
    assert torch.equal(together[1], alone[0])


def test_nothing_is_dropped_outside_training():
    values = torch.ones(1, 6, 5)
    assert Dropout(rate=0.5).forward(values, Held(), Pass(members=1)) is values
