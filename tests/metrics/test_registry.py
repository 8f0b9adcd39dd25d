"""The one list of metrics, and what is derived from it."""

import re
from pathlib import Path

import numpy as np
import pytest

from sortal.data.labels import Labels, Outputs
from sortal.errors import NotFound
from sortal.evaluation.scores import evaluate, evaluate_counts
from sortal.job.schema import schema
from sortal.metrics import registry
from sortal.metrics.registry import METRICS, find, metrics_of

DOCS = Path(__file__).parents[2] / "docs"
RNG = np.random.default_rng(2)
TRUTH = np.arange(40) % 3
SCORES = RNG.random((1, 40, 3)) + np.eye(3)[TRUTH]
SCORES /= SCORES.sum(axis=-1, keepdims=True)
ANSWERS = (RNG.random((40, 3)) < 0.5).astype(int)


def judged(labels: Labels, scores: np.ndarray, *, probabilities: bool = True) -> dict[str, float]:
    (one,) = evaluate(scores, labels, None, probabilities=probabilities, resamples=0, seed=0)
    return one.figures


def test_names_and_titles_are_distinct():
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len({metric.title for metric in METRICS}) == len(METRICS)


def test_what_is_computed_is_what_the_list_says():
    exclusive = judged(Labels(TRUTH, ("a", "b", "c")), SCORES)
    several = judged(Labels(ANSWERS, ("a", "b", "c"), Outputs.INDEPENDENT), SCORES)
    single = judged(Labels(ANSWERS[:, :1], ("a",), Outputs.INDEPENDENT), SCORES[..., :1])
    assert list(exclusive) == [metric.name for metric in metrics_of("exclusive")]
    assert list(several) == [metric.name for metric in metrics_of("independent")]
    assert list(single) == [metric.name for metric in metrics_of("independent", single=True)]
    assert list(single)[-2:] == ["accuracy", "balanced_accuracy"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_prefers_the_truth_in_its_direction(metric):
    outputs = Outputs.EXCLUSIVE if metric.is_of("exclusive") else Outputs.INDEPENDENT
    codes = TRUTH if outputs is Outputs.EXCLUSIVE else ANSWERS
    labels = Labels(codes, ("a", "b", "c"), outputs)
    right = np.eye(3)[TRUTH] if outputs is Outputs.EXCLUSIVE else ANSWERS.astype(float)
    wrong = np.roll(right, 1, axis=-1) if outputs is Outputs.EXCLUSIVE else 1.0 - right
    best, worst = (judged(labels, one[None])[metric.name] for one in (right, wrong))
    assert metric.merit(best) > metric.merit(worst)


@pytest.mark.parametrize("metric", metrics_of("exclusive"), ids=lambda metric: metric.name)
def test_metrics_are_blank_where_they_mean_nothing(metric):
    labels = Labels(TRUTH, ("a", "b", "c"))
    decisions = judged(labels, SCORES, probabilities=False)
    assert np.isnan(decisions[metric.name]) == metric.needs_probabilities
    (counted,) = evaluate_counts(np.eye(3)[None] * 4, labels.classes, resamples=0, seed=0)
    assert np.isnan(counted.figures[metric.name]) == (not metric.from_counts)


def test_an_unknown_name_is_met_with_the_nearest_one():
    with pytest.raises(NotFound, match="macro_f1"):
        find("macro_f2")


def test_the_schema_offers_every_metric_and_names_of_users():
    arms = schema()["$defs"]["TuningBlock"]["properties"]["metric"]["anyOf"]
    choices = [one for arm in arms for one in arm.get("anyOf", [arm])]
    assert {"type": "string"} in choices
    assert [one["enum"] for one in choices if "enum" in one] == [list(registry.names())]


def test_the_help_of_a_search_names_all_losses():
    text = schema()["$defs"]["TuningBlock"]["properties"]["metric"]["description"]
    named = set(re.findall("`([a-z_]+)`", text))
    assert named == {metric.name for metric in METRICS if not metric.greater_is_better}


def test_every_metric_is_explained_in_the_manual():
    text = (DOCS / "scores.md").read_text(encoding="utf-8")
    assert not [metric.name for metric in METRICS if f"`{metric.name}`" not in text]


def test_metrics_have_the_intervals_that_they_had():
    def named(outputs):
        return {
            one.name
            for one in registry.metrics_of(outputs, single=outputs == "independent")
            if one.interval and one.interval.outputs in (outputs, "both")
        }

    assert named("exclusive") == {"accuracy", "balanced_accuracy", "log_loss"}
    single = {"accuracy", "balanced_accuracy"}
    assert named("independent") == {"macro_f1", "subset_accuracy", "log_loss", *single}
