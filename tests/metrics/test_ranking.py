"""ROC and precision-recall figures, against scikit-learn and by their properties."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as peer

from sortal.metrics import ranking


@st.composite
def rankings(draw):
    """Positives, tied scores and whole-number weights; both kinds weigh something."""
    example = st.tuples(st.booleans(), st.integers(-4, 4), st.integers(0, 3))
    examples = [(True, draw(st.integers(-4, 4)), 1), (False, draw(st.integers(-4, 4)), 2)]
    positive, scores, weights = np.array(examples + draw(st.lists(example, max_size=20))).T
    return positive.astype(bool), scores / 4.0, weights


@given(rankings())
def test_metrics_agree_with_scikit_learn_on_ties_and_weights(case):
    positive, scores, weights = case
    assert float(ranking.roc_auc(positive, scores, weights)) == pytest.approx(
        peer.roc_auc_score(positive, scores, sample_weight=weights), abs=1e-10
    )
    assert float(ranking.average_precision(positive, scores, weights)) == pytest.approx(
        peer.average_precision_score(positive, scores, sample_weight=weights), abs=1e-10
    )


def test_figures_agree_with_scikit_learn_on_many_examples():
    stream = np.random.default_rng(0)
    positive = stream.random(5000) < 0.1
    scores = (stream.normal(size=5000) + positive).astype(np.float32)
    weights = stream.random(5000)
    assert float(ranking.roc_auc(positive, scores, weights)) == pytest.approx(
        peer.roc_auc_score(positive, scores, sample_weight=weights), abs=1e-10
    )
    assert float(ranking.average_precision(positive, scores)) == pytest.approx(
        peer.average_precision_score(positive, scores), abs=1e-10
    )


@given(rankings())
def test_turning_scores_round_turns_the_area_round(case):
    positive, scores, weights = case
    assert ranking.roc_auc(positive, 1 - scores, weights) == pytest.approx(
        1 - ranking.roc_auc(positive, scores, weights), abs=1e-12
    )


@given(rankings())
def test_whole_weights_are_repetitions(case):
    positive, scores, weights = case
    many = np.repeat(positive, weights), np.repeat(scores, weights)
    for figure in (ranking.roc_auc, ranking.average_precision):
        assert figure(positive, scores, weights) == pytest.approx(figure(*many), abs=1e-12)


@given(rankings(), st.randoms(use_true_random=False))
def test_the_order_of_examples_does_not_matter(case, shuffler):
    positive, scores, weights = case
    order = list(range(len(scores)))
    shuffler.shuffle(order)
    for figure in (ranking.roc_auc, ranking.average_precision):
        assert figure(positive[order], scores[order], weights[order]) == pytest.approx(
            figure(positive, scores, weights), abs=1e-12
        )


@given(rankings(), st.integers(0, 1000))
def test_the_area_is_the_share_of_ordered_pairs_for_any_weights(case, seed):
    positive, scores, _ = case
    weights = np.random.default_rng(seed).normal(0.5, 1.0, len(scores))
    ups, downs = weights[positive], weights[~positive]
    assume(ups.sum() > 0.1 and downs.sum() > 0.1)
    gaps = scores[positive][:, None] - scores[~positive][None, :]
    wins = np.where(gaps > 0, 1.0, np.where(gaps == 0, 0.5, 0.0))
    expected = (ups[:, None] * downs[None, :] * wins).sum() / (ups.sum() * downs.sum())
    assert ranking.roc_auc(positive, scores, weights) == pytest.approx(expected, abs=1e-8)


def test_average_precision_of_negative_weights_is_undefined():
    positive, scores = np.array([True, False, True]), np.array([0.9, 0.5, 0.1])
    assert np.isnan(ranking.average_precision(positive, scores, np.array([1.0, -0.1, 1.0])))


def test_one_kind_alone_has_no_area():
    scores = np.array([0.2, 0.8])
    assert np.isnan(ranking.roc_auc(np.array([True, True]), scores))
    assert np.isnan(ranking.roc_auc(np.array([False, False]), scores))
    assert np.isnan(ranking.average_precision(np.array([False, False]), scores))
    assert ranking.average_precision(np.array([True, True]), scores) == 1.0


def test_no_examples_have_no_figures():
    none = np.zeros((3, 0))
    assert np.isnan(ranking.roc_auc(none.astype(bool), none)).all()
    assert np.isnan(ranking.average_precision(none.astype(bool), none)).all()


def test_one_missing_score_spoils_its_ranking_and_no_other():
    scores = np.array([[0.1, np.nan, 0.9], [0.1, 0.2, 0.9]])
    areas = ranking.roc_auc(np.array([False, False, True]), scores)
    assert np.isnan(areas[0])
    assert areas[1] == 1.0


def test_infinite_scores_rank():
    positive = np.array([True, False, True, False])
    scores = np.array([np.inf, -np.inf, 0.0, 0.0])
    assert ranking.roc_auc(positive, scores) == pytest.approx(0.875)


def test_rankings_side_by_side_do_not_mix():
    stream = np.random.default_rng(1)
    positive = stream.random((3, 50)) < 0.5
    scores = stream.integers(0, 5, (2, 3, 50))
    weights = stream.random(50)
    for figure in (ranking.roc_auc, ranking.average_precision):
        together = figure(positive, scores, weights)
        alone = [[figure(positive[k], scores[m, k], weights) for k in range(3)] for m in range(2)]
        assert together == pytest.approx(np.array(alone, dtype=float), abs=1e-12)


def test_the_macro_area_averages_classes_with_both_kinds():
    """Classes that have positives and negatives."""
    truth = np.array([0, 0, 1, 1])
    scores = np.array([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.5, 0.5, 0], [0.2, 0.8, 0]])
    areas = ranking.roc_auc(ranking.one_vs_rest(truth, 3), scores.T)
    assert np.isnan(areas[2])
    assert ranking.macro(areas) == pytest.approx(peer.roc_auc_score(truth, scores[:, 1]))


@given(rankings())
def test_the_roc_curve_agrees_with_scikit_learn(case):
    positive, scores, weights = case
    fpr, tpr, thresholds = peer.roc_curve(
        positive, scores, sample_weight=weights, drop_intermediate=False
    )
    curve = ranking.roc_curve(positive[weights > 0], scores[weights > 0], weights[weights > 0])
    assert curve.fpr == pytest.approx(fpr, abs=1e-10)
    assert curve.tpr == pytest.approx(tpr, abs=1e-10)
    assert np.array_equal(curve.thresholds, thresholds)


def test_a_curve_says_whether_negative_weights_bend_it():
    positive, scores = np.array([True, True, False]), np.array([0.9, 0.5, 0.3])
    plain = ranking.roc_curve(positive, scores, np.array([1.0, 2.0, 1.0]))
    assert not plain.leaves_unit_square
    below = ranking.roc_curve(positive, scores, np.array([-1.0, 2.0, 1.0]))
    assert below.leaves_unit_square
    within = ranking.roc_curve(
        np.array([True, True, True, False]), np.array([4.0, 3, 2, 1]), np.array([2.0, -1, 2, 1])
    )
    assert not within.leaves_unit_square
