"""Padding behind signals takes no part in scaling and imputation, and is 0 once prepared."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from new_inputs import read_inputs

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs, KnownPoints
from sortal.data.preparing import channels as lanes
from sortal.data.preparing.padding import signal_ends
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.job.models import DataBlock

N, LENGTH = 30, 20
SCALINGS = ("standard", "minmax", "minmax_symmetric", "robust")


@pytest.fixture
def pieces() -> list[np.ndarray]:
    """Signals of unequal length, far from zero."""
    random = np.random.default_rng(6)
    return [random.normal(7, 2, size=random.integers(5, LENGTH + 4)) for _ in range(N)]


@pytest.fixture
def source(tmp_path, pieces):
    """A folder with the signals end to end, and padded with missing values by their file."""
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in pieces])])
    labels = np.arange(N) % 2
    np.savez(
        tmp_path / "ragged.npz",
        signal=np.concatenate(pieces),
        signal_offsets=offsets,
        labels=labels,
    )
    padded = np.full((N, LENGTH + 4), np.nan)
    for row, one in zip(padded, pieces, strict=True):
        row[: len(one)] = one
    np.savez(tmp_path / "padded.npz", signal=padded, labels=labels)
    return tmp_path


def read(folder, name="ragged", **options) -> Dataset:
    return read_dataset(DataBlock(source=f"{name}.npz", **options), folder, 0)


def fitted(dataset, scaling, imputation="none") -> Preparer:
    recipe = Preparation.of(scaling, imputation)
    return Preparer.fit(dataset.inputs, dataset.names, np.arange(N), recipe)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_statistics_are_those_of_known_points(source, pieces, scaling):
    dataset = read(source, length=LENGTH, scaling=scaling)
    known = np.concatenate([one[:LENGTH] for one in pieces])[:, np.newaxis]
    alone = Preparer.fit(
        Inputs({"features": known}, np.arange(len(known))),
        {"features": ("x",)},
        np.arange(len(known)),
        Preparation.of(scaling, "none"),
    ).fitted["features"]
    own = fitted(dataset, scaling).fitted["signal"]
    for what in ("center", "scale", "minimum", "maximum"):
        np.testing.assert_allclose(getattr(own, what), getattr(alone, what), rtol=1e-12)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("imputation", ["none", "median", "mean", "zero", "most_frequent"])
def test_padding_is_zero_once_prepared(source, pieces, scaling, imputation):
    dataset = read(source, length=LENGTH, scaling=scaling, imputation=imputation)
    done = fitted(dataset, scaling, imputation).apply(dataset.inputs).arrays["signal"]
    for row, one in zip(done, pieces, strict=True):
        assert (row[len(one) :] == 0).all()
    assert np.isfinite(done).all()


@pytest.mark.parametrize("imputation", ["mean", "median", "zero"])
def test_missing_values_behind_a_signal_are_padding(source, pieces, imputation):
    dataset = read(source, "padded", scaling="standard", imputation=imputation)
    preparer = fitted(dataset, "standard", imputation)
    known = np.concatenate(pieces)
    one = preparer.fitted["signal"]
    np.testing.assert_allclose([one.center[0], one.scale[0]], [known.mean(), known.std()])
    done = preparer.apply(dataset.inputs).arrays["signal"]
    assert all((row[len(p) :] == 0).all() for row, p in zip(done, pieces, strict=True))


def test_a_gap_within_a_signal_is_still_imputed(source):
    dataset = read(source, "padded", scaling="standard", imputation="mean")
    array = np.array(dataset.inputs.arrays["signal"])
    array[:, 1] = np.nan
    inputs = Inputs({"signal": array}, dataset.inputs.ids, dataset.inputs.lengths)
    preparer = fitted(dataset, "standard", "mean")
    done = preparer.apply(inputs).arrays["signal"]
    np.testing.assert_allclose(done[:, 1], 0, atol=1e-12)  # the mean, scaled
    assert np.isfinite(done).all()


def test_channels_are_scaled_without_padding(tmp_path):
    random = np.random.default_rng(8)
    values = random.normal(size=(N, 3, 12)) * np.array([1, 10, 100])[:, None] + 5
    np.savez(tmp_path / "x.npz", signal=values, labels=np.arange(N) % 2)
    dataset = read(tmp_path, "x", length=16, scaling="standard")
    one = fitted(dataset, "standard").fitted["signal"]
    np.testing.assert_allclose(one.center, values.mean(axis=(0, 2)))
    np.testing.assert_allclose(one.scale, values.std(axis=(0, 2)))


def test_a_subset_keeps_each_signal_with_its_end(source, pieces):
    dataset = read(source, length=LENGTH, scaling="standard", subset=0.5)
    ends_ = dataset.inputs.lengths["signal"]
    expected = [min(len(pieces[row]), LENGTH) for row in dataset.inputs.ids]
    assert ends_.tolist() == expected


def test_a_stored_preparer_prepares_new_signals_alike(source, tmp_path):
    block = DataBlock(source="ragged.npz", length=LENGTH, scaling="standard")
    dataset = read_dataset(block, source, 0)
    preparer = fitted(dataset, "standard")
    preparer.save(tmp_path)
    again = Preparer.load(tmp_path)
    spec = InputSpec.restore(json.loads(json.dumps(InputSpec.of(dataset, block).described())))
    blocks = [again.apply(one) for one in read_inputs([source / "ragged.npz"], spec, size=7)]
    new = np.concatenate([one.arrays["signal"] for one in blocks])
    np.testing.assert_array_equal(new, preparer.apply(dataset.inputs).arrays["signal"])
    assert not again.outside(dataset.inputs)


def test_preparers_stored_before_padding_was_told_scale_it(source, tmp_path):
    dataset = read(source, length=LENGTH, scaling="standard")
    bare = Inputs(dataset.inputs.arrays, dataset.inputs.ids)
    old = Preparer.fit(bare, dataset.names, np.arange(N), Preparation.of("standard", "none"))
    old.save(tmp_path)
    described = json.loads((tmp_path / "preparer.json").read_text())
    assert "padded" not in described["inputs"][0]
    raw, one = dataset.inputs.arrays["signal"], old.fitted["signal"]
    expected = (raw - one.center) / one.scale
    done = Preparer.load(tmp_path).apply(dataset.inputs).arrays["signal"]
    np.testing.assert_allclose(done, expected)


def test_fingerprints_change_only_where_padding_matters(source, tmp_path):
    plain = read(source, length=LENGTH)
    bare = Dataset(
        name=plain.name,
        inputs=Inputs(plain.inputs.arrays, plain.inputs.ids),
        labels=plain.labels,
        names=plain.names,
    )
    assert plain.fingerprint == bare.fingerprint
    scaled = read(source, length=LENGTH, scaling="standard")
    assert scaled.fingerprint != bare.fingerprint
    assert (
        read(source, length=5).fingerprint == read(source, length=5, scaling="standard").fingerprint
    )
    (tmp_path / "stored").mkdir()
    scaled.save(tmp_path / "stored")
    loaded = Dataset.load(tmp_path / "stored")
    np.testing.assert_array_equal(loaded.inputs.lengths["signal"], scaled.inputs.lengths["signal"])


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=8))
def test_a_signal_ends_at_its_last_known_value(marks):
    values = np.where(np.array(marks), 1.0, np.nan)
    for row, end in zip(values, signal_ends(values, None), strict=True):
        assert np.isnan(row[end:]).all()
        assert end == 0 or not np.isnan(row[end - 1])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=9))
def test_known_points_are_those_before_the_ends(lengths):
    values = np.arange(len(lengths) * 5.0).reshape(-1, 5)
    found = KnownPoints(values, np.array(lengths))[slice(None)]
    expected = [row[:length] for row, length in zip(values, lengths, strict=True)]
    np.testing.assert_array_equal(found.values, np.concatenate(expected))
    assert found.lengths.tolist() == lengths


@pytest.mark.parametrize(
    ("name", "options", "fingerprint"),
    [
        ("ragged", {"length": 5}, "07d28d5d8b2101123f03040d0222d636"),
        ("ragged", {"length": 1, "scaling": "standard"}, "4f861b8baed780dbfd6dc412db82a5da"),
        ("stamps", {"scaling": "standard"}, "192ad9afdae5cf9fd1d642ed0485cc9b"),
        ("signal", {"length": 4, "scaling": "minmax"}, "003f140fea6acab91b7c04816ada2dd6"),
    ],
)
def test_arrays_that_were_read_rightly_keep_their_fingerprint(tmp_path, name, options, fingerprint):
    labels, lengths = np.arange(6) % 2, np.array([3, 5, 2, 5, 4, 1])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    arrays = {
        "ragged": {"signal": np.arange(20.0), "signal_offsets": offsets},
        "stamps": {"stamps": np.arange(300.0).reshape(6, 2, 5, 5)},
        "signal": {"signal": np.arange(96.0).reshape(6, 8, 2)},
    }
    np.savez(tmp_path / f"{name}.npz", labels=labels, **arrays[name])
    assert read(tmp_path, name, **options).fingerprint == fingerprint


def test_values_outside_the_range_are_found_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "_BLOCK_BYTES", 1 << 18)
    signals = np.ones((2000, 1000), dtype=np.float32)
    signals[:, 700:] = np.nan
    np.save(tmp_path / "a.npy", signals)
    mapped = Inputs({"signal": np.load(tmp_path / "a.npy", mmap_mode="r")}, np.arange(2000))
    recipe = Preparation.of("standard", "mean")
    preparer = Preparer.fit(mapped, {}, np.arange(2000), recipe)
    tracemalloc.start()
    try:
        assert preparer.outside(mapped) == ()
        assert tracemalloc.get_traced_memory()[1] < signals.nbytes / 4
    finally:
        tracemalloc.stop()
