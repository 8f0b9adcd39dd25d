"""Runs that were handed in: which are at work, and which may go."""

import dataclasses
import os

import pytest

from sortal.store.files import process
from sortal.store.submitted import FOLDER, Run, ended_runs, read_run, write_run
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.usage import measure_usage


@pytest.fixture
def run():
    """This very process as a run."""
    return Run(
        id="20260101-000000-00000000",
        job="j",
        file="f",
        pid=os.getpid(),
        started=process.started(),
        created="",
        host=process.here(),
    )


def test_a_run_is_read_as_it_was_written(tmp_path, run):
    write_run(tmp_path / "a", run)
    assert read_run(tmp_path / "a") == run
    assert run.running


def test_a_run_without_its_process_has_ended(run):
    assert not dataclasses.replace(run, pid=2**22 - 3).running
    assert not dataclasses.replace(run, started=0.0).running
    assert not dataclasses.replace(run, exit_code=0).running
    assert not dataclasses.replace(run, host="elsewhere").running


def test_a_run_stored_without_its_machine_is_looked_for_here(run):
    assert dataclasses.replace(run, host="").running


def test_only_runs_that_ended_go_and_only_once_they_are_old(store, run):
    folder = store.folder / FOLDER
    for name, one in {
        "ended": dataclasses.replace(run, exit_code=0),
        "new": dataclasses.replace(run, exit_code=0),
        "working": run,
        "killed": dataclasses.replace(run, pid=2**22 - 3),
    }.items():
        write_run(folder / name, one)
        (folder / name / "figures").mkdir()
        (folder / name / "figures" / "map.png").write_bytes(b"x")
    (folder / "begun").mkdir()
    for path in folder.rglob("*"):
        if "new" not in path.parts and path.name != "begun":
            os.utime(path, (0, 0))
    assert [path.name for path in ended_runs(folder, 30)] == ["ended", "killed"]
    assert measure_usage(store)["submitted"].count == 5
    freed = free_disk(store)
    assert freed.submitted == 2
    assert freed.bytes > 0
    assert sorted(path.name for path in folder.iterdir()) == ["begun", "new", "working"]
    assert free_disk(store, snapshot_days=0).submitted == 1
    assert sorted(path.name for path in folder.iterdir()) == ["begun", "working"]


def test_a_store_that_nothing_was_handed_in_to_has_none(store):
    assert list(ended_runs(store.folder / FOLDER, 0)) == []
