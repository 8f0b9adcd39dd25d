"""Training examples whose features stay on disk: read and prepared while the last ones train."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sortal.training.batches import BLOCK_BYTES, block_rows
from sortal.training.examples import Examples
from sortal.training.part_rows import PartRows
from sortal.training.prefetch import prefetched

_AHEAD = 4
"""Blocks that may wait."""

_READ_BYTES = BLOCK_BYTES // 8
"""Size of the features that are read at once: only the first block of an epoch is waited for, and
it is the shorter the better. The file's pages that one shuffled block of `epoch_order` lies on are
fetched by the first eighth of it, and found by the others."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamedExamples:
    """Examples of one part, of which memory holds truths, weights and six blocks of features.

    They give the very minibatches that `Examples` of the same part would give.
    """

    rows: PartRows
    dtype: np.dtype[np.floating]
    """Of features."""

    truth: Tensor
    """As in `Examples`."""

    weights: Tensor
    offsets: Tensor | None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def row_bytes(self) -> int:
        """Size of the features of one example."""
        return self.rows.width * self.dtype.itemsize

    def is_finite(self) -> bool:
        """Whether no feature is missing or infinite."""
        return self.rows.data.is_finite(self.rows.part, self.rows.chosen)

    def blocks(self, order: Tensor | None, batch_size: int) -> Generator[Examples]:
        """Give the examples block by block; see `Examples.blocks`.

        The next blocks are prepared in a thread. Close the iterator where it is left early,
        and nothing goes on behind it.
        """
        wanted = np.arange(len(self)) if order is None else order.numpy()
        size = block_rows(batch_size, self.row_bytes, _READ_BYTES)
        taken = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        readers = (partial(self.rows.read, rows, self.dtype) for rows in taken)
        with closing(prefetched(readers, ahead=_AHEAD)) as made:
            for rows, features in zip(taken, made, strict=True):
                yield self._block(torch.from_numpy(rows), torch.from_numpy(features))

    def _block(self, rows: Tensor, features: Tensor) -> Examples:
        device = self.truth.device
        rows = rows.to(device)
        truth, weights = self.truth[:, rows], self.weights[:, rows]
        return Examples(features.to(device), truth, weights, self.offsets)
