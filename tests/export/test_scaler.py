"""What was fitted lane by lane, spread over the numbers of an example."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import UserError
from sortal.export.scaler import Scaler

SHAPES = {"features": (4,), "signal": (7,), "stamp": (2, 3, 3), "single": ()}


def _fitted(arrays, scaling, imputation):
    rows = np.arange(len(next(iter(arrays.values()))))
    inputs = Inputs(arrays, rows)
    return Preparer.fit(inputs, {}, rows, Preparation.of(scaling, imputation)), inputs


@settings(max_examples=30)
@given(
    names=st.lists(st.sampled_from(sorted(SHAPES)), min_size=1, max_size=3, unique=True),
    scaling=st.sampled_from(["standard", "minmax", "minmax_symmetric", "robust", "none"]),
    imputation=st.sampled_from(["median", "mean", "zero"]),
    seed=st.integers(0, 99),
)
def test_one_flat_row_is_prepared_as_the_inputs_are(names, scaling, imputation, seed):
    drawn = np.random.default_rng(seed)
    arrays = {name: drawn.normal(3, 2, size=(12, *SHAPES[name])) for name in names}
    for array in arrays.values():
        array.flat[::5] = np.nan
    if "signal" in arrays:
        # A missing value behind a signal is padding, which a scaler in a file cannot tell.
        arrays["signal"][:, -1] = 3
    preparer, inputs = _fitted(arrays, scaling, imputation)
    spec = InputSpec(names=dict.fromkeys(names, ()), shapes={n: SHAPES[n] for n in names})
    expected = preparer.apply(inputs).matrix()
    scaler = Scaler.of(preparer, spec, expected.shape[1:])
    np.testing.assert_allclose(scaler.apply(inputs.matrix()), expected, rtol=1e-12, atol=1e-12)


def test_infinities_are_filled_where_a_job_counts_them_missing():
    preparer, _ = _fitted({"x": np.arange(8.0).reshape(4, 2)}, "none", "mean")
    spec = InputSpec(names={"x": ("a", "b")}, shapes={"x": (2,)}, infinite="missing")
    scaler = Scaler.of(preparer, spec, (2,))
    np.testing.assert_array_equal(scaler.apply(np.array([[np.inf, -np.inf]])), [[3, 4]])


def test_signals_of_unequal_length_are_refused():
    signals = Ragged(np.arange(5.0), np.array([0, 2, 5]))
    preparer, _ = _fitted({"signal": signals}, "standard", "none")
    spec = InputSpec(names={"signal": ()}, shapes={"signal": None})
    with pytest.raises(UserError, match="differ in length"):
        Scaler.of(preparer, spec, (3,))


def test_features_that_float32_blurs_are_named():
    values = np.array([[1.0, 1e9], [2.0, 1e9 + 1], [3.0, 1e9 + 2]])
    preparer, _ = _fitted({"x": values}, "standard", "none")
    spec = InputSpec(names={"x": ("near", "far")}, shapes={"x": (2,)})
    assert Scaler.of(preparer, spec, (2,)).blurred(("near", "far")) == ("far",)


def test_whitened_inputs_are_turned_each_by_its_own_matrix():
    drawn = np.random.default_rng(5)
    arrays = {name: drawn.normal(size=(30, 4)) @ drawn.normal(size=(4, 4)) for name in "ab"}
    preparer, inputs = _fitted(arrays, "whiten", "none")
    scaler = Scaler.of(preparer, InputSpec(names={}, shapes={"a": (4,), "b": (4,)}), (8,))
    expected = preparer.apply(inputs).matrix()
    assert scaler.scales
    np.testing.assert_allclose(scaler.apply(inputs.matrix()), expected, atol=1e-12)
    np.testing.assert_array_equal(scaler.described()["rotation"], scaler.rotation)


def test_features_whitened_beyond_float32_are_named():
    first = np.random.default_rng(6).normal(100, 1, size=200)
    table = np.stack([first, first + 1e-4 * np.cos(np.arange(200)), np.sin(np.arange(200))], 1)
    preparer, _ = _fitted({"x": table}, "whiten", "none")
    spec = InputSpec(names={"x": ("one", "twin", "other")}, shapes={"x": (3,)})
    scaler = Scaler.of(preparer, spec, (3,))
    assert scaler.blurred(("one", "twin", "other")) == ("one", "twin")
