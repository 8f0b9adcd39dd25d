import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.training.examples.targets import TargetSpec, TargetWeights

CODES = np.array([0, 0, 1, 1, 1, UNKNOWN])
WEIGHTS = np.array([4.0, -2.0, 1.0, 1.0, 10.0, 7.0])
PAIR = Labels(CODES, ("a", "b"), Outputs.EXCLUSIVE)


def taught(lesson, labels=PAIR, weights=WEIGHTS):
    return TargetWeights.fit(labels, weights, lesson, None).apply(labels, weights)[1]


def test_weights_taken_as_they_come_stay_what_they_are():
    lesson = TargetSpec(None, weighted=True, balanced=False, scaled=False)
    assert taught(lesson).tolist() == [4, -2, 1, 1, 10, 0]


def test_validation_examples_keep_theirs_too():
    lesson = TargetSpec(None, weighted=True, balanced=False, scaled=False)
    fitted = TargetWeights.fit(PAIR, WEIGHTS, lesson, None)
    assert fitted.apply(PAIR, 3 * WEIGHTS)[1].tolist() == [12, -6, 3, 3, 30, 0]


@pytest.mark.parametrize("scaled", [True, False])
def test_balanced_classes_weigh_the_same_in_either_scale(scaled):
    found = np.abs(taught(TargetSpec(None, weighted=True, balanced=True, scaled=scaled)))
    total = 5 if scaled else 18
    assert found[:2].sum() == pytest.approx(total / 2)
    assert found[2:].sum() == pytest.approx(total / 2)


@given(st.lists(st.floats(-50, 50), min_size=6, max_size=6), st.booleans())
def test_scaling_is_one_factor_on_all(weights, balanced):
    weights = np.array(weights) + 60
    each, whole = (
        taught(TargetSpec(None, weighted=True, balanced=balanced, scaled=scaled), weights=weights)
        for scaled in (True, False)
    )
    known = CODES != UNKNOWN
    factor = weights[known].mean()
    np.testing.assert_allclose(each * factor, whole, rtol=1e-12)


def test_targets_keep_their_weights_each():
    labels = Labels(np.array([[1, 0], [0, UNKNOWN]]), ("p", "q"), Outputs.INDEPENDENT)
    lesson = TargetSpec(None, weighted=True, balanced=False, scaled=False)
    assert taught(lesson, labels, np.array([3.0, 5.0])).tolist() == [[3, 3], [5, 0]]
