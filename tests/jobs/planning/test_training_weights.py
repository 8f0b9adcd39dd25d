"""Jobs that say what training makes of weights: members train by the rule, scores never see it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from sortal.data.split import Part
from sortal.data.weighting.rule import load_weight_rules
from sortal.job.problems import JobError
from sortal.jobs.launch import prepare
from sortal.jobs.planning.members import member_key
from sortal.methods.contract.base import Member

CLASSES = ("signal", "ttbar", "wjets")
RULE = {"power": 0.5, "reference": "signal", "negative": "drop"}

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def events(tmp_path: Path) -> pl.DataFrame:
    """300 events of three processes, a seventh of them with negative weights."""
    rng = np.random.default_rng(8)
    kind = rng.integers(0, 3, 300)
    table = {name: rng.normal(size=300) + (kind == i) for i, name in enumerate("abc")}
    weights = rng.gamma(2.0, np.array([0.1, 3.0, 1.0])[kind]) * np.where(
        rng.random(300) < 1 / 7, -1, 1
    )
    frame = pl.DataFrame(
        {**table, "w": weights, "kind": [CLASSES[k] for k in kind], "fold": np.arange(300) % 4}
    ).with_columns(x=(pl.col("kind") == "signal").cast(int), y=(pl.col("a") > 0.3).cast(int))
    frame.write_csv(tmp_path / "events.csv")
    return frame


@pytest.fixture
def job(events: pl.DataFrame, tmp_path: Path) -> Make:
    def make(classifiers: list[dict[str, Any]], **data: Any) -> dict[str, Any]:
        block = {
            "source": str(tmp_path / "events.csv"),
            "label": "kind",
            "inputs": ["a", "b", "c"],
            "weight": "w",
            "split": {"test": 0.3, "validation": 0.2},
            **data,
        }
        block = {name: value for name, value in block.items() if value is not None}
        return {"title": "events", "bootstrap": 0, "data": block, "classifiers": classifiers}

    return make


LOGISTIC = {"method": "logistic"}
MLP = {"method": "mlp", "parameters": {"hidden_layer_sizes": [4], "epochs": 2}}


def problems(job: dict[str, Any]) -> str:
    with pytest.raises(JobError) as error:
        prepare(job)
    return str(error.value)


@pytest.mark.parametrize("data", [{}, {"training_weights": {"negative": "keep"}}])
def test_members_without_a_rule_keep_the_keys_that_they_had(job, data):
    resolved, _ = prepare(job([LOGISTIC], scaling="standard", **data))
    (entry,) = resolved.entries
    without_rule = Member(
        key="",
        method="logistic",
        parameters=entry.member.parameters,
        seed=0,
        weights="given",
        rows=resolved.splits[0].fingerprint,
        preparation="standard+none",
    )
    key = member_key(without_rule, entry.method, resolved.dataset.fingerprint)
    assert entry.member.key == key


def test_a_rule_changes_only_keys_of_methods_that_take_weights(job):
    classifiers = [LOGISTIC, {"method": "kneighbors"}]
    plain, ruled = (
        prepare(job(classifiers, training_weights=rule))[0].entries for rule in ({}, RULE)
    )
    assert plain[0].member.key != ruled[0].member.key
    assert plain[1].member.key == ruled[1].member.key


@pytest.mark.usefixtures("inline")
def test_a_library_trains_by_the_rule_and_scores_keep_weights(run, job, events):
    results = run(job([LOGISTIC], training_weights=RULE)).results
    frame = results.scores("logistic")
    split = prepare(job([LOGISTIC]))[0].splits[0]
    codes = np.array([CLASSES.index(kind) for kind in events["kind"]])
    matrix, weights = events.select("a", "b", "c").to_numpy(), events["w"].to_numpy()
    codes_seen, seen = codes[split.train], weights[split.train]
    kept = np.maximum(seen, 0)
    for code in range(3):
        own = codes_seen == code
        total = (codes_seen == 0).sum() * np.sqrt(seen[own].sum() / seen[codes_seen == 0].sum())
        kept[own] *= total / kept[own].sum()
    fitted = LogisticRegression(max_iter=10_000, tol=1e-8)
    fitted.fit(matrix[split.train], codes_seen, sample_weight=kept)
    expected = fitted.predict_proba(matrix[split.test])
    came = frame.select([f"score_{name}" for name in CLASSES]).to_numpy()
    np.testing.assert_allclose(came, expected, atol=1e-3)
    decided = expected.argmax(axis=1) == codes[split.test]
    accuracy = weights[split.test][decided].sum() / weights[split.test].sum()
    (member,) = results.titled("logistic")[0].members
    assert member.scores[Part.TEST].figures["accuracy"] == pytest.approx(accuracy, abs=1e-3)


@pytest.mark.usefixtures("inline")
def test_the_rule_is_stored_with_the_preparer_and_members_notes(run, job):
    results = run(job([LOGISTIC, MLP], training_weights=RULE)).results
    for title in ("logistic", "mlp"):
        (member,) = results.titled(title)[0].members
        segment = results.store.members.segments.get(
            results.store.members.find([member.record.key])[member.record.key].segment
        )
        weigher = load_weight_rules(segment.folder / "preparer")[None]
        assert weigher.weighing.power == 0.5
        assert weigher.classes == CLASSES
        told = [note for note in member.record.notes if "negative weights of" in note]
        assert len(told) == 3


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("negative", ["keep", "drop", "absolute", "pairwise"])
def test_networks_trees_and_calibrated_members_obey_every_rule(run, job, negative):
    classifiers = [MLP, {**LOGISTIC, "calibrate": "sigmoid", "title": "calibrated"}]
    if negative != "keep":
        classifiers.append({"method": "xgboost", "parameters": {"n_estimators": 3}})
    rule = {"negative": negative, "power": 0}
    launched = run(job(classifiers, training_weights=rule, scaling="standard"))
    assert launched.summary.failed == {}


@pytest.mark.usefixtures("inline")
def test_classes_are_balanced_without_any_column_of_weights(run, job, events):
    balanced = job([LOGISTIC, MLP], weight=None, training_weights={"power": 0})
    plain = job([{**LOGISTIC, "parameters": {"class_weight": "balanced"}}], weight=None)
    ours = run(balanced).results.scores("logistic")
    theirs = run({**plain, "title": "plain"}).results.scores("logistic")
    columns = [f"score_{name}" for name in CLASSES]
    np.testing.assert_allclose(ours.select(columns), theirs.select(columns), atol=0.02)


@pytest.mark.usefixtures("inline")
def test_targets_learnt_apart_are_weighed_apart(run, job, events, tmp_path):
    both = {"label": ["x", "y"], "targets": "independent", "weight": None}
    rule = {"training_weights": {"power": 0}}
    classifiers = [
        LOGISTIC,
        {"method": "mlp", "parameters": {"hidden_layer_sizes": [4], "epochs": 3}},
    ]
    together = run(job(classifiers, **both, **rule)).results
    for target in ("x", "y"):
        (result,) = together.titled("logistic", target)
        record = result.members[0].record
        segment = together.store.members.find([record.key])[record.key].segment
        folder = together.store.members.segments.get(segment).folder / "preparer"
        assert load_weight_rules(folder)[target].classes == (f"not {target}", target)
        (network,) = together.titled("mlp", target)
        assert network.members[0].record.fit_seconds >= 0


@pytest.mark.usefixtures("inline")
def test_each_event_is_scored_once_if_folds_test_and_validate(run, job):
    split = {"kind": "given_folds", "column": "fold", "validation": True}
    results = run(
        job([MLP], split=split, training_weights={"power": 0, "negative": "absolute"})
    ).results
    members = results.titled("mlp")[0].members
    assert [member.entry.fold for member in members] == [0, 1, 2, 3]
    for member in members:
        validation_and_test = results.store.members.scores([member.entry.key])[0]
        assert validation_and_test.shape == (150, 3)
        assert set(member.scores) == {Part.VALIDATION, Part.TEST}


@pytest.mark.parametrize(
    ("rule", "data", "said"),
    [
        ({"reference": "signal"}, {}, "expected a power beside it"),
        ({"power": 0, "reference": "ttbr"}, {}, "no class named 'ttbr'"),
        ({"power": -1}, {}, "data.training_weights.power"),
        ({"negative": "drop"}, {"weight": None}, "example weights that may be negative"),
        (
            {"power": 0},
            {"label": ["x", "y"], "targets": "multilabel", "weight": None},
            "targets: independent (class_weight: balanced",
        ),
        ({"each_part": True}, {}, "expected a power, or negative: absolute"),
        ({"powr": 0}, {}, "power"),
    ],
)
def test_rules_that_do_not_fit_are_told_before_anything_runs(job, rule, data, said):
    assert said in problems(job([LOGISTIC], training_weights=rule, **data))


def test_a_class_without_a_positive_sum_is_refused_before_a_run(job, events, tmp_path):
    worse = pl.when(pl.col("kind") == "ttbar").then(-pl.col("w").abs()).otherwise(pl.col("w"))
    events.with_columns(w=worse).write_csv(tmp_path / "events.csv")
    for negative in ("keep", "absolute", "pairwise"):
        text = problems(job([LOGISTIC], training_weights={"power": 0.5, "negative": negative}))
        assert "class 'ttbar' sum to -" in text
    assert "class 'ttbar' sum to -" in problems(
        job([LOGISTIC], training_weights={"negative": "pairwise"})
    )


@pytest.mark.usefixtures("inline")
def test_networks_refuse_a_loss_without_lower_bound(run, job, events, tmp_path):
    worse = pl.when(pl.col("kind") == "ttbar").then(-pl.col("w").abs()).otherwise(pl.col("w"))
    events.with_columns(w=worse).write_csv(tmp_path / "events.csv")
    (failure,) = run(job([MLP])).summary.failed.values()
    assert "class 'ttbar' sum to -" in failure.reason


def test_signals_stamps_and_gaps_cannot_be_whitened(job, events, tmp_path):
    np.savez(tmp_path / "stamps.npz", stamp=np.zeros((8, 3, 3)), labels=np.arange(8) % 2)
    stamps = {"source": str(tmp_path / "stamps.npz"), "scaling": "whiten"}
    assert "signals and stamps (stamp)" in problems({"data": stamps, "classifiers": [LOGISTIC]})
    events.with_columns(a=pl.when(pl.col("b") > 0).then(pl.col("a"))).write_csv(
        tmp_path / "events.csv"
    )
    histogram = {"method": "histgradientboosting"}
    assert "fill missing values before they are whitened" in problems(
        job([histogram], scaling="whiten")
    )


@pytest.mark.usefixtures("inline")
def test_members_are_told_of_features_that_determine_each_other(run, job, events, tmp_path):
    events.with_columns(c=pl.col("a") * 2 - pl.col("b")).write_csv(tmp_path / "events.csv")
    results = run(job([LOGISTIC], scaling="whiten", weight=None)).results
    (member,) = results.titled("logistic")[0].members
    assert "'a', 'b', 'c'" in " ".join(member.record.notes)
