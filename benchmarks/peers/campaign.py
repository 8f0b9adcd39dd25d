"""What every way of `campaign.py` trains: five weighted classes, twenty networks, legacy decay."""

from dataclasses import dataclass

import numpy as np

from peers.task import SURE, Rows, Table

FEATURES, HIDDEN, CLASSES = 17, (100, 100), 5
LEARNING_RATE, DECAYS = 5e-5, (1e-3, 1e-4)
EPSILON = 1e-7
"""As Keras has it, added where Keras adds it."""

_SHARES = (0.1, 0.4, 0.3, 0.15, 0.05)


@dataclass(frozen=True)
class Training:
    """One network: its seed is that of the start and of the order of minibatches."""

    seed: int
    decay: float

    @classmethod
    def numbered(cls, number: int) -> "Training":
        """Trainings 0 and 1 have seed 0 and either decay, 2 and 3 seed 1, and so on."""
        return cls(number // len(DECAYS), DECAYS[number % len(DECAYS)])


def simulate(trained: int, validated: int) -> Table:
    """Draw classes of unequal size that overlap, features in [-1, 1], weights with a long tail."""
    random = np.random.default_rng(0)
    rows = trained + validated
    truth = random.choice(CLASSES, size=rows, p=_SHARES)
    centres = random.normal(scale=0.6, size=(CLASSES, FEATURES))
    features = np.tanh((random.normal(size=(rows, FEATURES)) + centres[truth]) / 2)
    weights = random.exponential(size=rows) * np.array([3, 1, 1, 1, 2])[truth]
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
    """Weighted cross-entropy of each training [nats]; scores of shape (trainings, rows, classes)."""
    picked = scores[:, np.arange(len(rows)), rows.truth.astype(np.int64)].astype(np.float64)
    each = -np.log(np.clip(picked, SURE, 1))
    return np.average(each, axis=1, weights=rows.weights.astype(np.float64))
