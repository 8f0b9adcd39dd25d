"""Datasets are saved and opened unchanged, and their fingerprint sees every byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs, Ragged
from sortal.data.labels import Labels
from sortal.errors import Damaged


def make(seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    ragged = Ragged(rng.normal(size=25), np.array([0, 3, 3, 10, 20, 25]))
    arrays = {"features": rng.normal(size=(5, 2)), "survey/signal": ragged}
    return Dataset(
        name="small",
        inputs=Inputs(arrays, np.array(["a", "b", "c", "d", "e"])),
        labels=Labels(np.array([0, 1, -1, 0, 1]), ("x", "y")),
        names={"features": ("p", "q"), "survey/signal": ()},
        weights=np.array([1.0, -2, 3, 4, 5]),
        groups=np.arange(5),
        notes=("a note.",),
    )


def test_a_saved_dataset_is_memory_mapped_with_its_fingerprint(tmp_path: Path):
    data = make()
    data.save(tmp_path)
    loaded = Dataset.load(tmp_path)
    assert loaded.fingerprint == data.fingerprint
    assert replace(loaded, fingerprint="").fingerprint == data.fingerprint
    assert isinstance(loaded.inputs.arrays["features"], np.memmap)
    signal = loaded.inputs.arrays["survey/signal"]
    np.testing.assert_array_equal(signal.offsets, data.inputs.arrays["survey/signal"].offsets)
    assert loaded.notes == data.notes
    assert loaded.folds is None
    assert not any(path.is_dir() for path in tmp_path.iterdir())


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_changes_the_fingerprint(data):
    before = make()
    after = make()
    arrays = {
        "features": after.inputs.arrays["features"],
        "values": after.inputs.arrays["survey/signal"].values,
        "offsets": after.inputs.arrays["survey/signal"].offsets,
        "ids": after.inputs.ids,
        "codes": after.labels.codes,
        "weights": after.weights,
        "groups": after.groups,
    }
    array = arrays[data.draw(st.sampled_from(sorted(arrays)))]
    view = array.reshape(-1).view(np.uint8)
    place = data.draw(st.integers(0, len(view) - 1))
    view[place] ^= 1 << data.draw(st.integers(0, 7))
    assert replace(after, fingerprint="").fingerprint != before.fingerprint


def test_the_fingerprint_covers_names_and_classes_but_no_notes():
    data = make()
    other_names = replace(data, names={"features": ("p", "r")}, fingerprint="")
    other_classes = replace(data, labels=Labels(data.labels.codes, ("x", "z")), fingerprint="")
    other_notes = replace(data, notes=(), name="other", fingerprint="")
    assert len({data.fingerprint, other_names.fingerprint, other_classes.fingerprint}) == 3
    assert other_notes.fingerprint == data.fingerprint


@pytest.mark.parametrize("name", ["dataset.json", "labels.npy", "input.features.npy"])
def test_a_missing_or_cut_file_is_damage(tmp_path: Path, name):
    make().save(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) - 9])
    with pytest.raises(Damaged, match="not a readable"):
        Dataset.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(Damaged):
        Dataset.load(tmp_path)


@pytest.mark.parametrize("place", range(0, 128, 3))
def test_any_changed_byte_of_an_array_header_is_damage_or_none(tmp_path: Path, place):
    saved = make()
    saved.save(tmp_path)
    path = tmp_path / "labels.npy"
    content = bytearray(path.read_bytes())
    content[place] ^= 0x15
    path.write_bytes(content)
    try:  # any exception but Damaged is a failure
        loaded = Dataset.load(tmp_path)
    except Damaged:
        return
    assert loaded.labels.shape == saved.labels.shape
