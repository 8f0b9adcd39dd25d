"""Training examples set aside to watch for a stop, where the split has none to validate."""

import numpy as np

from sortal.data.prepared import Prepared
from sortal.networks.stream import stream_seed

_EVERY = 10


def hold_out(data: Prepared) -> np.ndarray:
    """Choose about a tenth of the training examples.

    The choice depends on the split and on the labels of all targets, never on a member.
    Examples are sorted by label (by the combination of labels where targets are
    independent), in random order within, and every tenth is taken: a stratified draw
    in which rare labels are pooled. Where the data has groups, whole groups are taken.

    Returns:
        Shape (training examples,), bool; all False when there are fewer than two.
    """
    rows = data.split.train
    random = np.random.default_rng(stream_seed(data.split.fingerprint, "holdout"))
    groups = data.dataset.groups
    if groups is not None:
        _, units = np.unique(np.asarray(groups[rows]), return_inverse=True)
        if units.max() > 0:
            count = max(1, round((units.max() + 1) / _EVERY))
            return np.isin(units, random.permutation(units.max() + 1)[:count])
    codes = np.asarray(data.dataset.labels.codes[rows]).reshape(len(rows), -1)
    _, kinds = np.unique(codes, axis=0, return_inverse=True)
    order = np.lexsort((random.random(len(rows)), kinds.ravel()))
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[order[min(_EVERY // 2, len(rows) - 1) :: _EVERY]] = len(rows) > 1
    return chosen
