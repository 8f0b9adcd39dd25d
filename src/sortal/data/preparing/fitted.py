"""What was learned of one input: what fills gaps, where its lanes lie and how far they spread."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from sortal.data.inputs import Array, KnownPoints, Ragged, Walked
from sortal.data.preparing.array_shapes import is_signal
from sortal.data.preparing.channels import Channels, channel_names, channels_of, row_blocks
from sortal.data.preparing.padding import channels_inside, missing_padding, without_padding
from sortal.data.preparing.statistics import (
    Moments,
    is_flat,
    medians,
    moments,
    most_frequent,
    quartiles,
)
from sortal.data.preparing.whitening import fit_whitening, whiten
from sortal.errors import DataError

_PIECE_BYTES = 1 << 18
"""Numbers that are prepared at once: intermediate results stay in the processor's cache."""

_SMALLEST_SPREAD = 10 * float(np.finfo(np.float64).eps)
"""Smaller ranges count as none; scikit-learn's bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfRange:
    """A feature that holds values beyond those seen in training."""

    name: str
    count: int
    """Examples with such a value."""

    observed: tuple[float, float]
    """Smallest and largest value that came."""

    trained: tuple[float, float]
    """Smallest and largest value of the training examples."""

    def __str__(self) -> str:
        low, high = self.observed
        return (
            f"{self.name}: {self.count} example{'s' if self.count != 1 else ''} outside the "
            f"training range {self.trained[0]:g} to {self.trained[1]:g} "
            f"(values from {low:g} to {high:g})"
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FittedInput:
    """Imputation and scaling of one input: `(value or fill - center) / scale`, lane by lane.

    Where it is whitened, rows are then multiplied by `rotation`.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = (
        *("fill", "center", "scale", "minimum", "maximum"),
        "rotation",
    )
    """Names of its arrays; the last is not always there."""

    name: str
    lanes: Channels
    names: tuple[str, ...]
    """Names of the lanes, for messages."""

    fill: np.ndarray = field(repr=False)
    """What replaces missing values, float64, shape (lanes,); NaN where nothing does."""

    center: np.ndarray = field(repr=False)
    scale: np.ndarray = field(repr=False)
    minimum: np.ndarray = field(repr=False)
    """Smallest known training value; NaN where none is known."""

    maximum: np.ndarray = field(repr=False)
    rotation: np.ndarray | None = field(default=None, repr=False)
    """Shape (lanes, lanes), None where lanes stay apart; see `whitening.whitening`."""

    collinear: tuple[str, ...] = ()
    """Names of whitened lanes that others determine in part or whole."""

    padded: bool = False
    """True if padding behind signals is known: it took no part in fitting, and becomes 0."""

    @property
    def constant(self) -> tuple[str, ...]:
        """Names of the lanes that have one value throughout training."""
        flat = self.minimum == self.maximum
        return tuple(
            name for name, is_constant in zip(self.names, flat, strict=True) if is_constant
        )

    def apply(self, array: Array, lengths: np.ndarray | None = None) -> Array:
        """Impute and scale into a new array, block by block; floats come back as they are if both do nothing.

        Args:
            array: The input.
            lengths: Points of each example before its padding; None where none is known.
        """
        self._check(array)
        values = array.values if isinstance(array, Ragged) else array
        kept = np.dtype(np.float32 if values.dtype == np.float32 else np.float64)
        if self._is_idle():
            done = np.asarray(values, dtype=kept)
        else:
            done = np.empty(values.shape, dtype=kept)
            filled = 0
            for block in row_blocks(values, size=_PIECE_BYTES):
                place = slice(filled, filled + len(block))
                done[place] = self._prepare(np.asarray(block), kept)
                if self.padded and not isinstance(array, Ragged):
                    own = None if lengths is None else lengths[place]
                    without_padding(done[place], self._ends(np.asarray(block), own))
                filled += len(block)
        return Ragged(done, array.offsets) if isinstance(array, Ragged) else done

    def outside(self, array: Array, lengths: np.ndarray | None = None) -> tuple[OutOfRange, ...]:
        """Count the examples with a value beyond the training range, lane by lane.

        Args:
            array: The input.
            lengths: Points of each example before its padding; None where none is known.
        """
        self._check(array)
        seen: Walked = array
        inside = self.lanes
        if self.padded and not isinstance(array, Ragged):
            seen = KnownPoints(array, self._ends(array, lengths))
            inside = channels_inside(self.lanes)
        count = np.zeros(self.lanes.count, dtype=np.int64)
        low, high = np.full(self.lanes.count, np.inf), np.full(self.lanes.count, -np.inf)
        for block in row_blocks(seen, size=_PIECE_BYTES):
            values = block.values if isinstance(block, Ragged) else np.asarray(block)
            # Each lane in one stretch of memory: reduced five times as fast.
            lanes = np.ascontiguousarray(inside.columns(values).T)
            if lanes.dtype.kind != "f":
                lanes = lanes.astype(np.float64)
            least = np.fmin.reduce(lanes, axis=1, initial=np.inf)
            most = np.fmax.reduce(lanes, axis=1, initial=-np.inf)
            low, high = np.fmin(low, least), np.fmax(high, most)
            for lane in np.flatnonzero((least < self.minimum) | (most > self.maximum)):
                beyond = (lanes[lane] < self.minimum[lane]) | (lanes[lane] > self.maximum[lane])
                count[lane] += _examples_with(beyond, block)
        return tuple(
            OutOfRange(
                name=self.names[lane],
                count=int(count[lane]),
                observed=(float(low[lane]), float(high[lane])),
                trained=(float(self.minimum[lane]), float(self.maximum[lane])),
            )
            for lane in np.flatnonzero(count)
        )

    def known(self, array: Array) -> np.ndarray:
        """Which lanes have a known value in some example, bool, shape (lanes,)."""
        self._check(array)
        known = np.zeros(self.lanes.count, dtype=bool)
        for block in row_blocks(array, size=_PIECE_BYTES):
            values = block.values if isinstance(block, Ragged) else np.asarray(block)
            known |= ~np.isnan(self.lanes.columns(values)).all(axis=0)
        return known

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers by name."""
        named = {what: getattr(self, what) for what in self.ARRAYS}
        return {what: array for what, array in named.items() if array is not None}

    def described(self) -> dict[str, Any]:
        """Everything else, as plain JSON."""
        described = {"name": self.name, "axis": self.lanes.axis, "names": self.names}
        if self.collinear:
            described["collinear"] = self.collinear
        return {**described, "padded": True} if self.padded else described

    @classmethod
    def restore(
        cls, described: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> "FittedInput":
        """Rebuild from `described` and `arrays`."""
        names = tuple(described["names"])
        lanes = Channels(len(names), described["axis"])
        collinear = tuple(described.get("collinear", ()))
        return cls(
            name=described["name"],
            lanes=lanes,
            names=names,
            collinear=collinear,
            padded=described.get("padded", False),
            **arrays,
        )

    def _ends(self, values: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        """Points of each example before its padding; missing values behind it are such where gaps are filled."""
        known = lengths if np.isnan(self.fill).all() else missing_padding(values, lengths)
        return np.full(len(values), values.shape[1]) if known is None else known

    def _is_idle(self) -> bool:
        fills = not np.isnan(self.fill).all()
        moves = bool(self.center.any() or (self.scale != 1).any())
        return not (fills or moves or self.rotation is not None)

    def _prepare(self, block: np.ndarray, kept: np.dtype[Any]) -> np.ndarray:
        fill, center, scale = (
            self.lanes.align(s, block.ndim) for s in (self.fill, self.center, self.scale)
        )
        values = block.astype(np.float64)
        if not np.isnan(self.fill).all():
            np.copyto(values, fill, where=np.isnan(values))
        with np.errstate(over="ignore", invalid="ignore"):
            values -= center
            values /= scale
            if self.rotation is not None:
                values[np.isinf(block)] = np.nan
                values = whiten(values, self.rotation)
            done: np.ndarray = values.astype(kept)
        overflown = np.isinf(done)
        if overflown.any():
            overflown &= np.isfinite(np.where(np.isnan(block), fill, block))
            done[overflown] = np.copysign(np.finfo(kept).max, done[overflown])
        return done

    def _check(self, array: Array) -> None:
        values = array.values if isinstance(array, Ragged) else array
        axis = self.lanes.axis
        if axis is not None and (values.ndim <= axis or values.shape[axis] != self.lanes.count):
            raise DataError(
                f"input {self.name!r}: expected {self.lanes.count} columns or channels, "
                f"got an array of shape {values.shape}."
            )


def fit_input(
    name: str,
    array: Array,
    names: tuple[str, ...],
    rows: np.ndarray,
    *,
    scaling: str,
    imputation: str,
    lengths: np.ndarray | None = None,
) -> FittedInput:
    """Learn imputation and scaling of one input from `rows` of it.

    Args:
        name: Its name.
        array: The input.
        names: Names of its columns; empty for signals and stamps.
        rows: Row numbers to look at.
        scaling: See `Preparation`.
        imputation: See `Preparation`.
        lengths: Points of each example before its padding, which then takes no part; None where
            none is known.

    Raises:
        DataError: A lane has no known value to impute from, or values too large to scale; or
            the input cannot be whitened.
    """
    lanes = channels_of(name, array, names)
    shown = channel_names(name, lanes, names)
    seen: Walked = array
    inside = lanes
    if not isinstance(array, Ragged):
        if imputation != "none" and array.dtype.kind == "f" and is_signal(name, array):
            lengths = missing_padding(array, lengths)
        if lengths is not None:
            seen = KnownPoints(array, lengths)
            inside = channels_inside(lanes)
    raw = moments(seen, inside, rows)
    fill = _fills(seen, inside, rows, raw, imputation)
    blank = np.isnan(fill)
    if imputation != "none" and blank.any():
        lost = ", ".join(repr(shown[lane]) for lane in np.flatnonzero(blank)[:5])
        raise DataError(
            f"cannot impute {lost} by {imputation}: no training example has a known value there; "
            "leave such features out (data.exclude) or use imputation: zero."
        )
    center, scale = _scales(seen, inside, rows, raw, fill=fill, scaling=scaling)
    if not (np.isfinite(center).all() and np.isfinite(scale).all()):
        lane = int(np.flatnonzero(~(np.isfinite(center) & np.isfinite(scale)))[0])
        raise DataError(
            f"feature {shown[lane]!r} cannot be scaled: its training values reach from "
            f"{raw.minimum[lane]:g} to {raw.maximum[lane]:g}."
        )
    rotation: np.ndarray | None = None
    collinear: tuple[str, ...] = ()
    if scaling == "whiten":
        rotation, marked = fit_whitening(
            name, array, lanes, rows, fill=fill, center=center, scale=scale
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
        padded=lengths is not None,
    )


def _fills(
    array: Walked, lanes: Channels, rows: np.ndarray, raw: Moments, imputation: str
) -> np.ndarray:
    match imputation:
        case "zero":
            return np.zeros(lanes.count)
        case "mean":
            return raw.mean
        case "median":
            return medians(array, lanes, rows)
        case "most_frequent":
            return most_frequent(array, lanes, rows)
        case _:
            return np.full(lanes.count, np.nan)


def _scales(
    array: Walked,
    lanes: Channels,
    rows: np.ndarray,
    raw: Moments,
    *,
    fill: np.ndarray,
    scaling: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Center and scale after imputation; 0 and 1 for a lane without any known value."""
    center, scale = np.zeros(lanes.count), np.ones(lanes.count)
    if scaling == "none":
        return center, scale
    imputed = None if np.isnan(fill).all() else fill
    seen = raw if imputed is None else moments(array, lanes, rows, fill)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = seen.maximum - seen.minimum
        spread = np.where(spread < _SMALLEST_SPREAD, 1, spread)
        match scaling:
            case "standard" | "whiten":
                flat = is_flat(seen.variance, seen.mean, seen.count)
                center, scale = seen.mean, np.where(flat, 1, np.sqrt(seen.variance))
            case "minmax":
                center, scale = seen.minimum, spread
            case "minmax_symmetric":
                center, scale = seen.minimum + spread / 2, spread / 2
            case "robust":
                center, scale = quartiles(array, lanes, rows, imputed)
                scale = np.where(scale < _SMALLEST_SPREAD, 1, scale)
    unseen = seen.count == 0
    return np.where(unseen, 0, center), np.where(unseen, 1, scale)


def _examples_with(beyond: np.ndarray, block: Array) -> int:
    """Count examples of which any number of a lane is marked, shape (numbers of the lane,)."""
    if isinstance(block, Ragged):
        running = np.concatenate([[0], np.cumsum(beyond)])
        return int((running[block.offsets[1:]] > running[block.offsets[:-1]]).sum())
    return int(beyond.reshape(len(block), -1).any(axis=1).sum())
