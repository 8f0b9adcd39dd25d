"""Jobs share what they have in common, also when there is very much of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sortal.events import JobPlanned, MemberTrained
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.store.upkeep.usage import measure_usage

MANY = """\
title: many
bootstrap: 0
data: {source: iris, split: {kind: folds, folds: 40}}
classifiers:
  - {method: kneighbors, parameters: {n_neighbors: {start: 1, stop: 30, step: 1}}}
  - {method: gaussiannb, parameters: {var_smoothing: {start: 1.0e-9, stop: 1, factor: 10}}}
  - {method: decisiontree, parameters: {max_depth: [1, 2, 3, 4]}}
  - {method: lda}
  - {method: qda}
  - {method: naive}
  - {method: optimal}
  - {method: svm, parameters: {C: [1, 2]}}
"""


def neighbours(start: int, stop: int, **job: object) -> dict[str, object]:
    values = {"start": start, "stop": stop, "step": 1}
    return {
        "data": {"source": "iris"},
        "bootstrap": 0,
        "classifiers": [{"method": "kneighbors", "parameters": {"n_neighbors": values}}],
        **job,
    }


@pytest.mark.usefixtures("inline")
def test_a_job_computes_only_what_no_other_job_has(run):
    events = []
    first = run(neighbours(1, 40, title="first"))
    second = run(neighbours(21, 60, title="second"), listener=events.append)
    assert first.summary.trained == 40
    assert (second.summary.stored, second.summary.trained) == (20, 20)
    (planned,) = [event for event in events if isinstance(event, JobPlanned)]
    assert (planned.members, planned.stored) == (40, 20)
    trained = {event.title for event in events if isinstance(event, MemberTrained)}
    assert trained == {f"kneighbors n_neighbors={k}" for k in range(41, 61)}
    assert len(second.results.results) == 40
    shared = "kneighbors n_neighbors=30"
    (one,), (other,) = (x.results.titled(shared) for x in (first, second))
    assert one.figures == other.figures


@pytest.mark.usefixtures("inline")
def test_one_result_may_have_several_titles(run):
    job = neighbours(3, 5)
    renamed = {"method": "kneighbors", "title": "five", "parameters": {"n_neighbors": 5}}
    job["classifiers"] = [*job["classifiers"], renamed]
    launched = run(job)
    assert launched.summary.trained == 3
    titles = {result.title: result for result in launched.results.results}
    assert len(titles) == 4
    assert titles["five"].figures == titles["kneighbors n_neighbors=5"].figures
    again = run({**job, "title": "another name"})
    assert again.summary.trained == 0


@pytest.mark.usefixtures("inline")
def test_a_changed_file_is_read_anew(run, survey, tmp_path):
    survey.write_csv(tmp_path / "table.csv")
    data = {"source": str(tmp_path / "table.csv"), "label": "kind", "inputs": ["flux"]}
    job = {"data": {**data, "imputation": "mean"}, "classifiers": [{"method": "lda"}]}
    first, again = run(job), run(job)
    assert again.summary.stored == 1
    survey[:200].write_csv(tmp_path / "table.csv")
    changed = run(job)
    assert changed.summary.trained == 1
    assert len(changed.resolved.dataset) == 200
    assert first.resolved.dataset.fingerprint != changed.resolved.dataset.fingerprint


def sortal(folder: Path, *arguments: str, files: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command, perhaps with few files that it may hold open."""
    limit = f"ulimit -n {files}; " if files else ""
    return subprocess.run(
        ["bash", "-c", f'{limit}exec "$0" -m sortal "$@"', sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.mark.slow
def test_thousands_of_members_need_few_open_files(tmp_path):
    (tmp_path / "job.yaml").write_text(MANY)
    done = sortal(tmp_path, "run", "job.yaml", "-q", "--cores", "2", files=256)
    assert done.returncode == 0, done.stderr
    store = Store.open(tmp_path / ".sortal")
    results = JobResults.read(store, "many")
    assert sum(len(result.members) for result in results.results) == 2000
    assert measure_usage(store)["segments"].count > 256
    again = sortal(tmp_path, "run", "job.yaml", "-q", files=256)
    assert "nothing to compute: all 2000 results" in again.stdout
    for arguments in (["show", "many", "-f", "json"], ["store", "check"], ["store", "gc"]):
        shown = sortal(tmp_path, *arguments, files=256)
        assert shown.returncode == 0, shown.stderr
        if arguments[0] == "show":
            assert len(json.loads(shown.stdout)) == 50


@pytest.mark.slow
def test_a_second_job_of_a_thousand_computes_the_new_half(tmp_path):
    for name, start, stop in (("first", 1, 1000), ("second", 501, 1500)):
        text = (
            "bootstrap: 0\ndata: {source: iris}\nclassifiers:\n  - method: gaussiannb\n"
            f"    parameters: {{var_smoothing: {{start: {start}, stop: {stop}, step: 1}}}}\n"
        )
        (tmp_path / f"{name}.yaml").write_text(text)
        done = sortal(tmp_path, "run", f"{name}.yaml", "-q", "--cores", "2")
        assert done.returncode == 0, done.stderr
    store = Store.open(tmp_path / ".sortal")
    (run,) = store.jobs.read("second").runs
    assert (run.stored, run.trained) == (500, 500)
