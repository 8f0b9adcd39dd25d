import pytest
import torch

from sortal.networks.dropout import AlphaDropout, Dropout, draw_uniform
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


def test_whole_channels_are_silenced_at_all_points():
    layer = Dropout(rate=0.5, whole_channels=True)
    run = opened([1.0, 1.0], 50, layer.draws((8, 3, 4)), range(2))
    result = layer.forward(torch.ones(1, 50, 8, 3, 4), Held(), run).flatten(3)
    assert torch.equal(result, result[..., :1].expand_as(result))
    assert set(result.unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("rate", [None, 0.3])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    run = opened([1.0, 0.7], 2000, 50, range(2))
    values = torch.randn(1, 2000, 50, generator=stream(9))
    result = AlphaDropout(rate=rate).forward(values, Held(), run)
    if rate is None:
        torch.testing.assert_close(result[0], values[0])
    assert result.mean(dim=(1, 2)).tolist() == pytest.approx([0, 0], abs=0.03)
    assert result.var(dim=(1, 2)).tolist() == pytest.approx([1, 1], abs=0.03)
    set_share = (result[1] == result[1].mode(dim=0).values).float().mean().item()
    assert set_share == pytest.approx(0.3, abs=0.02)


def test_alpha_dropout_sets_units_to_where_selu_ends():
    run = Pass(members=1, training=True, uniform=torch.tensor([[[0.1, 0.9]]]))
    result = AlphaDropout(rate=0.5).forward(torch.zeros(1, 1, 2), Held(), run).squeeze()
    floor = torch.selu(torch.tensor(-1e9)).item()
    factor = (0.5 + floor**2 * 0.25) ** -0.5
    assert result.tolist() == pytest.approx([-factor * floor / 2, factor * floor / 2])


def test_alpha_dropout_rests_outside_training():
    values = torch.ones(1, 6, 5)
    assert AlphaDropout(rate=0.5).forward(values, Held(), Pass(members=1)) is values
