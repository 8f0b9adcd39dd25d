"""scikit-learn's MLPClassifier, one `fit` after another.

Two things differ from the others: biases start at random, and a minibatch's loss is divided
by the sum of its weights, not by its rows.
"""

import warnings
from inspect import signature

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from peers.task import HIDDEN, LEARNING_RATE, Fitted, Rows, Table, Work


def load(table: Table) -> Table:
    if "sample_weight" not in signature(MLPClassifier.fit).parameters:
        raise SystemExit("scikit-learn 1.7 or later is needed: before, fit takes no weights.")
    return table


def train(data: Table, work: Work) -> Fitted:
    classifiers = [train_one(data.train, work, seed) for seed in work.seeds]

    def score() -> np.ndarray:
        features = data.validation.features
        return np.stack([one.predict_proba(features)[:, 1] for one in classifiers])

    # Adam counts its updates as t.
    return Fitted(max(one._optimizer.t for one in classifiers), score)


def train_one(rows: Rows, work: Work, seed: int) -> MLPClassifier:
    classifier = MLPClassifier(
        HIDDEN,
        alpha=0.0,
        batch_size=work.batch_size,
        learning_rate_init=LEARNING_RATE,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # It is asked for these epochs, not for convergence.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(rows.features, rows.truth, sample_weight=rows.weights)
