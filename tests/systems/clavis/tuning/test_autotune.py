import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sortal.engines.inline import InlineEngine
from sortal.errors import UserError
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.searching.study import Study
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_damages
from sortal.systems.clavis.batch.running_job import BatchOptions, start_batch_job
from sortal.systems.clavis.batch.training import run
from sortal.systems.clavis.tuning.autotune import Written, autotune

JOB: dict[str, Any] = {
    "data": {
        "title": "SVM on digits",
        "dataset": "sklearn_digits",
        "subset_train": 0.4,
        "test_size": 0.2,
        "random_state": 42,
        "tuning_rounds": 3,
        "tuning_population": 3,
        "tuning_offspring": 3,
    },
    "classifiers": [
        {
            "title": "SVM {kernel} {C}",
            "method": "svm",
            "kernel": {
                "tune": True,
                "type": "categorical",
                "values": ["linear", "rbf"],
                "initial": "rbf",
            },
            "C": {
                "tune": True,
                "type": "float",
                "min": 0.001,
                "max": 10,
                "initial": 0.01,
                "sigma": 2,
            },
            "random_state": 42,
        }
    ],
}


def write(folder: Path, name: str = "tuningjob.json", **data: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(json.dumps({**JOB, "data": {**JOB["data"], **data}}))
    return path


def tune(path: Path, store: Path, said: list[str] | None = None) -> Written:
    """Tune in this process."""
    lines = said if said is not None else []
    wishes = BatchOptions(store=store, options=RunOptions(cores=1), engines=InlineEngine())
    return autotune(path, wishes, lines.append, quiet=True)


def study(store: Path, name: str = "SVM on digits") -> Study:
    return Study.read(Store.open(store, create=False), name)


def course(found: Study) -> list[tuple[Any, ...]]:
    return [(one.title, one.value, one.parent, one.state) for one in found.trials]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("tuned")
    return folder, tune(write(folder), folder / "store")


def test_tuning_improves_validation_scores_of_the_first_values(tuned):
    folder, written = tuned
    found = study(folder / "store")
    initial, best = found.trials[0], found.ranked[0]
    assert initial.title == "SVM rbf 0.01"
    assert best.value > initial.value + 0.3
    assert written.exit_code == 0
    assert len(found.rounds) == 3
    assert all(len(found.of(one)) >= 3 for one in found.rounds)


def test_each_kept_configuration_gets_the_page_s_variations(tuned):
    folder, _ = tuned
    found = study(folder / "store")
    assert 2 <= len(found.rounds[0].trials) <= 1 + 3
    assert 4 <= len(found.rounds[1].trials) <= 3 + 3 * 3
    parents = {one.parent for one in found.trials if one.parent}
    assert 1 in parents


def test_test_examples_take_no_part_in_choosing(tuned):
    folder, written = tuned
    store = Store.open(folder / "store", create=False)
    searched = JobResults.read(store, "SVM on digits.search")
    assert all(len(split.test) == 0 for split in searched.splits)
    (mine,), (final,) = searched.splits, written.launched.results.splits
    assert not set(mine.train) & set(final.test)
    assert not set(mine.validation) & set(final.test)
    assert len(mine.validation) == round(0.2 * len(final.train))
    assert len(written.launched.results.results) == 3


def test_the_report_has_a_top_list_and_statistics_by_round(tuned):
    _, written = tuned
    text = written.report.read_text()
    assert written.report.name == "tuningjob.report.md"
    for heading in ("# Tuning of SVM on digits", "## Round 1", "## Round 3", "## History"):
        assert f"{heading}\n" in text
    found = written.launched.searched.study
    for number, one in enumerate(found.rounds, start=1):
        best, mean = found.of(one)[0].value, found.mean(one)
        assert f"Best {best:.4f}, mean {mean:.4f} of" in text
        assert re.search(rf"\| {number} \| [^|]+ UTC \| {best:.4f} \| {mean:.4f} \|", text)
    best = written.launched.results.titled(found.ranked[0].title)[0]
    accuracy = best.figures["accuracy"].mean
    assert f"| 1 | {found.ranked[0].title} | {found.ranked[0].value:.4f} | {accuracy:.4f} |" in text


def test_the_result_is_a_batch_job_that_finds_its_results(tuned):
    folder, written = tuned
    said = json.loads(written.result.read_text())
    assert written.result.name == "tuningjob.result.json"
    assert not [name for name in said["data"] if name.startswith("tuning_")]
    assert [one["title"] for one in said["classifiers"]] == [
        trial.title for trial, _ in written.launched.searched.best
    ]
    lines: list[str] = []
    work = start_batch_job(
        written.result,
        BatchOptions(store=folder / "store", options=RunOptions(cores=1)),
        lines.append,
    )
    run(work)
    outcome = work.outcome()
    assert (outcome.classifiers, outcome.faults, outcome.exit_code) == (3, (), 0)
    assert "3 classifiers, 3 of them in the store" in lines


def test_run_again_it_trains_nothing_and_writes_the_same(tuned):
    folder, written = tuned
    texts = [written.report.read_text(), written.result.read_text()]
    again = tune(folder / "tuningjob.json", folder / "store")
    assert again.launched.searched.summary.trained == 0
    assert again.launched.summary.trained == 0
    assert [again.report.read_text(), again.result.read_text()] == texts


def test_equal_seeds_tune_alike_and_others_do_not(tuned, tmp_path):
    folder, _ = tuned
    one = write(tmp_path / "a")
    tune(one, tmp_path / "store")
    assert course(study(tmp_path / "store")) == course(study(folder / "store"))
    tune(write(tmp_path / "b", random_state=43), tmp_path / "other")
    assert course(study(tmp_path / "other")) != course(study(folder / "store"))


def test_folds_of_the_training_examples_may_validate(tmp_path):
    written = tune(
        write(tmp_path, tuning_validation=3, tuning_rounds=1, tuning_offspring=1), tmp_path / "s"
    )
    searched = JobResults.read(Store.open(tmp_path / "s"), "SVM on digits.search")
    assert len(searched.splits) == 3
    assert all(len(trial.keys) == 3 for trial in written.launched.searched.study.trials)
    assert "3 folds of" in written.report.read_text()


def test_folds_of_a_dataset_validate_and_the_report_says_so(tmp_path):
    """The report says that they are the test examples too."""
    changes = {"dataset": "sklearn_digits_cross_validation", "test_size": 0}
    path = write(tmp_path, tuning_rounds=1, tuning_offspring=1, **changes)
    written = tune(path, tmp_path / "s")
    assert all(len(trial.keys) == 4 for trial in written.launched.searched.study.trials)
    assert "these figures are optimistic" in written.report.read_text()


def test_a_share_of_validation_examples_may_be_chosen(tmp_path):
    written = tune(
        write(tmp_path, tuning_validation=0.5, tuning_rounds=1, tuning_offspring=1), tmp_path / "s"
    )
    (split,) = written.launched.resolved.search_splits
    assert len(split.validation) == pytest.approx(len(split.train), abs=1)


PLUGIN = """\
from sklearn.neighbors import KNeighborsClassifier
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'near', 'short': 'N', 'description': 'k nearest',
    'parameters': [{'name': 'k', 'description': 'neighbours', 'type': 'integer',
                    'range': [1, 200], 'default_value': 5}],
}

def get_clf(args, data_specs):
    return Classifier(args, data_specs)

def get_info():
    return CLF_INFO

class Classifier():
    def __init__(self, args, data_specs):
        self.clf = KNeighborsClassifier(n_neighbors=check('k', args, CLF_INFO))
    def get_info(self):
        return CLF_INFO
    def fit(self, X_train, y_train):
        self.clf.fit(X_train, y_train)
    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)
    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
"""


def test_a_user_s_own_classifier_is_tuned_like_a_built_in_one(tmp_path):
    path = write(tmp_path, tuning_rounds=2, tuning_population=2, dataset="sklearn_iris")
    folder = tmp_path / "modules" / "classifiers" / "near"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PLUGIN)
    tuned = {"tune": True, "type": "int", "min": 1, "max": 90, "initial": 90, "sigma": 5}
    job = json.loads(path.read_text())
    job["data"]["subset_train"] = 1
    job["classifiers"] = [{"title": "near {k}", "method": "near", "k": tuned}]
    path.write_text(json.dumps(job))
    found = tune(path, tmp_path / "store").launched.searched.study
    assert found.trials[0].title == "near 90"
    assert found.ranked[0].value > found.trials[0].value
    assert all(isinstance(one.values["k"], int) for one in found.trials)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gama", "expected a parameter of svm"),
        ("C", "expected a number from 0"),
    ],
)
def test_values_a_classifier_refuses_fail_before_training(tmp_path, name, told):
    path = write(tmp_path)
    job = json.loads(path.read_text())
    wide = {"tune": True, "type": "float", "min": -5, "max": 10, "initial": 1, "sigma": 2}
    job["classifiers"][0][name] = wide
    path.write_text(json.dumps(job, indent=1))
    with pytest.raises(UserError, match=told) as caught:
        tune(path, tmp_path / "store")
    assert "line " in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_an_unnamed_plugin_folder_is_announced_before_it_runs(tmp_path):
    path = write(tmp_path, dataset="gone")
    folder = tmp_path / "modules" / "datasets" / "gone"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("print('running')\n1 / 0\n")
    said: list[str] = []
    with pytest.raises(UserError, match="its plugin cannot be used"):
        tune(path, tmp_path / "store", said)
    assert said[0] == f"note: plugins are loaded from {folder.parents[1]}."
    assert "ZeroDivisionError" in said[1]


