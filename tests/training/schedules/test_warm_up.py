import numpy as np
import pytest
from torch.optim.lr_scheduler import ChainedScheduler, LinearLR, StepLR

from sortal.errors import OptionError
from sortal.training.schedules.annealing import Cosine
from sortal.training.schedules.decay import Constant, Step
from sortal.training.schedules.span import Span
from sortal.training.schedules.warm_up import WarmUp

SPAN = Span(5, 12)


def test_a_warm_up_multiplies_as_torch_s_chained_schedulers(by_torch):
    ours = WarmUp(schedule=Step(gamma=0.5, step_size=2), length=3)
    theirs = by_torch(
        lambda one: ChainedScheduler(
            [LinearLR(one, start_factor=1 / 15, total_iters=14), StepLR(one, 10, 0.5)]
        ),
        60,
    )
    np.testing.assert_allclose(ours.factors(np.arange(60), SPAN), theirs, rtol=1e-12)


def test_a_warm_up_rises_from_a_small_update_to_a_full_one():
    factors = WarmUp(schedule=Constant(), length=4, unit="updates").factors(np.arange(6), SPAN)
    assert factors.tolist() == [0.25, 0.5, 0.75, 1, 1, 1]


def test_afterwards_the_schedule_is_where_it_would_be_without():
    warmed = WarmUp(schedule=Cosine(), length=2).factors(np.arange(60), SPAN)
    plain = Cosine().factors(np.arange(60), SPAN)
    assert warmed[9:].tolist() == plain[9:].tolist()
    assert (warmed[:9] < plain[:9]).all()


def test_a_warm_up_shorter_than_an_update_changes_nothing():
    assert WarmUp(schedule=Constant(), length=0.01).factors(np.arange(2), SPAN).tolist() == [1, 1]


def test_a_warm_up_of_no_length_is_refused():
    with pytest.raises(OptionError, match=r"warm_up.length: expected a number above 0, got 0."):
        WarmUp(schedule=Constant(), length=0)
