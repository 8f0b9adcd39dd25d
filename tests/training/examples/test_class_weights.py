import pytest

from sortal.data.labels import Outputs
from sortal.errors import NotFound, OptionError
from sortal.training.examples.class_weights import given_factors

CLASSES = ("star", "galaxy", "quasar")


def test_named_classes_get_their_factor_and_others_one():
    found = given_factors({"galaxy": 2.0}, CLASSES, Outputs.EXCLUSIVE)
    assert found.tolist() == [1.0, 2.0, 1.0]


def test_a_list_follows_the_order_of_classes():
    assert given_factors([3, 0, 0.5], CLASSES, Outputs.EXCLUSIVE).tolist() == [3.0, 0.0, 0.5]


def test_a_targets_number_goes_to_its_presence():
    found = given_factors({"quasar": 4.0, "star": [0.5, 2.0]}, CLASSES, Outputs.INDEPENDENT)
    assert found.tolist() == [[0.5, 2.0], [1.0, 1.0], [1.0, 4.0]]


def test_an_unknown_class_is_refused_with_the_nearest():
    with pytest.raises(NotFound, match="Did you mean 'galaxy'"):
        given_factors({"galaxi": 2.0}, CLASSES, Outputs.EXCLUSIVE)


def test_a_list_of_another_length_is_refused():
    with pytest.raises(OptionError, match="class_weight: expected 3 numbers"):
        given_factors([1.0, 2.0], CLASSES, Outputs.EXCLUSIVE)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "2", [1.0, 2.0]])
def test_a_factor_that_is_no_finite_number_is_refused_by_class(value):
    with pytest.raises(OptionError, match=r"class_weight\.star: expected a finite number"):
        given_factors({"star": value}, CLASSES, Outputs.EXCLUSIVE)


@pytest.mark.parametrize("value", [[1.0], [1.0, 2.0, 3.0], "12"])
def test_a_target_takes_one_number_or_two(value):
    with pytest.raises(OptionError, match="absent and present"):
        given_factors({"star": value}, CLASSES, Outputs.INDEPENDENT)


@pytest.mark.parametrize("given", [{"0": 1, "1.0": 5}, {"false": 1, "true": 5}, {"1": 5}])
@pytest.mark.parametrize("classes", [("0", "1"), ("False", "True"), ("FALSE", "TRUE")])
def test_factors_find_classes_in_any_spelling(given, classes):
    assert given_factors(given, classes, Outputs.EXCLUSIVE).tolist() == [1, 5]


def test_a_class_that_is_named_twice_is_refused():
    with pytest.raises(OptionError, match="one factor for the class '1'"):
        given_factors({"1": 2, "1.0": 3}, ("0", "1"), Outputs.EXCLUSIVE)
