"""A dataset is opened only as it was written; saving it again puts a damaged one aside."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from stored_records import job_record

from sortal.data.inputs import Inputs
from sortal.data.split import Part, Split
from sortal.errors import Damaged, NotFound
from sortal.store.datasets import datasets
from sortal.store.datasets.split_file import has_digest
from sortal.store.files import digests, manifest
from sortal.store.records.job_record import SplitEntry
from sortal.store.store import Store
from sortal.store.upkeep.merge import merge_stores
from sortal.store.upkeep.verify import find_damages, find_data_damages


@pytest.fixture
def filled(store, dataset, split):
    store.datasets.save(dataset)
    store.datasets.splits.save(dataset.fingerprint, split)
    return store


@pytest.fixture
def folder(filled, dataset):
    return filled.folder / "data" / dataset.fingerprint


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def swap(one, other):
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)


def twin_of(dataset):
    """Another dataset whose files have the same sizes."""
    features = dataset.inputs.matrix() + 1
    inputs = Inputs({"features": features.astype(np.float32)}, dataset.inputs.ids)
    return replace(dataset, inputs=inputs, fingerprint="")


FILES = ["dataset.json", "ids.npy", "input.features.npy", "labels.npy", "manifest.json"]


@pytest.mark.parametrize("file", FILES)
def test_a_dataset_with_a_changed_file_is_not_opened(filled, folder, dataset, file):
    filled.datasets.get(dataset.fingerprint)
    flip(folder / file)
    with pytest.raises(Damaged, match=file):
        filled.datasets.get(dataset.fingerprint)


@pytest.mark.parametrize("file", FILES)
def test_a_dataset_without_one_of_its_files_is_not_opened(filled, folder, dataset, file):
    (folder / file).unlink()
    with pytest.raises(Damaged, match=file):
        filled.datasets.get(dataset.fingerprint)


def test_a_file_too_many_is_damage(filled, folder, dataset):
    shutil.copy(folder / "labels.npy", folder / "weights.npy")
    with pytest.raises(Damaged, match="weights"):
        filled.datasets.get(dataset.fingerprint)


@pytest.mark.parametrize("text", ["{text} ", " {text}", "{text}\n", "{shorter}"])
def test_a_list_of_digests_may_not_differ_in_a_space(filled, folder, text):
    path = folder / manifest.FILE
    whole = path.read_text()
    path.write_text(text.format(text=whole, shorter=whole.replace("\n ", "\n", 1)))
    assert [damage.file for damage in find_damages(filled)] == [manifest.FILE]


def test_windows_line_ends_in_a_list_of_digests_are_no_damage(filled, folder):
    path = folder / manifest.FILE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert find_damages(filled) == []


def test_saving_again_puts_a_damaged_dataset_aside(filled, folder, dataset, split):
    flip(folder / "labels.npy")
    filled.datasets.save(dataset)
    assert find_damages(filled) == []
    (aside,) = (filled.folder / "quarantine").iterdir()
    assert aside.name.startswith(f"data-{dataset.fingerprint}")
    assert filled.datasets.get(dataset.fingerprint).labels.codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert filled.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2


def test_a_damaged_split_is_not_kept_with_its_dataset(filled, folder, dataset, split):
    flip(folder / "labels.npy")
    flip(folder / "splits" / f"{split.fingerprint}.npz")
    filled.datasets.save(dataset)
    assert find_damages(filled) == []
    with pytest.raises(NotFound):
        filled.datasets.splits.get(dataset.fingerprint, split.fingerprint)


def test_swapped_files_of_two_datasets_are_found(filled, dataset):
    twin = twin_of(dataset)
    filled.datasets.save(twin)
    one, other = (filled.folder / "data" / d.fingerprint for d in (dataset, twin))
    swap(one / "input.features.npy", other / "input.features.npy")
    found = {(damage.name, damage.file) for damage in find_damages(filled)}
    file = "input.features.npy"
    assert found == {(dataset.fingerprint, file), (twin.fingerprint, file)}


def test_swapped_datasets_are_found(filled, dataset):
    twin = twin_of(dataset)
    filled.datasets.save(twin)
    swap(*(filled.folder / "data" / d.fingerprint for d in (dataset, twin)))
    for one in (dataset, twin):
        with pytest.raises(Damaged, match="describes the dataset"):
            filled.datasets.get(one.fingerprint)
        filled.datasets.save(one)
    assert find_damages(filled) == []


def test_a_list_of_digests_of_another_folder_is_found(filled, folder, dataset, commit):
    commit(filled, ["a"])
    (segment,) = (filled.folder / "segments").glob("??/*")
    shutil.rmtree(folder)
    shutil.copytree(segment, folder)
    assert [damage.file for damage in find_damages(filled)] == ["dataset.json"]
    filled.datasets.save(dataset)
    assert find_damages(filled) == []


def as_file(folder):
    folder.write_text("x")


def as_loop(folder):
    folder.symlink_to(folder)


def as_nowhere(folder):
    folder.symlink_to(folder / "nowhere")


@pytest.mark.parametrize("become", [as_file, as_loop, as_nowhere])
def test_what_is_no_folder_gives_way_to_the_dataset(filled, folder, dataset, become):
    shutil.rmtree(folder)
    become(folder)
    assert find_data_damages(filled, dataset.fingerprint, []) != []
    filled.datasets.save(dataset)
    assert filled.datasets.get(dataset.fingerprint).fingerprint == dataset.fingerprint
    assert len(list((filled.folder / "quarantine").iterdir())) == 1


@pytest.mark.parametrize("become", [as_file, as_loop])
def test_what_is_no_folder_gives_way_to_splits(filled, folder, dataset, split, become):
    shutil.rmtree(folder / "splits")
    become(folder / "splits")
    assert "splits" in {damage.file for damage in find_damages(filled)}
    filled.datasets.save(dataset)
    filled.datasets.splits.save(dataset.fingerprint, split)
    assert find_damages(filled) == []
    assert filled.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2


def test_a_folder_in_place_of_a_split_gives_way(filled, folder, dataset, split):
    path = folder / "splits" / f"{split.fingerprint}.npz"
    path.unlink()
    path.mkdir()
    assert [damage.kind for damage in find_damages(filled)] == ["split"]
    filled.datasets.splits.save(dataset.fingerprint, split)
    assert find_damages(filled) == []


def test_a_link_in_a_circle_in_place_of_a_file_is_found(filled, folder, dataset):
    path = folder / "labels.npy"
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(Damaged, match=r"labels\.npy"):
        filled.datasets.get(dataset.fingerprint)
    filled.datasets.save(dataset)
    assert find_damages(filled) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("file", ["manifest.json", "labels.npy", "split"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(filled, folder, dataset, split, file):
    path = folder / (f"splits/{split.fingerprint}.npz" if file == "split" else file)
    path.unlink()
    os.mkfifo(path)
    assert path.name in {damage.file for damage in find_damages(filled)}
    filled.datasets.save(dataset)
    filled.datasets.splits.save(dataset.fingerprint, split)
    assert find_damages(filled) == []


def test_a_file_that_may_not_be_read_is_found(filled, dataset, monkeypatch):
    def refused(path):
        if path.name == "labels.npy":
            raise PermissionError(13, "Permission denied", str(path))
        return ""

    with monkeypatch.context() as patch:
        patch.setattr(digests, "fresh_digest", refused)
        patch.setattr(digests, "_known", {})
        with pytest.raises(Damaged, match=r"labels\.npy is unreadable \(Permission denied\)"):
            filled.datasets.get(dataset.fingerprint)


@pytest.mark.parametrize("name", ["notes.txt", "other.npz", "a~b.npz"])
def test_a_file_among_splits_that_is_none_is_no_damage(filled, folder, name):
    (folder / "splits" / name).write_text("x")
    assert find_damages(filled) == []


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini"])
def test_what_file_browsers_leave_beside_data_is_no_damage(filled, folder, dataset, name):
    (folder / name).write_text("x")
    assert find_damages(filled) == []
    assert filled.datasets.get(dataset.fingerprint).fingerprint == dataset.fingerprint


def test_data_that_a_job_was_run_on_is_missed(filled, folder, dataset, split):
    splits = (SplitEntry(fingerprint=split.fingerprint, fold=2),)
    filled.jobs.write(job_record("stars", dataset=dataset.fingerprint, splits=splits))
    assert find_damages(filled) == []
    (folder / "splits" / f"{split.fingerprint}.npz").unlink()
    assert [(one.kind, one.is_absence) for one in find_damages(filled)] == [("split", True)]
    shutil.rmtree(folder)
    assert [(one.kind, one.is_absence) for one in find_damages(filled)] == [("data", True)]


@pytest.mark.parametrize("splits", [None, 3, [3], [{}], [{"fingerprint": "../x"}]])
def test_an_odd_record_of_a_job_misses_nothing(filled, dataset, splits):
    """It is damaged itself, and that is all that is known."""
    record = job_record("stars", dataset=dataset.fingerprint)
    filled.jobs.write(record)
    path = filled.folder / "jobs" / "stars.json"
    path.write_text(json.dumps({**record.to_json(), "splits": splits}))
    assert [(one.kind, one.name) for one in find_damages(filled)] == [("job", "stars")]


@pytest.mark.parametrize("name", ["../x", "", "x"])
def test_an_odd_name_of_a_split_is_not_looked_for(filled, dataset, name):
    splits = (SplitEntry(fingerprint=name, fold=None),)
    filled.jobs.write(job_record("stars", dataset=dataset.fingerprint, splits=splits))
    assert find_damages(filled) == []


def test_data_that_changed_in_use_is_not_stored_again(filled, folder, dataset):
    opened = filled.datasets.get(dataset.fingerprint)
    with (folder / "input.features.npy").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\0\0\0\1")
    with pytest.raises(Damaged, match="while it was in use"):
        filled.datasets.save(opened)
    shutil.rmtree(folder)
    with pytest.raises(Damaged, match="while it was in use"):
        filled.datasets.save(opened)
    assert not folder.exists()


def test_data_whose_folder_was_deleted_in_use_is_stored_again(filled, folder, dataset):
    opened = filled.datasets.get(dataset.fingerprint)
    shutil.rmtree(folder)
    filled.datasets.save(opened)
    assert filled.datasets.get(dataset.fingerprint).labels.codes.tolist() == [0, 1, 0, 1, 0, 1]


def test_a_sound_dataset_of_another_process_is_not_put_aside(filled, folder, dataset, monkeypatch):
    """Two processes find the same damage, and the first has mended it before the second moves."""
    flip(folder / "labels.npy")
    first = Store.open(filled.folder)
    put_aside = datasets.Datasets.put_aside

    def late(self, fingerprint, judged=None):
        monkeypatch.undo()
        first.datasets.save(dataset)
        return put_aside(self, fingerprint, judged)

    monkeypatch.setattr(datasets.Datasets, "put_aside", late)
    filled.datasets.save(dataset)
    assert find_damages(filled) == []
    names = [path.name for path in (filled.folder / "quarantine").iterdir()]
    assert len(names) == 1


def test_what_a_driver_has_read_is_not_read_by_its_workers(filled, folder, dataset, monkeypatch):
    seals = dict(filled.datasets.seals(dataset.fingerprint))
    reads = []
    monkeypatch.setattr(digests, "fresh_digest", lambda path: reads.append(path) or "")
    monkeypatch.setattr(digests, "_known", {})
    filled.datasets.get(dataset.fingerprint, seals)
    assert reads == []
    size, time_ns = seals["labels.npy"]
    for wrong in ((size, time_ns + 1), (size + 1, time_ns)):
        with pytest.raises(Damaged, match="labels"):
            filled.datasets.get(dataset.fingerprint, {**seals, "labels.npy": wrong})
    assert {path.name for path in reads} == {"labels.npy"}


def test_a_split_of_an_older_version_gets_a_digest(filled, folder, dataset, split):
    path = folder / "splits" / f"{split.fingerprint}.npz"
    with path.open("wb") as file:
        rows = {part.value: split.rows(part) for part in Part}
        np.savez(file, **rows, fold=np.int64(2))
    assert find_damages(filled) == []
    assert not has_digest(path)
    filled.datasets.splits.save(dataset.fingerprint, split)
    assert has_digest(path)
    assert filled.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2


def test_merging_mends_what_is_damaged_here(filled, folder, dataset, split, tmp_path):
    other = Store.open(shutil.copytree(filled.folder, tmp_path / "other"))
    second = Split(train=np.arange(4), validation=np.arange(4, 5), test=np.arange(5, 6))
    filled.datasets.splits.save(dataset.fingerprint, second)
    flip(folder / "labels.npy")
    flip(folder / "splits" / f"{split.fingerprint}.npz")
    merged = merge_stores(filled, other)
    assert (merged.datasets, merged.splits, merged.damaged) == (1, 1, [])
    assert find_damages(filled) == []
    assert set(filled.datasets.splits.names(dataset.fingerprint)) == {
        split.fingerprint,
        second.fingerprint,
    }


def test_merging_takes_no_damaged_dataset(filled, folder, dataset, tmp_path):
    other = Store.open(tmp_path / "other")
    flip(folder / "labels.npy")
    merged = merge_stores(other, filled)
    assert [damage.file for damage in merged.damaged] == ["labels.npy"]
    assert find_damages(other) == []
    assert other.datasets.names() == []


def test_what_is_known_of_examples_needs_no_inputs(filled, folder, dataset):
    (folder / "input.features.npy").write_bytes(b"x")
    truth = filled.datasets.truth(dataset.fingerprint)
    assert truth.labels.codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert truth.inputs.ids.tolist() == list(range(6))
    assert not truth.inputs.arrays
    flip(folder / "labels.npy")
    with pytest.raises(Damaged, match="labels"):
        filled.datasets.truth(dataset.fingerprint)


def test_a_damaged_dataset_keeps_its_name(filled, folder, dataset):
    (folder / "labels.npy").unlink()
    assert filled.datasets.name_of(dataset.fingerprint) == "tiny"
    flip(folder / "dataset.json")
    with pytest.raises(Damaged, match=r"dataset\.json"):
        filled.datasets.name_of(dataset.fingerprint)
