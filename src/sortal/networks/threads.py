"""How torch computes for the length of a block: with how many threads, and without denormal numbers."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_DENORMAL = 1e-40


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use `count` threads within the block; None leaves its setting alone.

    The setting is global to the process, so the former one is put back at the end. Numbers
    nearer to zero than 1e-38 count as zero within the block: weights that a penalty shrinks for
    ever get there, and processors take a hundred times as long for a product with them. That
    holds for the calling thread and for threads that torch starts in the block.
    """
    before = torch.get_num_threads()
    if count is not None and count != before:
        torch.set_num_threads(count)
    flushed = bool(torch.tensor(_DENORMAL) * 1 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)
