"""Figures with errors: against known formulas, scikit-learn's, and the spread over repetitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import DataError
from sortal.evaluation.bootstrap import resampled_sums
from sortal.metrics import ranking
from sortal.metrics.uncertainty import (
    area,
    areas_one_vs_rest,
    confusion_shares,
    weighted_accuracy,
    weighted_mean,
)


@st.composite
def scored(draw):
    """Both kinds of examples with tied scores and weights, some negative; each kind weighs."""
    example = st.tuples(st.booleans(), st.integers(-4, 4), st.sampled_from([-0.5, 0.5, 1.0, 2.0]))
    more = draw(st.lists(example, max_size=15))
    positive, scores, weights = np.array([(True, 1, 9.0), (False, 0, 9.0), *more]).T
    return positive.astype(bool), scores / 4, weights


@given(scored())
def test_the_area_is_the_sum_over_pairs_that_ranking_has(case):
    positive, scores, weights = case
    found = area(*case)
    pairs = np.sign(scores[positive][:, None] - scores[~positive][None]) / 2 + 0.5
    product = weights[positive][:, None] * weights[~positive][None]
    assert found.auc.value == pytest.approx((pairs * product).sum() / product.sum(), abs=1e-12)
    assert found.auc.value == pytest.approx(float(ranking.roc_auc(*case)), abs=1e-12)
    assert found.auc.signed == (weights < 0).any()
    assert found.leaves_unit_square == ranking.roc_curve(*case).leaves_unit_square


def events(stream, size, *, signed=False):
    positive = stream.random(size) < 0.3
    scores = stream.normal(size=size) + positive
    weights = stream.exponential(size=size) * np.exp(0.5 * scores)
    if signed:
        weights *= np.where(stream.random(size) < 0.15, -1.0, 1.0)
    return positive, scores, weights


def test_the_error_of_an_unweighted_area_is_that_of_delong():
    stream = np.random.default_rng(0)
    positive, scores, _ = events(stream, 300)
    pairs = (scores[positive][:, None] > scores[~positive][None]).astype(float)
    variance = pairs.mean(axis=1).var(ddof=1) / positive.sum()
    variance += pairs.mean(axis=0).var(ddof=1) / (~positive).sum()
    assert area(positive, scores).auc.error == pytest.approx(np.sqrt(variance))


@pytest.mark.parametrize("signed", [False, True])
def test_the_error_of_an_area_is_its_spread_over_repetitions(signed):
    stream = np.random.default_rng(7)
    found = [area(*events(stream, 1500, signed=signed)).auc for _ in range(400)]
    truth = area(*events(stream, 1_000_000, signed=signed)).auc.value
    pulls = [(one.value - truth) / one.error for one in found]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)
    assert np.mean(np.abs(pulls) < 1.96) == pytest.approx(0.95, abs=0.03)


def test_the_error_of_an_area_is_that_of_a_bootstrap():
    positive, scores, weights = events(np.random.default_rng(9), 800)
    counts = resampled_sums(np.eye(800), resamples=400, seed=0)[0]
    resampled = [float(ranking.roc_auc(positive, scores, weights * count)) for count in counts]
    assert area(positive, scores, weights).auc.error == pytest.approx(np.std(resampled), rel=0.12)


def test_areas_without_positives_or_with_nan_are_no_numbers():
    assert np.isnan(area(np.zeros(3, bool), np.arange(3.0)).auc.value)
    scores = np.array([0.1, np.nan, 0.3])
    assert np.isnan(area(np.array([True, False, False]), scores).auc.error)


def test_each_class_is_told_from_the_rest_by_its_own_score():
    stream = np.random.default_rng(1)
    truth, scores = stream.integers(0, 3, 400), stream.random((400, 3))
    scores[np.arange(400), truth] += 0.3
    table = areas_one_vs_rest(truth, scores, ["a", "b", "c"])
    assert list(table) == ["a", "b", "c"]
    assert table["b"].auc.value == pytest.approx(float(ranking.roc_auc(truth == 1, scores[:, 1])))


def test_a_mean_of_unit_weights_has_the_usual_standard_error():
    losses = np.random.default_rng(2).exponential(size=50)
    found = weighted_mean(losses)
    assert found.value == pytest.approx(losses.mean())
    assert found.error == pytest.approx(losses.std(ddof=1) / np.sqrt(50))
    assert found.n_eff == 50


@given(st.floats(1e-3, 1e3))
def test_the_scale_of_weights_moves_neither_mean_nor_error(scale):
    losses, weights = np.random.default_rng(3).random((2, 30))
    plain, scaled = weighted_mean(losses, weights), weighted_mean(losses, weights * scale)
    assert scaled.value == pytest.approx(plain.value)
    assert scaled.error == pytest.approx(plain.error)


def test_the_error_of_a_weighted_mean_is_its_spread():
    stream = np.random.default_rng(4)
    pulls = []
    for _ in range(500):
        losses = stream.exponential(size=400)
        weights = stream.random(400) * np.where(stream.random(400) < 0.1, -1, 1) * (1 + losses)
        found = weighted_mean(losses, weights)
        pulls.append((found.value - 3.0 / 2.0) / found.error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)


def test_means_without_weight_or_with_one_example_have_no_error():
    assert np.isnan(weighted_mean(np.ones(2), np.array([1.0, -1.0])).value)
    assert np.isnan(weighted_mean(np.ones(1)).error)
    with pytest.raises(DataError, match="expected one an example"):
        weighted_mean(np.ones(3), np.ones(2))


def test_accuracy_is_a_share_of_weight_with_a_binomial_error():
    truth, predicted = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    found = weighted_accuracy(truth, predicted)
    assert found.value == 0.75
    assert found.error == pytest.approx(np.sqrt(0.75 * 0.25 / 3))
    assert weighted_accuracy(truth, predicted, np.array([1.0, 1, 2, 0])).value == 0.5


def test_rows_of_shares_sum_to_one_with_binomial_errors():
    stream = np.random.default_rng(5)
    truth, predicted = stream.integers(0, 3, (2, 300))
    found = confusion_shares(truth, predicted, 3)
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(3))
    assert found.yield_errors == pytest.approx(np.sqrt(found.yields))
    rows = found.yields.sum(axis=1, keepdims=True)
    assert found.share_errors == pytest.approx(
        np.sqrt(found.shares * (1 - found.shares) / (rows - 1))
    )


def test_errors_of_weighted_shares_are_their_spread():
    stream = np.random.default_rng(6)
    shares, errors = [], []
    for _ in range(400):
        predicted = stream.integers(0, 3, 300)
        weights = stream.exponential(size=300) * (1 + predicted)
        found = confusion_shares(np.zeros(300, int), predicted, 3, weights)
        shares.append(found.shares[0])
        errors.append(found.share_errors[0])
    assert np.mean(errors, axis=0) == pytest.approx(np.std(shares, axis=0), rel=0.12)


def test_a_class_that_never_occurs_has_no_shares():
    found = confusion_shares(np.array([0, 0, 2]), np.array([0, 2, 2]), 3)
    assert np.isnan(found.shares[1]).all()
    assert np.isnan(found.share_errors[1]).all()
    assert not found.yields[1].any()
