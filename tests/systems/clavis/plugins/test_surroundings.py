"""Global generators are a member's own while it trains, and go on afterwards where they were."""

import random

import numpy as np

from .conftest import scores, trained

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


def test_the_page_s_forest_is_reproducible(page_modules):
    folder = page_modules / "classifiers" / "random_forest"
    np.testing.assert_array_equal(*(scores(trained(folder)) for _ in range(2)))
