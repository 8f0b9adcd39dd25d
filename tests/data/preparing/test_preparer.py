"""Imputing and scaling against scikit-learn, and what holds for any numbers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing import channels as lanes
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.errors import Damaged, DataError, OptionError

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "minmax_symmetric": MinMaxScaler((-1, 1)),
    "robust": RobustScaler(),
    "none": None,
}
NAMES = ("a", "b", "c", "d", "e")


def inputs_of(**named) -> Inputs:
    return Inputs(named, np.arange(len(next(iter(named.values())))))


def holey(seed: int = 0, examples: int = 211) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.normal(3, 2, (examples, 5)).round(1)
    table[:, 2] *= 1e4
    table[:, 4] = 7.5
    table[rng.random(table.shape) < 0.2] = np.nan
    table[0, 4] = 7.5
    return table


def fit(table, scaling="none", imputation="none", rows=None, names=None) -> Preparer:
    rows = np.arange(len(table)) if rows is None else rows
    names = {"features": names or NAMES[: table.shape[1]]}
    recipe = Preparation(scaling=scaling, imputation=imputation)
    return Preparer.fit(inputs_of(features=table), names, rows, recipe)


@pytest.fixture(params=["whole", "small blocks"])
def blocks(request, monkeypatch):
    if request.param == "small blocks":
        monkeypatch.setattr(lanes, "_BLOCK_BYTES", 300)
        monkeypatch.setattr(lanes, "_CHUNK_BYTES", 3500)


@pytest.mark.parametrize("scaling", SCALERS)
@pytest.mark.parametrize("imputation", ["mean", "median", "most_frequent", "zero", "none"])
def test_preparation_equals_scikit_learn(scaling, imputation, blocks):
    table, rows = holey(), np.arange(0, 211, 2)
    strategy = {"strategy": imputation}
    if imputation == "zero":
        strategy = {"strategy": "constant", "fill_value": 0.0}
    imputer = None if imputation == "none" else SimpleImputer(**strategy)
    pipeline = make_pipeline(*(step for step in (imputer, SCALERS[scaling]) if step is not None))
    expected = pipeline.fit(table[rows]).transform(table) if pipeline.steps else table

    got = fit(table, scaling, imputation, rows).apply(inputs_of(features=table))

    np.testing.assert_allclose(got.arrays["features"], expected, rtol=1e-12, atol=1e-12)


def test_only_training_rows_are_looked_at():
    table = holey()
    spoiled = table.copy()
    spoiled[100:] = 1e6
    first, second = (fit(t, "standard", "median", np.arange(100)) for t in (table, spoiled))
    np.testing.assert_array_equal(first.fitted["features"].scale, second.fitted["features"].scale)
    np.testing.assert_array_equal(first.fitted["features"].fill, second.fitted["features"].fill)


def test_constant_features_are_named_and_keep_scale_one():
    preparer = fit(holey(), "standard")
    assert preparer.constant == ("e",)
    assert preparer.fitted["features"].scale[4] == 1


def test_a_feature_without_known_values_cannot_be_imputed():
    table = holey()
    table[:, 1] = np.nan
    for imputation in ("mean", "median", "most_frequent"):
        with pytest.raises(DataError, match=f"cannot impute 'b' by {imputation}"):
            fit(table, imputation=imputation)
    assert not np.isnan(fit(table, "standard", "zero").fitted["features"].scale).any()


def test_a_feature_unknown_in_training_stays_finite_later():
    table = holey()
    table[:, 1] = np.nan
    new = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert fit(table, "standard").apply(inputs_of(features=new)).arrays["features"][0, 1] == 2


def test_float32_stays_and_everything_else_becomes_float64():
    for given_type, expected in (("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("u1", "f8")):
        table = np.arange(12).reshape(6, 2).astype(given_type)
        done = fit(table, "standard").apply(inputs_of(features=table))
        assert done.arrays["features"].dtype == expected
        assert fit(table).apply(inputs_of(features=table)).arrays["features"].dtype == expected


def test_nothing_to_do_copies_nothing():
    table = holey()
    assert fit(table).apply(inputs_of(features=table)).arrays["features"] is table


def test_a_signal_has_one_statistic_and_channels_one_each(blocks):
    rng = np.random.default_rng(1)
    inputs = inputs_of(
        signal=rng.normal(5, 3, (40, 30)),
        waves=rng.normal(5, 3, (40, 30, 2)) * [1, 10],
        stamp=rng.normal(5, 3, (40, 3, 4, 4)),
    )
    preparer = Preparer.fit(inputs, {}, np.arange(40), Preparation(scaling="standard"))
    done = preparer.apply(inputs).arrays
    counts = {name: fitted.lanes.count for name, fitted in preparer.fitted.items()}
    assert counts == {"signal": 1, "waves": 2, "stamp": 3}
    for name, axes in (("signal", None), ("waves", (0, 1)), ("stamp", (0, 2, 3))):
        assert done[name].shape == inputs.arrays[name].shape
        np.testing.assert_allclose(done[name].mean(axis=axes), 0, atol=1e-12)
        np.testing.assert_allclose(done[name].std(axis=axes), 1, atol=1e-12)


def test_unequal_signals_are_scaled_over_all_their_points(blocks):
    lengths = np.array([3, 0, 50, 7, 20])
    values = np.random.default_rng(2).normal(4, 2, 80)
    inputs = inputs_of(signal=Ragged(values, np.concatenate([[0], np.cumsum(lengths)])))
    rows = np.array([0, 2, 4])
    preparer = Preparer.fit(inputs, {}, rows, Preparation(scaling="robust"))
    seen = np.concatenate([values[:3], values[3:53], values[60:]])
    expected = RobustScaler().fit(seen.reshape(-1, 1)).transform(values.reshape(-1, 1))[:, 0]
    np.testing.assert_allclose(preparer.apply(inputs).arrays["signal"].values, expected, atol=1e-12)


def test_memory_maps_give_what_arrays_give(tmp_path: Path):
    table = holey()
    np.save(tmp_path / "t.npy", table)
    mapped = np.load(tmp_path / "t.npy", mmap_mode="r")
    first, second = (
        fit(t, "robust", "median").apply(inputs_of(features=t)).arrays["features"]
        for t in (table, mapped)
    )
    np.testing.assert_array_equal(first, second)


def test_a_saved_preparer_does_the_same(tmp_path: Path):
    table = holey()
    preparer = fit(table, "minmax", "mean")
    preparer.save(tmp_path)
    loaded = Preparer.load(tmp_path)
    assert loaded.preparation == preparer.preparation
    assert loaded.constant == preparer.constant
    given_inputs = inputs_of(features=table)
    np.testing.assert_array_equal(
        loaded.apply(given_inputs).arrays["features"],
        preparer.apply(given_inputs).arrays["features"],
    )


@pytest.mark.parametrize("name", ["preparer.json", "preparer.npz"])
def test_a_damaged_preparer_says_so(tmp_path: Path, name):
    fit(holey()).save(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(Damaged, match="not a readable preparer"):
        Preparer.load(tmp_path)


def test_outside_counts_examples_beyond_the_training_range(blocks):
    train = np.column_stack([np.arange(10.0), np.arange(10.0)])
    preparer = fit(train)
    new = np.array([[0.0, -5.0], [9.0, np.nan], [20.0, 4.0], [30.0, 4.0]])
    high, low = preparer.outside(inputs_of(features=new))
    assert (high.name, high.count, high.observed, high.trained) == ("a", 2, (0, 30), (0, 9))
    assert (low.name, low.count, low.observed) == ("b", 1, (-5, 4))
    assert str(low).startswith("b: 1 example outside the training range 0 to 9")
    assert preparer.outside(inputs_of(features=train.astype(int))) == ()


def test_a_signal_beyond_the_range_counts_once():
    ragged = Ragged(np.array([1.0, 2, 9, 9, 1, 9]), np.array([0, 2, 2, 4, 6]))
    train = inputs_of(signal=Ragged(np.array([1.0, 2.0]), np.array([0, 2])))
    preparer = Preparer.fit(train, {}, np.array([0]), Preparation())
    (beyond,) = preparer.outside(inputs_of(signal=ragged))
    assert beyond.count == 2


def test_other_inputs_than_fitted_are_refused():
    preparer = fit(holey())
    with pytest.raises(DataError, match="expected the inputs 'features', got 'signal'"):
        preparer.apply(inputs_of(signal=holey()))
    with pytest.raises(DataError, match="expected 5 columns or channels"):
        preparer.apply(inputs_of(features=holey()[:, :4]))


def test_unknown_recipes_are_refused():
    with pytest.raises(OptionError, match="scaling: expected one of standard"):
        Preparation.of("norm", "none")
    assert Preparation.of("robust", "zero").fingerprint == "robust+zero"


def test_values_too_large_to_scale_are_named():
    table = np.array([[1.0, -1e308], [2.0, 1e308]])
    with pytest.raises(DataError, match="feature 'b' cannot be scaled"):
        fit(table, "minmax")


@settings(max_examples=60)
@given(
    table=arrays(
        np.float64,
        st.tuples(st.integers(2, 12), st.integers(1, 4)),
        elements=st.one_of(st.floats(-1e100, 1e100), st.just(np.nan)),
    ),
    new=arrays(np.float32, (3, 4), elements=st.floats(width=32)),
    scaling=st.sampled_from(sorted(SCALERS)),
    imputation=st.sampled_from(["zero", "none"]),
)
def test_what_is_finite_stays_finite(table, new, scaling, imputation):
    preparer = fit(table, scaling, imputation)
    for array in (table, new[:, : table.shape[1]]):
        done = preparer.apply(inputs_of(features=array)).arrays["features"]
        assert np.isfinite(done[np.isfinite(array)]).all()
        assert np.isnan(done[np.isnan(array)]).all() == (
            imputation == "none" or not np.isnan(array).any()
        )


@settings(max_examples=60)
@given(
    table=arrays(np.float64, (9, 2), elements=st.floats(-1e6, 1e6)),
    offset=st.sampled_from([0.0, 1e9]),
)
def test_variance_is_as_good_as_two_passes(table, offset):
    table = table + offset
    got = fit(table, "standard").fitted["features"].scale
    expected = StandardScaler().fit(table).scale_
    np.testing.assert_allclose(got, expected, rtol=1e-9)
