"""Follow one run: hand tasks to an engine, keep the books of what they report, try again what is lost."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sortal.data.split import Part
from sortal.data.unseen import InputSpec
from sortal.engines.base import (
    Died,
    Engine,
    Engines,
    Finished,
    Idle,
    Json,
    Message,
    Raised,
    Report,
    Started,
)
from sortal.evaluation.scores import ACCURACY, HEADLINE
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
from sortal.jobs.interrupt import Interruption, stops_cleanly
from sortal.jobs.plan import Plan, PlannedTask
from sortal.jobs.record import titles
from sortal.jobs.resolve import Resolved
from sortal.jobs.run_options import RunOptions
from sortal.jobs.stored_data import large_files
from sortal.jobs.summary import Summary
from sortal.jobs.training_weights import member_weighing
from sortal.jobs.unfinished import interim_key, standing_key
from sortal.methods.provided import described
from sortal.store.digests import Seals
from sortal.store.store import Store
from sortal.training.begun import Begun

TASK = "sortal.jobs.task:run"


@dataclass(slots=True)
class Driver:
    """Keeps the books of one run."""

    resolved: Resolved
    plan: Plan
    store: Store
    listener: Listener
    record: Mapping[str, Any]
    options: RunOptions
    begun: Mapping[str, Begun] | None
    """Members in mid-training, where they are to become results as they are; else None."""

    budget: float | None

    trained: int = 0
    paused: int = 0
    failed: dict[str, Json] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    """Segments that this run has written."""

    seals: Seals = field(default_factory=dict)
    """Large files of the dataset, which this process has read and workers need not read again."""

    running: dict[str, PlannedTask] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def planned(self) -> list[str]:
        """Keys of the members that the plan computes."""
        return [entry.member.key for task in self.plan.tasks for entry in task.entries]

    def run(self, engines: Engines) -> Summary:
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
                jsons = {name: self._json(task) for name, task in tasks.items()}
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
        return Summary(
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
        places = self.store.find(self.planned)
        for damage in self.store.verify_segments({place.segment for place in places.values()}):
            self.store.quarantine(damage)
            self._warn(f"{damage}; it is put aside and computed again.")
        return frozenset(self.store.find(self.planned))

    def _missing(self, stored: frozenset[str]) -> list[PlannedTask]:
        """Tasks of the plan without the members that are stored."""
        left_out = set(stored)
        if self.begun is not None:
            known = self.store.find(map(interim_key, self.begun.values()))
            left_out |= titles(self.record["entries"]).keys() - self.begun.keys()
            left_out |= {key for key, one in self.begun.items() if interim_key(one) in known}
        return [
            task.without(left_out)
            for task in self.plan.tasks
            if any(entry.member.key not in left_out for entry in task.entries)
        ]

    def _json(self, task: PlannedTask) -> Json:
        first = task.entries[0]
        block = self.resolved.job.data
        return {
            "name": task.name,
            "store": str(self.store.folder),
            "dataset": self.resolved.dataset.fingerprint,
            "split": first.split,
            **({"seals": self.seals} if self.seals else {}),
            "inputs": InputSpec.of(self.resolved.dataset, block).described(),
            "preparation": [block.scaling, block.imputation],
            "weighing": asdict(member_weighing(block, first.member.weights)),
            "method": first.member.method,
            "sources": described(first.member.method),
            "calibration": first.member.calibration,
            "threads": self.plan.threads,
            "snapshot_seconds": self.options.snapshot_seconds,
            "as_is": {key: interim_key(one) for key, one in (self.begun or {}).items()},
            # Calibration trains to the end: its folds could not be paused beside each other.
            "budget": None if first.member.calibration else self.budget,
            "standing": self._standing(task),
            "bootstrap": self.resolved.job.bootstrap,
            "training_figures": self.resolved.job.training_figures,
            "reported": self.resolved.splits[0].reported.value,
            "members": [
                {
                    **asdict(entry.member),
                    "parameters": entry.member.parameters.model_dump(mode="json"),
                }
                for entry in task.entries
            ],
        }

    def _standing(self, task: PlannedTask) -> dict[str, str]:
        """What members that pause at the budget are called as they stand there."""
        if self.budget is None:
            return {}
        keys = (entry.member.key for entry in task.entries)
        return {key: standing_key(key, self.budget) for key in keys}

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
            case Message(body={"segment": segment}):
                self._store(segment)
            case Message(body=body) if "printed" in body:
                title = self._title(task, body.get("member", ""))
                self._tell(Printed(job=job, title=title, lines=tuple(body["printed"])))
            case Message(body=body):
                self._tell(
                    TaskProgressed(
                        job=job,
                        task=name,
                        done=body["done"],
                        text=body["text"],
                        title=self._title(task, body.get("member", "")),
                    )
                )
            case Finished(result=result, seconds=seconds):
                self._finish(result)
                self._tell(
                    TaskEnded(job=job, task=name, seconds=seconds, paused=bool(result["paused"]))
                )
            case Raised(reason=reason, traceback=traceback, seconds=seconds):
                self._tell(TaskEnded(job=job, task=name, seconds=seconds, lost=True))
                self._lose(task, reason, traceback, engine, again=False, stopping=stopping)
            case Died(reason=reason, seconds=seconds):
                self._tell(TaskEnded(job=job, task=name, seconds=seconds, lost=True))
                self._lose(task, reason, "", engine, again=True, stopping=stopping)

    @staticmethod
    def _title(task: PlannedTask, key: str) -> str:
        """Title of a member of a task; empty if it has none of that key."""
        found = (entry.title for entry in task.entries if entry.member.key == key)
        return next(found, "")

    def _store(self, segment: str) -> None:
        """Report the members of a segment that a worker stored.

        How members stand at a budget is stored too; that is the affair of who set it.
        """
        if segment in self.stored:
            return
        self.stored.add(segment)
        named = titles([*self.record["entries"], *self.record["interim"]])
        for record in self.store.segment(segment).records:
            if record["key"] in named:
                self.trained += 1
                self._tell(self._trained(record, named[record["key"]]))

    def _finish(self, result: Json) -> None:
        """Report what a task stored, and the members that failed."""
        self.paused += len(result["paused"])
        for segment in result["segments"]:
            self._store(segment)
        for key, failure in result["failed"].items():
            self._fail(key, failure)

    def _trained(self, record: Json, title: str) -> MemberTrained:
        outputs = self.resolved.dataset.labels.outputs
        reported, learnt = (
            record["figures"].get(part, {"figures": {}})["figures"]
            for part in (self.resolved.splits[0].reported, Part.TRAIN)
        )
        return MemberTrained(
            job=self.resolved.name,
            key=record["key"],
            title=title,
            fit_seconds=record["fit_seconds"],
            score_seconds=record["score_seconds"],
            headline=reported.get(HEADLINE[outputs]),
            accuracy=reported.get(ACCURACY[outputs]),
            training_accuracy=learnt.get(ACCURACY[outputs]),
            fold=record["fold"],
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
        places = self.store.find(entry.member.key for entry in task.entries)
        for segment in sorted({place.segment for place in places.values()}):
            self._store(segment)
        task = task.without(places)
        if stopping or not task.entries:
            return
        first = self.tries.get(task.name, 0) == 0
        if again and first:
            self.tries[task.name] = 1
            self._warn(
                f"a worker was lost ({reason}); its {len(task.entries)} members are tried again."
            )
            engine.add(task.name, self._json(task))
        elif handed_out > 1:
            for single in task.singles():
                self.running[single.name] = single
                self.tries[single.name] = 1
                engine.add(single.name, self._json(single))
        else:
            failure = {"reason": reason, "traceback": traceback}
            self._fail(task.entries[0].member.key, failure)

    def _fail(self, key: str, failure: Json) -> None:
        self.failed[key] = failure
        title = titles(self.record["entries"])[key]
        self._tell(
            MemberFailed(
                job=self.resolved.name,
                key=key,
                title=title,
                reason=failure["reason"],
                traceback=failure["traceback"],
            )
        )

    def _warn(self, text: str) -> None:
        self._tell(Warned(job=self.resolved.name, text=text))

    def _tell(self, event: Any) -> None:
        self.listener(event)
