import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.networks.layer import Held, Pass
from sortal.networks.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAverage,
    GlobalMax,
    MaxPool1d,
    MaxPool2d,
)

NUMBERS = st.integers(1, 4)


def seeded(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def spans(n, size, stride, padding):
    """First and last point of each window, of those that are there."""
    places = math.ceil(n / stride) if padding == "same" else (n - size) // stride + 1
    lacking = max((places - 1) * stride + size - n, 0)
    first = [place * stride - lacking // 2 for place in range(places)]
    return [slice(max(start, 0), start + size) for start in first]


@settings(max_examples=40)
@given(
    points=st.tuples(st.integers(4, 7), st.integers(4, 7)),
    size=st.tuples(NUMBERS, NUMBERS),
    stride=st.none() | st.tuples(NUMBERS, NUMBERS),
    padding=st.sampled_from(["same", "valid"]),
    kind=st.sampled_from([(MaxPool2d, np.max), (AveragePool2d, np.mean)]),
)
def test_only_points_that_are_there_count(points, size, stride, padding, kind):
    layer, figure = kind[0](size=size, stride=stride, padding=padding), kind[1]
    values = seeded(2, 2, 3, *points)
    result = layer.forward(values, Held(), Pass(members=2))
    axes = zip(points, size, stride or size, strict=True)
    down, right = (spans(*axis, padding) for axis in axes)
    slow = [[figure(values.numpy()[..., a, b], axis=(-2, -1)) for b in right] for a in down]
    np.testing.assert_allclose(result.numpy(), np.moveaxis(slow, (0, 1), (-2, -1)))
    assert layer.result_shape((3, *points)) == result.shape[2:]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("flat", "high"), [(MaxPool1d, MaxPool2d), (AveragePool1d, AveragePool2d)])
def test_signals_are_pooled_as_stamps_of_height_1(flat, high, padding):
    values, run = seeded(2, 3, 2, 9), Pass(members=2)
    of_signal = flat(size=4, stride=3, padding=padding).forward(values, Held(), run)
    of_stamp = high(size=(1, 4), stride=(1, 3), padding=padding)
    stamped = of_stamp.forward(values.unsqueeze(-2), Held(), run)
    assert torch.equal(of_signal, stamped.squeeze(-2))


def test_members_that_lie_behind_rows_are_pooled_uncopied():
    behind = seeded(4, 2, 3, 6, 6).transpose(0, 1)
    pooled = MaxPool2d().forward(behind, Held(), Pass(members=2))
    assert torch.equal(pooled, MaxPool2d().forward(behind.contiguous(), Held(), Pass(members=2)))
    assert pooled.stride(0) < pooled.stride(1)


def test_global_figures_are_those_of_all_points():
    values = seeded(2, 3, 4, 5, 6)
    average = GlobalAverage().forward(values, Held(), Pass(members=2))
    torch.testing.assert_close(average, values.flatten(3).mean(-1))
    largest = GlobalMax().forward(values, Held(), Pass(members=2))
    assert torch.equal(largest, values.flatten(3).max(-1).values)


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (MaxPool2d(), (3, 1, 8), r"max_pool2d: window \(2, 2\).*got \(1, 8\)"),
        (AveragePool1d(), (3, 8, 8), "average_pool1d.*channels, points"),
        (GlobalMax(), (3,), "global_max.*with points"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(layer, shape, says):
    with pytest.raises(OptionError, match=says):
        layer.result_shape(shape)
