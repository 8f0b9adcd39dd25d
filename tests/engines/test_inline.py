"""The engine without processes: what it promises, and where it differs from the others."""

import os
from pathlib import Path

import pytest

from sortal.engines.base import Finished, Message, Started
from sortal.engines.inline import InlineEngine
from sortal.jobs.launch import launch
from sortal.jobs.running.run_options import RunOptions

MODULE = "tasks_for_engines"


@pytest.fixture(autouse=True)
def _importable_tasks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def test_tasks_run_in_this_process_in_their_order():
    tasks = {name: {"value": place, "steps": 2} for place, name in enumerate("ba")}
    reports = list(InlineEngine().map(f"{MODULE}:double", tasks))
    assert [report.task for report in reports] == ["b"] * 4 + ["a"] * 4
    started, first, second, finished = reports[4:]
    assert started == Started("a")
    assert (first, second) == (Message("a", {"step": 0}), Message("a", {"step": 1}))
    assert isinstance(finished, Finished)
    assert finished.result == {"value": 2, "pid": os.getpid()}
    assert finished.seconds >= 0


def test_tasks_may_be_added_while_others_run():
    engine, ended = InlineEngine(), []
    for report in engine.map(f"{MODULE}:double", {"a": {"value": 1}}):
        if isinstance(report, Finished):
            ended.append(report.task)
            if report.task == "a":
                engine.add("b", {"value": 2})
    assert ended == ["a", "b"]


def test_an_exception_of_a_task_reaches_the_caller():
    with pytest.raises(ValueError, match="the value is bad"):
        list(InlineEngine().map(f"{MODULE}:fail", {"a": {"how": "raise"}}))


def test_after_stop_tasks_see_it_and_no_other_starts():
    engine, begun = InlineEngine(), []
    for report in engine.map(f"{MODULE}:wait_for_stop", {"a": {}, "b": {}}):
        if isinstance(report, Started):
            begun.append(report.task)
            engine.stop()
    assert begun == ["a"]
    assert list(engine.map(f"{MODULE}:double", {"c": {"value": 1}})) == []


def test_it_is_the_engine_for_any_number_of_workers():
    with InlineEngine() as engines:
        assert engines.get(8, 1) is engines.get(1, 4) is engines
    assert list(engines.map(f"{MODULE}:double", {"a": {"value": 1}})) == []


def test_engines_that_were_given_are_left_open(tmp_path):
    engine = InlineEngine()
    job = {"data": {"source": "iris"}, "classifiers": [{"method": "naive"}], "bootstrap": 0}
    for title in ("one", "two"):
        launched = launch(
            {**job, "title": title, "seed": len(title)},
            store=tmp_path / title,
            options=RunOptions(cores=1),
            engines=engine,
        )
        assert launched.summary.trained == 1
