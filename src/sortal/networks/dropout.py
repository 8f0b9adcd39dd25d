"""Dropout whose masks come from each member's own generator."""

from collections.abc import Sequence

import torch
from torch import Tensor


def dropout_masks(
    generators: Sequence[torch.Generator], kept: Tensor, rows: int, widths: Sequence[int]
) -> list[Tensor]:
    """Draw what each member's hidden units are multiplied with.

    Args:
        generators: One per member, each advanced by the same number of draws.
        kept: Share of units that stay, in (0, 1], shape (members, 1).
        rows: Examples in the step.
        widths: Units of each hidden layer.

    Returns:
        One mask a hidden layer, shape (members, rows, width): 0, or 1 / kept, so that
        the expected value of a unit does not change.
    """
    members = len(generators)
    drawn = torch.empty(members, rows * sum(widths), dtype=kept.dtype, device=kept.device)
    for row, generator in zip(drawn, generators, strict=True):
        row.uniform_(generator=generator)
    scaled = (drawn < kept).to(kept.dtype).div_(kept)
    parts = torch.split(scaled, [rows * width for width in widths], dim=1)
    return [part.reshape(members, rows, width) for part, width in zip(parts, widths, strict=True)]
