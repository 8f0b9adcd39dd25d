"""Search for good parameters: ask, train the round as populations, rank on validation examples, tell.

What a search asks depends on its seed and on what it was told, and what it is told depends on
stored results. A search that was interrupted or killed is therefore simply run again: what is
stored is not trained again, and it goes on where it was.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sortal.errors import Damaged
from sortal.evaluation.scores import HEADLINE
from sortal.events import Listener, RoundEnded, Warned
from sortal.job.models import TuningBlock
from sortal.jobs.contest import Contest, Unfit
from sortal.jobs.entries import Entry
from sortal.jobs.interrupt import Interruption, stops_cleanly
from sortal.jobs.plan import Plan, plan
from sortal.jobs.run import enter, run
from sortal.jobs.search_schedule import brackets_of, sampler_of
from sortal.jobs.search_values import Values
from sortal.jobs.study import KIND, Round, State, Study, Trial
from sortal.jobs.summary import Summary
from sortal.jobs.warm_engines import WarmEngines
from sortal.store.store import Store
from sortal.tuning.rungs import Bracket, promoted
from sortal.tuning.samplers import Sampler
from sortal.tuning.space import Candidate, Judged

SMALLER_IS_BETTER = frozenset({"log_loss", "brier", "ece", "hamming_loss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search came to."""

    study: Study
    summary: Summary
    """Members of the candidates, over all rounds."""

    best: tuple[tuple[Trial, Candidate], ...]
    """The best, best first, as many as the job keeps."""

    contest: Contest


def search(
    contest: Contest,
    store: Store,
    *,
    engines: WarmEngines,
    cores: int,
    listener: Listener,
    snapshot_seconds: float | None = None,
) -> Searched:
    """Search until the rounds are through or Ctrl-C ends the running one.

    Args:
        contest: What competes.
        store: Where results, the study and its job record are and go.
        engines: What to train on.
        cores: Cores to plan for.
        listener: Told what happens as it happens, round by round.
        snapshot_seconds: Pause between snapshots of what trains for long [s].

    Raises:
        StoreBusy: Another process runs this search in this store.
    """
    with (
        store.lease(f"{contest.search_job.name} rounds"),
        stops_cleanly(engines) as interruption,
    ):
        driver = _Search(contest, store, cores, listener, snapshot_seconds, engines, interruption)
        return driver.run()


