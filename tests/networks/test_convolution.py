import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from sortal.errors import OptionError
from sortal.networks.convolution import Conv1d, Conv2d, SeparableConv2d
from sortal.networks.layer import Held, Pass
from sortal.networks.network import Network
from sortal.networks.window import Window

QUICK = settings(max_examples=30)
NUMBERS = st.integers(1, 3)


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def applied(layer, values, members=2):
    network = Network(shape=tuple(values.shape[2:]), layers=(layer,))
    held = network.held(seeded(members, network.size, seed=5))[0]
    return layer.forward(values, held, Pass(members=members)), held.slots


def slow_convolution(image, kernels, stride, padding):
    """One image (channels, height, width), kernels (out, channels, height, width), as Keras says."""
    margins, places = [], []
    for n, k, s in zip(image.shape[1:], kernels.shape[2:], stride, strict=True):
        if padding == "same":
            places.append(math.ceil(n / s))
            total = max((places[-1] - 1) * s + k - n, 0)
            margins.append((total // 2, total - total // 2))
        else:
            places.append(math.ceil((n - k + 1) / s))
            margins.append((0, 0))
    padded = np.pad(image, [(0, 0), *margins])
    result = np.zeros((len(kernels), *places))
    for out, down, right in np.ndindex(*result.shape):
        top, left = down * stride[0], right * stride[1]
        seen = padded[:, top : top + kernels.shape[2], left : left + kernels.shape[3]]
        result[out, down, right] = (seen * kernels[out]).sum()
    return result


@QUICK
@given(
    points=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    kernel=st.tuples(NUMBERS, NUMBERS),
    stride=st.tuples(st.integers(1, 4), NUMBERS),
    padding=st.sampled_from(["same", "valid"]),
)
def test_convolutions_follow_the_formula_of_keras(points, kernel, stride, padding):
    layer = Conv2d(channels=2, kernel=kernel, stride=stride, padding=padding, bias=False)
    values = seeded(2, 2, 3, *points)
    result, slots = applied(layer, values)
    for member, row in np.ndindex(2, 2):
        kernels = slots["weight"][member].numpy()
        slow = slow_convolution(values[member, row].numpy(), kernels, stride, padding)
        np.testing.assert_allclose(result[member, row].numpy(), slow, atol=1e-12)


@QUICK
@given(
    channels=NUMBERS,
    multiplier=NUMBERS,
    stride=st.tuples(NUMBERS, NUMBERS),
    padding=st.sampled_from(["same", "valid"]),
)
def test_separable_convolutions_are_two_steps(channels, multiplier, stride, padding):
    layer = SeparableConv2d(
        channels=2, kernel=(3, 2), stride=stride, padding=padding, multiplier=multiplier
    )
    values = seeded(2, 1, channels, 5, 4)
    result, slots = applied(layer, values)
    for member in range(2):
        image, depthwise = values[member, 0].numpy(), slots["depthwise"][member].numpy()
        between = [
            slow_convolution(image[number // multiplier][None], kernel[None], stride, padding)[0]
            for number, kernel in enumerate(depthwise)
        ]
        mixed = np.tensordot(slots["pointwise"][member, :, :, 0, 0].numpy(), between, axes=1)
        slow = mixed + slots["bias"][member].numpy()[:, None, None]
        np.testing.assert_allclose(result[member, 0].numpy(), slow, atol=1e-12)


@QUICK
@given(
    kernel=st.integers(1, 4),
    stride=NUMBERS,
    padding=st.integers(0, 3),
    shared=st.booleans(),
)
def test_signals_are_convolved_as_torch_does(kernel, stride, padding, shared):
    layer = Conv1d(channels=4, kernel=kernel, stride=stride, padding=padding)
    values = seeded(1 if shared else 2, 3, 2, 7)
    result, slots = applied(layer, values)
    for member, own in enumerate(values.expand(2, -1, -1, -1)):
        alone = functional.conv1d(
            own, slots["weight"][member], slots["bias"][member], stride, padding
        )
        torch.testing.assert_close(result[member], alone)


def test_stamps_are_convolved_as_torch_does_in_float32():
    layer = Conv2d(channels=32, kernel=(4, 4), padding=3)
    network = Network(shape=(4, 21, 21), layers=(layer,))
    state, values = seeded(2, network.size).float(), seeded(1, 3, 4, 21, 21).float()
    slots = network.held(state)[0].slots
    result = layer.forward(values, Held(slots), Pass(members=2))
    assert network.shapes[-1] == (32, 24, 24)
    for member in range(2):
        alone = functional.conv2d(
            values[0], slots["weight"][member], slots["bias"][member], padding=3
        )
        torch.testing.assert_close(result[member], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("members", [1, 3])
def test_channels_stay_last_in_memory(members):
    result, _ = applied(Conv2d(channels=5, kernel=(3, 3)), seeded(1, 4, 1, 8, 8), members)
    result, _ = applied(Conv2d(channels=5, kernel=(3, 3)), result, members)
    assert result.stride(2) == 1
    assert all(images.is_contiguous(memory_format=torch.channels_last) for images in result)


def test_initialisers_see_what_keras_counts():
    conv = Conv2d(channels=8, kernel=(3, 2)).slots((4, 9, 9))
    assert [(slot.name, slot.shape, slot.fan) for slot in conv] == [
        ("weight", (8, 4, 3, 2), (24, 48)),
        ("bias", (8,), None),
    ]
    assert Conv1d(channels=8, kernel=5, bias=False).slots((4, 9))[0].fan == (20, 40)
    separable = SeparableConv2d(channels=8, kernel=(3, 3), multiplier=2).slots((4, 9, 9))
    assert [(slot.name, slot.shape, slot.fan) for slot in separable] == [
        ("depthwise", (8, 1, 3, 3), (36, 18)),
        ("pointwise", (8, 8, 1, 1), (8, 8)),
        ("bias", (8,), None),
    ]


@given(n=st.integers(1, 40), size=st.integers(1, 9), stride=st.integers(1, 9), keep=st.booleans())
def test_same_windows_are_as_many_as_strides_fit(n, size, stride, keep):
    window = Window((size,), (1 if keep else stride,), "same")
    assert window.places((n,), where="test") == (math.ceil(n / window.stride[0]),)
    ((before, behind),) = window.margins((n,))
    assert behind - before in {0, 1}


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (Conv2d(channels=1, kernel=(3, 3)), (3, 9), "conv2d.*height, width.*got 1"),
        (Conv1d(channels=1, kernel=3), (9,), "conv1d.*channels, points.*got 0"),
        (Conv1d(channels=1, kernel=9), (2, 4), r"conv1d: window \(9,\).*at least as many.*\(4,\)"),
        (SeparableConv2d(channels=1, kernel=(3, 3)), (3, 2, 9), "separable_conv2d: window"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(layer, shape, says):
    with pytest.raises(OptionError, match=says):
        layer.result_shape(shape)
