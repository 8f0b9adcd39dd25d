"""Convolution of stacked images with each member's own kernels, and its slopes."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from sortal.networks.beside import add_held, gather, groups_a_call, spread, spread_held
from sortal.networks.window import Window


def convolve(
    values: Tensor, weight: Tensor, bias: Tensor | None, window: Window, *, groups: int = 1
) -> Tensor:
    """Slide each member's kernels over its images, unturned as all libraries do.

    Args:
        values: Shape (members or 1, rows, channels, height, width).
        weight: Shape (members, out, channels / groups, height, width of the window).
        bias: Shape (members, out).
        window: In a plane.
        groups: Of neighbouring channels that do not see each other.

    Returns:
        Shape (members, rows, out, height, width).
    """
    members = len(weight)
    calls = groups_a_call(weight, groups)
    biases = [None] * members if bias is None else spread_held(bias)
    results = []
    for images, kernel, own in zip(
        spread(values, members), spread_held(weight), biases, strict=False
    ):
        padded, padding = _pad(images, window)
        results.append(functional.conv2d(padded, kernel, own, window.stride, padding, groups=calls))
    return gather(results, members)


def convolve_slopes(
    slope: Tensor,
    values: Tensor,
    weight: Tensor,
    window: Window,
    into: Mapping[str, Tensor],
    *,
    groups: int = 1,
    deep: bool,
) -> Tensor | None:
    """Slopes of `convolve`, written out because autograd would copy every member's part twice.

    Args:
        slope: With respect to the result.
        values: As in `convolve`.
        weight: As in `convolve`.
        window: As in `convolve`.
        into: Sums `weight` and, if there is one, `bias`, to add to.
        groups: As in `convolve`.
        deep: Whether the slope with respect to the values is wanted.
    """
    members, calls = len(weight), groups_a_call(weight, groups)
    wanted = [deep, True, "bias" in into]
    of_values, of_weight, of_bias = [], [], []
    parts = zip(spread(slope, members), spread(values, members), spread_held(weight), strict=True)
    for part, images, kernel in parts:
        padded, padding = _pad(images, window)
        slopes = torch.ops.aten.convolution_backward(
            part, padded, kernel, [len(kernel)], window.stride, padding, (1, 1),
            False, (0, 0), calls, wanted,
        )  # fmt: skip
        of_values.append(slopes[0])
        of_weight.append(slopes[1])
        of_bias.append(slopes[2])
    add_held(into["weight"], of_weight)
    if "bias" in into:
        add_held(into["bias"], of_bias)
    return gather([_crop(one, values, window) for one in of_values], members) if deep else None


def _pad(images: Tensor, window: Window) -> tuple[Tensor, tuple[int, ...]]:
    """Images, and the margins that the convolution itself shall add."""
    margins = window.margins(tuple(images.shape[2:]))
    if all(before == behind for before, behind in margins):
        return images, tuple(before for before, _ in margins)
    (top, bottom), (left, right) = margins
    return functional.pad(images, (left, right, top, bottom)), (0, 0)


def _crop(slope: Tensor, values: Tensor, window: Window) -> Tensor:
    height, width = values.shape[3:]
    if slope.shape[2:] == values.shape[3:]:
        return slope
    (top, _), (left, _) = window.margins((height, width))
    return slope[:, :, top : top + height, left : left + width]
