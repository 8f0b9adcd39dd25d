import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sortal.errors import OptionError
from sortal.training.schedules.plateau import Plateau
from sortal.training.schedules.plateaus import Plateaus

KERAS = json.loads((Path(__file__).parent / "keras_callbacks.json").read_text("utf-8"))["plateau"]
OPTIONS = ("factor", "patience", "min_gain", "cooldown", "min_factor")

LOSSES = st.lists(st.integers(0, 8).map(lambda eighths: eighths / 8), min_size=1, max_size=40)
RULES = st.builds(
    Plateau,
    factor=st.sampled_from([0.25, 0.5]),
    patience=st.integers(2, 5),
    min_gain=st.sampled_from([0.0, 0.125, 0.25]),
    cooldown=st.sampled_from([0, 2, 3, 4]),
    min_factor=st.sampled_from([0.0, 0.125, 0.375]),
)


def _factors(rule, losses):
    plateaus = Plateaus([rule])
    factors = []
    for loss in losses:
        plateaus.update(torch.tensor([loss], dtype=torch.float64))
        factors.append(float(plateaus.factors[0]))
    return factors


def _by_torch(rule, losses):
    """PyTorch waits for one validation more, and every validation of its cooldown is free."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = ReduceLROnPlateau(
        optimiser,
        factor=rule.factor,
        patience=rule.patience - 1,
        threshold=rule.min_gain,
        threshold_mode="abs",
        cooldown=max(0, rule.cooldown - 1),
        min_lr=rule.min_factor,
        eps=0.0,
    )
    factors = []
    for loss in losses:
        scheduler.step(loss)
        factors.append(optimiser.param_groups[0]["lr"])
    return factors


@pytest.mark.parametrize("case", KERAS, ids=range(len(KERAS)))
def test_cuts_are_those_of_keras(case):
    losses = [np.nan if loss is None else loss for loss in case["losses"]]
    rule = Plateau(**{name: case[name] for name in OPTIONS})
    assert _factors(rule, losses) == case["factors"]


@given(RULES, LOSSES)
def test_cuts_are_those_of_torch_at_one_less_patience(rule, losses):
    np.testing.assert_allclose(_factors(rule, losses), _by_torch(rule, losses), rtol=1e-12)


@given(st.lists(RULES, min_size=2, max_size=4), st.integers(0, 100))
def test_members_are_judged_by_their_own_rules_and_losses(rules, seed):
    table = np.random.default_rng(seed).integers(0, 8, (30, len(rules))) / 8
    together = Plateaus(rules)
    for losses in table:
        together.update(torch.tensor(losses))
    alone = [_factors(rule, column)[-1] for rule, column in zip(rules, table.T, strict=True)]
    assert together.factors.tolist() == alone


@given(RULES, LOSSES)
def test_factors_never_rise_nor_fall_below_their_minimum(rule, losses):
    factors = np.array([1.0, *_factors(rule, losses)])
    assert (np.diff(factors) <= 0).all()
    assert (factors >= rule.min_factor).all()


def test_members_without_a_rule_keep_their_rate():
    plateaus = Plateaus([None, Plateau(patience=1, factor=0.5)])
    for _ in range(30):
        plateaus.update(torch.tensor([1.0, 1.0], dtype=torch.float64))
    assert plateaus.factors.tolist() == [1.0, 0.5**29]


@given(st.lists(RULES, min_size=3, max_size=3), st.integers(0, 20), st.integers(0, 100))
def test_leaving_others_and_coming_back_changes_nothing(rules, pause, seed):
    table = torch.tensor(np.random.default_rng(seed).integers(0, 8, (30, 3)) / 8)
    through, before = Plateaus(rules), Plateaus(rules)
    for losses in table:
        through.update(losses)
    for losses in table[:pause]:
        before.update(losses)
    before.keep(torch.tensor([2, 0]))
    after = Plateaus([rules[2], rules[0]])
    after.restore(before.state())
    for losses in table[pause:]:
        after.update(losses[[2, 0]])
    assert after.factors.tolist() == through.factors[[2, 0]].tolist()


def test_there_may_be_no_members_left():
    plateaus = Plateaus([])
    plateaus.update(torch.zeros(0, dtype=torch.float64))
    plateaus.restore(plateaus.state())
    assert plateaus.factors.shape == (0,)


def test_a_state_is_a_copy():
    plateaus = Plateaus([Plateau(patience=1)])
    state = plateaus.state()
    for _ in range(3):
        plateaus.update(torch.ones(1, dtype=torch.float64))
    assert state["factors"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Plateau(factor=1.0), "plateau.factor: expected a number above 0 and below 1"),
        (lambda: Plateau(patience=0), "plateau.patience: expected a whole number of at least 1"),
        (lambda: Plateau(cooldown=-1), "plateau.cooldown: expected a whole number of at least 0"),
    ],
)
def test_impossible_options_are_refused_by_name(build, message):
    with pytest.raises(OptionError, match=message):
        build()
