"""Run a resolved job: compute what the store lacks, keep everything that is finished."""

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from sortal.data.split import Part
from sortal.data.unseen import InputSpec
from sortal.engines.base import Died, Engine, Finished, Json, Message, Raised, Report, Started
from sortal.engines.here import Here
from sortal.evaluation.scores import ACCURACY, HEADLINE
from sortal.events import (
    JobEnded,
    JobPlanned,
    Listener,
    MemberFailed,
    MemberTrained,
    TaskEnded,
    TaskProgressed,
    TaskStarted,
    Warned,
    silent,
)
from sortal.jobs.interrupt import Interruption, stops_cleanly
from sortal.jobs.plan import Plan, PlannedTask
from sortal.jobs.record import job_record, lost_results, run_entry, titles
from sortal.jobs.resolve import Resolved
from sortal.jobs.summary import Summary
from sortal.jobs.training_weights import member_weighing
from sortal.jobs.unfinished import (
    find_begun,
    interim_entries,
    interim_key,
    settled_interim,
    standing_key,
)
from sortal.methods.provided import described
from sortal.store.store import Store
from sortal.training.begun import Begun

TASK = "sortal.jobs.task:run"


def run(
    resolved: Resolved,
    plan: Plan,
    store: Store,
    *,
    listener: Listener = silent,
    snapshot_seconds: float | None = None,
    as_is: bool = False,
    budget: float | None = None,
    engine: Engine | None = None,
) -> Summary:
    """Compute all members of the plan that the store lacks.

    Args:
        resolved: The job, its data and its members.
        plan: Its tasks.
        store: Where results are and go.
        listener: Told what happens as it happens.
        snapshot_seconds: Pause between snapshots of what trains for long [s]; the
            method's own if not given.
        as_is: Train nothing, but make results of members in mid-training as they are: with
            their best weights where these are kept, under titles that end in `(unfinished)`.
        budget: Train to this many units, and store how the members that pause there stand
            (`unfinished.standing_key`); those that cannot pause are trained whole.
        engine: What to run on; one that ends with the run if not given.

    Raises:
        StoreBusy: Another driver runs this job in this store.
    """
    with store.lease(resolved.name):
        before = store.job_or_none(resolved.name)
        record = enter(resolved, store)
        for lost in lost_results(record, before):
            text = f"{lost} was of other data or titles, and is let go."
            listener(Warned(job=resolved.name, text=text))
        begun = find_begun(store, (e["key"] for e in record["entries"])) if as_is else None
        if begun:
            known = {entry["key"] for entry in record["interim"]}
            new = interim_entries(record["entries"], begun)
            record["interim"] += [entry for entry in new if entry["key"] not in known]
        driver = _Driver(resolved, plan, store, listener, record, snapshot_seconds, begun, budget)
        summary = driver.run(engine)
        tried = frozenset() if as_is else frozenset(driver.planned)
        record["failures"] = {**_kept_failures(record, before, tried), **summary.failed}
        record["runs"].append(
            run_entry(
                trained=summary.trained,
                stored=summary.stored,
                failed=len(summary.failed),
                seconds=summary.seconds,
                interrupted=summary.interrupted,
            )
        )
        record["interim"] = settled_interim(record["interim"], store)
        store.write_job(resolved.name, record)
        store.delete_unlisted(entry["key"] for entry in (before or {}).get("interim", ()))
    return summary


def enter(resolved: Resolved, store: Store) -> dict[str, Any]:
    """Write a job's data and its record, and return that."""
    store.save_dataset(resolved.dataset)
    store.remember_source(resolved.source, resolved.dataset.fingerprint)
    for split in resolved.splits:
        store.save_split(resolved.dataset.fingerprint, split)
    record = job_record(resolved, store.job_or_none(resolved.name))
    store.write_job(resolved.name, record)
    return record


def _kept_failures(
    record: Mapping[str, Any], before: Mapping[str, Any] | None, tried: frozenset[str]
) -> dict[str, Json]:
    """Failures of an earlier run, of members that this one did not try."""
    keys = {entry["key"] for entry in record["entries"]} - tried
    return {key: of for key, of in (before or {}).get("failures", {}).items() if key in keys}


@dataclass(slots=True)
class _Driver:
    """Keeps the books of one run."""

    resolved: Resolved
    plan: Plan
    store: Store
    listener: Listener
    record: Mapping[str, Any]
    snapshot_seconds: float | None
    begun: Mapping[str, Begun] | None
    """Members in mid-training, where they are to become results as they are; else None."""

    budget: float | None

    trained: int = 0
    paused: int = 0
    failed: dict[str, Json] = field(default_factory=dict)
    running: dict[str, PlannedTask] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def planned(self) -> list[str]:
        """Keys of the members that the plan computes."""
        return [entry.member.key for task in self.plan.tasks for entry in task.entries]

    def run(self, given: Engine | None) -> Summary:
        """Send tasks to an engine and follow its reports."""
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
            with (
                nullcontext(given)
                if given
                else Here(self.plan.workers, self.plan.threads) as engine,
                stops_cleanly(engine) as interruption,
            ):
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
            "inputs": InputSpec.of(self.resolved.dataset, block).described(),
            "preparation": [block.scaling, block.imputation],
            "weighing": asdict(member_weighing(block, first.member.weights)),
            "method": first.member.method,
            "sources": described(first.member.method),
            "calibration": first.member.calibration,
            "threads": self.plan.threads,
            "snapshot_seconds": self.snapshot_seconds,
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
        task = self.running[report.task]
        job, name = self.resolved.name, report.task
        match report:
            case Started():
                self._tell(
                    TaskStarted(
                        job=job, task=name, method=task.method.name, members=len(task.entries)
                    )
                )
            case Message(body=body):
                self._tell(TaskProgressed(job=job, task=name, done=body["done"], text=body["text"]))
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

    def _finish(self, result: Json) -> None:
        """Report the members of a stored segment, and those that failed."""
        named = titles([*self.record["entries"], *self.record["interim"]])
        self.paused += len(result["paused"])
        if result["segment"]:
            for record in self.store.segment(result["segment"]).records:
                self.trained += 1
                self._tell(self._trained(record, named[record["key"]]))
        for key, failure in result["failed"].items():
            self._fail(key, failure["reason"], failure["traceback"])

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
        error that the worker itself raised would only come again.
        """
        if stopping:
            return
        first = self.tries.get(task.name, 0) == 0
        if again and first:
            self.tries[task.name] = 1
            self._warn(
                f"a worker was lost ({reason}); its {len(task.entries)} members are tried again."
            )
            engine.add(task.name, self._json(task))
        elif len(task.entries) > 1:
            for single in task.singles():
                self.running[single.name] = single
                self.tries[single.name] = 1
                engine.add(single.name, self._json(single))
        else:
            self._fail(task.entries[0].member.key, reason, traceback)

    def _fail(self, key: str, reason: str, traceback: str) -> None:
        self.failed[key] = {"reason": reason, "traceback": traceback}
        title = titles(self.record["entries"])[key]
        self._tell(
            MemberFailed(
                job=self.resolved.name, key=key, title=title, reason=reason, traceback=traceback
            )
        )

    def _warn(self, text: str) -> None:
        self._tell(Warned(job=self.resolved.name, text=text))

    def _tell(self, event: Any) -> None:
        self.listener(event)
