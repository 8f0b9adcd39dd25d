"""Statistics of lanes, missing values left out, in memory that does not grow with the data."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sortal.data.inputs import Walked
from sortal.data.preparing.channels import Channels, channel_blocks, channel_chunks

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, extremes, mean and mean squared deviation of each lane, each of shape (lanes,).

    Lanes without a known number have count 0, and NaN for everything else.
    """

    count: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def moments(
    array: Walked, lanes: Channels, rows: np.ndarray | None = None, fill: np.ndarray | None = None
) -> Moments:
    """Compute the moments of known numbers in one walk.

    Blocks are merged by the pairwise update of Chan, Golub and LeVeque (1983,
    doi:10.1080/00031305.1983.10483115), which loses no digits to large means.

    Args:
        array: The input.
        lanes: Its lanes.
        rows: Row numbers to look at; all if None.
        fill: What stands in for missing numbers, shape (lanes,), NaN for what leaves them out;
            None leaves all of them out.
    """
    count = np.zeros(lanes.count)
    low, high = np.full(lanes.count, np.inf), np.full(lanes.count, -np.inf)
    mean, squares = np.zeros(lanes.count), np.zeros(lanes.count)
    # Numbers near the largest float overflow here; the preparer refuses what comes of it.
    with np.errstate(over="ignore", invalid="ignore"):
        for block in channel_blocks(array, lanes, rows):
            values = block.astype(np.float64)
            missing = np.isnan(values)
            if fill is not None:
                values = np.where(missing, fill, values)
                missing = np.isnan(values)
            here = len(values) - missing.sum(axis=0)
            low = np.fmin(low, np.fmin.reduce(values, axis=0, initial=np.inf))
            high = np.fmax(high, np.fmax.reduce(values, axis=0, initial=-np.inf))
            values[missing] = 0
            centre = values.sum(axis=0) / np.maximum(here, 1)
            values -= centre
            values[missing] = 0
            # The second sum is zero but for rounding, and taking it off removes that rounding.
            spread = (values**2).sum(axis=0) - values.sum(axis=0) ** 2 / np.maximum(here, 1)
            total = np.maximum(count + here, 1)
            step = np.where(count == 0, centre, centre - mean)
            squares += spread + np.where(count == 0, 0, step**2 * count * here / total)
            mean = np.where(here > 0, mean + step * np.where(count == 0, 1, here / total), mean)
            count += here
    known = count > 0
    statistics = (low, high, mean, squares / np.maximum(count, 1))
    return Moments(count.astype(np.int64), *(np.where(known, s, np.nan) for s in statistics))


def medians(array: Walked, lanes: Channels, rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Median of the known numbers of each wanted lane, shape (lanes,); NaN where there is none."""

    def median(known: np.ndarray) -> float:
        return float(np.median(known, overwrite_input=True))

    return _ordered(array, lanes, rows, wanted, median)


def most_frequent(
    array: Walked, lanes: Channels, rows: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """Most frequent known number of each wanted lane, the smallest of equals; NaN where there is none."""

    def mode(known: np.ndarray) -> float:
        values, counts = np.unique(known, return_counts=True)
        return float(values[np.argmax(counts)])

    return _ordered(array, lanes, rows, wanted, mode)


def quartiles(
    array: Walked,
    lanes: Channels,
    rows: np.ndarray,
    fill: np.ndarray | None,
    wanted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Median and interquartile range of each wanted lane; NaN for the others.

    Args:
        array: The input.
        lanes: Its lanes.
        rows: Row numbers to look at.
        fill: What stands in for missing numbers, shape (lanes,); None leaves them out.
        wanted: Which lanes to look at, shape (lanes,), bool.
    """
    found = np.full((3, lanes.count), np.nan)
    for chosen, chunk in channel_chunks(array, lanes, rows):
        for lane, narrow in zip(range(chosen.start, chosen.stop), chunk, strict=True):
            if not wanted[lane]:
                continue
            numbers = narrow.astype(np.float64)
            if fill is not None:
                numbers[np.isnan(numbers)] = fill[lane]
            known = numbers[~np.isnan(numbers)]
            if len(known):
                found[:, lane] = np.percentile(known, [25, 50, 75], overwrite_input=True)
                found[1, lane] = np.median(known, overwrite_input=True)
    with np.errstate(over="ignore"):
        return found[1], found[2] - found[0]


def is_flat(variance: np.ndarray, mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Whether a variance is no more than what rounding makes of a constant lane.

    The bound is the error of the two-pass algorithm (Chan, Golub and LeVeque 1983, eq. 3.1),
    the one by which scikit-learn decides too.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        bound = count * _EPSILON * variance + (count * mean * _EPSILON) ** 2
    flat: np.ndarray = variance <= bound
    return flat


def _ordered(
    array: Walked,
    lanes: Channels,
    rows: np.ndarray,
    wanted: np.ndarray,
    statistic: Callable[[np.ndarray], float],
) -> np.ndarray:
    found = np.full(lanes.count, np.nan)
    for chosen, chunk in channel_chunks(array, lanes, rows):
        for lane, numbers in zip(range(chosen.start, chosen.stop), chunk, strict=True):
            known = numbers[~np.isnan(numbers)].astype(np.float64)
            if wanted[lane] and len(known):
                found[lane] = statistic(known)
    return found
