"""The order in which examples are seen: a stream of the data, the same for every member."""

from collections.abc import Iterator

import torch
from torch import Tensor

from sortal.networks.stream import stream

LARGE_BYTES = 1 << 29
"""Features above this size [bytes] are shuffled block by block."""

BLOCK_BYTES = 1 << 27
"""Size of the features of one block [bytes]."""

_RUN_BYTES = 1 << 17
"""Size of a run of neighbouring rows that is more than enough to read at once."""

_RUNS_PER_ROW = 8
"""Runs in a block for each row of a minibatch; see `epoch_order`."""


def block_rows(batch_size: int, row_bytes: int, size: int | None = None) -> int:
    """Rows of a block: whole minibatches, as many as fit into `size` bytes, at least one.

    >>> block_rows(1000, 500)
    268000
    """
    return batch_size * max(1, (size or BLOCK_BYTES) // (batch_size * max(1, row_bytes)))


def epoch_order(
    data_seed: int, epoch: int, rows: int, *, batch_size: int = 1, row_bytes: int = 0
) -> Tensor:
    """Permute row numbers; derived from seed, epoch and sizes alone, so there is no state to keep.

    Large data is permuted in two steps, so that a block can be read as runs of neighbouring
    rows: runs are permuted and cut into blocks, then rows within each block. A block has at
    least 8 runs for each row of a minibatch. Even where all rows of a run are of one class,
    the share of a class in a minibatch then varies by at most 1/8 more (its variance) than
    among rows drawn one by one.

    Args:
        data_seed: Seed of the data's stream.
        epoch: Number of the epoch, from 0.
        rows: Training examples.
        batch_size: Rows of a minibatch.
        row_bytes: Size of the features of one row.

    Returns:
        Each row number once, shape (rows,), int64.
    """
    random = stream(data_seed, "order", epoch)
    if rows * row_bytes <= LARGE_BYTES:
        return torch.randperm(rows, generator=random)
    size = block_rows(batch_size, row_bytes)
    run = max(1, min(_RUN_BYTES // row_bytes, size // (_RUNS_PER_ROW * batch_size)))
    starts = run * torch.randperm(-(-rows // run), generator=random)
    order = (starts.unsqueeze(1) + torch.arange(run)).flatten()
    order = order[order < rows]
    for start in range(0, rows, size):
        block = order[start : start + size]
        block.copy_(block[torch.randperm(len(block), generator=random)])
    return order


def stretch_order(
    data_seed: int, epoch: int, rows: int, *, steps: int, batch_size: int, row_bytes: int = 0
) -> Tensor:
    """Rows of an epoch that is a number of updates, whatever the number of examples.

    Epochs are cut, one behind the other, from one endless row of passes, each in the order of
    `epoch_order`: every example comes up equally often, and every minibatch is whole.

    Returns:
        Row numbers, shape (steps * batch_size,), int64.
    """
    length = steps * batch_size
    first, last = epoch * length, (epoch + 1) * length
    passes = range(first // rows, -(-last // rows))
    orders = [
        epoch_order(data_seed, number, rows, batch_size=batch_size, row_bytes=row_bytes)
        for number in passes
    ]
    start = passes.start * rows
    return torch.cat(orders)[first - start : last - start]


def minibatches(rows: int, size: int, *, start: int = 0) -> Iterator[slice]:
    """Cut an epoch's rows into minibatches, from row `start` on; the last may be shorter.

    >>> list(minibatches(5, 2, start=2))
    [slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(first, min(first + size, rows)) for first in range(start, rows, size))
