"""What a worker does with one population: prepare, train, score, write a segment.

This file is the test of the contract in methods/base.py: it names no method.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from threadpoolctl import threadpool_limits

from sortal.engines.base import Channel, Json
from sortal.jobs.outcome import SegmentRows
from sortal.jobs.task_data import DataChanged, TaskData
from sortal.methods import provided, registry
from sortal.methods.base import (
    Axis,
    Failed,
    Member,
    Method,
    Outcome,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)
from sortal.store.store import Store

_KEEP_SECONDS = 20.0
"""How long trained members that gain nothing from company may wait for the others to be stored."""

_UNFIT = {"reason": "its snapshot is of another training and cannot be used", "traceback": ""}


@dataclass(frozen=True, slots=True)
class _Control:
    """Passes progress to the driver, and the driver's wish to stop to the method."""

    channel: Channel

    ending: frozenset[str] = frozenset()
    """Keys of members to end at once, as they are."""

    def report(self, progress: Progress) -> Verdict:
        body = {"done": progress.done, "text": progress.text}
        if progress.member:
            body["member"] = progress.member
        if progress.printed:
            body["printed"] = list(progress.printed)
        self.channel.send(body)
        return Verdict(stop_all=self.channel.stopping(), stop=self.ending)


def run(task: Json, channel: Channel) -> Json:
    """Train one population and store it; called by an engine in a worker.

    Args:
        task: What `jobs.driver` wrote: store, dataset, split, preparation, method and the
            sources that provide it, members.
        channel: The line to the driver.

    Returns:
        `segments`: names of what was stored, each of them also reported when it was;
        `failed`: reason and traceback by key; `paused`: keys that can be continued. Those that
        paused at a budget are also stored as they stand there, under the keys of `standing`.
    """
    store = Store.open(Path(task["store"]))
    provided.provide_described(task["sources"])
    method = registry.find(task["method"], task["calibration"])
    members = tuple(_member(method, fields) for fields in task["members"])
    data = TaskData.of(task, members[0].target, narrow=Axis.TARGET not in method.shares)
    population = Population(
        members=members,
        threads=task["threads"],
        resume=store.snapshot_folder(task["name"]),
        snapshot_seconds=task["snapshot_seconds"],
        budget=task["budget"],
    )
    bench = _Bench(task, store, method, data, channel)
    with threadpool_limits(task["threads"]):
        if task["as_is"]:
            return bench.end(population, task["as_is"])
        done = bench.train(population)
        if not channel.stopping():
            if not done["paused"]:
                store.drop_snapshot(task["name"])
            elif standing := {key: task["standing"][key] for key in done["paused"]}:
                bench.end(population, standing)
    return done


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where one task's populations become segments."""

    task: Json
    store: Store
    method: Method
    data: TaskData
    channel: Channel

    def train(self, population: Population) -> Json:
        """Train as far as the population's budget allows, and store the members that are done.

        Raises:
            DataChanged: The examples were changed meanwhile.
        """
        try:
            return self._become(population, {})
        except DataChanged:
            # What is unfinished was trained on the same examples.
            self.store.drop_snapshot(self.task["name"])
            raise

    def end(self, population: Population, names: Mapping[str, str]) -> Json:
        """End members in mid-training where their snapshot left them, and store them as they are.

        Args:
            population: Their population; its snapshot stays as it is, for training shall go on.
            names: Keys to store them under, by their own.
        """
        chosen = tuple(member for member in population.members if member.key in names)
        with TemporaryDirectory() as folder:
            copied = Path(folder) / "snapshot"
            shutil.copytree(str(population.resume), copied)
            ending = replace(population, members=chosen, resume=copied, budget=None)
            return self._become(ending, names)

    def _become(self, population: Population, names: Mapping[str, str]) -> Json:
        done = _Done(names)
        control = _Control(self.channel, frozenset(names))
        outcomes = iter(self.method.train(population, self.data.prepared, control))
        while not done.exhausted:
            with self.store.draft() as draft:
                rows = SegmentRows(
                    self.method,
                    population.members,
                    self.data.prepared,
                    draft.folder,
                    task=self.task,
                    names=names,
                )
                done.take(outcomes, rows, self._patience)
                self.data.refuse_change()
                if segment := rows.commit(draft):
                    done.segments.append(segment)
                    self.channel.send({"segment": segment})
        return {"segments": done.segments, "failed": done.failed, "paused": done.paused}

    @property
    def _patience(self) -> float:
        """Seconds that trained members wait for others; those of one model wait for all."""
        return _KEEP_SECONDS if self.method.divisible else float("inf")


@dataclass(slots=True)
class _Done:
    """What a population has become so far."""

    names: Mapping[str, str]
    segments: list[str] = field(default_factory=list)
    failed: dict[str, Json] = field(default_factory=dict)
    paused: list[str] = field(default_factory=list)
    exhausted: bool = False

    def take(self, outcomes: Iterator[Outcome], rows: SegmentRows, seconds: float) -> None:
        """Add outcomes to a segment until there are no more, or some time has gone by."""
        until = time.monotonic() + seconds
        for outcome in outcomes:
            match outcome:
                case Trained(history=history) if self.names and not all(history.values()):
                    self.failed |= dict.fromkeys(outcome.model.members, _UNFIT)
                case Trained():
                    rows.add(outcome)
                case Failed(key, reason, traceback, printed):
                    told = {"printed": printed} if printed else {}
                    self.failed[key] = {"reason": reason, "traceback": traceback, **told}
                case Paused(keys):
                    self.paused.extend(keys)
            if time.monotonic() >= until:
                return
        self.exhausted = True


def _member(method: Method, fields: Mapping[str, Any]) -> Member:
    parameters = method.Parameters.model_validate(fields["parameters"])
    return Member(**{**fields, "parameters": parameters})
