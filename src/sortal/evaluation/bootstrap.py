"""Intervals from resampled examples, for many members at once.

A figure that is computed from weighted sums over examples needs only those sums for
each resample. They are products of resample counts with columns, so members cost a
matrix product and not a loop, and all columns see the same resamples.

Efron 1979, doi:10.1214/aos/1176344552. Resamples are drawn with replacement from all
examples, not within classes; an example drawn k times counts k times its weight.
"""

import math
from collections.abc import Iterator

import numpy as np

LARGE = 10_000
"""Beyond so many examples counts are Poisson instead of multinomial draws."""

_TILE = 1 << 21
_STREAM = 0xB007


def bootstrap_seed(fingerprint: str) -> int:
    """Seed of the bootstrap: equal for all members of a split, so that intervals are paired."""
    return int(fingerprint[:8], 16)


def resampled_sums(
    columns: np.ndarray, *, resamples: int, seed: int, strata: np.ndarray | None = None
) -> np.ndarray:
    """Sum columns over the examples of each resample.

    The counts depend on `seed`, `resamples`, the number and the order of the examples and
    their strata alone, so calls that agree in these are paired. Counts and columns are
    multiplied in float32. Memory does not grow with resamples x examples.

    Args:
        columns: What to sum, already multiplied by weights, shape (examples, columns).
        resamples: How many resamples.
        seed: Not negative.
        strata: Codes from 0, shape (examples,), of groups that are summed apart; they
            do not change how resamples are drawn.

    Returns:
        Shape (strata, resamples, columns), float64; one stratum if none are given.
    """
    codes = np.zeros(len(columns), dtype=np.int64) if strata is None else strata
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=1)
    ends = np.cumsum(sizes)
    values = np.ascontiguousarray(columns[order], dtype=np.float32)
    sums = np.zeros((len(sizes), resamples, columns.shape[1]))
    for drawn, rows, counts in _tiles(len(values), resamples, seed):
        for stratum, (size, end) in enumerate(zip(sizes, ends, strict=True)):
            start, stop = max(int(end - size), rows.start), min(int(end), rows.stop)
            if start < stop:
                part = counts[:, start - rows.start : stop - rows.start]
                sums[stratum, drawn] += part @ values[start:stop]
    return sums


def _tiles(examples: int, resamples: int, seed: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Draw how often each example is in each resample, tile by tile: resamples, examples, counts."""
    stream = np.random.default_rng([seed, _STREAM])
    if examples <= LARGE:
        height = max(1, _TILE // max(1, examples))
        for start in range(0, resamples, height):
            stop = min(resamples, start + height)
            counts = _multinomial(stream, stop - start, examples)
            yield slice(start, stop), slice(0, examples), counts
        return
    width = max(1, _TILE // max(1, resamples))
    for start in range(0, examples, width):
        stop = min(examples, start + width)
        counts = _poisson(stream, resamples, stop - start)
        yield slice(0, resamples), slice(start, stop), counts


def _multinomial(stream: np.random.Generator, resamples: int, examples: int) -> np.ndarray:
    drawn = stream.integers(0, max(1, examples), (resamples, examples))
    drawn += np.arange(resamples)[:, None] * examples
    counts = np.bincount(drawn.ravel(), minlength=resamples * examples)
    return counts.astype(np.float32).reshape(resamples, examples)


def _poisson(stream: np.random.Generator, resamples: int, examples: int) -> np.ndarray:
    """Draw counts of mean 1 from a table of 2^16 entries: the limit of the multinomial.

    Hanley and MacGibbon 2006, Comput. Methods Programs Biomed. 83:57. The size of a
    resample varies, which ratios of sums do not notice among this many examples.
    """
    chances = np.array([math.exp(-1.0) / math.factorial(k) for k in range(10)])
    places = (np.arange(1 << 16) + 0.5) / (1 << 16)
    table = np.searchsorted(np.cumsum(chances), places).astype(np.float32)
    return table[stream.integers(0, 1 << 16, (resamples, examples), dtype=np.uint16)]


def interval(figures: np.ndarray, *, level: float = 0.95) -> np.ndarray:
    """Percentile interval of resampled figures, over the resamples in which they are defined.

    Args:
        figures: Shape (resamples, members).
        level: Share of the resamples inside.

    Returns:
        Lower and upper bound, shape (members, 2); NaN where no resample is defined.
    """
    ascending = np.sort(figures.T, axis=1)  # NaN sorts last
    last = np.count_nonzero(~np.isnan(ascending), axis=1) - 1
    tail = (1.0 - level) / 2.0
    bounds = [_quantile(ascending, last, share) for share in (tail, 1.0 - tail)]
    return np.stack(bounds, axis=-1)


def _quantile(ascending: np.ndarray, last: np.ndarray, share: float) -> np.ndarray:
    """Interpolate between the two values around a place in each line's defined values."""
    place = share * np.maximum(last, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(last, 0))
    lines = np.arange(len(ascending))
    low, high = ascending[lines, below], ascending[lines, above]
    value: np.ndarray = low + (place - below) * (high - low)
    return value
