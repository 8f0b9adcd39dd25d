"""What a worker does with one population: prepare, train, score, write a segment.

This file is the test of the contract in methods/contract/base.py: it names no method.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from threadpoolctl import threadpool_limits

from sortal.engines.base import Channel, Json
from sortal.jobs.running.segment_writer import SegmentRows
from sortal.jobs.running.task_data import DataChanged, TaskData
from sortal.jobs.running.task_spec import MemberOutput, Progressed, TaskResult, TaskSpec
from sortal.methods.contract.base import (
    Failed,
    Outcome,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)
from sortal.store.records.job_record import Failure
from sortal.store.store import Store

_KEEP_SECONDS = 20.0
"""How long trained members that gain nothing from company may wait for the others to be stored."""

_UNFIT = Failure(reason="its snapshot is of another training and cannot be used")


@dataclass(frozen=True, slots=True)
class _Control:
    """Passes progress to the driver, and the driver's wish to stop to the method."""

    channel: Channel

    ending: frozenset[str] = frozenset()
    """Keys of members to end at once, as they are."""

    def report(self, progress: Progress) -> Verdict:
        member = progress.member
        if progress.printed:
            sent: MemberOutput | Progressed = MemberOutput(lines=progress.printed, member=member)
        else:
            sent = Progressed(done=progress.done, text=progress.text, member=member)
        self.channel.send(sent.to_json())
        return Verdict(stop_all=self.channel.stopping(), stop=self.ending)


def run(task: Json, channel: Channel) -> Json:
    """Train one population and store it; called by an engine in a worker.

    Args:
        task: A `TaskSpec` as JSON.
        channel: The line to the driver; it is sent `Committed`, `MemberOutput` and `Progressed`.

    Returns:
        A `TaskResult` as JSON.
    """
    return train(TaskSpec.from_json(task), channel).to_json()


def train(task: TaskSpec, channel: Channel) -> TaskResult:
    """Train a population; members that pause at a budget are stored as they stand there, too."""
    store = Store.open(task.store)
    population = Population(
        members=task.members,
        threads=task.threads,
        resume=store.snapshots.take(task.name),
        snapshot_seconds=task.snapshot_seconds,
        budget=task.budget,
    )
    bench = _Bench(task, store, TaskData.of(task), channel)
    with threadpool_limits(task.threads):
        if task.as_is:
            return bench.end(population, task.as_is)
        done = bench.train(population)
        if not channel.stopping():
            if not done.paused:
                store.snapshots.drop(task.name)
            elif standing := {key: task.standing[key] for key in done.paused}:
                bench.end(population, standing)
    return done


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where one task's populations become segments."""

    task: TaskSpec
    store: Store
    data: TaskData
    channel: Channel

    def train(self, population: Population) -> TaskResult:
        """Train as far as the population's budget allows, and store the members that are done.

        Raises:
            DataChanged: The examples were changed meanwhile.
        """
        try:
            return self._become(population, {})
        except DataChanged:
            # What is unfinished was trained on the same examples.
            self.store.snapshots.drop(self.task.name)
            raise

    def end(self, population: Population, names: Mapping[str, str]) -> TaskResult:
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

    def _become(self, population: Population, names: Mapping[str, str]) -> TaskResult:
        done = _Done(names)
        control = _Control(self.channel, frozenset(names))
        outcomes = iter(self.task.method.train(population, self.data.prepared, control))
        while not done.exhausted:
            with self.store.members.draft() as draft:
                rows = SegmentRows(self.task, self.data.prepared, draft.folder, names=names)
                done.take(outcomes, rows, self._patience)
                self.data.refuse_change()
                if committed := rows.commit(draft):
                    done.segments.append(committed.segment)
                    self.channel.send(committed.to_json())
        return done.result

    @property
    def _patience(self) -> float:
        """Seconds that trained members wait for others; those of one model wait for all."""
        return _KEEP_SECONDS if self.task.method.divisible else float("inf")


@dataclass(slots=True)
class _Done:
    """What a population has become so far."""

    names: Mapping[str, str]
    segments: list[str] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    paused: list[str] = field(default_factory=list)
    exhausted: bool = False

    @property
    def result(self) -> TaskResult:
        """The finished segments, the failures and the paused members, as the driver receives them."""
        return TaskResult(
            segments=tuple(self.segments), failed=self.failed, paused=tuple(self.paused)
        )

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
                    self.failed[key] = Failure(reason=reason, traceback=traceback, printed=printed)
                case Paused(keys):
                    self.paused.extend(keys)
            if time.monotonic() >= until:
                return
        self.exhausted = True
