"""Learn how one input is prepared from its training examples, column by column as its rules say."""

from collections.abc import Sequence

import numpy as np

from sortal.data.inputs import Array, KnownPoints, Ragged, Walked
from sortal.data.preparing.array_shapes import is_signal
from sortal.data.preparing.channels import Channels, channel_names, channels_of
from sortal.data.preparing.fitted import FittedInput
from sortal.data.preparing.nearest import NearestNeighbours
from sortal.data.preparing.padding import channels_inside, missing_padding
from sortal.data.preparing.rules import ConstantFill, Imputation, NearestFill
from sortal.data.preparing.statistics import (
    Moments,
    is_flat,
    medians,
    moments,
    most_frequent,
    quartiles,
)
from sortal.data.preparing.whitening import fit_whitening
from sortal.errors import DataError
from sortal.job.preparation import Scaling

_SMALLEST_SPREAD = 10 * float(np.finfo(np.float64).eps)
"""Smaller ranges count as none; scikit-learn's bound."""


def fit_input(
    name: str,
    array: Array,
    names: tuple[str, ...],
    rows: np.ndarray,
    *,
    scaling: Sequence[Scaling],
    imputation: Sequence[Imputation],
    single: bool,
    lengths: np.ndarray | None = None,
) -> FittedInput:
    """Learn imputation and scaling of one input from `rows` of it.

    Args:
        name: Its name.
        array: The input.
        names: Names of its columns; empty for signals and stamps.
        rows: Row numbers to look at.
        scaling: The rule of each channel.
        imputation: The rule of each channel.
        single: See `Preparation`.
        lengths: Points of each example before its padding, which then takes no part; None where
            none is known.

    Raises:
        DataError: A channel has no known value to impute from, or values too large to scale; or
            the input cannot be whitened.
    """
    lanes = channels_of(name, array, names)
    shown = channel_names(name, lanes, names)
    seen: Walked = array
    inside = lanes
    if not isinstance(array, Ragged):
        if (
            not {"none", "drop"}.issuperset(imputation)
            and array.dtype.kind == "f"
            and is_signal(name, array)
        ):
            lengths = missing_padding(array, lengths)
        if lengths is not None:
            seen = KnownPoints(array, lengths)
            inside = channels_inside(lanes)
    raw = moments(seen, inside, rows)
    fill = _fills(seen, inside, rows, raw, imputation)
    blank = np.isnan(fill) & np.array([rule not in ("none", "drop") for rule in imputation])
    if blank.any():
        lost = ", ".join(repr(shown[lane]) for lane in np.flatnonzero(blank)[:5])
        raise DataError(
            f"cannot impute {lost} by {_in_words(imputation[int(np.flatnonzero(blank)[0])])}: no "
            "training example has a known value there; leave such features out (data.exclude) or "
            "use imputation: zero."
        )
    nearest = _nearest(array, shown, rows, imputation)
    if nearest is not None:
        # Scales are those of the training examples without gaps.
        seen, rows = _without_gaps(nearest), np.arange(len(rows))
    center, scale = _scales(seen, inside, rows, raw, fill=fill, scaling=scaling)
    if not (np.isfinite(center).all() and np.isfinite(scale).all()):
        lane = int(np.flatnonzero(~(np.isfinite(center) & np.isfinite(scale)))[0])
        raise DataError(
            f"feature {shown[lane]!r} cannot be scaled: its training values reach from "
            f"{raw.minimum[lane]:g} to {raw.maximum[lane]:g}."
        )
    rotation: np.ndarray | None = None
    collinear: tuple[str, ...] = ()
    if "whiten" in scaling:
        filled = array if nearest is None else seen
        assert not isinstance(filled, KnownPoints)  # noqa: S101 (rows of columns have no padding)
        rotation, marked = fit_whitening(
            name, filled, lanes, rows, fill=fill, center=center, scale=scale
        )
        collinear = tuple(shown[lane] for lane in np.flatnonzero(marked))
    return FittedInput(
        name=name,
        lanes=lanes,
        names=shown,
        fill=fill,
        center=center,
        scale=scale,
        minimum=raw.minimum,
        maximum=raw.maximum,
        rotation=rotation,
        collinear=collinear,
        nearest=nearest,
        each_minmax="each_minmax" in scaling,
        padded=lengths is not None,
        single=single,
    )


