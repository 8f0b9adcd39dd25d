"""A store of format 1, written once and checked in, stays readable by every later version."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sortal.store.store import Store

FIRST, SECOND, DELETED = (f"{number:032d}" for number in (1, 2, 3))
DATASET = "1666a028a8686aede38785479257ebd5"
SPLIT = "441f61614b90739b429f2af062959177"


@pytest.fixture
def golden(tmp_path):
    shutil.copytree(Path(__file__).parent / "golden", tmp_path / "golden")
    return Store.open(tmp_path / "golden", create=False)


def test_format_1_is_sound(golden):
    assert golden.verify() == []


def test_members_of_format_1_are_read(golden):
    assert golden.find([FIRST, SECOND, DELETED]).keys() == {FIRST, SECOND}
    shared = {"method": "kneighbors", "dataset": DATASET, "split": SPLIT}
    assert golden.records([FIRST, SECOND]) == {
        FIRST: {"key": FIRST, **shared, "loss": 0.25},
        SECOND: {"key": SECOND, **shared, "loss": None},
    }
    assert golden.history(SECOND) == [{"epoch": 1.0, "loss": None}]
    (scores,), (predicted,) = golden.scores([SECOND]), golden.predicted([SECOND])
    np.testing.assert_array_equal(scores, np.arange(6, 12).reshape(3, 2) / 16)
    assert predicted.tolist() == [1, 1, 0]
    segment = golden.segment(golden.find([FIRST])[FIRST].segment)
    assert (segment.model_folder(0) / "model.json").read_text() == '{"k":3}'


def test_data_of_format_1_is_read(golden):
    dataset = golden.dataset(DATASET)
    assert dataset.inputs.matrix().tolist() == np.arange(12).reshape(6, 2).tolist()
    assert dataset.labels.classes == ("a", "b")
    split = golden.split(DATASET, SPLIT)
    assert (split.train.tolist(), split.validation.tolist()) == ([0, 1, 2], [3])
    assert (split.test.tolist(), split.fold) == ([4, 5], 2)
    assert golden.known_source("tiny.csv 99 1") == DATASET


def test_jobs_and_artifacts_of_format_1_are_read(golden):
    entries = golden.read_job("stars")["entries"]
    assert [(entry["title"], entry["key"]) for entry in entries] == [
        ("knn 3", FIRST),
        ("knn 5", SECOND),
    ]
    artifact = golden.artifact("study", "one")
    assert artifact.meta == {"trials": 2}
    assert (artifact.folder / "best.txt").read_text() == "3"


def test_members_and_data_are_stored_today_under_the_names_of_format_1(golden, commit, tmp_path):
    dataset = golden.dataset(DATASET)
    today = Store.open(tmp_path / "today")
    assert today.save_dataset(dataset).name == DATASET
    name = commit(today, [FIRST, SECOND, DELETED])
    assert name == golden.find([FIRST])[FIRST].segment
