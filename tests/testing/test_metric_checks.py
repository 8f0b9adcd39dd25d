"""The checks of metrics find what they are for: each of these metrics breaks one promise."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

import sortal
from sortal.data.labels import Outputs
from sortal.testing import metrics
from sortal.testing.metrics import MetricSubject, all_metric_checks
from sortal.testing.training import ContractBroken

KINDS = [(Outputs.EXCLUSIVE, 2), (Outputs.EXCLUSIVE, 3), (Outputs.INDEPENDENT, 1)]


def right(labels, scores):
    return scores.argmax(axis=1) == labels if labels.ndim == 1 else (scores > 0.5) == labels


def share(labels, scores, weights):
    return np.average(right(labels, scores).reshape(len(labels), -1).all(axis=1), weights=weights)


def peer(labels, scores, weights):
    return balanced_accuracy_score(labels, scores.argmax(axis=1), sample_weight=weights)


@sortal.metric(greater_is_better=False, needs_probabilities=True)
def nats(labels, scores, weights):
    return log_loss(labels, scores, sample_weight=weights, labels=np.arange(scores.shape[1]))


@pytest.mark.parametrize("check", all_metric_checks(), ids=lambda check: check.__name__)
@pytest.mark.parametrize(("outputs", "columns"), KINDS)
def test_a_sound_metric_passes_every_check(check, outputs, columns):
    check(MetricSubject(metric=share, outputs=outputs, columns=columns))


@pytest.mark.parametrize("metric", [peer, nats], ids=["balanced_accuracy_score", "log_loss"])
def test_metrics_of_scikit_learn_pass_every_check(metric):
    for check in all_metric_checks():
        check(MetricSubject(metric=metric))


def words(labels, scores, weights):
    return "good"


def scaled(labels, scores, weights):
    return float(weights @ right(labels, scores))


def first(labels, scores, weights):
    return float(scores[:30].max(axis=1).mean())


def blank(labels, scores, weights):
    return np.nan


def needs_all_classes(labels, scores, weights):
    return scores[np.flatnonzero(labels == 2)[0], 2]


def only_probabilities(labels, scores, weights):
    if scores.min() < 0:
        raise ValueError("scores below 0")
    return share(labels, scores, weights)


BROKEN = {
    "check_it_returns_a_number": (blank, "expected a number for ordinary scores, got NaN"),
    "check_the_scale_of_weights_does_not_matter": (scaled, "divide by their sum"),
    "check_the_order_of_examples_does_not_matter": (first, "whatever the order"),
    "check_it_is_a_number_or_nan_for_one_class": (needs_all_classes, "IndexError"),
    "check_it_is_a_number_or_nan_for_other_scores": (only_probabilities, "scores below 0"),
}


def test_every_check_has_a_metric_that_breaks_it():
    assert {check.__name__ for check in all_metric_checks()} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_a_check_names_what_a_metric_does_wrong(name):
    metric, sentence = BROKEN[name]
    with pytest.raises(ContractBroken, match=sentence):
        getattr(metrics, name)(MetricSubject(metric=metric))


def test_a_metric_that_returns_words_is_refused():
    with pytest.raises(ContractBroken, match="metric words: expected a finite number or NaN"):
        metrics.check_it_returns_a_number(MetricSubject(metric=words))