def _fills(
    array: Walked,
    lanes: Channels,
    rows: np.ndarray,
    raw: Moments,
    imputation: Sequence[Imputation],
) -> np.ndarray:
    """What each channel's rule puts in the place of a missing value; NaN where nothing does."""
    fill = np.full(lanes.count, np.nan)
    for rule in set(imputation):
        ruled = np.array([one == rule for one in imputation])
        match rule:
            case "zero":
                fill[ruled] = 0.0
            case "mean" | NearestFill():
                fill[ruled] = raw.mean[ruled]
            case "median":
                fill[ruled] = medians(array, lanes, rows, ruled)[ruled]
            case "most_frequent":
                fill[ruled] = most_frequent(array, lanes, rows, ruled)[ruled]
            case ConstantFill(value):
                fill[ruled] = value
    return fill


def _in_words(rule: Imputation) -> str:
    match rule:
        case NearestFill():
            return "knn"
        case ConstantFill():
            return "constant"
    return rule


def _nearest(
    array: Array, shown: Sequence[str], rows: np.ndarray, imputation: Sequence[Imputation]
) -> NearestNeighbours | None:
    """The training examples from which the gaps of some columns are filled, if any are so."""
    rules = {rule for rule in imputation if isinstance(rule, NearestFill)}
    if not rules or isinstance(array, Ragged):
        return None
    (rule,) = rules
    measured = [shown.index(one) for one in rule.columns] or range(len(shown))
    filled = [lane for lane, one in enumerate(imputation) if one == rule]
    donors = np.asarray(array[rows])
    return NearestNeighbours(donors, rule.neighbours, tuple(measured), tuple(filled))


def _without_gaps(nearest: NearestNeighbours) -> np.ndarray:
    values = nearest.donors.astype(np.float64)
    nearest.fill(values)
    return values


def _scales(
    array: Walked,
    lanes: Channels,
    rows: np.ndarray,
    raw: Moments,
    *,
    fill: np.ndarray,
    scaling: Sequence[Scaling],
) -> tuple[np.ndarray, np.ndarray]:
    """Center and scale after imputation; 0 and 1 for a channel without any known value."""
    center, scale = np.zeros(lanes.count), np.ones(lanes.count)
    if set(scaling) <= {"none", "each_minmax"}:
        return center, scale
    imputed = None if np.isnan(fill).all() else fill
    seen = raw if imputed is None else moments(array, lanes, rows, fill)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = seen.maximum - seen.minimum
        spread = np.where(spread < _SMALLEST_SPREAD, 1, spread)
        flat = is_flat(seen.variance, seen.mean, seen.count)
        deviation = np.where(flat, 1, np.sqrt(seen.variance))
        for word in set(scaling):
            ruled = np.array([one == word for one in scaling])
            match word:
                case "standard" | "whiten":
                    found = seen.mean, deviation
                case "minmax":
                    found = seen.minimum, spread
                case "minmax_symmetric":
                    found = seen.minimum + spread / 2, spread / 2
                case "robust":
                    middle, width = quartiles(array, lanes, rows, imputed, ruled)
                    found = middle, np.where(width < _SMALLEST_SPREAD, 1, width)
                case "median_std":
                    found = quartiles(array, lanes, rows, imputed, ruled)[0], deviation
                case _:
                    continue
            center, scale = (
                np.where(ruled, *two) for two in zip(found, (center, scale), strict=True)
            )
    unseen = seen.count == 0
    return np.where(unseen, 0, center), np.where(unseen, 1, scale)
