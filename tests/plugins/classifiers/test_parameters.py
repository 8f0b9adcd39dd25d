"""Parameters of a plugin's classifier: what they take, and what becomes of their defaults."""

import pytest

from sortal.job.tuned import TunedParameter
from sortal.tuning.declared_space import make_dimension

from ..conftest import method_of

DECLARED = [
    {"name": "n", "type": "integer", "range": [1, 10], "default_value": 5},
    {"name": "rate", "type": "float", "range": [0, 1], "default_value": 0.5},
    {"name": "kernel", "type": "string", "range": ["rbf", "poly"], "default_value": "rbf"},
    {"name": "early", "type": "boolean", "default_value": False},
    {"name": "sizes", "type": "array", "default_value": [100, 100]},
    {"name": "any", "type": "other", "default_value": None},
    {"name": "odd", "type": "integer", "default_value": None},
    {"name": "copy", "type": "boolean", "default_value": True},
    {"name": "model_file", "type": "string", "default_value": "model.h5"},
]


@pytest.fixture
def parameters(classifier):
    return method_of(classifier(parameters=DECLARED)).Parameters


def test_defaults_survive_the_way_to_a_worker(parameters):
    told = parameters().model_dump(mode="json")
    assert parameters.model_validate(told) == parameters()
    assert parameters().declared() == {one["name"]: one["default_value"] for one in DECLARED}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("n", 11, "an integer from 1 to 10"),
        ("n", True, "an integer"),
        ("n", 1.5, "an integer"),
        ("n", "3", "an integer"),
        ("rate", "0.5", "a number from 0 to 1"),
        ("rate", False, "a number"),
        ("kernel", "cubic", "one of 'rbf', 'poly'"),
        ("early", 1, "true or false"),
        ("odd", "x", "an integer"),
        ("n", 5.0, "an integer from 1 to 10"),
        ("early", 0, "true or false"),
        ("copy", 1, "true or false"),
    ],
)
def test_what_does_not_fit_is_refused(parameters, name, value, told):
    with pytest.raises(ValueError, match=told):
        parameters.model_validate({name: value})


def test_a_default_of_another_type_is_kept_without_a_warning(classifier):
    declared = [{"name": "rate", "type": "float", "default_value": "auto"}]
    made = method_of(classifier(parameters=declared)).Parameters
    assert made().declared() == {"rate": "auto"}
    again = made.model_validate(made().model_dump(mode="json"))
    assert again == made()
    assert made.model_validate({"rate": "auto"}).declared() == {"rate": "auto"}


def test_a_default_of_one_and_true_are_two_values(classifier):
    declared = [{"name": "n", "type": "integer", "default_value": 1}]
    made = method_of(classifier(parameters=declared)).Parameters
    with pytest.raises(ValueError, match="an integer"):
        made.model_validate({"n": True})


def test_a_search_draws_its_space_from_them(parameters):
    fields = parameters.model_fields
    drawn = make_dimension(fields["rate"], TunedParameter(tune=True))
    assert (drawn.low, drawn.high, drawn.initial) == (0, 1, 0.5)
    drawn = make_dimension(fields["n"], TunedParameter(tune=True))
    assert (drawn.low, drawn.high, drawn.whole) == (1, 10, True)
    assert make_dimension(fields["kernel"], TunedParameter(tune=True)).values == ("rbf", "poly")


def test_an_unknown_name_is_refused(parameters):
    with pytest.raises(ValueError, match="m"):
        parameters.model_validate({"m": 1})
