"""The order in which examples are seen: a stream of the data, the same for every member."""

from collections.abc import Iterator

import torch
from torch import Tensor

from sortal.networks.stream import stream


def epoch_order(data_seed: int, epoch: int, rows: int) -> Tensor:
    """Permute row numbers; derived from seed and epoch alone, so there is no state to keep.

    Args:
        data_seed: Seed of the data's stream.
        epoch: Number of the epoch, from 0.
        rows: Training examples.
    """
    return torch.randperm(rows, generator=stream(data_seed, "order", epoch))


def minibatches(rows: int, size: int, *, start: int = 0) -> Iterator[slice]:
    """Cut an epoch's rows into minibatches, from row `start` on; the last may be shorter.

    >>> list(minibatches(5, 2, start=2))
    [slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(first, min(first + size, rows)) for first in range(start, rows, size))
