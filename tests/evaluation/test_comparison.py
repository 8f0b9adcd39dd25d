"""McNemar's test, Holm's correction, and who is tied with the best."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from sortal.evaluation import comparison
from sortal.evaluation.comparison import compare, holm, mcnemar, tied_with_best


@given(st.integers(0, 25), st.integers(0, 25))
def test_few_discordant_examples_are_tested_exactly(first, second):
    if first + second > 25:
        second = 25 - first
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert float(mcnemar(first, second)) == pytest.approx(expected, rel=1e-10)


@given(st.integers(0, 5000), st.integers(26, 5000))
def test_many_discordant_pairs_get_a_continuity_correction(first, second):
    gap = max(0, abs(first - second) - 1)
    expected = chi2.sf(gap**2 / (first + second), 1)
    assert float(mcnemar(first, second)) == pytest.approx(expected, rel=1e-8)


def test_a_worked_example_of_the_test():
    assert float(mcnemar(9, 1)) == pytest.approx(2 * (1 + 10) / 2**10)
    assert float(mcnemar(40, 20)) == pytest.approx(math.erfc(math.sqrt(19**2 / 60 / 2)))


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_adjusts_as_its_definition_says(p):
    values = np.array(p)
    adjusted = holm(values)
    ascending = np.sort(values)
    steps = [min(1.0, (len(p) - k) * value) for k, value in enumerate(ascending)]
    expected = np.maximum.accumulate(steps) if p else np.zeros(0)
    assert np.sort(adjusted) == pytest.approx(expected)
    assert (adjusted >= values).all()
    assert (adjusted <= 1).all()


def test_holm_keeps_the_order_of_the_tests():
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])


def test_every_pair_is_compared_as_if_alone(monkeypatch):
    monkeypatch.setattr(comparison, "_BLOCK", 37)
    correct = np.random.default_rng(0).random((5, 200)) < np.linspace(0.5, 0.9, 5)[:, None]
    found = compare(correct, list("abcde"))
    tested = []
    for i in range(5):
        for j in range(5):
            alone = int((correct[i] & ~correct[j]).sum())
            assert found.right_alone[i, j] == alone
            expected = 1.0 if i == j else float(mcnemar(alone, (correct[j] & ~correct[i]).sum()))
            assert found.p[i, j] == pytest.approx(expected)
            if i < j:
                tested.append(expected)
    upper = np.triu_indices(5, 1)
    assert found.adjusted_p[upper] == pytest.approx(holm(np.array(tested)))
    assert np.array_equal(found.adjusted_p, found.adjusted_p.T)
    assert found.titles == ("a", "b", "c", "d", "e")


def test_one_classifier_has_nobody_to_compare_with():
    found = compare(np.ones((1, 4), dtype=bool), ["only"])
    assert found.p.tolist() == [[1.0]]
    assert found.right_alone.tolist() == [[0]]


@pytest.fixture
def rivals():
    """The best, one that errs on one example more, and one that is wrong half of the time."""
    correct = np.ones((3, 100), dtype=bool)
    correct[0, :5] = False
    correct[1, :6] = False
    correct[2, ::2] = False
    return correct, np.array([0.95, 0.94, 0.5])


def test_those_that_cannot_be_told_from_the_best_are_tied(rivals):
    assert tied_with_best(*rivals).tolist() == [True, True, False]


def test_a_classifier_without_headline_takes_no_part(rivals):
    correct, headline = rivals
    headline = np.array([np.nan, *headline[1:]])
    assert tied_with_best(correct, headline).tolist() == [False, True, False]
    assert not tied_with_best(correct, np.full(3, np.nan)).any()
    assert tied_with_best(correct[:1], np.array([0.5])).tolist() == [True]


def test_more_rivals_make_the_correction_stricter():
    correct = np.ones((2, 40), dtype=bool)
    correct[1, :7] = False  # p = 2 / 2**7, about 0.016
    assert tied_with_best(correct, np.array([1.0, 0.9])).tolist() == [True, False]
    crowd = np.concatenate([correct, np.repeat(correct[1:], 4, axis=0)])
    assert tied_with_best(crowd, np.array([1.0] + [0.9] * 5)).all()


P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@given(P_VALUES)
def test_corrected_p_values_stay_ordered_and_below_bonferroni(p_values):
    """None lies below the p that it corrects."""
    corrected = holm(np.array(p_values))
    for p, value in zip(p_values, corrected, strict=True):
        assert p <= value <= min(1.0, p * len(p_values)) + 1e-12
    assert min(corrected) == pytest.approx(min(1.0, min(p_values) * len(p_values)))
    by_p = [corrected[place] for place in np.argsort(p_values, kind="stable")]
    assert by_p == sorted(by_p)


@given(P_VALUES)
def test_tests_that_were_not_made_do_not_count(p_values):
    with_gaps = holm(np.array([np.nan, *p_values, np.nan]))
    assert with_gaps[1:-1].tolist() == holm(np.array(p_values)).tolist()
    assert np.isnan(with_gaps[0])


def test_false_alarms_among_independent_tests_are_rare():
    """One in many tests is as rare as the level of the correction."""
    p_values = np.random.default_rng(0).random((4000, 10))
    alarms = [min(holm(row)) < 0.05 for row in p_values]
    assert np.mean(alarms) == pytest.approx(1 - (1 - 0.005) ** 10, abs=0.012)
