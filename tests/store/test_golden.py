"""Stores of format 1, written once and checked in, stay readable by every later version.

Sortal wrote `golden_run` in its first week: it ran a job and averaged two members. `golden` was made by
hand for the files of a store, before members and jobs had all of their fields: its records are none.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.errors import Damaged
from sortal.store.records.job_record import RESAMPLES, Failure
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_damages

FIRST, SECOND, DELETED = (f"{number:032d}" for number in (1, 2, 3))
DATASET = "1666a028a8686aede38785479257ebd5"
SPLIT = "441f61614b90739b429f2af062959177"
NET, NEIGHBOURS, AVERAGE = (
    "1e9355afb96ca4bfd9c4a9b295193b3e",
    "6b666c63948941e9193d22eb22d034c9",
    "95b21697d876fd3bf491a7dcf23b8e44",
)
"""Members of `golden_run`."""


@pytest.fixture
def golden(tmp_path):
    shutil.copytree(Path(__file__).parent / "golden", tmp_path / "golden")
    return Store.open(tmp_path / "golden", create=False)


@pytest.fixture
def ran(tmp_path):
    shutil.copytree(Path(__file__).parent / "golden_run", tmp_path / "ran")
    return Store.open(tmp_path / "ran", create=False)


def test_format_1_is_sound(golden, ran):
    assert find_damages(ran) == []
    assert [(damage.kind, damage.name) for damage in find_damages(golden)] == [("job", "stars")]


def test_a_member_of_the_first_week_is_read(ran):
    record = ran.members.record(NET)
    assert (record.method, record.seed, record.fold, record.target) == ("mlp", 0, None, None)
    assert record.parameters["hidden_layer_sizes"] == [2]
    assert (record.weights, record.preparation) == ("given", "none+median")
    assert record.judged(Part.TEST)["balanced_accuracy"] == 0.6712907117008444
    assert record.judged(Part.VALIDATION) == {}
    assert record.figures[Part.TEST].examples == 10
    assert record.inputs.names == {"features": ("a", "b")}
    assert record.inputs.options.header
    assert (record.model, record.model_row, record.not_savable) == (0, 0, "")
    assert (record.library, record.host, record.device) == ("torch 2.13", "node", None)
    assert record.key_in_model == NET
    assert [row["epoch"] for row in ran.members.history(NET)] == [1, 2]


def test_an_ensemble_of_the_first_week_is_read(ran):
    record = ran.members.record(AVERAGE)
    assert (record.method, record.seed, record.model) == ("ensemble", None, None)
    assert record.not_savable
    assert ran.members.spread([AVERAGE])[0].shape == (10, 2)
    assert ran.members.record(NEIGHBOURS).library.startswith("scikit-learn")


@pytest.mark.parametrize("key", [NET, NEIGHBOURS, AVERAGE])
def test_a_member_is_written_as_in_the_first_week(ran, key):
    place = ran.members.find([key])[key]
    stored = ran.members.segments.get(place.segment).plain_records[place.row]
    written = ran.members.record(key).to_json()
    # How files are read was written in part.
    inputs, before = written.pop("inputs"), stored.pop("inputs")
    assert written == stored
    assert inputs.items() >= before.items()


def test_a_job_of_the_first_week_is_read(ran):
    job = ran.jobs.read("stars")
    listed = [(entry.title, entry.varied) for entry in job.entries]
    assert listed == [
        ("net", ()),
        ("kneighbors n_neighbors=1", ("n_neighbors",)),
        ("kneighbors n_neighbors=50", ("n_neighbors",)),
    ]
    reason = "n_neighbors is 50, but there are 14 training examples."
    assert job.failures == {job.entries[2].key: Failure(reason=reason)}
    assert [(run.trained, run.stored, run.failed) for run in job.runs] == [(2, 0, 1)]
    (average,) = job.ensembles
    assert [(one.key, one.weight) for one in average.members] == [(NET, 0.5), (NEIGHBOURS, 0.5)]
    assert job.keys == {NET, NEIGHBOURS, AVERAGE, job.entries[2].key}
    assert (job.data.source, job.weighted, job.bootstrap) == ("table.csv", True, RESAMPLES)


def test_a_job_is_written_as_in_the_first_week(ran):
    stored = json.loads((ran.folder / "jobs" / "stars.json").read_text())
    written = ran.jobs.read("stars").to_json()
    data, before = written.pop("data"), stored.pop("data")
    assert data.items() >= before.items()
    added = {name: written.pop(name) for name in written.keys() - stored.keys()}
    assert written == stored
    assert added == {"bootstrap": RESAMPLES, "imported": [], "interim": []}


def test_records_that_no_job_wrote_are_one_sentence(golden):
    with pytest.raises(Damaged, match=r"members\.jsonl, line 1: parameters: expected a map"):
        golden.members.record(FIRST)
    with pytest.raises(Damaged, match=r"stars\.json: updated: expected text"):
        golden.jobs.read("stars")


def test_members_of_format_1_are_read(golden):
    assert golden.members.find([FIRST, SECOND, DELETED]).keys() == {FIRST, SECOND}
    assert golden.members.history(SECOND) == [{"epoch": 1.0, "loss": None}]
    (scores,), (predicted,) = golden.members.scores([SECOND]), golden.members.predicted([SECOND])
    np.testing.assert_array_equal(scores, np.arange(6, 12).reshape(3, 2) / 16)
    assert predicted.tolist() == [1, 1, 0]
    segment = golden.members.segments.get(golden.members.find([FIRST])[FIRST].segment)
    assert (segment.model_folder(0) / "model.json").read_text() == '{"k":3}'


def test_data_of_format_1_is_read(golden):
    dataset = golden.datasets.get(DATASET)
    assert dataset.inputs.matrix().tolist() == np.arange(12).reshape(6, 2).tolist()
    assert dataset.labels.classes == ("a", "b")
    split = golden.datasets.splits.get(DATASET, SPLIT)
    assert (split.train.tolist(), split.validation.tolist()) == ([0, 1, 2], [3])
    assert (split.test.tolist(), split.fold) == ([4, 5], 2)
    assert golden.datasets.known_source("tiny.csv 99 1") == DATASET


def test_jobs_and_artifacts_of_format_1_are_read(golden, ran):
    assert golden.jobs.names() == ran.jobs.names() == ["stars"]
    artifact = golden.artifacts.get("study", "one")
    assert artifact.meta == {"trials": 2}
    assert (artifact.folder / "best.txt").read_text() == "3"


def test_members_and_data_still_have_the_names_of_format_1(golden, commit, tmp_path):
    dataset = golden.datasets.get(DATASET)
    today = Store.open(tmp_path / "today")
    assert today.datasets.save(dataset).name == DATASET
    name = commit(today, [FIRST, SECOND, DELETED])
    assert name == golden.members.find([FIRST])[FIRST].segment
