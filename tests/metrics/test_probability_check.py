"""Whether scores can be probabilities, as they are and as files round them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sortal.metrics.probability_check import (
    can_be_probabilities,
    can_be_rounded_probabilities,
    why_not_probabilities,
)

UNIT = st.floats(0, 1, width=32)
ANY = st.floats(-5, 5, width=32)


def shares(seed, examples, classes, concentration=0.5):
    stream = np.random.default_rng(seed)
    return stream.dirichlet(np.full(classes, concentration), size=examples)


@given(seed=st.integers(0, 999), classes=st.integers(2, 200), single=st.booleans())
def test_softmax_of_any_logits_sums_to_one(seed, classes, single):
    logits = np.random.default_rng(seed).normal(scale=9, size=(2, 5, classes))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    scores = (powers / powers.sum(axis=-1, keepdims=True)).astype("f4" if single else "f8")
    assert can_be_probabilities(scores, exclusive=True).tolist() == [True, True]
    assert can_be_probabilities(scores, exclusive=False).all()


@given(scores=arrays("f4", (3, 4, 3), elements=ANY))
def test_members_are_told_apart_as_when_alone(scores):
    together = can_be_probabilities(scores, exclusive=True)
    alone = [can_be_probabilities(one[None], exclusive=True).item() for one in scores]
    assert together.tolist() == alone


@given(scores=arrays("f8", (6, 3), elements=ANY))
def test_what_is_told_is_why_they_are_none(scores):
    for exclusive in (True, False):
        sound = can_be_probabilities(scores[None], exclusive=exclusive).item()
        sums, inside = scores.sum(axis=1), bool((scores >= -1e-6).all())
        if exclusive:
            assert sound == (inside and bool((np.abs(sums - 1) <= 1e-3).all()))
        else:
            assert sound == (inside and bool((scores <= 1 + 1e-6).all()))
        if not sound:
            assert ("sum to between" in why_not_probabilities(scores, exclusive=exclusive)) == (
                exclusive and inside
            )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([0.2, 0.2, 0.2], "the scores of an example sum to between 0.6 and 0.6, not to 1"),
        ([0.5, 0.502, 0], "the scores of an example sum to between 1.002 and 1.002, not to 1"),
        ([-0.1, 0.6, 0.5], "they lie between -0.1 and 0.6, not between 0 and 1"),
        ([50, 30, 20], "the scores of an example sum to between 100 and 100, not to 1"),
        ([np.nan, 0.5, 0.5], "1 of 3 are not a number"),
        ([np.inf, 0, 0], "the scores of an example sum to between inf and inf, not to 1"),
    ],
)
def test_scores_of_classes_that_are_no_probabilities(row, told):
    scores = np.array([[row]])
    assert not can_be_probabilities(scores, exclusive=True).item()
    assert why_not_probabilities(scores[0], exclusive=True) == told


@pytest.mark.parametrize("row", [[1.1, 0.2], [-0.1, 0.2], [np.nan, 0.1], [np.inf, 0.1]])
def test_independent_targets_outside_the_unit_are_none(row):
    assert not can_be_probabilities(np.array([[row]]), exclusive=False).item()


def test_decisions_as_ones_and_zeros_are_probabilities():
    scores = np.eye(3)[[0, 1, 2, 2]]
    assert can_be_probabilities(scores[None], exclusive=True).item()
    assert can_be_rounded_probabilities(scores)
    assert not can_be_rounded_probabilities(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    assert not can_be_rounded_probabilities(np.array([[0.0, 0.0], [1.0, 0.0]]))


@pytest.mark.parametrize("exclusive", [True, False])
def test_without_examples_nothing_speaks_against_it(exclusive):
    assert can_be_probabilities(np.zeros((2, 0, 3)), exclusive=exclusive).tolist() == [True, True]


@given(
    seed=st.integers(0, 999),
    classes=st.integers(2, 100),
    decimals=st.integers(1, 6),
    single=st.booleans(),
)
def test_rounding_leaves_probabilities_what_they_are(seed, classes, decimals, single):
    rounded = shares(seed, 40, classes).round(decimals)
    assert can_be_rounded_probabilities(rounded.astype("f4").astype("f8") if single else rounded)


@given(seed=st.integers(0, 999), classes=st.integers(2, 30), digits=st.integers(2, 6))
def test_significant_digits_leave_probabilities_what_they_are(seed, classes, digits):
    written = [[float(f"{one:.{digits}g}") for one in row] for row in shares(seed, 20, classes)]
    assert can_be_rounded_probabilities(np.array(written))


@given(seed=st.integers(0, 999), classes=st.integers(2, 10), factor=st.floats(1.05, 3))
def test_scores_that_sum_to_another_number_are_none(seed, classes, factor):
    for scores in (shares(seed, 40, classes) * factor, shares(seed, 40, classes) / factor):
        assert not can_be_rounded_probabilities(scores)
        assert not can_be_rounded_probabilities(scores.round(3))


def test_three_decimals_of_ten_classes_are_probabilities():
    rounded = shares(0, 3000, 10, 2.0).round(3)
    assert abs(rounded.sum(axis=1) - 1).max() > 1e-3
    assert can_be_rounded_probabilities(rounded)
    assert not can_be_probabilities(rounded[None], exclusive=True).item()


def test_many_digits_that_miss_one_are_none():
    assert not can_be_rounded_probabilities(np.array([[0.3333, 0.3333, 0.3312], [0.2, 0.3, 0.5]]))
    assert can_be_rounded_probabilities(np.array([[0.3333, 0.3333, 0.3333], [0.2, 0.3, 0.5]]))
