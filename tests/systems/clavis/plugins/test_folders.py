"""Which folder of plugins is used when, and that it is said when nobody named one."""

from pathlib import Path

import pytest

from sortal.errors import UserError
from sortal.systems.clavis.plugins.folders import find_folders


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A working directory, and a job in the `jobs` folder of another one."""
    working, project = tmp_path / "working", tmp_path / "project"
    working.mkdir()
    (project / "jobs").mkdir(parents=True)
    return {"working": working, "project": project, "job": project / "jobs" / "iris.json"}


def make(folder: Path) -> Path:
    (folder / "modules" / "classifiers").mkdir(parents=True)
    return folder / "modules"


def found(places, named=()):
    return find_folders(named, places["job"], working=places["working"])


def test_the_named_ones_are_used_without_a_word(places, tmp_path):
    make(places["working"])
    own = make(tmp_path / "own")
    assert found(places, [own]).folders == (own,)
    assert found(places, [own]).notice == ""


def test_else_the_nearest_modules_and_it_is_said(places):
    assert found(places).folders == ()
    assert found(places).notice == ""
    parent = make(places["project"])
    assert found(places).folders == (parent,)
    assert str(parent) in found(places).notice
    beside = make(places["project"] / "jobs")
    assert found(places).folders == (beside,)
    working = make(places["working"])
    assert found(places).folders == (working,)


def test_a_folder_of_that_name_without_plugins_is_passed_over(places):
    (places["working"] / "modules").mkdir()
    parent = make(places["project"])
    assert found(places).folders == (parent,)


def test_without_a_job_the_working_directory_is_looked_at(places, monkeypatch):
    monkeypatch.chdir(places["working"])
    own = make(places["working"])
    assert find_folders(()).folders == (own,)


def test_a_named_folder_must_be_one(places, tmp_path):
    with pytest.raises(UserError, match="expected a folder"):
        found(places, [tmp_path / "none"])
