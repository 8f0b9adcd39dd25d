"""Maps from scores to probabilities: a sigmoid, a rising staircase, or what is certain."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from sortal.errors import Damaged

Calibration: TypeAlias = Literal["sigmoid", "isotonic"]

_STEPS = 100
_CLOSE = 1e-10
_SMALLEST_STEP = 1e-10


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Probability 1 / (1 + exp(slope * score + intercept)); a good classifier's slope is negative."""

    slope: float
    intercept: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities, shape (examples,)."""
        return _expit(-(self.slope * scores + self.intercept))

    def describe(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": "sigmoid", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Straight lines between points that never fall; flat outside them."""

    scores: tuple[float, ...]
    """Ascending."""

    probabilities: tuple[float, ...]

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities, shape (examples,)."""
        return np.asarray(np.interp(scores, self.scores, self.probabilities))

    def describe(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kind": "isotonic",
            "scores": self.scores,
            "probabilities": self.probabilities,
        }


@dataclass(frozen=True, slots=True)
class ConstantMap:
    """The same probability for every score: training saw only one answer."""

    probability: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities, shape (examples,)."""
        return np.full(len(scores), self.probability)

    def describe(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": "certain", "probability": self.probability}


ScoreMap: TypeAlias = Sigmoid | Isotonic | ConstantMap


def fit_map(
    kind: Calibration, scores: np.ndarray, true: np.ndarray, weights: np.ndarray | None
) -> ScoreMap:
    """Fit one output's map.

    Args:
        kind: `sigmoid` or `isotonic`.
        scores: Scores of examples that the classifier had not seen, shape (examples,).
        true: Whether each is true, shape (examples,), bool.
        weights: Weight of each, None for equal ones; examples of weight 0 or less take no part.
    """
    if weights is not None:
        used = weights > 0
        scores, true, weights = scores[used], true[used], weights[used]
    if len(true) == 0 or true.all() or not true.any():
        return ConstantMap(float(true.any()))
    scores = np.asarray(scores, dtype=np.float64)
    fit = fit_sigmoid if kind == "sigmoid" else _fit_isotonic
    return fit(scores, true, np.ones(len(scores)) if weights is None else weights)


def fit_sigmoid(scores: np.ndarray, true: np.ndarray, weights: np.ndarray) -> Sigmoid:
    """Fit Platt's sigmoid to smoothed truth by Newton's method.

    Smoothing is Platt's (Probabilistic outputs for support vector machines, 1999), the
    search with its halved steps that of Lin, Lin and Weng (doi:10.1007/s10994-007-5018-6).
    """
    positive, negative = float(weights[true].sum()), float(weights[~true].sum())
    goal = np.where(true, (positive + 1) / (positive + 2), 1 / (negative + 2))
    # The optimum does not depend on the unit of scores; numbers near one keep the algebra sound.
    unit = float(np.abs(scores).max()) or 1.0
    design = np.stack([scores / unit, np.ones(len(scores))], axis=1)
    found = np.array([0.0, math.log((negative + 1) / (positive + 1))])
    loss = _platt_loss(design @ found, goal, weights)
    for _ in range(_STEPS):
        probability = _expit(-(design @ found))
        gradient = design.T @ (weights * (goal - probability))
        if np.abs(gradient).max() < _CLOSE * weights.sum():
            break
        curvature = weights * probability * (1 - probability)
        hessian = (design.T * curvature) @ design + 1e-12 * weights.sum() * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size >= _SMALLEST_STEP:
            trial = found - size * step
            trial_loss = _platt_loss(design @ trial, goal, weights)
            if trial_loss < loss - 1e-4 * size * float(gradient @ step):
                break
            size /= 2
        else:
            break
        found, loss = trial, trial_loss
    return Sigmoid(float(found[0]) / unit, float(found[1]))


def read_map(described: Mapping[str, Any]) -> ScoreMap:
    """Make a map of what its `describe` gave.

    Raises:
        Damaged: It does not describe a map to probabilities.
    """
    match described["kind"]:
        case "sigmoid":
            return Sigmoid(float(described["slope"]), float(described["intercept"]))
        case "certain" if 0 <= described["probability"] <= 1:
            return ConstantMap(float(described["probability"]))
        case "isotonic":
            steps = tuple(map(float, described["scores"]))
            values = tuple(map(float, described["probabilities"]))
            rising = list(steps) == sorted(steps) and list(values) == sorted(values)
            if len(steps) == len(values) > 0 and rising and values[0] >= 0 and values[-1] <= 1:
                return Isotonic(steps, values)
    raise Damaged(f"stored calibration: {described['kind']!r} is no map to probabilities.")


def _fit_isotonic(scores: np.ndarray, true: np.ndarray, weights: np.ndarray) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fitted.fit(scores, true.astype(np.float64), sample_weight=weights)
    return Isotonic(
        tuple(map(float, fitted.X_thresholds_)), tuple(map(float, fitted.y_thresholds_))
    )


def _platt_loss(values: np.ndarray, goal: np.ndarray, weights: np.ndarray) -> float:
    """Cross-entropy of 1 / (1 + exp(values)) against `goal`."""
    return float(weights @ (np.logaddexp(0.0, values) - (1 - goal) * values))


def _expit(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-values)) without overflow."""
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1 + small))
