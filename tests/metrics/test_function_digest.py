"""Digests of functions: what a function computes decides them, and nothing else does."""

import subprocess
import sys
from functools import partial, wraps
from pathlib import Path

import numpy as np
import pytest

from sortal.metrics.function_digest import digest_of_function


def hits(labels, scores, weights):
    return np.average(scores.argmax(axis=1) == labels, weights=weights)


def holding(held):
    def metric(labels, scores, weights):
        return held

    return metric


def compiled(text):
    names = {}
    exec(compile(text, "no file", "exec"), names)
    return names["f"]


def test_changed_code_has_another_digest():
    one, two = (compiled(f"def f(labels, scores, weights):\n    return {n}.0") for n in (1, 2))
    assert digest_of_function(one) != digest_of_function(two)
    assert digest_of_function(one) == digest_of_function(one)
    assert digest_of_function(hits) != digest_of_function(hits, "exclusive")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (1.0, 2.0),
        (1, True),
        ((1, 2), [1, 2]),
        ({"beta": 1}, {"beta": 2}),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (np.float32(1), np.float64(1)),
        (np.mean, np.median),
        (Path("a"), Path("b")),
        (holding(1.0), holding(2.0)),
        (partial(hits, weights=None), partial(hits, weights=1)),
        ({"a", "b"}, {"a", "c"}),
    ],
)
def test_what_a_closure_holds_is_part_of_the_digest(one, two):
    assert digest_of_function(holding(one)) != digest_of_function(holding(two))
    assert digest_of_function(holding(one)) == digest_of_function(holding(one))


def test_default_arguments_are_part_of_the_digest():
    def made(beta, gamma):
        def metric(labels, scores, weights, first=beta, *, second=gamma):
            return first + second

        return digest_of_function(metric)

    assert len({made(1, 1), made(1, 2), made(2, 1), made(1, 1)}) == 3


def test_the_code_of_a_decorator_is_part_of_the_digest():
    def halved(function):
        @wraps(function)
        def inner(labels, scores, weights):
            return function(labels, scores, weights) / 2

        return inner

    def doubled(function):
        @wraps(function)
        def inner(labels, scores, weights):
            return function(labels, scores, weights) * 2

        return inner

    digests = {digest_of_function(one) for one in (hits, halved(hits), doubled(hits))}
    assert len(digests) == 3


def test_what_has_no_lasting_text_has_a_new_digest_each_time():
    class Odd:
        pass

    for held in (Odd(), [Odd()], np.array([Odd()]), np.random.default_rng(0)):
        metric = holding(held)
        assert digest_of_function(metric) != digest_of_function(metric)


def test_a_function_that_calls_itself_has_a_digest():
    def made():
        listed = []
        listed.append(listed)

        def recursive(labels, scores, weights):
            return recursive(labels, scores, weights) + len(listed)

        return recursive

    assert digest_of_function(made()) == digest_of_function(made())


def test_digests_are_the_same_in_every_process():
    code = (
        "def make(held, of):\n"
        "    def f(labels, scores, weights, *, names=frozenset('abcdef')):\n"
        "        return held[of]\n"
        "    return f\n"
        "import numpy as np\n"
        "from sortal.metrics.function_digest import digest_of_function\n"
        "print(digest_of_function(make({'b': np.arange(3), 'a': np.mean}, set('xyz'))))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    }
    assert len(outputs) == 1
