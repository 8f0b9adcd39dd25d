"""Where the channels of arrays lie is told by the job or by the shape, and everything follows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from new_inputs import read_inputs

from sortal.data.axes import infer_channel_order
from sortal.data.dataset import Dataset
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

N = 24
STANDARD = Preparation.of("standard", "none")


def read(folder, **options) -> Dataset:
    return read_dataset(DataBlock(source="x.npz", **options), folder, 0)


def write(folder, name="x.npz", **arrays) -> None:
    np.savez(folder / name, labels=np.arange(N) % 2, **arrays)


@pytest.fixture
def stamps() -> np.ndarray:
    """Stamps whose channels differ in scale, (examples, height, width, channels)."""
    noise = np.random.default_rng(3).normal(size=(N, 9, 7, 3))
    return noise * np.array([1, 10, 100]) + np.array([0, 50, 1000])


@pytest.fixture
def signals() -> np.ndarray:
    """Signals whose channels differ in scale, (examples, points, channels)."""
    return np.random.default_rng(4).normal(size=(N, 30, 3)) * np.array([1, 10, 100])


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((21, 21, 3), "channels_last"),
        ((3, 21, 21), "channels_first"),
        ((28, 28, 1), "channels_last"),
        ((1, 28, 28), "channels_first"),
        ((12, 20, 4), "channels_last"),
        ((4, 12, 20), "channels_first"),
        ((64, 8, 8), "channels_first"),
        ((12, 12, 7), "channels_last"),
        ((5, 5, 5), "channels_first"),
        ((1, 1, 1), "channels_first"),
        ((40, 3), "channels_last"),
        ((3, 40), "channels_first"),
        ((12, 1000), "channels_first"),
        ((20, 300), "channels_last"),
        ((10, 12), "channels_last"),
        ((1, 1), "channels_last"),
        ((300, 1), "channels_last"),
        ((1, 300), "channels_first"),
    ],
)
def test_the_shape_tells_where_channels_lie(shape, order):
    assert infer_channel_order(np.empty((2, *shape))) == order


@given(st.integers(1, 4), st.integers(8, 40), st.integers(8, 40))
def test_few_channels_are_found_on_either_side(channels, height, width):
    last = infer_channel_order(np.empty((1, height, width, channels)))
    first = infer_channel_order(np.empty((1, channels, height, width)))
    assert (last, first) == ("channels_last", "channels_first")


def test_stamps_of_either_order_become_equal_inputs(tmp_path, stamps):
    write(tmp_path, stamps=stamps)
    last = read(tmp_path)
    write(tmp_path, stamps=stamps.transpose(0, 3, 1, 2))
    first = read(tmp_path)
    np.testing.assert_array_equal(last.inputs.arrays["stamps"], first.inputs.arrays["stamps"])
    assert last.axes == {"stamps": "channels_last"}
    assert first.axes == {}
    assert last.fingerprint != first.fingerprint
    assert any("(examples, height, width, channels)" in note for note in last.notes)
    assert any("(examples, channels, height, width)" in note for note in first.notes)


@pytest.mark.parametrize("name", ["stamps", "flux", "signal"])
def test_every_channel_is_scaled_by_its_own_numbers(tmp_path, stamps, signals, name):
    array = stamps if name == "stamps" else signals.transpose(0, 2, 1)
    write(tmp_path, **{name: array})
    dataset = read(tmp_path)
    preparer = Preparer.fit(dataset.inputs, dataset.names, np.arange(N), STANDARD)
    done = preparer.apply(dataset.inputs).arrays[name]
    axis = (0, 2, 3) if name == "stamps" else (0, 1)
    np.testing.assert_allclose(done.std(axis=axis), np.ones(3), atol=1e-9)
    np.testing.assert_allclose(done.mean(axis=axis), np.zeros(3), atol=1e-9)


def test_the_job_wins_over_the_shape(tmp_path):
    array = np.arange(N * 6 * 6 * 6.0).reshape(N, 6, 6, 6)
    write(tmp_path, image=array)
    told = read(tmp_path, axes={"image": "channels_last"})
    np.testing.assert_array_equal(told.inputs.arrays["image"], array.transpose(0, 3, 1, 2))
    plain = read(tmp_path)
    named = read(tmp_path, axes={"image": "channels_first"})
    assert plain.fingerprint == named.fingerprint != told.fingerprint


def test_length_cuts_points_and_no_channels(tmp_path, signals):
    write(tmp_path, signal=signals.transpose(0, 2, 1))
    for length in (20, 50):
        array = read(tmp_path, length=length).inputs.arrays["signal"]
        assert array.shape == (N, length, 3)
        np.testing.assert_array_equal(array[:, :20], signals[:, :20])


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"stamp": "channels_last"}, "axes.stamp.*an input"),
        ({"flat": "channels_last"}, "axes.flat.*no axis of channels"),
        ({"images": "channels_last"}, "axes.images.*no axis of channels"),
    ],
)
def test_axes_of_what_has_no_channels_are_refused(tmp_path, stamps, axes, said):
    write(tmp_path, stamps=stamps, flat=np.ones((N, 4)), images=np.ones((N, 5, 5)))
    with pytest.raises(JobError, match=said):
        read(tmp_path, axes=axes)


def test_axes_of_a_table_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n1,u\n2,v\n")
    with pytest.raises(JobError, match=r"data\.axes"):
        read_dataset(DataBlock(source="t.csv", label="y", axes={"a": "channels_last"}), tmp_path, 0)


def test_new_arrays_are_read_as_the_training_data_were(tmp_path, stamps):
    write(tmp_path, stamps=stamps)
    block = DataBlock(source="x.npz")
    dataset = read_dataset(block, tmp_path, 0)
    described = InputSpec.of(dataset, block).described()
    spec = InputSpec.restore(json.loads(json.dumps(described)))
    (new,) = read_inputs([tmp_path / "x.npz"], spec)
    np.testing.assert_array_equal(new.arrays["stamps"], dataset.inputs.arrays["stamps"])
    write(tmp_path, "other.npz", stamps=stamps.transpose(0, 3, 1, 2))
    with pytest.raises(DataError, match=r"were read as \(examples, height, width, channels\)"):
        list(read_inputs([tmp_path / "other.npz"], spec))


def test_a_stored_dataset_remembers_its_axes(tmp_path, stamps):
    write(tmp_path, stamps=stamps)
    dataset = read(tmp_path)
    (tmp_path / "stored").mkdir()
    dataset.save(tmp_path / "stored")
    loaded = Dataset.load(tmp_path / "stored")
    assert loaded.axes == dataset.axes
    again = Dataset(
        name=loaded.name,
        inputs=loaded.inputs,
        labels=loaded.labels,
        names=loaded.names,
        axes=loaded.axes,
    )
    assert again.fingerprint == dataset.fingerprint
