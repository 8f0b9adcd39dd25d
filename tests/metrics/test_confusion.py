"""The confusion matrix and its figures, against scikit-learn and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from sortal.errors import DataError
from sortal.metrics import confusion

CLASSES = 4


@st.composite
def decisions(draw, classes=CLASSES):
    """Truth, prediction and whole-number weights of a few examples."""
    n = draw(st.integers(1, 30))
    codes = st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)
    weights = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    return np.array(draw(codes)), np.array(draw(codes)), np.array(weights)


@pytest.fixture
def voted():
    stream = np.random.default_rng(5)
    truth = stream.integers(0, CLASSES, 200)
    predicted = np.where(stream.random(200) < 0.6, truth, stream.integers(0, CLASSES, 200))
    return truth, predicted, stream.random(200)


def test_the_matrix_agrees_with_scikit_learn(voted):
    truth, predicted, weights = voted
    ours = confusion.confusion_matrix(truth, predicted, CLASSES, weights)
    assert ours == pytest.approx(
        peer.confusion_matrix(truth, predicted, sample_weight=weights), abs=1e-10
    )


@pytest.mark.parametrize(
    ("figure", "reference"),
    [
        (confusion.accuracy, peer.accuracy_score),
        (confusion.balanced_accuracy, peer.balanced_accuracy_score),
        (confusion.matthews_correlation, peer.matthews_corrcoef),
        (confusion.cohen_kappa, peer.cohen_kappa_score),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_figures_agree_with_scikit_learn(voted, figure, reference, weighted):
    truth, predicted, weights = voted
    used = weights if weighted else None
    ours = figure(confusion.confusion_matrix(truth, predicted, CLASSES, used))
    assert float(ours) == pytest.approx(reference(truth, predicted, sample_weight=used), abs=1e-10)


@given(decisions())
def test_averages_agree_with_scikit_learn_for_missing_classes(case):
    truth, predicted, _ = case
    tally = confusion.class_totals(confusion.confusion_matrix(truth, predicted, CLASSES))
    for average in ("macro", "weighted"):
        expected = peer.precision_recall_fscore_support(
            truth, predicted, average=average, zero_division=0
        )
        ours = [getattr(tally, average)(f) for f in (tally.precision, tally.recall, tally.f1)]
        assert ours == pytest.approx(expected[:3], abs=1e-10)


@given(decisions())
def test_metrics_by_class_agree_with_scikit_learn_if_defined(case):
    truth, predicted, _ = case
    tally = confusion.class_totals(confusion.confusion_matrix(truth, predicted, CLASSES))
    precision, recall, f1, support = peer.precision_recall_fscore_support(
        truth, predicted, labels=range(CLASSES), zero_division=np.nan
    )
    assert tally.precision == pytest.approx(precision, abs=1e-10, nan_ok=True)
    assert tally.recall == pytest.approx(recall, abs=1e-10, nan_ok=True)
    assert tally.f1 == pytest.approx(f1, abs=1e-10, nan_ok=True)
    assert tally.support == pytest.approx(support)


@given(decisions())
def test_whole_weights_are_repetitions(case):
    truth, predicted, weights = case
    weighed = confusion.confusion_matrix(truth, predicted, CLASSES, weights)
    repeated = confusion.confusion_matrix(
        np.repeat(truth, weights), np.repeat(predicted, weights), CLASSES
    )
    assert np.array_equal(weighed, repeated)


@given(decisions(), st.randoms(use_true_random=False))
def test_the_order_of_examples_does_not_matter(case, shuffler):
    truth, predicted, weights = case
    order = list(range(len(truth)))
    shuffler.shuffle(order)
    before = confusion.confusion_matrix(truth, predicted, CLASSES, weights)
    after = confusion.confusion_matrix(truth[order], predicted[order], CLASSES, weights[order])
    assert np.array_equal(before, after)


@given(decisions())
def test_figures_keep_their_bounds(case):
    truth, predicted, weights = case
    matrix = confusion.confusion_matrix(truth, predicted, CLASSES, weights)
    tally = confusion.class_totals(matrix)
    shares = [confusion.accuracy(matrix), confusion.balanced_accuracy(matrix)]
    shares += [tally.macro(tally.f1), tally.weighted(tally.precision), *tally.recall]
    assert all(np.isnan(share) or 0 <= share <= 1 for share in shares)
    for agreement in (confusion.matthews_correlation(matrix), confusion.cohen_kappa(matrix)):
        assert np.isnan(agreement) or -1 - 1e-12 <= agreement <= 1 + 1e-12


def test_an_absent_class_keeps_its_row_and_column():
    matrix = confusion.confusion_matrix(np.array([0, 0]), np.array([0, 1]), 3)
    assert np.array_equal(matrix, [[1, 1, 0], [0, 0, 0], [0, 0, 0]])


def test_balanced_accuracy_ignores_absent_classes():
    matrix = confusion.confusion_matrix(np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert confusion.balanced_accuracy(matrix) == pytest.approx(0.75)


def test_a_class_never_predicted_has_no_precision():
    """It counts as 0 in the mean over classes."""
    tally = confusion.class_totals(
        confusion.confusion_matrix(np.array([0, 1]), np.array([0, 0]), 2)
    )
    assert np.isnan(tally.precision[1])
    assert tally.macro(tally.precision) == pytest.approx(0.25)


@pytest.mark.parametrize("weights", [None, np.array([0.1, 0.2, 0.3])])
def test_correlation_with_a_constant_prediction_is_undefined(weights):
    matrix = confusion.confusion_matrix(np.array([0, 1, 1]), np.array([1, 1, 1]), 2, weights)
    assert np.isnan(confusion.matthews_correlation(matrix))
    assert confusion.cohen_kappa(matrix) == pytest.approx(0.0)


def test_figures_without_examples_are_undefined():
    none = np.zeros(0, dtype=np.int64)
    matrix = confusion.confusion_matrix(none, none, 2)
    for figure in (
        confusion.accuracy,
        confusion.balanced_accuracy,
        confusion.matthews_correlation,
        confusion.cohen_kappa,
    ):
        assert np.isnan(figure(matrix))


def test_members_are_counted_apart():
    truth = np.array([0, 1, 2])
    predicted = np.array([[0, 1, 2], [2, 1, 0]], dtype=np.uint8)
    matrices = confusion.confusion_matrix(truth, predicted, 3, np.array([1.0, 2.0, -1.0]))
    assert matrices.shape == (2, 3, 3)
    for matrix, decided in zip(matrices, predicted, strict=True):
        alone = confusion.confusion_matrix(truth, decided, 3, np.array([1.0, 2.0, -1.0]))
        assert np.array_equal(matrix, alone)


def test_an_unknown_label_is_refused():
    with pytest.raises(DataError, match="expected 0 to 1, got -1 to 1"):
        confusion.confusion_matrix(np.array([-1, 1]), np.array([0, 1]), 2)
