"""Imputation and scaling of one flat row of numbers, as formats outside can express them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sortal.data.preparing.preparer import Preparer
from sortal.data.readers.missing import missing_numbers
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import UserError

_LOST = 1e-3
"""Share of a feature's spread that float32 may round away before it is told."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scaler:
    """`(value or fill - center) / scale`, number by number; arrays float64, shape of an example.

    Where features were whitened, the row is then multiplied by `rotation`.
    """

    fill: np.ndarray
    """NaN where missing values stay missing."""

    center: np.ndarray
    scale: np.ndarray
    largest: np.ndarray
    """Largest absolute value seen in training; NaN where none is known."""

    infinite_is_missing: bool = False
    blanks: tuple[float, ...] = ()
    """Numbers that mean a missing value, such as -999."""

    rotation: np.ndarray | None = None
    """Shape (features, features); None where features stay apart."""

    @classmethod
    def of(cls, preparer: Preparer, spec: InputSpec, shape: tuple[int, ...]) -> "Scaler":
        """Spread what was fitted lane by lane over every number of an example.

        Args:
            preparer: What was fitted.
            spec: The shapes of the inputs, laid side by side in the order of fitting.
            shape: Of one example as the network sees it.

        Raises:
            UserError: Examples differ in length, or are prepared by a step that no format expresses.
        """
        for name, one in preparer.fitted.items():
            if one.nearest is not None or one.each_minmax:
                step = "imputation by knn" if one.nearest is not None else "scaling by each_minmax"
                raise UserError(
                    f"input {name!r}: cannot export: no format expresses {step}; `sortal predict` "
                    "applies it."
                )
        highest = {
            name: np.fmax(np.abs(one.minimum), np.abs(one.maximum))
            for name, one in preparer.fitted.items()
        }

        def spread(what: str) -> np.ndarray:
            parts = []
            for name, fitted in preparer.fitted.items():
                example = spec.shapes[name]
                if example is None:
                    raise UserError(f"input {name!r}: examples differ in length; cannot export.")
                lanes = highest[name] if what == "largest" else getattr(fitted, what)
                aligned = fitted.lanes.align(lanes, len(example) + 1)[0]
                parts.append(np.broadcast_to(aligned, example).ravel())
            return np.concatenate(parts).astype(np.float64).reshape(shape)

        return cls(
            fill=spread("fill"),
            center=spread("center"),
            scale=spread("scale"),
            largest=spread("largest"),
            infinite_is_missing=spec.infinite == "missing",
            blanks=tuple(missing_numbers(spec.options.missing)),
            rotation=_rotation(preparer),
        )

    @property
    def imputes(self) -> bool:
        """Whether some missing value is replaced."""
        return not bool(np.isnan(self.fill).all())

    @property
    def has_gaps(self) -> bool:
        """True if known numbers can mean a missing value that nothing replaces."""
        means = self.infinite_is_missing or bool(self.blanks)
        return means and bool(np.isnan(self.fill).any())

    @property
    def in_place(self) -> np.ndarray:
        """The number that stands for a missing value: `fill`, or `center` where nothing replaces it."""
        placed: np.ndarray = np.where(np.isnan(self.fill), self.center, self.fill)
        return placed

    @property
    def scales(self) -> bool:
        """Whether it changes known values."""
        moves = bool(self.center.any() or (self.scale != 1).any())
        return moves or self.rotation is not None

    def missing(self, raw: np.ndarray) -> np.ndarray:
        """Find the missing values of rows, bool, shape (examples, *shape)."""
        blanks = np.array(self.blanks, dtype=np.float32)
        found: np.ndarray = np.isin(raw.astype(np.float32), blanks)
        found |= ~np.isfinite(raw) if self.infinite_is_missing else np.isnan(raw)
        return found

    def gaps(self, raw: np.ndarray) -> np.ndarray:
        """Find the rows with a missing value that nothing replaces, bool, shape (examples,)."""
        lost = self.missing(raw) & np.isnan(self.fill)
        found: np.ndarray = lost.reshape(len(raw), -1).any(axis=1)
        return found

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Prepare rows of shape (examples, *shape) in float64; `in_place` stands for missing values."""
        values = np.where(self.missing(raw), self.in_place, raw.astype(np.float64))
        prepared: np.ndarray = (values - self.center) / self.scale
        return prepared if self.rotation is None else prepared @ self.rotation

    def blurred(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Features whose training values float32 cannot hold to a thousandth of their spread."""
        with np.errstate(over="ignore", invalid="ignore"):
            step = np.spacing(self.largest.astype(np.float32)).astype(np.float64).ravel()
        turned = 1.0 if self.rotation is None else np.abs(self.rotation).max(axis=1)
        held = (step * turned <= _LOST * self.scale.ravel()) | np.isnan(self.largest.ravel())
        return tuple(name for name, fine in zip(names, held, strict=True) if not fine)

    def described(self) -> dict[str, Any]:
        """As plain JSON: a number each, null where missing values stay missing; rows of `rotation`."""
        described: dict[str, Any] = {
            "fill": [None if np.isnan(one) else float(one) for one in self.fill.ravel()],
            "center": self.center.ravel().tolist(),
            "scale": self.scale.ravel().tolist(),
            "infinite": "missing" if self.infinite_is_missing else "error",
        }
        if self.blanks:
            described["missing"] = list(self.blanks)
        if self.rotation is not None:
            described["rotation"] = self.rotation.tolist()
        return described


def _rotation(preparer: Preparer) -> np.ndarray | None:
    """Matrices of the inputs along one diagonal: they are whitened each on its own."""
    matrices = [one.rotation for one in preparer.fitted.values() if one.rotation is not None]
    if not matrices:
        return None
    ends = np.cumsum([0, *map(len, matrices)])
    whole = np.zeros((ends[-1], ends[-1]))
    for start, end, matrix in zip(ends[:-1], ends[1:], matrices, strict=True):
        whole[start:end, start:end] = matrix
    return whole
