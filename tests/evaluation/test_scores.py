"""What is measured of members, how it is decided, and how it is stored."""

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as peer
from stored_records import member_record

from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part
from sortal.errors import DataError
from sortal.evaluation import scores as scores_module
from sortal.evaluation.bootstrap import interval, resampled_sums
from sortal.evaluation.scores import MemberMetrics, evaluate, predict_labels
from sortal.metrics.registry import HEADLINE
from sortal.store.records.member_record import MemberRecord

STAMPS = Path(__file__).parents[3] / "shared/data/stamps/deephits_published_test_scores.npz"
CLASSES = ("setosa", "versicolor", "virginica")


def same(first: MemberMetrics, second: MemberMetrics) -> bool:
    """Whether all values are equal to the last bit, NaN being equal to itself."""
    return all(repr(getattr(first, f.name)) == repr(getattr(second, f.name)) for f in fields(first))


def stored(judged: MemberMetrics) -> MemberMetrics:
    """Scores as they are read from the record of a member."""
    record = member_record("a", figures={"test": judged})
    text = json.dumps(record.to_json(), allow_nan=False)
    return MemberRecord.from_json(json.loads(text), "x").figures[Part.TEST]


def judge(scores, labels, weights=None, *, probabilities=True, resamples=100, seed=1):
    return evaluate(
        scores, labels, weights, probabilities=probabilities, resamples=resamples, seed=seed
    )


@pytest.fixture
def flowers():
    """Probabilities of four members on three classes, labels and weights."""
    stream = np.random.default_rng(3)
    truth = stream.integers(0, 3, 60)
    scores = stream.dirichlet(np.ones(3), (4, 60)) + 0.5 * np.eye(3)[truth]
    scores = (scores / scores.sum(axis=-1, keepdims=True)).astype(np.float32)
    return scores, Labels(truth, CLASSES), stream.random(60)


@pytest.fixture
def tags():
    """Probabilities of three members on two independent targets, labels and weights."""
    stream = np.random.default_rng(4)
    truth = (stream.random((50, 2)) < 0.4).astype(np.int8)
    scores = (0.6 * stream.random((3, 50, 2)) + 0.4 * truth).astype(np.float32)
    return scores, Labels(truth, ("ea", "rrab"), Outputs.INDEPENDENT), stream.random(50)


def test_the_first_of_equal_maxima_is_predicted():
    scores = np.array([[[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]]])
    decided = predict_labels(scores, Outputs.EXCLUSIVE, probabilities=True)
    assert decided.tolist() == [[0, 2]]
    assert decided.dtype == np.uint8


@pytest.mark.parametrize(("classes", "expected"), [(256, np.uint8), (257, np.uint16)])
def test_codes_take_the_smallest_type_that_holds_every_class(classes, expected):
    scores = np.zeros((1, 2, classes))
    scores[..., -1] = 1
    decided = predict_labels(scores, Outputs.EXCLUSIVE, probabilities=True)
    assert decided.dtype == expected
    assert (decided == classes - 1).all()


def test_a_missing_score_never_wins():
    scores = np.array([[[np.nan, -2.0, -3.0]]])
    assert predict_labels(scores, Outputs.EXCLUSIVE, probabilities=False).tolist() == [[1]]


@pytest.mark.parametrize(("probabilities", "threshold"), [(True, 0.5), (False, 0.0)])
def test_targets_are_true_above_the_threshold(probabilities, threshold):
    scores = threshold + np.array([[[-0.1, 0.0, 0.1, np.nan]]])
    decided = predict_labels(scores, Outputs.INDEPENDENT, probabilities=probabilities)
    assert decided.tolist() == [[[0, 0, 1, 0]]]
    assert decided.dtype == np.uint8


