"""The weighted confusion matrix of exclusive classes, and what follows from it alone.

Weights may be negative: they are summed with their sign, and a figure whose
denominator is then not above zero is NaN.
"""

import numpy as np

from sortal.errors import DataError
from sortal.metrics.class_totals import ClassTotals
from sortal.metrics.ratio import mean_defined, ratio


def confusion_matrix(
    truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Sum the weights of examples by true and predicted class.

    Args:
        truth: Class codes, shape (examples,).
        predicted: Class codes, shape (..., examples).
        classes: Number of classes; each has its row and column even if it never occurs.
        weights: Shape (examples,).

    Returns:
        Shape (..., classes, classes), float64, rows are the truth.

    Raises:
        DataError: A code is not in [0, classes).
    """
    for name, codes in (("true", truth), ("predicted", predicted)):
        if codes.size and not (codes.min() >= 0 and codes.max() < classes):
            raise DataError(
                f"{name} class codes: expected 0 to {classes - 1}, "
                f"got {codes.min()} to {codes.max()}."
            )
    leading, cells = predicted.shape[:-1], classes * classes
    lines = int(np.prod(leading, dtype=np.int64))
    cell = predicted.astype(np.int64).reshape(lines, len(truth)) + truth.astype(np.int64) * classes
    cell += np.arange(lines, dtype=np.int64)[:, None] * cells
    repeated = None if weights is None else np.broadcast_to(weights, cell.shape).ravel()
    matrix = np.bincount(cell.ravel(), repeated, minlength=lines * cells)
    return matrix.astype(np.float64).reshape(*leading, classes, classes)


def class_totals(matrix: np.ndarray) -> ClassTotals:
    """Reduce a matrix of shape (..., classes, classes) to a tally of its classes."""
    return ClassTotals(
        hits=np.diagonal(matrix, axis1=-2, axis2=-1),
        predicted=matrix.sum(axis=-2),
        actual=matrix.sum(axis=-1),
    )


def accuracy(matrix: np.ndarray) -> np.ndarray:
    """Share of the weight that is predicted right; NaN without examples."""
    return ratio(np.trace(matrix, axis1=-2, axis2=-1), matrix.sum(axis=(-2, -1)))


def balanced_accuracy(matrix: np.ndarray) -> np.ndarray:
    """Average the recalls of the classes that occur (Brodersen et al. 2010, doi:10.1109/ICPR.2010.764).

    NaN when no class occurs.
    """
    return mean_defined(class_totals(matrix).recall)


def matthews_correlation(matrix: np.ndarray) -> np.ndarray:
    """Correlate truth and prediction over any number of classes.

    Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006. NaN (scikit-learn: 0) when only
    one class occurs or only one is predicted.
    """
    counts = class_totals(matrix)
    actual, predicted = counts.actual, counts.predicted
    total = predicted.sum(axis=-1)
    covariance = counts.hits.sum(axis=-1) * total - (actual * predicted).sum(axis=-1)
    variances = (total**2 - (actual**2).sum(axis=-1)) * (total**2 - (predicted**2).sum(axis=-1))
    # Rounding can leave a tiny variance where one class holds all the weight.
    varied = ((actual != 0).sum(axis=-1) > 1) & ((predicted != 0).sum(axis=-1) > 1)
    return ratio(covariance, np.sqrt(np.where(varied & (variances > 0), variances, 0.0)))


def cohen_kappa(matrix: np.ndarray) -> np.ndarray:
    """Agreement beyond chance (Cohen 1960, doi:10.1177/001316446002000104).

    NaN when truth and prediction are one and the same class throughout.
    """
    counts = class_totals(matrix)
    total = matrix.sum(axis=(-2, -1))
    wrong = total - counts.hits.sum(axis=-1)
    others = counts.predicted.sum(axis=-1, keepdims=True) - counts.predicted
    by_chance = ratio((counts.actual * others).sum(axis=-1), total)
    return 1.0 - ratio(wrong, by_chance)
