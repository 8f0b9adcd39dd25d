"""Global generators are a member's own while it trains or predicts, and go on where they were."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from ..conftest import scores, trained

BODY = """\
    def fit(self, X, y):
        self.weights = np.random.rand(3) + random.random()

    def predict(self, X, y):
        return np.full(len(X), self.weights.argmax())

    def predict_proba(self, X, y):
        return np.repeat(self.weights[None] / self.weights.sum(), len(X), axis=0)
"""


def test_the_same_seed_draws_the_same(classifier):
    folder = classifier(body=BODY, imports="import random\n")
    same = [scores(trained(folder, seed=3)) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (scores(trained(folder, seed=4)) != same[0]).any()


def test_everybody_else_draws_as_if_nothing_had_been(classifier):
    folder = classifier(body=BODY, imports="import random\n")
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = random.random(), np.random.rand()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    trained(folder)
    assert (random.random(), np.random.rand()) == expected  # noqa: NPY002


DRAWS_WHEN_ASKED = """\
    def fit(self, X, y):
        pass

    def predict(self, X, y):
        return np.zeros(len(X), dtype=int)

    def predict_proba(self, X, y):
        drawn = np.random.rand(len(X), 3) + random.random()
        return drawn / drawn.sum(axis=1, keepdims=True)
"""


def test_random_draws_in_scoring_repeat_for_the_same_seed(classifier):
    folder = classifier(body=DRAWS_WHEN_ASKED, imports="import random\n")
    outcome = trained(folder, seed=3)
    first = scores(outcome)
    np.testing.assert_array_equal(first, scores(outcome))
    np.testing.assert_array_equal(first, scores(trained(folder, seed=3)))
    assert (scores(trained(folder, seed=4)) != first).any()


def test_scoring_does_not_move_generators_of_others(classifier):
    outcome = trained(classifier(body=DRAWS_WHEN_ASKED, imports="import random\n"))
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    scores(outcome)
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_the_page_s_forest_is_reproducible(page_modules):
    folder = page_modules / "classifiers" / "random_forest"
    np.testing.assert_array_equal(*(scores(trained(folder)) for _ in range(2)))


LATE = """\
    def fit(self, X, y):
        {draw}

    def predict(self, X, y):
        return np.zeros(len(X), dtype=int)

    def predict_proba(self, X, y):
        return np.repeat([[self.drawn, 1 - self.drawn, 0]], len(X), axis=0)
"""
IN_A_PROCESS = """\
import sys
from pathlib import Path

from sortal.data.split import Part
from sortal.methods.contract.train_one import train_alone
from sortal.plugins.loading.load import methods
from sortal.testing.data import make_members, make_prepared

(method,) = methods(Path(sys.argv[1]))
data = make_prepared()
print("torch" in sys.modules)
for seed in (1, 2, 1, 2):
    outcome = train_alone(method, make_members(method, ({},), seeds=(seed,))[0], data)
    print(outcome.model.scores(data.inputs(Part.TEST))[0][0, 0], *outcome.notes.values())
"""


def draws(folder):
    """What a plugin draws with the seeds 1, 2, 1 and 2 in a process that has just begun."""
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_A_PROCESS, str(folder)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    known, *drawn = out.splitlines()
    assert known == "False", "loading a plugin is quick"
    return drawn


@pytest.mark.parametrize(
    "draw",
    [
        "import torch; self.drawn = float(torch.rand(1))",
        "import keras; self.drawn = float(keras.random.uniform((1,))[0])",
    ],
)
def test_a_generator_imported_while_training_is_seeded_at_once(classifier, draw):
    drawn = draws(classifier(body=LATE.format(draw=draw)))
    assert drawn[:2] == drawn[2:]
    assert drawn[0] != drawn[1]


def test_one_that_comes_by_another_library_is_told(classifier):
    draw = "from importlib import import_module; import_module('torch'); self.drawn = 0.5"
    first, *later = draws(classifier(body=LATE.format(draw=draw)))
    assert "PyTorch was imported while it trained, too late for its seed" in first
    assert later == ["0.5"] * 3
