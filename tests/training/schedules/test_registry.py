from typing import get_args

import pytest

from sortal.errors import OptionError
from sortal.training.schedules.cycle import SGDR, Cyclic
from sortal.training.schedules.decay import Constant
from sortal.training.schedules.names import ScheduleName
from sortal.training.schedules.registry import SCHEDULES, build_schedule, options_of
from sortal.training.schedules.warm_up import WarmUp


@pytest.mark.parametrize("name", SCHEDULES)
def test_equal_schedules_are_one_key(name):
    assert len({build_schedule(name), build_schedule(name)}) == 1


def test_options_reach_their_fields():
    assert build_schedule("cyclic", {"peak": 3, "mode": "exp_range"}) == Cyclic(
        peak=3, mode="exp_range"
    )
    assert build_schedule("sgdr", {"warm_up": 2}) == WarmUp(schedule=SGDR(), length=2)
    assert build_schedule("constant", {"warm_up": 0}) == Constant()


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(OptionError, match=r"schedule: .*\(perhaps 'cosine'\), got 'cosin'"):
        build_schedule("cosin")
    with pytest.raises(OptionError, match=r"schedule: expected .* flat_cos, got 'zzz'"):
        options_of("zzz")


def test_an_unknown_option_is_answered_with_the_nearest():
    with pytest.raises(
        OptionError, match=r"step: expected an option, one of gamma, .*\(perhaps 'step_size'\)"
    ):
        build_schedule("step", {"stepsize": 3})


def test_a_negative_warm_up_is_refused():
    with pytest.raises(OptionError, match=r"step.warm_up: expected a number of at least 0, got -1"):
        build_schedule("step", {"warm_up": -1})


def test_every_schedule_has_a_name_that_a_job_may_choose():
    assert set(get_args(ScheduleName)) == set(SCHEDULES)