def test_exclusive_figures_agree_with_scikit_learn(flowers):
    scores, labels, weights = flowers
    for member, judged in zip(scores, judge(scores, labels, weights), strict=True):
        truth, decided = labels.codes, member.argmax(axis=1)
        weighted = {"sample_weight": weights}
        one_hot = np.eye(3)[truth]
        expected = {
            "accuracy": peer.accuracy_score(truth, decided, **weighted),
            "balanced_accuracy": peer.balanced_accuracy_score(truth, decided, **weighted),
            "macro_f1": peer.f1_score(truth, decided, average="macro", **weighted),
            "weighted_precision": peer.precision_score(
                truth, decided, average="weighted", **weighted
            ),
            "mcc": peer.matthews_corrcoef(truth, decided, **weighted),
            "kappa": peer.cohen_kappa_score(truth, decided, **weighted),
            "roc_auc": peer.roc_auc_score(one_hot, member, average="macro", **weighted),
            "average_precision": peer.average_precision_score(one_hot, member, **weighted),
            "log_loss": -np.average(
                np.log(member[np.arange(60), truth].astype(float)), weights=weights
            ),
            "brier": np.average(((member - one_hot) ** 2).sum(axis=1), weights=weights),
        }
        assert {name: judged.figures[name] for name in expected} == pytest.approx(
            expected, abs=1e-10
        )
        assert 0 <= judged.figures["ece"] <= 1
        recalls = peer.recall_score(truth, decided, average=None, **weighted)
        assert [judged.per_class[c]["recall"] for c in CLASSES] == pytest.approx(recalls)
        assert np.array(judged.confusion) == pytest.approx(
            peer.confusion_matrix(truth, decided, **weighted)
        )
        assert judged.examples == 60


def test_independent_figures_agree_with_scikit_learn(tags):
    scores, labels, weights = tags
    for member, judged in zip(scores, judge(scores, labels, weights), strict=True):
        truth, decided = labels.codes, member > 0.5
        weighted = {"sample_weight": weights}
        expected = {
            "subset_accuracy": peer.accuracy_score(truth, decided, **weighted),
            "hamming_loss": peer.hamming_loss(truth, decided, **weighted),
            "macro_f1": peer.f1_score(truth, decided, average="macro", **weighted),
            "micro_f1": peer.f1_score(truth, decided, average="micro", **weighted),
            "roc_auc": peer.roc_auc_score(truth, member, **weighted),
            "average_precision": peer.average_precision_score(truth, member, **weighted),
            "log_loss": np.mean(
                [
                    peer.log_loss(truth[:, t], member[:, t].astype(float), **weighted)
                    for t in range(2)
                ]
            ),
        }
        assert {name: judged.figures[name] for name in expected} == pytest.approx(
            expected, abs=1e-10
        )
        assert "accuracy" not in judged.figures
        assert judged.confusion == []
        assert set(judged.per_class) == {"ea", "rrab"}


def test_a_single_target_ranks_as_two_classes_do(tags):
    scores, labels, weights = tags
    alone = labels.for_target("rrab")
    judged = judge(scores[..., 1:], alone, weights)
    both = np.concatenate([1 - scores[..., 1:], scores[..., 1:]], axis=-1)
    as_classes = judge(both, Labels(alone.codes[:, 0], ("no", "rrab")), weights)
    for one, other in zip(judged, as_classes, strict=True):
        for name in ("accuracy", "balanced_accuracy", "roc_auc", "log_loss", "brier"):
            assert one.figures[name] == pytest.approx(other.figures[name], abs=1e-6)
        assert one.per_class["rrab"]["f1"] == pytest.approx(other.per_class["rrab"]["f1"])
        assert one.intervals.keys() == {
            "macro_f1",
            "subset_accuracy",
            "accuracy",
            "balanced_accuracy",
            "log_loss",
        }


def test_intervals_of_one_target_are_those_of_its_resamples(tags):
    scores, labels, weights = tags
    alone = labels.for_target("ea")
    judged = judge(scores[:1, :, :1], alone, weights)[0]
    draws = resampled_sums(np.eye(50), resamples=100, seed=1)[0]
    truth, decided = alone.codes[:, 0], scores[0, :, 0] > 0.5
    for name, figure in (
        ("balanced_accuracy", peer.balanced_accuracy_score),
        ("macro_f1", peer.f1_score),
        ("accuracy", peer.accuracy_score),
    ):
        figures = [figure(truth, decided, sample_weight=draw * weights) for draw in draws]
        assert judged.intervals[name] == pytest.approx(
            interval(np.array(figures)[:, None])[0], abs=1e-5
        )


