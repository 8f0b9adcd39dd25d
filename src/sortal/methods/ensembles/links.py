"""From raw outputs of boosted trees to probabilities."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of classes, shape (examples, classes), in float64."""
    logits = logits.astype(np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


def logistic(logits: np.ndarray) -> np.ndarray:
    """Probabilities of two classes from the logits of the second, (examples,) to (examples, 2).

    The logistic function is the softmax of 0 and the logit, which cannot overflow.
    """
    return softmax(np.stack([np.zeros_like(logits), logits], axis=1))
