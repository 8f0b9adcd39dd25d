"""Which packages metrics may be imported from: installed ones, in editable mode too."""

import json
import sys
from pathlib import Path

import pytest

from sortal.errors import OptionError
from sortal.jobs.user_metrics.load import load_metric
from sortal.jobs.user_metrics.package import find_package

SOURCE = "def half(labels, scores, weights):\n    return 0.5\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a package, whose folder `src` Python looks into."""
    package = tmp_path / "project" / "src" / "edited"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from edited.deep import half\n")
    (package / "deep.py").write_text(SOURCE)
    return tmp_path / "project"


@pytest.fixture
def found_in(monkeypatch):
    """Let Python find modules in a folder."""

    def find(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        for name in ("edited", "edited.deep"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    return find


def install_editable(site: Path, project: Path) -> None:
    """Write what an installer records of a project that is installed in editable mode."""
    about = site / "project-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: project\nVersion: 1\n")
    (about / "RECORD").write_text("project.pth,,\n")
    url = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (about / "direct_url.json").write_text(json.dumps(url))


def test_a_package_that_python_finds_elsewhere_is_accepted(project, found_in, tmp_path):
    found_in(project / "src")
    metric = load_metric("edited.half", beside=tmp_path)
    assert metric.function(None, None, None) == 0.5


def test_changed_code_of_any_of_its_modules_is_another_metric(project, found_in):
    found_in(project / "src")
    before = load_metric("edited.half").digest
    assert load_metric("edited.half").digest == before
    (project / "src" / "edited" / "deep.py").write_text(SOURCE.replace("0.5", "0.25"))
    assert load_metric("edited.half").digest != before


@pytest.mark.parametrize("place", ["working folder", "folder of the job"])
def test_a_package_that_lies_there_is_refused(project, found_in, monkeypatch, place, tmp_path):
    found_in(project / "src")
    monkeypatch.chdir(project / "src" if place == "working folder" else tmp_path)
    beside = tmp_path if place == "working folder" else project / "src"
    with pytest.raises(OptionError, match="of an installed package"):
        load_metric("edited.half", beside=beside)


def test_a_project_in_editable_mode_may_be_worked_in(project, found_in, monkeypatch, tmp_path):
    install_editable(tmp_path / "site-packages", project)
    found_in(tmp_path / "site-packages")
    found_in(project / "src")
    monkeypatch.chdir(project / "src")
    assert load_metric("edited.half", beside=project).function(None, None, None) == 0.5
    jobs = project / "jobs"
    jobs.mkdir()
    (jobs / "near.py").write_text(SOURCE)
    found_in(jobs)
    with pytest.raises(OptionError, match="of an installed package"):
        load_metric("near.half", beside=jobs)


@pytest.mark.parametrize("name", ["os", "sys", "__main__", "nowhere_at_all"])
def test_modules_of_python_and_unknown_ones_are_no_packages(name, tmp_path):
    assert find_package(name, beside=tmp_path) is None


def test_an_installed_package_has_a_version(tmp_path):
    package = find_package("sklearn", beside=tmp_path)
    assert package is not None
    assert package.version.startswith("scikit-learn ")
