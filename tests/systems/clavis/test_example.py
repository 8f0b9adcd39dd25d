"""The example of ClaVis: its jobs and plugins are used, its programs are the commands."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.engines.base import Engines
from sortal.errors import OptionError
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.systems.clavis.available import find_available
from sortal.systems.clavis.batch.classifiers import JobContext, resolve_classifier
from sortal.systems.clavis.batch.dataset import dataset_of
from sortal.systems.clavis.batch.jobfile import BatchJob, read_batch_job
from sortal.systems.clavis.example import POINTS, pulses, write_example
from sortal.systems.clavis.tuning.jobfile import read_tuning_job

QUICK = ("jobs/my_job.json", "jobs/multi_label.json")
LONG = (
    "jobs/breast_cancer.json",
    "jobs/cross_corpora.json",
    "jobs/cross_corpus.json",
    "jobs/digits.json",
    "jobs/digits_cross_validation.json",
    "jobs/iris.json",
    "job.json",
)
PROGRAMS = {
    "batch.py": "batch",
    "autotune.py": "autotune",
    "explorer.py": "explorer",
    "main.py": "serve",
}


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new example, as the working directory."""
    folder = tmp_path / "example"
    write_example(folder)
    monkeypatch.chdir(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def command(*words: str, engines: Engines | None = None) -> tuple[int, str]:
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words), obj=engines)
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.output


def program(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], input=typed, capture_output=True, text=True, check=False
    )


def test_the_same_call_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    names = write_example(first)
    assert write_example(second) == names
    assert contents(first) == contents(second)
    assert sorted(contents(first)) == sorted(name.as_posix() for name in names)


def test_the_command_writes_what_the_function_writes(tmp_path):
    write_example(tmp_path / "function")
    code, out = command("example", "clavis", str(tmp_path / "command"))
    assert code == 0
    assert "sortal clavis batch jobs/my_job.json" in out
    assert contents(tmp_path / "command") == contents(tmp_path / "function")


def test_no_advice_to_change_to_the_current_folder_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, here = command("example", "clavis", ".")
    assert "cd " not in here
    assert "  sortal clavis batch jobs/my_job.json" in here
    _, there = command("example", "clavis", "my example")
    assert "  cd 'my example'\n" in there


def test_a_folder_with_files_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OptionError, match="a new or empty folder"):
        write_example(tmp_path)
    assert contents(tmp_path) == {"mine.txt": b"mine"}
    write_example(tmp_path, force=True)
    assert contents(tmp_path)["mine.txt"] == b"mine"
    assert (tmp_path / "batch.py").is_file()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OptionError, match="a new or empty folder"):
        write_example(tmp_path / "file")


def test_every_job_of_the_example_is_tested_and_in_its_readme(example):
    found = {path.relative_to(example).as_posix() for path in example.rglob("*.json")}
    assert found == {*QUICK, *LONG, "tuningjob.json"}
    readme = (example / "README.md").read_text(encoding="utf-8")
    assert not [name for name in found if f"| `{name}` |" not in readme]
    assert {path.name for path in example.glob("*.py")} == set(PROGRAMS)


def test_no_file_ends_as_it_does_in_the_package(example):
    assert not list(example.rglob("*.txt"))
    for path in example.rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), path.name, "exec")


def unknown(job: BatchJob, folder: Path, path: Path) -> list[str]:
    """What classifiers of a job do not take as it is written."""
    available = find_available(job=path, announce=print)
    source = available.source(job.data.dataset)
    dataset_of(source, job.data)
    around = JobContext.of(available, source, job.data.title, folder)
    return [note for one in job.classifiers for note in resolve_classifier(one, around).warnings]


@pytest.mark.parametrize("name", [*QUICK, *LONG])
def test_every_job_has_data_and_classifiers_with_all_arguments(name, example, tmp_path):
    path = example / name
    job = read_batch_job(path)
    assert len(job.classifiers) >= 4
    assert unknown(job, tmp_path, path) == []
    titles = [one.title for one in job.classifiers]
    assert len(set(titles)) == len(titles)


def test_the_tuning_job_is_the_one_of_the_page(example):
    job = read_tuning_job(example / "tuningjob.json")
    data = job.data
    assert (data.tuning_rounds, data.tuning_population, data.tuning_offspring) == (3, 10, 5)
    (entry,) = job.entries
    assert entry.method == "svm"
    assert set(entry.space.dimensions) == {"kernel", "C"}


def test_the_data_set_is_what_the_module_simulates(example):
    source = find_available(job=example / "job.json", announce=print).source("pulses")
    values, labels = pulses()
    assert np.array_equal(source.X_train, values)
    assert np.array_equal(source.y_train, labels)
    assert source.original_shape == (POINTS,)


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_job_runs_without_an_error(name, example, inline):
    code, out = command("clavis", "batch", name, engines=inline)
    assert code == 0, out
    assert "ERROR" not in out


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_long_job_runs_without_an_error(name, example):
    code, out = command("clavis", "batch", name)
    assert code == 0, out
    assert "ERROR" not in out


def test_plugins_of_the_example_learn_and_one_has_a_history(example, inline):
    code, out = command("clavis", "batch", "jobs/my_job.json", engines=inline)
    assert code == 0
    told = re.findall(r"s  (\S.*) \(\w+\): .*test accuracy ([\d.]+)", out)
    accuracy = {title: float(value) for title, value in told}
    assert accuracy["mean euclidean 0"] > accuracy["Ⓝ Naive"] + 0.2
    assert accuracy["descent 0.1 aFalse"] > accuracy["Ⓝ Naive"] + 0.2
    results = JobResults.read(Store.open(example / ".sortal", create=False), "my job")
    (result,) = results.titled("descent 0.1 aFalse")
    loss = result.history.filter(metric="loss")["value"]
    assert len(loss) == 30
    assert loss[29] < loss[0]


@pytest.mark.parametrize(("name", "of"), PROGRAMS.items())
def test_a_program_is_a_command(name, of, example):
    ran = program(name, "--help")
    assert ran.returncode == 0, ran.stderr
    assert f"Usage: sortal clavis {of} " in ran.stdout


def test_the_pages_lines_run_as_they_are_printed(example):
    ran = program("batch.py", "jobs/multi_label.json", "-break")
    assert ran.returncode == 0, ran.stderr
    assert "several labels" in ran.stdout
    looked = program("explorer.py", typed="q\n")
    assert looked.returncode == 0, looked.stderr
    assert "several labels" in looked.stdout


def test_a_program_ends_with_the_exit_code_of_its_command(example):
    assert program("batch.py", "jobs/nothing.json").returncode == 1
    assert program("autotune.py").returncode == 2


@pytest.mark.slow
def test_the_tuning_program_writes_a_job_that_batch_runs(example):
    tuned = program("autotune.py", "tuningjob.json")
    assert tuned.returncode == 0, tuned.stderr
    assert (example / "tuningjob.report.md").is_file()
    ran = program("batch.py", "tuningjob.result.json")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_main_program_serves_the_store(example):
    served = subprocess.Popen(
        [sys.executable, "main.py", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        address = re.search(r"http://\S+", served.stderr.readline())
        jobs = urllib.request.urlopen(f"{address.group().rstrip('/')}/api/v1/jobs")
        assert jobs.status == 200
        jobs.close()
    finally:
        served.kill()
        served.wait()
        served.stderr.close()
