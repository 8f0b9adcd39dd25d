"""What plugins return becomes scores whose columns are the classes of the data, in their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.labels import Outputs
from sortal.errors import DataError
from sortal.methods.contract.class_columns import ClassColumns
from sortal.plugins.classifiers.answers import Reading
from sortal.plugins.classifiers.classifier import ScoreFunction


def reading(answer, codes=(0, 1, 2), columns=3, **options) -> Reading:
    several = options.get("several", False)
    seen = ClassColumns(
        tuple(codes) if several else (tuple(codes),),
        columns,
        Outputs.INDEPENDENT if several else Outputs.EXCLUSIVE,
    )
    return Reading(plugin="small", answer=answer, seen=seen, **{"several": False, **options})


@given(st.integers(2, 5), st.data())
def test_the_largest_output_decides_whatever_classes_were_seen(columns, data):
    codes = sorted(data.draw(st.sets(st.integers(0, columns - 1), min_size=2)))
    chosen = np.array(
        data.draw(st.lists(st.sampled_from(range(len(codes))), min_size=1, max_size=6))
    )
    probabilities = np.full((len(chosen), len(codes)), 0.5 / len(codes))
    probabilities[np.arange(len(chosen)), chosen] += 0.5
    scores = reading(ScoreFunction.PROBABILITIES, codes, columns).scores(probabilities, len(chosen))
    assert scores.shape == (len(chosen), columns)
    np.testing.assert_array_equal(scores.argmax(axis=1), np.array(codes)[chosen])
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_a_class_never_seen_gets_0_or_the_lowest_value():
    """Probability 0, or one below the lowest decision value."""
    given_ = np.array([[0.2, 0.8], [0.9, 0.1]])
    scores = reading(ScoreFunction.PROBABILITIES, (0, 2)).scores(given_, 2)
    np.testing.assert_array_equal(scores, [[0.2, 0, 0.8], [0.9, 0, 0.1]])
    scores = reading(ScoreFunction.DECISIONS, (0, 2)).scores(given_, 2)
    np.testing.assert_allclose(scores, [[0.2, -0.8, 0.8], [0.9, -0.9, 0.1]])


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_decision_value_of_two_classes_is_of_the_second(shape):
    values = np.array([-2.0, 0.5, 3.0]).reshape(shape)
    scores = reading(ScoreFunction.DECISIONS, (0, 1), 2).scores(values, 3)
    np.testing.assert_array_equal(scores, [[2, -2], [-0.5, 0.5], [-3, 3]])
    np.testing.assert_array_equal(scores.argmax(axis=1), [0, 1, 1])


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_one_probability_of_two_classes_is_that_of_the_second(shape):
    scores = reading(ScoreFunction.PROBABILITIES, (0, 1), 2).scores(
        np.array([0.25, 1.0]).reshape(shape), 2
    )
    np.testing.assert_array_equal(scores, [[0.75, 0.25], [0, 1]])


def test_one_decision_value_of_two_classes_of_three_also_is():
    """Training saw two of three classes: the value is of the second one seen."""
    scores = reading(ScoreFunction.DECISIONS, (0, 2)).scores(np.array([-2.0, 3.0]), 2)
    np.testing.assert_array_equal(scores, [[2, -3, -2], [-3, -4, 3]])


def test_two_classes_in_two_columns_are_never_turned_round():
    values = np.array([[3.0, 1.0], [0.0, 4.0]])
    np.testing.assert_array_equal(
        reading(ScoreFunction.DECISIONS, (0, 1), 2).scores(values, 2), values
    )


def test_labels_alone_mark_their_class():
    scores = reading(ScoreFunction.LABELS).scores(np.array([2, 0]), 2)
    np.testing.assert_array_equal(scores, [[0, 0, 1], [1, 0, 0]])
    scores = reading(ScoreFunction.LABELS, (0, 1), 2).scores([1, 0], 2)
    np.testing.assert_array_equal(scores, [[-1, 1], [1, -1]])


def test_a_single_seen_class_is_certain():
    scores = reading(ScoreFunction.PROBABILITIES, (1,)).scores(np.ones((2, 1)), 2)
    np.testing.assert_array_equal(scores, [[0, 1, 0]] * 2)


def test_a_single_target_is_scored_by_yes_alone():
    scores = reading(ScoreFunction.PROBABILITIES, (0, 1), 2, single=True).scores(
        np.array([[0.3, 0.7]]), 1
    )
    np.testing.assert_allclose(scores, [[0.7]])
    scores = reading(ScoreFunction.DECISIONS, (0, 1), 2, single=True).scores(np.array([-4.0]), 1)
    np.testing.assert_array_equal(scores, [[-4.0]])


SEVERAL = {"codes": ((0, 1), (0,), (1,)), "several": True}


def test_several_labels_in_columns_stay_as_they_are():
    given_ = np.array([[0.1, 0.0, 0.9], [0.8, 0.2, 1.0]])
    scores = reading(ScoreFunction.PROBABILITIES, **SEVERAL).scores(given_, 2)
    np.testing.assert_array_equal(scores, given_)


def test_lists_of_outputs_by_label_are_laid_side_by_side():
    """scikit-learn gives a list with one array for each label."""
    parts = [np.array([[0.4, 0.6], [0.9, 0.1]]), np.ones((2, 1)), np.ones((2, 1))]
    scores = reading(ScoreFunction.PROBABILITIES, **SEVERAL).scores(parts, 2)
    np.testing.assert_allclose(scores, [[0.6, 0, 1], [0.1, 0, 1]])


def test_several_labels_alone_decide_by_their_sign():
    scores = reading(ScoreFunction.LABELS, **SEVERAL).scores(np.array([[0, 0, 1]]), 1)
    np.testing.assert_array_equal(scores, [[-1, -1, 1]])


@pytest.mark.parametrize(
    ("answer", "given_", "told"),
    [
        (ScoreFunction.PROBABILITIES, np.ones((2, 5)), "expected shape (2, 3), got (2, 5)"),
        (ScoreFunction.PROBABILITIES, np.ones(2), "expected shape (2, 3), got (2,)"),
        (ScoreFunction.PROBABILITIES, np.full((2, 3), np.nan), "finite numbers, got nan"),
        (ScoreFunction.PROBABILITIES, None, "finite numbers"),
        (ScoreFunction.PROBABILITIES, ["a", "b"], "an array of numbers, got list"),
        (ScoreFunction.DECISIONS, np.ones((3, 3)), "expected shape (2, 3), got (3, 3)"),
        (
            ScoreFunction.LABELS,
            np.ones((2, 3)),
            "the number of a class for each example, shape (2,)",
        ),
        (ScoreFunction.LABELS, np.array([0, 3]), "whole numbers from 0 to 2, got [3]"),
        (ScoreFunction.LABELS, np.array([0.5, 1]), "whole numbers from 0 to 2, got [0.5]"),
        (ScoreFunction.LABELS, np.array(["a", "b"]), "whole numbers from 0 to 2, got ['a']"),
    ],
)
def test_answers_of_no_use_are_refused_with_what_came(answer, given_, told):
    with pytest.raises(DataError) as caught:
        reading(answer).scores(given_, 2)
    assert f"classifier small: {answer}" in str(caught.value)
    assert told in str(caught.value)


def test_answers_that_contradict_each_other_are_told():
    probabilities = np.array([[0.6, 0.2, 0.2], [0.1, 0.8, 0.1]])
    plain = reading(ScoreFunction.PROBABILITIES)
    decided = plain.decided(probabilities, 2)
    assert list(plain.contradictions(decided, np.array([0, 1]))) == []
    (told,) = plain.contradictions(decided, np.array([0, 2]))
    assert told.startswith("predict and predict_proba decide otherwise for 1 of 2")


def test_outputs_of_several_labels_are_compared_by_threshold():
    several = reading(ScoreFunction.PROBABILITIES, **SEVERAL)
    scores = np.array([[0.1, 0.0, 0.9], [0.8, 0.2, 1.0]])
    decided = several.decided(scores, 2)
    assert list(several.contradictions(decided, np.array([[0, 0, 1], [1, 0, 1]]))) == []
    assert len(list(several.contradictions(decided, np.array([[0, 0, 1], [0, 0, 1]])))) == 1