@dataclass(slots=True)
class _Search:
    """Keeps the books of one search."""

    contest: Contest
    store: Store
    cores: int
    listener: Listener
    snapshot_seconds: float | None
    engines: WarmEngines
    interruption: Interruption

    study: Study = field(init=False)
    values: Values = field(init=False)
    trials: dict[str, Trial] = field(default_factory=dict)
    """By identity of their candidate."""

    candidates: dict[int, Candidate] = field(default_factory=dict)
    """By number of their trial."""

    entries: dict[int, tuple[Entry, ...]] = field(default_factory=dict)
    """Members by number of their trial."""

    counted: dict[str, Any] = field(default_factory=lambda: {"trained": 0, "paused": 0})
    reasons: dict[str, Any] = field(default_factory=dict)
    """Failures of members by key."""

    ended: bool = False
    """Whether an interrupt ended the search."""

    requeue: bool = False

    def run(self) -> Searched:
        """Go round by round."""
        started = time.perf_counter()
        if self.store.job_or_none(self.contest.search_job.name) is None:
            enter(self.contest.search_job, self.store)
        tuning = self.contest.resolved.job.tuning or TuningBlock()
        self.study, before = self._new_study(tuning), self._study_before()
        self.values = Values(self.store, self.study.metric, before)
        sampler = sampler_of(tuning, self.contest.spaces, self._seed(tuning))
        brackets = brackets_of(tuning)
        for bracket in brackets:
            self._round(sampler, bracket, len(brackets), before)
            if self.ended:
                break
        best = self.study.ranked[: tuning.keep]
        return Searched(
            study=self.study,
            summary=self._summary(time.perf_counter() - started),
            best=tuple((one, self.candidates[one.number]) for one in best),
            contest=self.contest,
        )

    def _seed(self, tuning: TuningBlock) -> int:
        return self.contest.resolved.job.seed if tuning.seed is None else tuning.seed

    def _new_study(self, tuning: TuningBlock) -> Study:
        resolved = self.contest.resolved
        metric = tuning.metric or HEADLINE[resolved.dataset.labels.outputs]
        spaces = [
            {name: asdict(one) for name, one in space.dimensions.items()}
            for space in self.contest.spaces
        ]
        said = {"tuning": tuning.model_dump(mode="json"), "seed": self._seed(tuning)}
        about = json.loads(json.dumps({**said, "spaces": spaces}))
        data = [resolved.dataset.fingerprint, [s.fingerprint for s in resolved.search_splits]]
        meaning = json.dumps([about, data], sort_keys=True)
        return Study(
            job=resolved.name,
            metric=metric,
            smaller_is_better=metric in SMALLER_IS_BETTER,
            meaning=hashlib.blake2b(meaning.encode(), digest_size=16).hexdigest(),
            about=about,
        )

    def _study_before(self) -> Study | None:
        """What an earlier run of this search left, if it is readable."""
        name = self.contest.resolved.name
        if name not in self.store.artifact_names(KIND):
            return None
        try:
            return Study.read(self.store, name)
        except Damaged as damage:
            self._warn(f"{damage} It is made anew from stored results.")
            return None

    def _round(self, sampler: Sampler, bracket: Bracket, rounds: int, before: Study | None) -> None:
        """Ask, train, rank, tell."""
        started, trained = time.perf_counter(), self.counted["trained"]
        asked = sampler.ask(bracket.candidates)
        trials = [self._trial(candidate) for candidate in asked]
        self._train([one for one in trials if one.state is not State.COMPLETE], bracket)
        sampler.tell([self._judged(c, one) for c, one in zip(asked, trials, strict=True)])
        new = Round(
            trials=tuple(one.number for one in trials),
            budgets=bracket.budgets,
            trained=self.counted["trained"] - trained,
            seconds=round(time.perf_counter() - started, 3),
            ended=datetime.now(UTC).isoformat(timespec="seconds"),
            interrupted=self.ended,
        )
        self.study.rounds.append(self._as_it_was(new, before))
        self.study.save(self.store)
        self._tell_round(trials, rounds)

    def _as_it_was(self, new: Round, before: Study | None) -> Round:
        """A round of which all was stored keeps the times of the run that trained it."""
        place = len(self.study.rounds)
        if new.trained or before is None or len(before.rounds) <= place:
            return new
        old = before.rounds[place]
        same = before.meaning == self.study.meaning and old.trials == new.trials
        return old if same and not old.interrupted else new

    def _trial(self, candidate: Candidate) -> Trial:
        """The trial of a candidate, a new one unless it was proposed before."""
        if candidate.identity in self.trials:
            return self.trials[candidate.identity]
        entries = self.contest.candidate(candidate)
        fit = () if isinstance(entries, Unfit) else entries
        parent = self.trials.get(candidate.parent)
        number = len(self.study.trials) + 1
        trial = Trial(
            number=number,
            classifier=candidate.kind,
            title=fit[0].title if fit else "",
            method=fit[0].member.method if fit else "",
            values=dict(candidate.values),
            parent=parent.number if parent else None,
            keys=tuple(dict.fromkeys(entry.member.key for entry in fit)),
        )
        if isinstance(entries, Unfit):
            trial.state, trial.reason = State.FAILED, entries.reason
        self.entries[number], self.candidates[number] = fit, candidate
        self.trials[candidate.identity] = trial
        self.study.trials.append(trial)
        return trial

    def _train(self, trials: Sequence[Trial], bracket: Bracket) -> None:
        """Train through the rungs; what is hopeless stays behind."""
        running = [one for one in trials if one.keys]
        for one in running:
            one.state, one.value, one.rungs = State.OPEN, None, {}
        planned = self._plan(running)
        left = running
        for budget in bracket.budgets:
            left = self._sifted(left, planned, budget, bracket.factor) if left else []
        self._compute(planned, [key for one in left for key in one.keys], None)
        for one in running if self.ended else left:
            self._settle(one)
        if not self.ended:
            for task in planned.tasks:
                self.store.drop_snapshot(task.name)

    def _plan(self, trials: Sequence[Trial]) -> Plan:
        """The round's members as populations; every rung keeps these, whoever is left."""
        entries = [entry for one in trials for entry in self.entries[one.number]]
        return plan(entries, self.contest.search_job.shape, cores=self.cores)

    def _sifted(self, running: list[Trial], planned: Plan, budget: int, factor: int) -> list[Trial]:
        """Train to a rung and keep the best; those that are done already need no place there."""
        open_keys = [
            key
            for one in running
            if self.values.at_rung(one.keys, budget) is None
            for key in self.values.without_standing(one.keys, budget)
        ]
        self._compute(planned, open_keys, budget)
        if self.ended:
            return []
        values = [self.values.at_rung(one.keys, budget) for one in running]
        for one, value in zip(running, values, strict=True):
            if value is not None:
                one.rungs[str(budget)] = value
        kept = promoted([None if v is None else self.study.sign(v) for v in values], factor=factor)
        for place, one in enumerate(running):
            if place not in kept:
                self._leave(one, values[place])
        self.study.save(self.store)
        self.values.drop_standing((key for one in running for key in one.keys), budget)
        return [running[place] for place in kept]

    def _leave(self, trial: Trial, value: float | None) -> None:
        """Note what became of a trial that does not go on from a rung."""
        if value is None or self.values.whole(trial.keys) is not None:
            self._settle(trial)
        else:
            trial.state, trial.value = State.PRUNED, value

    def _compute(self, planned: Plan, keys: Iterable[str], budget: int | None) -> None:
        """Train some members of the round's populations as far as a budget."""
        wanted = frozenset(keys)
        tasks = [task.without(_Others(wanted)) for task in planned.tasks]
        left = replace(planned, tasks=tuple(task for task in tasks if task.entries))
        listed = tuple(entry for one in self.study.trials for entry in self.entries[one.number])
        if self.interruption.asked:
            self.ended, self.requeue = True, self.interruption.by_batch_system
            return
        if not left.tasks:
            return
        summary = run(
            replace(self.contest.search_job, entries=listed),
            left,
            self.store,
            listener=self.listener,
            snapshot_seconds=self.snapshot_seconds,
            budget=budget,
            engine=self.engines.get(left.workers, left.threads),
        )
        self.counted["trained"] += summary.trained
        self.counted["paused"] = summary.paused
        self.reasons |= summary.failed
        self.values.forget()
        self.ended |= summary.interrupted
        self.requeue |= summary.requeue

    def _settle(self, trial: Trial) -> None:
        """Note what became of a trial that is trained whole, or that failed."""
        found = self.values.whole(trial.keys)
        if found is not None:
            trial.state, trial.value = State.COMPLETE, found.mean
            trial.spread, trial.seconds = found.sd, found.seconds
        elif not self.ended:
            trial.state = State.FAILED
            trial.reason = self._why(trial)

    def _why(self, trial: Trial) -> str:
        told = [self.reasons[key]["reason"] for key in trial.keys if key in self.reasons]
        return next(iter(told), f"its {self.study.metric} is undefined on the validation examples")

    def _judged(self, candidate: Candidate, trial: Trial) -> Judged:
        usable = trial.state in (State.COMPLETE, State.PRUNED) and trial.value is not None
        return Judged(
            candidate=candidate,
            value=self.study.sign(trial.value or 0.0) if usable else None,
            pruned_at=max(map(int, trial.rungs)) if trial.state is State.PRUNED else None,
        )

    def _tell_round(self, trials: Sequence[Trial], rounds: int) -> None:
        best = next(iter(self.study.ranked), None)
        self.listener(
            RoundEnded(
                job=self.contest.resolved.name,
                round=len(self.study.rounds),
                rounds=rounds,
                candidates=len(trials),
                pruned=sum(one.state is State.PRUNED for one in trials),
                failed=sum(one.state is State.FAILED for one in trials),
                metric=self.study.metric,
                best_title=best.title if best else "",
                best=best.value if best else None,
                interrupted=self.ended,
            )
        )

    def _summary(self, seconds: float) -> Summary:
        keys = {key for one in self.study.trials for key in one.keys}
        return Summary(
            trained=self.counted["trained"],
            stored=len(self.store.find(keys)) - self.counted["trained"],
            failed={} if self.study.ranked else self.reasons,
            paused=self.counted["paused"],
            interrupted=self.ended,
            requeue=self.requeue,
            seconds=seconds,
        )

    def _warn(self, text: str) -> None:
        self.listener(Warned(job=self.contest.resolved.name, text=text))


@dataclass(frozen=True, slots=True)
class _Others:
    """All keys but some."""

    wanted: frozenset[str]

    def __contains__(self, key: object) -> bool:
        return key not in self.wanted
