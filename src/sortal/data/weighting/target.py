"""Which of the data's example weights a target sees."""

import numpy as np

from sortal.data.labels import Labels
from sortal.errors import DataError


def weights_for(
    weights: np.ndarray | None, labels: Labels, target: str | None
) -> np.ndarray | None:
    """Pick the weights of a target.

    Args:
        weights: Shape (examples,), of all targets alike; or (examples, targets), a column for
            each; None where the data has none.
        labels: Labels of all targets.
        target: The one independent target, None for all outputs.

    Returns:
        Shape (examples,), a view; None where the data has none.

    Raises:
        DataError: Targets have weights of their own, and none is named.

    >>> from sortal.data.labels import Outputs
    >>> labels = Labels(np.array([[0, 1]]), ("variable", "periodic"), Outputs.INDEPENDENT)
    >>> weights_for(np.array([[1.0, 2.5]]), labels, "periodic")
    array([2.5])
    """
    if weights is None or weights.ndim == 1:
        return weights
    if target is None:
        raise DataError(
            "each target has weights of its own, and one classifier for all of them was asked for."
        )
    column: np.ndarray = weights[:, labels.classes.index(target)]
    return column