def start(path: Path) -> Any:
    command = [sys.executable, "-m", "sortal", "clavis", "autotune", path.name, "--store", "store"]
    return subprocess.Popen(
        [*command, "--cores", "1"],
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def wait_for(path: Path, seen: str, times: int = 1) -> None:
    log = path.parent / "store" / "logs" / "SVM on digits.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and log.read_text().count(f'"event": "{seen}"') >= times):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def trained(folder: Path) -> list[str]:
    log = (folder / "store" / "logs" / "SVM on digits.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in log if line.endswith("}")]
    return [one["key"] for one in events if one["event"] == "MemberTrained"]


@pytest.mark.slow
def test_ctrl_c_ends_the_round_and_the_next_run_continues_it(tuned, tmp_path):
    """The best configuration so far is kept."""
    folder, written = tuned
    path = write(tmp_path)
    process = start(path)
    wait_for(path, "RoundEnded")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    report = path.with_suffix(".report.md").read_text()
    assert "Run the same command again to go on" in report
    kept = json.loads(path.with_suffix(".result.json").read_text())["classifiers"]
    assert 1 <= len(kept) <= 3
    process = start(path)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert course(study(tmp_path / "store")) == course(study(folder / "store"))
    keys = trained(tmp_path)
    assert len(keys) == len(set(keys)), "nothing is trained twice"
    assert path.with_suffix(".result.json").read_text() == written.result.read_text()


@pytest.mark.slow
def test_killed_and_run_again_it_ends_as_one_that_was_not(tuned, tmp_path):
    folder, written = tuned
    path = write(tmp_path)
    process = start(path)
    wait_for(path, "MemberTrained", 6)
    process.kill()
    process.communicate()
    process = start(path)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert course(study(tmp_path / "store")) == course(study(folder / "store"))
    assert path.with_suffix(".result.json").read_text() == written.result.read_text()
    assert find_damages(Store.open(tmp_path / "store")) == []
