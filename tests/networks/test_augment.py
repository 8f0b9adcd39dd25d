import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.networks.augment import Augment
from sortal.networks.dropout import draw_uniform
from sortal.networks.layer import Held, Pass
from sortal.networks.stream import stream


def acted(layer, values, *, seeds=(0,), training=True):
    draws = layer.draws(tuple(values.shape[2:]))
    uniform = draw_uniform([stream(one) for one in seeds], values.shape[1], draws, values)
    run = Pass(members=len(seeds), training=training, uniform=uniform)
    return layer.forward(values, Held(), run)


def stamps(rows, height=8, width=10, channels=2):
    count = rows * channels * height * width
    return torch.arange(float(count)).view(1, rows, channels, height, width)


def by_numpy(stamp, down, right, *, flips):
    """One stamp (channels, height, width), moved and mirrored by slicing and padding."""
    padded = np.pad(stamp, ((0, 0), (abs(down),) * 2, (abs(right),) * 2), mode="edge")
    top, left = abs(down) + down, abs(right) + right
    moved = padded[:, top : top + stamp.shape[1], left : left + stamp.shape[2]]
    return moved[:, :, ::-1] if flips else moved


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), shift=st.sampled_from([0.0, 0.15, 0.3]), flips=st.booleans())
def test_an_augmented_example_is_a_possible_shift_and_flip(seed, shift, flips):
    layer = Augment(shift=shift, flip="horizontal" if flips else "none")
    values = stamps(2)
    result = acted(layer, values, seeds=(seed,))[0].numpy()
    for made, stamp in zip(result, values[0].numpy(), strict=True):
        possible = [
            by_numpy(stamp, down, right, flips=mirrored)
            for down in range(-int(8 * shift), int(8 * shift) + 1)
            for right in range(-int(10 * shift), int(10 * shift) + 1)
            for mirrored in {False, flips}
        ]
        assert any(np.array_equal(made, one) for one in possible)


def test_every_shift_and_both_sides_come_about_equally_often():
    row = torch.arange(10.0).view(1, 1, 1, 10).expand(1, 6000, 1, 10)
    result = acted(Augment(shift=0.2, flip="horizontal"), row)[0, :, 0]
    mirrored = result[:, 4] > result[:, 5]
    assert 0.47 < mirrored.double().mean() < 0.53
    centres = torch.where(mirrored, result[:, 5], result[:, 4])
    counts = torch.stack([(centres == 4 + move).sum() for move in range(-2, 3)])
    assert counts.sum() == 6000
    assert (counts - 1200).abs().max() < 150


def test_members_draw_from_streams_of_their_own():
    values, layer = stamps(20), Augment(shift=0.3, flip="both")
    together, alone = acted(layer, values, seeds=(1, 2)), acted(layer, values, seeds=(2,))
    assert torch.equal(together[1:], alone)
    assert not torch.equal(together[0], together[1])


def test_outside_of_training_nothing_happens():
    values = stamps(3)
    assert torch.equal(acted(Augment(shift=0.3, flip="both"), values, training=False), values)


def test_what_would_have_no_effect_or_no_axis_is_told():
    with pytest.raises(OptionError, match=r"augment.shift: expected at least 1 / 8, got 0.1"):
        Augment(shift=0.1).result_shape((1, 8, 8))
    with pytest.raises(OptionError, match=r"none or horizontal for signals"):
        Augment(flip="both").result_shape((1, 8))
    with pytest.raises(OptionError, match="signals or stamps"):
        Augment(flip="both").result_shape((8,))
