"""A metric of a user: what Sortal makes of a function, and how it calls it."""

from functools import partial

import numpy as np
import pytest

import sortal
from sortal.errors import DataError, OptionError
from sortal.metrics.block import ExclusiveBlock
from sortal.metrics.user_metric import as_metric

TRUTH = np.array([0, 1, 1, 0], dtype=np.int8)


def hits(labels, scores, weights):
    return np.average(scores.argmax(axis=1) == labels, weights=weights)


def block(weights=None) -> ExclusiveBlock:
    scores = np.array([[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]] * 2, dtype=np.float32)
    scores[1] = 1 - scores[1]
    decided = scores.argmax(axis=-1)
    return ExclusiveBlock(scores=scores, decided=decided, truth=TRUTH, weights=weights)


def test_a_plain_function_is_a_metric_of_its_name():
    made = as_metric(hits)
    assert (made.name, made.title, made.greater_is_better) == ("hits", "hits", True)
    assert made.compute(block()).tolist() == [0.75, 0.25]
    assert made.compute(block(np.array([1.0, 1.0, 2.0, 0.0]))).tolist() == [0.5, 0.5]


def test_the_decorator_says_what_a_function_cannot():
    @sortal.metric(title="share of errors", greater_is_better=False, outputs="exclusive")
    def errors(labels, scores, weights):
        return 1 - hits(labels, scores, weights)

    assert as_metric(errors) is errors
    assert errors.merit(0.25) == -0.25
    assert not errors.is_of("independent")
    assert errors(TRUTH, block().scores[0], np.ones(4)) == 0.25


def test_a_job_finds_a_metric_by_the_name_it_stands_under():
    def fails(labels, scores, weights):
        raise ValueError("no")

    other = as_metric(fails).named("best_of_all", "0a1b2c3d")
    assert (other.title, other.full_name) == ("best of all", "best_of_all@0a1b2c3d")
    with pytest.raises(DataError, match="metric best_of_all: "):
        other.compute(block())


def test_options_that_change_values_change_the_digest():
    usual = as_metric(hits)
    assert sortal.metric(title="hits of all")(hits).digest == usual.digest
    assert sortal.metric(needs_probabilities=True)(hits).digest != usual.digest
    assert sortal.metric(outputs="exclusive")(hits).digest != usual.digest


def test_a_metric_has_the_digest_of_what_it_holds_now():
    share = [0.5]

    def constant(labels, scores, weights):
        return share[0]

    made = as_metric(constant)
    assert made.with_current_digest().digest == made.digest
    share[0] = 0.25
    assert made.with_current_digest().digest != made.digest


def test_a_callable_object_with_a_name_is_a_metric():
    class Hits:
        __name__ = "hits"

        def __call__(self, labels, scores, weights):
            return hits(labels, scores, weights)

    named = partial(hits)
    named.__name__ = "hits"
    for given in (Hits(), named):
        assert as_metric(given).compute(block()).tolist() == [0.75, 0.25]


def test_arguments_have_room_and_cannot_be_changed():
    def asks(labels, scores, weights):
        assert (labels.dtype, scores.dtype, weights.dtype) == (np.int64, np.float64, np.float64)
        scores[0] = 0

    with pytest.raises(DataError, match=r"metric asks: .*read-only \(test_user_metric.py, line "):
        as_metric(asks).compute(block())


@pytest.mark.parametrize("returned", ["high", None, np.ones(3), float("inf"), 1j, True])
def test_what_is_no_number_is_refused_in_a_sentence(returned):
    def odd(labels, scores, weights):
        return returned

    with pytest.raises(DataError, match="metric odd: expected a finite number or NaN, got "):
        as_metric(odd).compute(block())


@pytest.mark.parametrize("given", [lambda *_: 0.0, partial(hits), 3, "hits", int])
def test_what_has_no_name_is_no_metric(given):
    with pytest.raises(OptionError, match="a function with a name"):
        as_metric(given)


def test_other_labels_than_these_two_kinds_are_refused():
    with pytest.raises(OptionError, match="exclusive, independent or both"):
        sortal.metric(outputs="multiclass")
