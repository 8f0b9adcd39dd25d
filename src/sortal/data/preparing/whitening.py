"""Whitening: a matrix that takes the correlations out of standardised columns."""

import numpy as np

from sortal.data.inputs import Array, Ragged
from sortal.data.preparing.channels import Channels, channel_blocks
from sortal.errors import DataError

_SMALLEST = 1e-10
"""Share of the largest eigenvalue below which a direction counts as none: amplified to unit
variance it would be rounding."""

_LOADING = 0.1
"""Size of a unit vector's component from which a feature takes part in a direction."""

_LARGEST = 1e150
"""Bound of standardised values, so that their sums stay finite."""


def fit_whitening(
    name: str,
    array: Array,
    lanes: Channels,
    rows: np.ndarray,
    *,
    fill: np.ndarray,
    center: np.ndarray,
    scale: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn the matrix that whitens standardised columns, in one walk.

    It is ZCA on the correlation matrix R (Kessy, Lewin and Strimmer 2018,
    doi:10.1080/00031305.2016.1277159), R^(-1/2): of all whitened columns these are the closest
    to the standardised ones, so that features keep their names. Directions without variance,
    from constant or collinear columns, are projected out.

    Args:
        name: Name of the input, for messages.
        array: The input, shape (examples, columns).
        lanes: Its lanes, one a column.
        rows: Row numbers to look at.
        fill: What replaces missing values, NaN where nothing does.
        center: Mean of each column.
        scale: Standard deviation of each column, 1 where that is none.

    Returns:
        The matrix, (columns, columns), by which rows are multiplied from the right; and which
        columns are collinear with others, (columns,), bool.

    Raises:
        DataError: Examples are no flat rows, or values are missing.
    """
    if not is_flat_input(array, lanes):
        raise DataError(
            f"input {name!r}: scaling: whiten is for tables, and its examples are signals or stamps."
        )
    products, count = np.zeros((lanes.count, lanes.count)), 0
    for block in channel_blocks(array, lanes, rows):
        values = block.astype(np.float64)
        values = (np.where(np.isnan(values), fill, values) - center) / scale
        products += values.T @ values
        count += len(values)
    if not np.isfinite(products).all():
        raise DataError(
            f"input {name!r}: scaling: whiten needs every value, and some are missing; set "
            "data.imputation."
        )
    return _inverse_root(products / max(1, count))


def is_flat_input(array: Array, lanes: Channels) -> bool:
    """Whether examples are rows of columns."""
    return not isinstance(array, Ragged) and array.ndim == 2 and lanes.axis == 1


def _inverse_root(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R^(-1/2) where it exists, and which columns lie in directions where it does not."""
    # Standardised columns have variance 1, constant ones what rounding makes of 0.
    varies = np.diag(covariance) > 0.5
    values, vectors = np.linalg.eigh(covariance[np.ix_(varies, varies)])
    kept = values > _SMALLEST * values.max(initial=0.0)
    matrix = np.zeros(covariance.shape)
    matrix[np.ix_(varies, varies)] = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    collinear = np.zeros(len(covariance), dtype=bool)
    # Eigenvectors of equal eigenvalues are any basis of their space; the projection is not.
    shares = np.sqrt((vectors[:, ~kept] ** 2).sum(axis=1))
    collinear[varies] = shares > _LOADING
    return matrix, collinear


def whiten(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Multiply standardised rows by a matrix.

    One row at a time: a product of whole blocks rounds by the size of the block, and an example
    would have other features among others than alone.

    Args:
        values: Shape (examples, columns); a row with a missing value becomes missing.
        matrix: Shape (columns, columns).
    """
    bounded = np.clip(values, -_LARGEST, _LARGEST)
    rows: np.ndarray = np.matmul(bounded[:, np.newaxis, :], matrix)[:, 0]
    return rows
