"""Project examples to two dimensions, however many there are.

Training and test examples are projected together, as the picture is for looking at the data
as a whole. It knows test examples, so that it must never be given to a classifier.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.maps.embed import Embedded, Place, embed
from sortal.evaluation.maps.parameters import ProjectionMethod
from sortal.metrics.embedding import Matrix, trustworthiness_of_examples

FEWEST = 3
"""Examples that a picture needs."""

ASKED = 2000
"""Examples that trustworthiness is measured on, if there are more."""

_BLOCK = 4096
_NEAREST = 5
"""Fitted examples that a further one is placed between, by methods that cannot place it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Projected:
    """Examples on a plane."""

    projection: ProjectionMethod
    coordinates: np.ndarray = field(repr=False)
    """Shape (examples, 2), float32."""

    trustworthiness: float
    """Of the five nearest neighbours of examples, in [0, 1]; NaN where examples are too few."""

    notes: tuple[str, ...] = ()
    """What was done beyond fitting all examples, and what the method noticed, in sentences."""


def project(matrix: Matrix, projection: ProjectionMethod) -> Projected:
    """Project examples to two dimensions, for looking at alone.

    Up to `projection.largest` examples are all fitted. Of more, a sample drawn by the seed is
    fitted, and the others are placed in blocks: by the method itself where it can, else between
    the five nearest fitted examples, weighted by the inverse of their distances. `notes` says so.

    Args:
        matrix: Examples that train and examples that test, shape (examples, features), in any
            order, read in blocks: an array, a memory map, or anything that gives rows.
        projection: The method and its parameters.

    Raises:
        OptionError: A parameter, such as a number of neighbours, is too large for these examples.
        DataError: There are fewer than three examples, values are not finite, or the method
            cannot cope with them.
        MissingExtra: The method needs a package that is not installed.
    """
    count = len(matrix)
    if count < FEWEST:
        raise DataError(f"a projection needs {FEWEST} examples or more, got {count}.")
    projection.check(min(count, projection.largest))
    rows = _sample(count, projection)
    fitted = _finite(matrix[rows])
    found = embed(fitted, projection)
    coordinates = np.empty((count, 2), dtype=np.float32)
    coordinates[rows] = found.coordinates
    notes = list(found.notes)
    if len(rows) < count:
        place = found.place or _between_nearest(fitted, found)
        for others in _others(count, rows):
            coordinates[others] = place(_finite(matrix[others]))
        notes.insert(0, _told(projection, count, len(rows), own=found.place is not None))
    trust = trustworthiness_of_examples(
        _Finite(matrix), coordinates, asked=ASKED, seed=projection.random_state
    )
    if count > ASKED and not math.isnan(trust):
        notes.append(f"Trustworthiness is measured on {ASKED:,} of the {count:,} examples.")
    return Projected(
        projection=projection, coordinates=coordinates, trustworthiness=trust, notes=tuple(notes)
    )


def _sample(count: int, projection: ProjectionMethod) -> np.ndarray:
    """Rows that are fitted, ascending."""
    if count <= projection.largest:
        return np.arange(count)
    generator = np.random.default_rng((projection.random_state, projection.largest))
    return np.sort(generator.choice(count, projection.largest, replace=False))


def _others(count: int, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The other rows, a block at a time."""
    others = np.setdiff1d(np.arange(count), rows, assume_unique=True)
    for begin in range(0, len(others), _BLOCK):
        yield others[begin : begin + _BLOCK]


def _finite(values: np.ndarray) -> np.ndarray:
    """The same as floats.

    Raises:
        DataError: A value is missing or infinite.
    """
    values = np.asarray(values)
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    bad = np.count_nonzero(~np.isfinite(values).all(axis=1))
    if bad:
        raise DataError(
            f"a projection needs values that are finite numbers, and {bad} of {len(values)} "
            "examples have others: give data.imputation, or leave those columns out."
        )
    return values


@dataclass(frozen=True, slots=True, eq=False)
class _Finite:
    """A matrix whose blocks are checked as they are read."""

    matrix: Matrix

    def __len__(self) -> int:
        return len(self.matrix)

    def __getitem__(self, rows: slice | np.ndarray, /) -> np.ndarray:
        return _finite(self.matrix[rows])


def _between_nearest(fitted: np.ndarray, found: Embedded) -> Place:
    """Place examples between the nearest of those that were fitted."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(_NEAREST, len(fitted))).fit(fitted)

    def place(others: np.ndarray) -> np.ndarray:
        distances, near = search.kneighbors(others)
        weights = 1.0 / np.maximum(distances, 1e-12)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((weights[:, :, None] * found.coordinates[near]).sum(axis=1))

    return place


def _told(projection: ProjectionMethod, count: int, fitted: int, *, own: bool) -> str:
    how = (
        f"by {projection.method} itself"
        if own
        else f"between the {_NEAREST} nearest of those, for {projection.method} cannot place others"
    )
    return (
        f"Of {count:,} examples {fitted:,} drawn at random were fitted; "
        f"the other {count - fitted:,} were placed {how}."
    )
