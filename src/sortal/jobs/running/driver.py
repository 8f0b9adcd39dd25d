"""Follow one run: hand tasks to an engine, keep the books of what they report, try again what is lost."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sortal.data.preparing.choose import choose_preparation
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part
from sortal.engines.base import (
    Died,
    Engine,
    Engines,
    Finished,
    Idle,
    Message,
    Raised,
    Report,
    Started,
)
from sortal.events import (
    JobEnded,
    JobPlanned,
    Listener,
    MemberFailed,
    MemberTrained,
    Printed,
    TaskEnded,
    TaskProgressed,
    TaskStarted,
    Waiting,
    Warned,
)
from sortal.jobs.planning.plan import Plan, PlannedTask
from sortal.jobs.planning.resolve import Resolved
from sortal.jobs.planning.stored_data import large_files
from sortal.jobs.planning.training_weights import member_weighing
from sortal.jobs.results.interim import interim_key, rung_key
from sortal.jobs.running.interrupt import Interruption, stops_cleanly
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.running.summary import RunSummary
from sortal.jobs.running.task_spec import (
    Committed,
    MemberOutput,
    Progressed,
    TaskResult,
    TaskSpec,
    read_message,
)
from sortal.metrics.registry import ACCURACY, HEADLINE
from sortal.store.files.digests import Seals
from sortal.store.records.job_record import Failure, JobRecord, first_titles
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_segment_damages, quarantine
from sortal.training.snapshots.started import StartedMember

TASK = "sortal.jobs.running.task:run"


@dataclass(slots=True)
class RunDriver:
    """Keeps the books of one run."""

    resolved: Resolved
    plan: Plan
    store: Store
    listener: Listener
    record: JobRecord
    options: RunOptions
    begun: Mapping[str, StartedMember] | None
    """Members in mid-training, where they are to become results as they are; else None."""

    budget: float | None

    trained: int = 0
    paused: int = 0
    failed: dict[str, Failure] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    """Segments that this run has written."""

    seals: Seals = field(default_factory=dict)
    """Large files of the dataset, which this process has read and workers need not read again."""

    running: dict[str, PlannedTask] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    titles: dict[str, str] = field(init=False)
    """The first title of every member that the job lists, by key."""

    def __post_init__(self) -> None:
        self.titles = first_titles([*self.record.entries, *self.record.interim])

    @property
    def planned(self) -> list[str]:
        """Keys of the members that the plan computes."""
        return [entry.member.key for task in self.plan.tasks for entry in task.entries]

    def run(self, engines: Engines) -> RunSummary:
        """Send tasks to one of the engines and follow its reports."""
        started = time.perf_counter()
        stored = self._stored()
        tasks = {task.name: task for task in self._missing(stored)}
        self._tell(
            JobPlanned(
                job=self.resolved.name,
                members=len(self.planned),
                stored=len(stored),
                tasks=len(tasks),
                workers=self.plan.workers,
                threads=self.plan.threads,
                memory_bytes=self.plan.cost.memory_bytes,
            )
        )
        interruption = Interruption()
        if tasks:
            self.running = dict(tasks)
            self.seals = large_files(self.store, self.resolved.dataset.fingerprint)
            engine = engines.get(self.plan.workers, self.plan.threads)
            with stops_cleanly(engine) as interruption:
                jsons = {name: self.spec(task).to_json() for name, task in tasks.items()}
                for report in engine.map(TASK, jsons):
                    self._follow(report, engine, stopping=interruption.asked)
        seconds = time.perf_counter() - started
        self._tell(
            JobEnded(
                job=self.resolved.name,
                trained=self.trained,
                failed=len(self.failed),
                stored=len(stored),
                seconds=seconds,
                interrupted=interruption.asked,
            )
        )
        return RunSummary(
            trained=self.trained,
            stored=len(stored),
            failed=self.failed,
            paused=self.paused,
            interrupted=interruption.asked,
            requeue=interruption.by_batch_system,
            seconds=seconds,
        )

    def _stored(self) -> frozenset[str]:
        """Keys whose segments are in the store and sound; damaged ones are put aside."""
        places = self.store.members.find(self.planned)
        for damage in find_segment_damages(
            self.store, {place.segment for place in places.values()}
        ):
            quarantine(self.store, damage)
            self._warn(f"{damage}; it is put aside and computed again.")
        return frozenset(self.store.members.find(self.planned))

    def _missing(self, stored: frozenset[str]) -> list[PlannedTask]:
        """Tasks of the plan without the members that are stored."""
        left_out = set(stored)
        if self.begun is not None:
            known = self.store.members.find(map(interim_key, self.begun.values()))
            left_out |= first_titles(self.record.entries).keys() - self.begun.keys()
            left_out |= {key for key, one in self.begun.items() if interim_key(one) in known}
        return [
            task.without(left_out)
            for task in self.plan.tasks
            if any(entry.member.key not in left_out for entry in task.entries)
        ]

    def spec(self, task: PlannedTask) -> TaskSpec:
        """What a worker is asked to do with a population."""
        first = task.entries[0].member
        block = self.resolved.job.data
        dataset = self.resolved.dataset
        recipe = choose_preparation(block, dataset.inputs, dataset.names)
        return TaskSpec(
            name=task.name,
            store=self.store.folder,
            dataset=self.resolved.dataset.fingerprint,
            split=task.entries[0].split,
            seals=self.seals,
            inputs=InputSpec.of(self.resolved.dataset, block),
            preparation=replace(recipe, weighing=member_weighing(block, first.weights)),
            method=task.method,
            members=tuple(entry.member for entry in task.entries),
            threads=self.plan.threads,
            snapshot_seconds=self.options.snapshot_seconds,
            as_is={key: interim_key(one) for key, one in (self.begun or {}).items()},
            # Calibration trains to the end: its folds could not be paused beside each other.
            budget=None if first.calibration else self.budget,
            standing=self._standing(task),
            bootstrap=self.resolved.job.bootstrap,
            training_figures=self.resolved.job.training_figures,
            reported=self.resolved.splits[0].reported,
        )

    def _standing(self, task: PlannedTask) -> dict[str, str]:
        """What members that pause at the budget are called as they stand there."""
        if self.budget is None:
            return {}
        keys = (entry.member.key for entry in task.entries)
        return {key: rung_key(key, self.budget) for key in keys}

    def _follow(self, report: Report, engine: Engine, *, stopping: bool) -> None:
        if isinstance(report, Idle):
            self._tell(Waiting(job=self.resolved.name, interrupted=stopping))
            return
        task = self.running[report.task]
        job, name = self.resolved.name, report.task
        match report:
            case Started():
                self._tell(
                    TaskStarted(
                        job=job,
                        task=name,
                        method=task.method.name,
                        members=len(task.entries),
                        title=task.entries[0].title,
                    )
                )
            case Message(body=body):
                self._note(task, read_message(body))
            case Finished(result=body, seconds=seconds):
                result = TaskResult.from_json(body)
                self._finish(result)
                self._tell(
                    TaskEnded(job=job, task=name, seconds=seconds, paused=bool(result.paused))
                )
            case Raised(reason=reason, traceback=traceback, seconds=seconds):
                self._tell(TaskEnded(job=job, task=name, seconds=seconds, lost=True))
                self._lose(task, reason, traceback, engine, again=False, stopping=stopping)
            case Died(reason=reason, seconds=seconds):
                self._tell(TaskEnded(job=job, task=name, seconds=seconds, lost=True))
                self._lose(task, reason, "", engine, again=True, stopping=stopping)

    def _note(self, task: PlannedTask, message: Committed | MemberOutput | Progressed) -> None:
        """Report what a worker sent while it was at work."""
        job = self.resolved.name
        match message:
            case Committed(segment=segment, records=records):
                self._store(segment, records)
            case MemberOutput(lines=lines, member=member):
                self._tell(Printed(job=job, title=self._title(task, member), lines=lines))
            case Progressed(done=done, text=text, member=member):
                title = self._title(task, member)
                self._tell(
                    TaskProgressed(job=job, task=task.name, done=done, text=text, title=title)
                )

    @staticmethod
    def _title(task: PlannedTask, key: str) -> str:
        """Title of a member of a task; empty if it has none of that key."""
        found = (entry.title for entry in task.entries if entry.member.key == key)
        return next(found, "")

    def _store(self, segment: str, records: Sequence[MemberRecord]) -> None:
        """Report the members of a segment that a worker committed.

        Members paused at a budget are committed as well; the search that set the budget decides what
        to do with them.
        """
        if segment in self.stored:
            return
        self.stored.add(segment)
        for record in records:
            if record.key in self.titles:
                self.trained += 1
                self._tell(self._trained(record, self.titles[record.key]))

    def _finish(self, result: TaskResult) -> None:
        """Count the members that paused, and report those that failed, and what no message reported."""
        self.paused += len(result.paused)
        self._report_unsent(result.segments)
        for key, failure in result.failed.items():
            self._fail(key, failure)

    def _trained(self, record: MemberRecord, title: str) -> MemberTrained:
        outputs = self.resolved.dataset.labels.outputs
        reported = record.judged(self.resolved.splits[0].reported)
        return MemberTrained(
            job=self.resolved.name,
            key=record.key,
            title=title,
            fit_seconds=record.fit_seconds or 0.0,
            score_seconds=record.score_seconds or 0.0,
            headline=_number(reported, HEADLINE[outputs]),
            accuracy=_number(reported, ACCURACY[outputs]),
            training_accuracy=_number(record.judged(Part.TRAIN), ACCURACY[outputs]),
            fold=record.fold,
        )

    def _lose(
        self,
        task: PlannedTask,
        reason: str,
        traceback: str,
        engine: Engine,
        *,
        again: bool,
        stopping: bool,
    ) -> None:
        """Try a lost population again, then its members one by one, so that one fails alone.

        A worker that was killed from outside is worth one more try as it was; an
        error that the worker itself raised would only come again. What it had stored stays.
        """
        handed_out = len(task.entries)
        places = self.store.members.find(entry.member.key for entry in task.entries)
        self._report_unsent(sorted({place.segment for place in places.values()}))
        task = task.without(places)
        if stopping or not task.entries:
            return
        first = self.tries.get(task.name, 0) == 0
        if again and first:
            self.tries[task.name] = 1
            self._warn(
                f"a worker was lost ({reason}); its {len(task.entries)} members are tried again."
            )
            engine.add(task.name, self.spec(task).to_json())
        elif handed_out > 1:
            for single in task.singles():
                self.running[single.name] = single
                self.tries[single.name] = 1
                engine.add(single.name, self.spec(single).to_json())
        else:
            failure = Failure(reason=reason, traceback=traceback)
            self._fail(task.entries[0].member.key, failure)

    def _report_unsent(self, segments: Iterable[str]) -> None:
        """Report committed segments whose messages did not arrive; the store has their records."""
        for segment in segments:
            if segment not in self.stored:
                self._store(segment, self.store.members.segments.get(segment).records)

    def _fail(self, key: str, failure: Failure) -> None:
        self.failed[key] = failure
        title = self.titles[key]
        self._tell(
            MemberFailed(
                job=self.resolved.name,
                key=key,
                title=title,
                reason=failure.reason,
                traceback=failure.traceback,
            )
        )

    def _warn(self, text: str) -> None:
        self._tell(Warned(job=self.resolved.name, text=text))

    def _tell(self, event: Any) -> None:
        self.listener(event)


def _number(figures: Mapping[str, float], name: str) -> float | None:
    """A metric, None where it is not there or undefined."""
    value = figures.get(name, math.nan)
    return None if math.isnan(value) else value
