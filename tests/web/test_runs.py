"""Processes of jobs that were handed in: none is lost, and none is told what only the server may know."""

import dataclasses
import sys

import psutil
import pytest

from sortal.errors import OptionError
from sortal.store.submitted import read_run, write_run
from sortal.web import runs
from sortal.web.runs import JobProcesses

JOB = """
title: handed in
data: {source: iris}
classifiers: [{method: naive}]
"""


@pytest.fixture
def stands_in(tmp_path, monkeypatch):
    """Let a script of the shell run in the place of jobs."""

    def stand_in(script):
        path = tmp_path / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return stand_in


@pytest.fixture
def handed(tmp_path):
    return JobProcesses(tmp_path / "store")


def _ended(handed, run):
    handed._watchers[run.id].join(timeout=20)
    return handed.find(run.id)


def test_a_process_that_could_not_be_written_down_is_ended(handed, stands_in, monkeypatch):
    stands_in("exec sleep 60")
    begun = []

    def fail(_, run):
        begun.append(run)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "write_run", fail)
    with pytest.raises(OSError, match="No space"):
        handed.start(JOB, "yaml")
    assert not psutil.pid_exists(begun[0].pid)
    assert handed.listed() == []


def test_jobs_do_not_know_the_token(handed, stands_in, monkeypatch):
    stands_in("env")
    monkeypatch.setenv("SORTAL_TOKEN", "a-token-of-the-test")
    monkeypatch.setenv("OTHER_WORD", "still-there")
    run = _ended(handed, handed.start(JOB, "yaml"))
    said = handed.output(run)
    assert "still-there" in said
    assert "a-token" not in said


def test_a_run_of_another_machine_is_not_looked_for_here(handed, stands_in):
    stands_in("exec sleep 60")
    run = handed.start(JOB, "yaml")
    folder = handed._folder / run.id
    try:
        assert read_run(folder).running
        write_run(folder, dataclasses.replace(run, host="elsewhere"))
        assert not read_run(folder).running
    finally:
        psutil.Process(run.pid).kill()
        handed._watchers[run.id].join(timeout=20)


def test_a_run_that_ended_is_read_once(handed, stands_in, monkeypatch):
    stands_in("exit 3")
    run = _ended(handed, handed.start(JOB, "yaml"))
    assert (run.exit_code, run.running) == (3, False)

    def fail(_):
        raise AssertionError("read again")

    monkeypatch.setattr(runs, "read_run", fail)
    assert handed.listed() == [run]


def test_a_run_whose_folder_is_gone_is_no_more(handed, stands_in):
    stands_in("exit 0")
    run = _ended(handed, handed.start(JOB, "yaml"))
    runs.atomic.discard(handed._folder / run.id)
    assert handed.listed() == []


def test_only_metrics_of_the_server_s_plugins_are_taken(tmp_path, stands_in):
    stands_in("exit 0")
    (tmp_path / "modules" / "metrics").mkdir(parents=True)
    (tmp_path / "modules" / "metrics" / "own.py").write_text("raise SystemExit(1)\n")
    named = JOB + "metrics: [own.gmean]\n"
    with pytest.raises(OptionError, match=r"metrics\[0\]: expected a metric of the folders"):
        JobProcesses(tmp_path / "store").start(named, "yaml")
    handed = JobProcesses(tmp_path / "store", [tmp_path / "modules"])
    with pytest.raises(OptionError, match=r"os\.system"):
        handed.start(JOB + "metrics: [os.system]\n", "yaml")
    assert handed.start(named, "yaml").job == "handed in"
