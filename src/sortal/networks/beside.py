"""Images of several members: one member after another, or side by side as channels of one image."""

from collections.abc import Sequence

import torch
from torch import Tensor


def is_side_by_side(device: torch.device) -> bool:
    """Whether members become channels of one image, in grouped operations.

    Not on a CPU (one thread, forward and backward [ms]; members, rows, channels in and out,
    height x width): 4, 50, 32, 32, 21x21 one after another 46, grouped 46 (channels_first
    64); 16, 50, 32, 32, 21x21: 184 and 202 (316); 4, 32, 64, 64, 1x500: 82 and 80 (109).
    A first layer whose image all members see is no exception: 16, 50, 4, 32, 21x21 one
    after another 47, as one wide convolution 80; 16, 32, 1, 64, 1x500: 55 and 65. With one
    member nothing is copied together: 1, 50, 32, 32, 21x21 is 10, channels_first 13.
    On CUDA every call costs a launch, so there it is one call; not measured.
    """
    return device.type == "cuda"


def spread(values: Tensor, members: int) -> list[Tensor]:
    """Values (members or 1, rows, channels, height, width) as images, one tensor a call.

    Returns:
        Each (rows, channels, height, width), channels last in memory, or one of shape
        (rows, members * channels, height, width).
    """
    if is_side_by_side(values.device):
        return [values.expand(members, *values.shape[1:]).transpose(0, 1).flatten(1, 2)]
    if len(values) == 1:
        return [_channels_last(values[0])] * members
    return [_channels_last(images) for images in values.unbind()]


def spread_held(held: Tensor) -> Sequence[Tensor]:
    """What layers hold (members, channels, ...), for the calls of `spread`."""
    return [held.flatten(0, 1)] if is_side_by_side(held.device) else held.unbind()


def gather(images: Sequence[Tensor], members: int) -> Tensor:
    """Values (members, rows, channels, height, width) of the results of all calls."""
    if is_side_by_side(images[0].device):
        rows, _, *plane = images[0].shape
        return images[0].view(rows, members, -1, *plane).transpose(0, 1)
    if members == 1:
        return images[0].unsqueeze(0)
    # Stacked as (height, width, channels), for a stack of other strides forgets them.
    return torch.stack([one.movedim(1, -1) for one in images]).movedim(-1, 2)


def groups_a_call(held: Tensor, groups: int) -> int:
    """Groups of channels in one call, where every member has `groups`."""
    return groups * len(held) if is_side_by_side(held.device) else groups


def add_held(into: Tensor, slopes: Sequence[Tensor]) -> None:
    """Add slopes of what `spread_held` gave to sums (members, channels, ...)."""
    sums = [into] if is_side_by_side(into.device) else into.unbind()
    for own, slope in zip(sums, slopes, strict=True):
        own.add_(slope.view_as(own))


def _channels_last(images: Tensor) -> Tensor:
    if images.shape[1] == 1:
        # One channel is last whatever its stride says, but kernels are chosen by the stride.
        return images.clone(memory_format=torch.channels_last)
    return images.contiguous(memory_format=torch.channels_last)
