"""Scaling of every example by its own numbers, beside plain NumPy."""

import numpy as np
import pytest

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing.preparer import Preparation, Preparer


def prepared(array, *, lengths=None, imputation="none", name="stamp"):
    known = {} if lengths is None else {name: np.asarray(lengths)}
    inputs = Inputs({name: array}, np.arange(len(array)), known)
    recipe = Preparation(scaling="each_minmax", imputation=imputation)
    preparer = Preparer.fit(inputs, {}, np.arange(len(array)), recipe)
    return preparer.apply(inputs).arrays[name], preparer


def one_by_one(stamps):
    """As NumPy does it, a stamp and a channel at a time."""
    made = np.empty(stamps.shape)
    for number, stamp in enumerate(stamps.astype(np.float64)):
        for channel, pixels in enumerate(stamp):
            known = pixels[~np.isnan(pixels)]
            low, high = (known.min(), known.max()) if len(known) else (0, 0)
            made[number, channel] = (pixels - low) / (high - low if high > low else 1)
    return made


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_stamps_are_scaled_channel_by_channel(kind):
    stamps = np.random.default_rng(1).normal(size=(9, 3, 6, 5)).astype(kind) * 100
    stamps[1, 0, 2:4] = np.nan
    stamps[2, 1] = np.nan
    stamps[3, 2] = 7.5
    made, _ = prepared(stamps)
    np.testing.assert_allclose(made, one_by_one(stamps), atol=1e-6 if kind == "float32" else 1e-12)
    assert made.dtype == kind
    assert (made[3, 2] == 0).all()
    assert np.isnan(made[2, 1]).all()


def test_padding_takes_no_part_and_becomes_zero():
    signals = np.array([[4.0, 2.0, 6.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    made, _ = prepared(signals, lengths=[3, 5], name="signal")
    np.testing.assert_allclose(made, [[0.5, 0, 1, 0, 0], [0, 0.25, 0.5, 0.75, 1]])


def test_signals_of_unequal_length_are_scaled_alike():
    ragged = Ragged(np.array([4.0, 2.0, 6.0, 5.0, 1.0, 3.0]), np.array([0, 3, 3, 4, 6]))
    made, _ = prepared(ragged, name="signal")
    np.testing.assert_allclose(made.values, [0.5, 0, 1, 0, 0, 1])


def test_numbers_as_large_as_floats_stay_finite():
    largest = np.finfo(np.float64).max
    made, _ = prepared(np.array([[-largest, 0.0, largest]]), name="signal")
    np.testing.assert_allclose(made, [[0, 0.5, 1]])


def test_missing_pixels_are_filled_before_the_scaling():
    stamps = np.array([[[[1.0, np.nan], [3.0, 2.0]]]])
    made, _ = prepared(stamps, imputation="zero")
    np.testing.assert_allclose(made, [[[[1 / 3, 0], [1, 2 / 3]]]])


def test_a_stored_preparer_scales_alike(tmp_path):
    stamps = np.random.default_rng(2).normal(size=(4, 2, 3, 3))
    made, preparer = prepared(stamps)
    preparer.save(tmp_path)
    again = Preparer.load(tmp_path)
    assert again.preparation == preparer.preparation
    inputs = Inputs({"stamp": stamps}, np.arange(4))
    np.testing.assert_array_equal(again.apply(inputs).arrays["stamp"], made)
    assert again.outside(inputs) == ()