def test_intervals_of_classes_are_those_of_their_resamples(flowers):
    scores, labels, weights = flowers
    draws = resampled_sums(np.eye(60), resamples=100, seed=1, strata=labels.codes).sum(axis=0)
    for member, judged in zip(scores, judge(scores, labels, weights), strict=True):
        decided = member.argmax(axis=1)
        for name, figure in (
            ("balanced_accuracy", peer.balanced_accuracy_score),
            ("accuracy", peer.accuracy_score),
        ):
            figures = [figure(labels.codes, decided, sample_weight=d * weights) for d in draws]
            assert judged.intervals[name] == pytest.approx(
                interval(np.array(figures)[:, None])[0], abs=1e-5
            )
        low, high = judged.intervals["log_loss"]
        assert low < judged.figures["log_loss"] < high


def test_decision_values_rank_and_have_no_losses(flowers):
    scores, labels, _ = flowers
    given_ = judge(scores, labels)
    decision = judge(10 * scores - 7, labels, probabilities=False)
    for one, other in zip(given_, decision, strict=True):
        assert other.figures["roc_auc"] == pytest.approx(one.figures["roc_auc"], abs=1e-3)
        assert other.figures["accuracy"] == one.figures["accuracy"]
        assert all(math.isnan(other.figures[name]) for name in ("log_loss", "brier", "ece"))
        assert "log_loss" not in other.intervals


@pytest.mark.parametrize("kind", ["flowers", "tags"])
def test_figures_do_not_depend_on_the_members_beside(kind, request, monkeypatch):
    scores, labels, weights = request.getfixturevalue(kind)
    together = judge(scores, labels, weights)
    monkeypatch.setattr(scores_module, "_BLOCK_NUMBERS", 1)
    for one, other in zip(together, judge(scores, labels, weights), strict=True):
        assert one.values() == pytest.approx(other.values(), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("kind", ["flowers", "tags"])
def test_a_member_with_a_missing_score_has_no_metrics(kind, request):
    scores, labels, weights = request.getfixturevalue(kind)
    broken = scores.copy()
    broken[1, 0, 0] = np.nan
    sound, judged = judge(scores, labels, weights), judge(broken, labels, weights)
    assert all(math.isnan(value) for value in judged[1].values().values())
    assert same(judged[0], sound[0])
    assert same(judged[2], sound[2])


@pytest.mark.parametrize("kind", ["flowers", "tags"])
def test_every_headline_has_an_interval_around_it(kind, request):
    scores, labels, weights = request.getfixturevalue(kind)
    name = HEADLINE[labels.outputs]
    for judged in judge(scores, labels, weights, resamples=500):
        low, high = judged.intervals[name]
        assert 0 <= low < judged.figures[name] < high <= 1


def test_without_resamples_there_are_no_intervals(flowers):
    scores, labels, _ = flowers
    assert judge(scores, labels, resamples=0)[0].intervals == {}


def test_no_examples_have_no_figures(flowers, tags):
    for scores, labels, _ in (flowers, tags):
        judged = judge(scores[:, :0], labels.take(slice(0, 0)))[0]
        assert judged.examples == 0
        assert all(math.isnan(value) for value in judged.figures.values())


def test_a_class_without_examples_keeps_its_place(flowers):
    scores, labels, _ = flowers
    rows = np.flatnonzero(labels.codes != 1)
    judged = judge(scores[:, rows], labels.take(rows))[0]
    assert np.array(judged.confusion).shape == (3, 3)
    assert math.isnan(judged.per_class["versicolor"]["recall"])
    assert math.isnan(judged.per_class["versicolor"]["roc_auc"])
    assert judged.per_class["versicolor"]["support"] == 0
    assert not math.isnan(judged.figures["balanced_accuracy"])
    assert not math.isnan(judged.figures["roc_auc"])


def test_negative_weights_keep_their_sign(flowers):
    scores, labels, weights = flowers
    signed = np.where(np.arange(60) % 10 == 0, -weights, weights)
    judged = judge(scores, labels, signed)[0]
    right = scores[0].argmax(axis=1) == labels.codes
    assert judged.figures["accuracy"] == pytest.approx((right * signed).sum() / signed.sum())
    assert math.isnan(judged.figures["average_precision"])


@pytest.mark.parametrize("kind", ["flowers", "tags"])
def test_stored_scores_come_back_exactly(kind, request):
    scores, labels, _ = request.getfixturevalue(kind)
    broken = scores.copy()
    broken[0, 0, 0] = np.nan
    for probabilities in (True, False):
        for judged in judge(broken, labels, probabilities=probabilities):
            assert same(stored(judged), judged)


@given(st.dictionaries(st.text(), st.floats(allow_infinity=False)))
def test_any_figures_come_back_exactly(figures):
    judged = MemberMetrics(
        figures=figures, per_class={"a": figures}, intervals={"x": (math.nan, 0.1)}, examples=3
    )
    assert same(stored(judged), judged)


def test_the_flat_table_names_classes_and_bounds(flowers):
    scores, labels, _ = flowers
    judged = judge(scores, labels)[0]
    flat = judged.values()
    assert flat["accuracy"] == judged.figures["accuracy"]
    assert (flat["accuracy.low"], flat["accuracy.high"]) == judged.intervals["accuracy"]
    assert flat["f1[setosa]"] == judged.per_class["setosa"]["f1"]


def test_an_unknown_label_is_refused(flowers):
    scores, labels, _ = flowers
    codes = labels.codes.copy()
    codes[7] = -1
    with pytest.raises(DataError, match="got 1 unknown"):
        judge(scores, Labels(codes, CLASSES))


def test_scores_of_other_examples_are_refused(flowers):
    scores, labels, weights = flowers
    with pytest.raises(DataError, match=r"expected shape \(members, 60, 3\), got \(4, 59, 3\)"):
        judge(scores[:, 1:], labels)
    with pytest.raises(DataError, match="weights: expected shape"):
        judge(scores, labels, weights[1:])


@pytest.mark.realdata
@pytest.mark.skipif(not STAMPS.exists(), reason="the published scores are not here")
def test_deep_hits_published_scores_have_its_published_metrics():
    with np.load(STAMPS) as published:
        yes, truth = published["cnn_p1"].astype(np.float64), published["cnn_label"].astype(int)
    labels = Labels(truth, ("artifact", "real"))
    judged = judge(np.stack([1 - yes, yes], axis=-1)[None], labels)[0]
    assert judged.confusion == [[49708, 292], [239, 49761]]
    assert judged.figures["accuracy"] == pytest.approx(0.99469)
    assert judged.per_class["real"]["precision"] == pytest.approx(0.99417, abs=5e-6)
    assert judged.per_class["real"]["recall"] == pytest.approx(0.99522, abs=5e-6)
    assert judged.figures["roc_auc"] == pytest.approx(0.999673, abs=5e-7)
    # Published with probabilities clipped to [1e-7, 1 - 1e-7]: 0.01804.
    assert judged.figures["log_loss"] == pytest.approx(peer.log_loss(truth, yes), abs=1e-10)
    low, high = judged.intervals["accuracy"]
    expected = 1.96 * math.sqrt(0.99469 * 0.00531 / 100_000)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.2)


