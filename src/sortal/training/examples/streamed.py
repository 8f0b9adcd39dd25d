"""Training examples whose features stay on disk: read while the last ones train."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sortal.data.storage.spill import allocate
from sortal.training.examples.batches import BLOCK_BYTES, block_rows
from sortal.training.examples.examples import Examples
from sortal.training.examples.part_rows import PartRows
from sortal.training.examples.prefetch import prefetched

_AHEAD = 4
"""Blocks that may wait."""

_READ_BYTES = BLOCK_BYTES // 8
"""Size of the features that are read at once: only the first block of an epoch is waited for, and
it is the shorter the better. The file's pages that one shuffled block of `epoch_order` lies on are
fetched by the first eighth of it, and found by the others."""


def write_prepared(rows: PartRows, dtype: np.dtype[np.floating]) -> np.ndarray:
    """Prepare the features of a part once, into a mapped file that vanishes with the array.

    Preparing them again in every epoch took a third of the time that training took.

    Returns:
        Shape (examples, features).

    Raises:
        DataError: There is no room for it where temporary files are kept.
    """
    features = allocate((len(rows), rows.width), dtype, limit=0)
    step = max(1, _READ_BYTES // max(1, rows.width * dtype.itemsize))
    for start in range(0, len(rows), step):
        piece = np.arange(start, min(start + step, len(rows)))
        features[start : start + step] = rows.read(piece, dtype)
    return features


@dataclass(frozen=True, slots=True, eq=False)
class StreamedExamples:
    """Examples of one part, of which memory holds truths, weights and six blocks of features.

    They give the very minibatches that `Examples` of the same part would give.
    """

    features: np.ndarray
    """Mapped, shape (examples, features)."""

    truth: Tensor
    """As in `Examples`."""

    weights: Tensor
    offsets: Tensor | None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def row_bytes(self) -> int:
        """Size of the features of one example."""
        return self.features[:1].nbytes

    def is_finite(self) -> bool:
        """Whether no feature is missing or infinite."""
        step = max(1, _READ_BYTES // max(1, self.row_bytes))
        pieces = (self.features[start : start + step] for start in range(0, len(self), step))
        return all(bool(np.isfinite(piece).all()) for piece in pieces)

    def blocks(self, order: Tensor | None, batch_size: int) -> Generator[Examples]:
        """Give the examples block by block; see `Examples.blocks`.

        The next blocks are read in a thread. Close the iterator where it is left early,
        and nothing goes on behind it.
        """
        wanted = np.arange(len(self)) if order is None else order.numpy()
        size = block_rows(batch_size, self.row_bytes, _READ_BYTES)
        taken = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        readers = (partial(self._read, rows) for rows in taken)
        with closing(prefetched(readers, ahead=_AHEAD)) as made:
            for rows, features in zip(taken, made, strict=True):
                yield self._block(torch.from_numpy(rows), torch.from_numpy(features))

    def _read(self, rows: np.ndarray) -> np.ndarray:
        return np.take(self.features, rows, axis=0)

    def _block(self, rows: Tensor, features: Tensor) -> Examples:
        device = self.truth.device
        rows = rows.to(device)
        truth, weights = self.truth[:, rows], self.weights[:, rows]
        return Examples(features.to(device), truth, weights, self.offsets)
