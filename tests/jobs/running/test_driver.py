"""What a run keeps of a long task: members that are trained do not wait for the others."""

import dataclasses
from itertools import count

import pytest

from sortal.engines.base import Died, Finished, Message, Started
from sortal.engines.inline import InlineEngine
from sortal.events import MemberTrained, TaskEnded
from sortal.jobs.launch import prepare
from sortal.jobs.running import task as tasks
from sortal.jobs.running.run import run as run_plan
from sortal.methods.one_at_a_time import one_by_one
from sortal.store.members import Members
from sortal.store.segments.segment import Segment
from sortal.store.store import Store

TREES = {"method": "decisiontree", "parameters": {"max_depth": [1, 2, 3, 4, 5]}}
NETWORKS = {
    "method": "mlp",
    "parameters": {"hidden_layer_sizes": [4], "epochs": 1, "learning_rate": [0.1, 0.01]},
}


def job(*classifiers):
    data = {"source": "iris"}
    return {"title": "trees", "data": data, "bootstrap": 0, "classifiers": classifiers}


@pytest.fixture
def hasty(monkeypatch):
    """Members are stored at once."""
    monkeypatch.setattr(tasks, "_KEEP_SECONDS", 0.0)
    monkeypatch.setattr(one_by_one, "_WAITING_SECONDS", 0.0)


def accuracies(launched):
    return {r.title: r.figures["accuracy"].mean for r in launched.results.results}


class Lossy:
    """An engine whose worker dies when it has stored two members and told one; then it works."""

    def __init__(self):
        self.given, self.added = [], []

    def get(self, workers, threads):
        return self

    def map(self, function, queued):
        self.added = list(queued.items())
        for number in count():
            if not self.added:
                return
            name, task = self.added.pop(0)
            self.given.append([member["key"] for member in task["members"]])
            yield Started(name)
            channel = Line(stop_after=2 if number == 0 else None)
            result = tasks.run(task, channel)
            sent = [body for body in channel.sent if "segment" in body]
            yield from (Message(name, body) for body in (sent[:-1] if number == 0 else sent))
            yield Died(name, "killed", 0.0) if number == 0 else Finished(name, result, 0.0)

    def add(self, name, task):
        self.added.append((name, task))

    def stop(self):
        pass

    kill = stop


@dataclasses.dataclass
class Line:
    """A channel that asks for an end after some segments."""

    stop_after: int | None = None
    sent: list = dataclasses.field(default_factory=list)

    def send(self, body):
        self.sent.append(body)

    def stopping(self):
        stored = sum("segment" in body for body in self.sent)
        return self.stop_after is not None and stored >= self.stop_after


@pytest.mark.usefixtures("inline", "hasty")
def test_members_that_share_nothing_are_stored_one_by_one(run):
    told = []
    launched = run(job(TREES), listener=told.append)
    events = [type(event) for event in told if isinstance(event, MemberTrained | TaskEnded)]
    assert events == [MemberTrained] * 5 + [TaskEnded]
    keys = [entry.key for entry in launched.results.record.entries]
    store = launched.results.store
    assert len({place.segment for place in store.members.find(keys).values()}) == 5
    assert launched.summary.trained == 5


@pytest.mark.usefixtures("inline")
def test_figures_are_the_same_however_members_are_stored(run, tmp_path, request):
    whole = accuracies(run(job(TREES), tmp_path / "whole"))
    request.getfixturevalue("hasty")
    assert accuracies(run(job(TREES), tmp_path / "single")) == whole


@pytest.mark.usefixtures("inline", "hasty")
def test_members_that_train_together_stay_in_one_segment(run):
    launched = run(job(NETWORKS))
    keys = [entry.key for entry in launched.results.record.entries]
    assert len({place.segment for place in launched.results.store.members.find(keys).values()}) == 1


@pytest.mark.usefixtures("hasty")
def test_what_a_lost_worker_had_stored_is_not_trained_again(run):
    engine, told = Lossy(), []
    launched = run(job(TREES), on=engine, listener=told.append)
    first, second = engine.given
    assert len(first) == 5
    assert second == first[2:]
    trained = [event.key for event in told if isinstance(event, MemberTrained)]
    assert sorted(trained) == sorted(first)
    assert launched.summary.trained == 5
    assert launched.summary.failed == {}


class Mute(InlineEngine):
    """An engine that loses every message."""

    def map(self, function, tasks):
        reports = super().map(function, tasks)
        return (report for report in reports if not isinstance(report, Message))


@pytest.mark.parametrize("engine", [InlineEngine(), Mute()])
def test_the_driver_reads_only_what_no_message_brought(tmp_path, monkeypatch, engine):
    resolved, planned = prepare(job(NETWORKS))
    read = []

    def records(segment):
        read.append(segment.name)
        return stored.fget(segment)

    stored = Segment.records
    monkeypatch.setattr(Segment, "records", property(records))
    monkeypatch.setattr(Members, "records", None)
    events = []
    store = Store.open(tmp_path / "store")
    summary = run_plan(resolved, planned, store, engines=engine, listener=events.append)
    assert summary.trained == 2
    assert sum(isinstance(event, MemberTrained) for event in events) == 2
    assert len(read) == isinstance(engine, Mute)


def test_candidates_paused_at_a_rung_are_stored_but_no_results(run):
    networks = {
        "method": "mlp",
        "parameters": {
            "hidden_layer_sizes": [4],
            "epochs": 3,
            "learning_rate": {"tune": True, "min": 0.001, "max": 0.1, "initial": 0.01},
        },
    }
    rungs = {"lowest": 1, "highest": 3, "factor": 3}
    tuning = {"sampler": "random", "trials": 3, "batch": 3, "rungs": rungs}
    told = []
    searched = {**job(networks), "tuning": tuning}
    launched = run(searched, listener=told.append)
    assert launched.summary.failed == {}
    assert len(launched.results.results) == 1
    assert sum(bool(trial.rungs) for trial in launched.searched.study.trials) == 3
    keys = [event.key for event in told if isinstance(event, MemberTrained)]
    assert len(keys) == len(set(keys))
