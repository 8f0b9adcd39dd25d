"""A store with a job of each kind, written at commit d7bcf7e, stays what it was to its users.

`make_store.py` made it and tells how. Nothing of it is trained again, its figures and predictions
are the same, and what was unfinished goes on.
"""

import importlib.util
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from sortal.cli.main import main
from sortal.jobs.launch import launch
from sortal.jobs.running.run_options import RunOptions
from sortal.methods.contract.library_versions import library_version

HERE = Path(__file__).parent
ARCHIVE = HERE / "store.zip"
WRITTEN_WITH = {"scikit-learn": "scikit-learn 1.9", "xgboost": "xgboost 3.2", "torch": "torch 2.13"}
"""Minor versions of the libraries that trained what is stored."""

pytestmark = pytest.mark.skipif(
    any(library_version(name) != version for name, version in WRITTEN_WITH.items()),
    reason=f"models and keys are of {', '.join(WRITTEN_WITH.values())}",
)


def _make_store() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_store", HERE / "make_store.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = _make_store()
COMPLETE = [job for job in MADE.SHOWN if job not in {"failing", "unfinished"}]


@dataclass(frozen=True)
class Ended:
    """A call of the command that has ended."""

    code: int
    out: str
    err: str


Sortal = Callable[..., Ended]


def _unpack(folder: Path) -> None:
    with zipfile.ZipFile(ARCHIVE) as packed:
        packed.extractall(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the jobs, their data and a copy of the store."""
    folder = tmp_path_factory.mktemp("golden") / "home"
    shutil.copytree(HERE / "jobs", folder)
    _unpack(folder / ".sortal")
    return folder


@pytest.fixture
def sortal(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sortal:
    monkeypatch.chdir(home)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["sortal", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return call


def _plugins(job: str) -> tuple[str, ...]:
    return ("--plugins", "modules") if job.startswith("provided") else ()


def test_the_store_is_sound(sortal):
    checked = sortal("store", "check")
    assert checked.code == 0, checked.out + checked.err


def test_every_job_is_listed(sortal):
    listed = sortal("list").out
    assert not [job for job in MADE.SHOWN if job not in listed]
    assert "- ClaVis" in listed


@pytest.mark.parametrize("job", MADE.SHOWN)
def test_a_job_is_shown_as_it_was(sortal, job):
    expected = (HERE / "expected" / f"{job}.csv").read_text(encoding="utf-8")
    assert sortal("show", job, "--format", "csv").out == expected


@pytest.mark.parametrize(
    "result", [*MADE.PREDICTED, "flowers/theirs", "provided/my_knn", "unfinished/gaussiannb"]
)
def test_a_classifier_is_shown(sortal, result):
    shown = sortal("show", result)
    assert shown.code == 0, shown.err
    assert "accuracy" in shown.out


@pytest.mark.parametrize("result", MADE.PREDICTED)
def test_a_classifier_predicts_what_it_did(sortal, home, result):
    data = MADE.PREDICTED[result]
    names = ("--id", "name") if data.endswith(".csv") else ()
    sortal("predict", result, data, *names, "--out", "out.csv")
    expected = pl.read_csv(HERE / "expected" / f"{result.replace('/', ' ')} predictions.csv")
    now = pl.read_csv(home / "out.csv")
    assert now.columns == expected.columns
    for name in now.columns:
        if now[name].dtype.is_float():
            np.testing.assert_allclose(now[name], expected[name], atol=1e-5, err_msg=name)
        else:
            assert now[name].equals(expected[name]), name


@pytest.mark.parametrize("job", COMPLETE)
def test_a_rerun_computes_nothing(sortal, home, job):
    def segments() -> set[str]:
        return {path.name for path in home.glob(".sortal/segments/??/*")}

    before = segments()
    ran = sortal("run", f"{job}.yaml", *_plugins(job))
    assert ran.code == 0, ran.err
    assert "nothing to compute" in ran.out + ran.err
    assert segments() == before
    expected = (HERE / "expected" / f"{job}.csv").read_text(encoding="utf-8")
    assert sortal("show", job, "--format", "csv").out == expected


def test_a_failure_keeps_its_reason(sortal):
    assert "dual coefficients or intercepts are not finite" in sortal("show", "failing").out


def test_an_import_a_map_and_a_projection_are_found_again(sortal, home):
    kinds = {path.parent.name for path in home.glob(".sortal/artifacts/*/*")}
    before = sorted(home.glob(".sortal/artifacts/*/*/*"))
    assert sortal("map", "flowers", "--figures", "made").code == 0
    assert sortal("project", "flowers", "--method", "pca", "--figures", "made").code == 0
    assert sorted(home.glob(".sortal/artifacts/*/*/*")) == before, kinds
    again = sortal("ensemble", "flowers/lda", "flowers/logistic", "--title", "both")
    assert again.code == 0, again.err


def test_results_of_clavis_without_examples_are_shown(sortal):
    shown = sortal("show", "iris - ClaVis")
    assert shown.code == 0, shown.err
    assert "figures alone" in shown.out


def test_how_far_unfinished_training_is_can_be_read(sortal):
    assert "in mid-training" in sortal("show", "unfinished").out


@pytest.mark.slow
def test_unfinished_training_goes_on_from_its_snapshot(tmp_path):
    _unpack(tmp_path / "store")
    launched = launch(
        HERE / "jobs" / "unfinished.yaml", store=tmp_path / "store", options=RunOptions(cores=1)
    )
    assert (launched.summary.trained, launched.summary.stored) == (2, 1)
    (network,) = launched.results.titled("mlp")
    for course in network.courses:
        assert [row["epoch"] for row in course.rows] == list(range(1, 1001))


def test_nothing_of_a_machine_is_in_the_archive():
    assert ARCHIVE.stat().st_size < 400_000
    with zipfile.ZipFile(ARCHIVE) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    places = [b"/home/", b"/tmp/", b"site-packages"]
    assert not [name for name, text in contents.items() if any(one in text for one in places)]
    records = [text for name, text in contents.items() if name.endswith("members.jsonl")]
    hosts = {json.loads(line)["host"] for text in records for line in text.splitlines()}
    assert hosts <= {MADE.HOST}
