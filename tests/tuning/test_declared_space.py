from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from sortal.job.problems import JobError
from sortal.job.tuned import TunedParameter
from sortal.methods import registry
from sortal.tuning.declared_space import make_choices, make_dimension
from sortal.tuning.space import Choices, Range


class Declared(BaseModel):
    share: float = Field(default=0.1, ge=0, lt=1)
    rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    units: Annotated[int, Field(ge=1, le=1000)] = 5
    rounds: int = Field(default=50, ge=1)
    open: int = Field(default=5, gt=0, lt=10)
    kernel: Literal["linear", "rbf"] = "rbf"
    scaled: bool = False
    gamma: float | Literal["scale", "auto"] = "scale"
    maybe: Annotated[float, Field(ge=0, le=1)] | None = None
    none: float = 0.0
    sizes: tuple[int, ...] = (64,)
    text: str = "a"


def draw(name: str, **said: Any):
    return make_dimension(Declared.model_fields[name], TunedParameter(tune=True, **said))


def problem(name: str, **said: Any) -> tuple[str, str]:
    with pytest.raises(JobError) as caught:
        draw(name, **said)
    (one,) = caught.value.problems
    return one.path, one.expected


def test_declared_bounds_are_the_range_and_open_ends_stay_out():
    units = draw("units")
    assert (units.low, units.high, units.initial) == (1, 1000, 5)
    assert units.whole
    assert draw("open") == Range(low=1, high=9, initial=5, whole=True)
    share = draw("share")
    assert share.low == 0
    assert 0.999 < share.high < 1
    assert not share.log


def test_a_range_of_two_decades_is_logarithmic_by_default():
    assert draw("units").log
    assert not draw("units", log=False).log
    assert not draw("units", max=50).log
    assert draw("units", max=50, log=True).log


def test_an_end_that_is_not_declared_lies_around_the_default():
    rate = draw("rate")
    assert (rate.low, rate.high) == (1e-5, 0.1)
    assert rate.log
    assert (draw("rounds").low, draw("rounds").high) == (1, 500)
    assert draw("rate", max=1.0).low == 1e-5


def test_words_and_yes_or_no_are_choices():
    assert draw("kernel") == Choices(values=("linear", "rbf"), initial="rbf")
    assert draw("scaled") == Choices(values=(False, True), initial=False)


def test_what_is_said_stands_before_what_is_declared():
    assert draw("units", min=2, max=9, initial=3, sigma=2.0) == Range(
        low=2, high=9, initial=3, whole=True, sigma=2.0
    )
    sizes = draw("sizes", values=[[8], [16, 8]])
    assert sizes == Choices(values=([8], [16, 8]), initial=[8])
    assert draw("kernel", values=["rbf", "linear"], initial="linear").initial == "linear"
    gamma = draw("gamma", min=0.001, max=1)
    assert gamma.log
    assert gamma.initial == pytest.approx(0.0316, rel=0.01)


def test_a_default_outside_the_range_gives_way_to_the_middle():
    assert draw("maybe").initial == 0.5
    assert draw("units", min=100, max=200).initial == 150


@pytest.mark.parametrize(
    ("name", "said", "path"),
    [
        ("gamma", {}, ""),
        ("none", {}, ""),
        ("sizes", {}, ""),
        ("text", {}, ""),
        ("kernel", {"min": 1, "max": 2}, ""),
        ("units", {"min": 5, "max": 5}, "max"),
        ("units", {"min": 1.5}, "min"),
        ("units", {"initial": 5000}, "initial"),
        ("units", {"initial": 2.5}, "initial"),
        ("share", {"log": True}, "log"),
        ("kernel", {"initial": "poly"}, "initial"),
        ("kernel", {"values": ["linear", "rbf"], "initial": "poly"}, "initial"),
    ],
)
def test_what_cannot_be_drawn_is_told_at_its_place(name, said, path):
    assert problem(name, **said)[0] == path


def test_several_values_start_at_the_default_if_among_them():
    assert make_choices([1, 5, 9], 5).initial == 5
    assert make_choices([1, 9], 5).initial == 1


def _is_refused(parameters: type[BaseModel], field: str, value: Any) -> bool:
    """Whether the field itself refuses the value, not its company."""
    try:
        parameters.model_validate({field: value})
    except ValidationError as error:
        return any(one["loc"][:1] == (field,) for one in error.errors())
    return False


@pytest.mark.parametrize("name", registry.method_names())
def test_ranges_of_built_in_methods_hold_values_they_accept(name):
    parameters = registry.find(name).Parameters
    for field, declared in parameters.model_fields.items():
        try:
            drawn = make_dimension(declared, TunedParameter(tune=True))
        except JobError:
            continue
        ends = drawn.values if isinstance(drawn, Choices) else (drawn.at(drawn.low), drawn.high)
        assert not [one for one in (*ends, drawn.initial) if _is_refused(parameters, field, one)]


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-60, 60))
def test_a_drawn_range_always_holds_its_initial_value(low, high, initial):
    class Free(BaseModel):
        x: int = 7

    try:
        one = make_dimension(
            Free.model_fields["x"], TunedParameter(tune=True, min=low, max=high, initial=initial)
        )
    except JobError:
        assert low >= high or not low <= initial <= high
    else:
        assert one.holds(one.initial)