def test_what_cannot_be_probabilities_has_no_log_loss(flowers):
    scores, labels, weights = flowers
    mixed = np.concatenate([scores[:1], 1.1 * scores[1:2], scores[2:] - 0.2])
    first, *others = judge(mixed, labels, weights)
    assert first.values() == pytest.approx(judge(scores[:1], labels, weights)[0].values())
    for other in others:
        assert all(math.isnan(other.figures[name]) for name in ("log_loss", "brier", "ece"))
        assert math.isnan(other.intervals["log_loss"][0])
        assert other.figures["accuracy"] > 0


def test_targets_outside_the_unit_have_no_log_loss(tags):
    scores, labels, weights = tags
    inside, outside = judge(np.stack([scores[0], 2 * scores[0] - 0.5]), labels, weights)
    assert math.isfinite(inside.figures["brier"])
    assert math.isnan(outside.figures["brier"])
    assert math.isnan(outside.figures["log_loss"])
    assert outside.figures["macro_f1"] == inside.figures["macro_f1"]


@given(factor=st.floats(0.5, 2))
def test_only_sums_near_one_have_a_log_loss(factor):
    assume(abs(abs(factor - 1) - 1e-3) > 1e-9)  # at the bound itself, rounding decides
    scores = np.full((1, 6, 3), factor / 3)
    (judged,) = judge(scores, Labels(np.array([0, 1, 2, 0, 1, 2]), CLASSES), resamples=0)
    assert math.isfinite(judged.figures["log_loss"]) == (abs(factor - 1) <= 1e-3)
