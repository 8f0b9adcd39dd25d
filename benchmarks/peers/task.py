"""What every way is given and gives back: simulated weighted rows, members to train, scores."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

FEATURES = 12
HIDDEN = (50, 50)
LEARNING_RATE = 1e-3
SURE = 1e-7
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is trained in one round."""

    batch_size: int
    """The last minibatch of an epoch may be shorter, and is trained on like any other."""

    epochs: int
    seeds: tuple[int, ...]
    """One a member."""

    def updates(self, rows: int) -> int:
        """Updates that a member makes."""
        return self.epochs * -(-rows // self.batch_size)


@dataclass(frozen=True, eq=False)
class Rows:
    """Examples of one part, all float32."""

    features: np.ndarray
    """Shape (rows, features)."""

    truth: np.ndarray
    """0 or 1, shape (rows,)."""

    weights: np.ndarray
    """Positive, shape (rows,); 1 on average."""

    def __len__(self) -> int:
        return len(self.truth)

    def head(self, count: int) -> "Rows":
        return Rows(self.features[:count], self.truth[:count], self.weights[:count])


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to train on, and rows to score."""

    train: Rows
    validation: Rows

    def save(self, path: Path) -> None:
        parts = {"train": self.train, "validation": self.validation}
        np.savez(
            path, **{f"{p}_{k}": v for p, rows in parts.items() for k, v in vars(rows).items()}
        )

    @classmethod
    def load(cls, path: Path) -> "Table":
        with np.load(path) as held:
            train, validation = (
                Rows(*(held[f"{part}_{name}"] for name in ("features", "truth", "weights")))
                for part in ("train", "validation")
            )
        return cls(train, validation)


@dataclass(frozen=True)
class Fitted:
    """Members that are trained."""

    updates: int
    """Updates that each member has made, as far as the library can tell."""

    score: Callable[[], np.ndarray]
    """Gives the probability of truth 1, shape (members, validation rows)."""


def simulate(trained: int, validated: int) -> Table:
    """Draw normal features, a smooth truth with noise, and exponential weights."""
    rng = np.random.default_rng(0)
    rows = trained + validated
    features = rng.normal(size=(rows, FEATURES))
    bends = np.tanh(features @ rng.normal(size=(FEATURES, 8)) / 2)
    logits = 2 * bends @ rng.normal(size=8) + features[:, 0] * features[:, 1]
    truth = logits > rng.logistic(size=rows)
    weights = rng.exponential(size=rows)
    parts = (
        Rows(
            features[cut].astype(np.float32),
            truth[cut].astype(np.float32),
            (weights[cut] / weights[cut].mean()).astype(np.float32),
        )
        for cut in (slice(trained), slice(trained, None))
    )
    return Table(*parts)


def validation_loss(scores: np.ndarray, rows: Rows) -> np.ndarray:
    """Weighted binary cross-entropy of each member [nats], shape (members,)."""
    scores = np.clip(scores.astype(np.float64), SURE, 1 - SURE)
    each = np.where(rows.truth > 0, -np.log(scores), -np.log1p(-scores))
    return np.average(each, axis=1, weights=rows.weights.astype(np.float64))


def operations(rows: int, epochs: int) -> float:
    """Floating-point operations of the matrix products that train one member.

    Forward, gradients of the weights, gradients of the inputs of all layers but the first.
    """
    sizes = (FEATURES, *HIDDEN, 1)
    products = [inputs * outputs for inputs, outputs in pairwise(sizes)]
    return 2.0 * rows * epochs * (3 * sum(products) - products[0])
