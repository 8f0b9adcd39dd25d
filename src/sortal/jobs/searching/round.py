"""Train the candidates of one round of a search: as populations, through the rungs, resumably."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sortal.engines.base import Engines
from sortal.events import Listener
from sortal.jobs.planning.members import PlannedMember
from sortal.jobs.planning.plan import Plan, plan
from sortal.jobs.running.interrupt import Interruption
from sortal.jobs.running.run import run
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.searching.searched_classifiers import SearchedClassifiers
from sortal.jobs.searching.stored_metrics import StoredMetrics
from sortal.jobs.searching.study import Study, Trial, TrialState
from sortal.store.records.job_record import Failure
from sortal.store.store import Store
from sortal.tuning.rungs import Bracket, promote


@dataclass(slots=True, kw_only=True)
class RoundTrainer:
    """Trains trials as far as they deserve, and writes into them what became of them."""

    contest: SearchedClassifiers
    store: Store
    study: Study
    values: StoredMetrics
    engines: Engines
    interruption: Interruption
    options: RunOptions
    listener: Listener

    entries: dict[int, tuple[PlannedMember, ...]] = field(default_factory=dict)
    """Members by number of their trial."""

    trained: int = 0
    paused: int = 0
    reasons: dict[str, Failure] = field(default_factory=dict)
    """Failures of members by key."""

    ended: bool = False
    """Whether an interrupt ended the search."""

    requeue: bool = False
    """Whether it was a batch system that asked for an end."""

    def train(self, trials: Sequence[Trial], bracket: Bracket) -> None:
        """Train through the rungs; what is hopeless stays behind.

        Args:
            trials: Those of the round that are not complete.
            bracket: Its rungs.
        """
        running = [one for one in trials if one.keys]
        for one in running:
            one.state, one.value, one.rungs = TrialState.OPEN, None, {}
        planned = self._plan(running)
        left = running
        for budget in bracket.budgets:
            left = self._sifted(left, planned, budget, bracket.factor) if left else []
        self._compute(planned, [key for one in left for key in one.keys], None)
        for one in running if self.ended else left:
            self._settle(one)
        if not self.ended:
            for task in planned.tasks:
                self.store.snapshots.drop(task.name)

    def _plan(self, trials: Sequence[Trial]) -> Plan:
        """The round's members as populations; every rung keeps these, whoever is left."""
        entries = [entry for one in trials for entry in self.entries[one.number]]
        return plan(entries, self.contest.search_job.shape, cores=self.options.cores_to_use)

    def _sifted(self, running: list[Trial], planned: Plan, budget: int, factor: int) -> list[Trial]:
        """Train to a rung and keep the best; those that are done already compete as they are."""
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
        kept = promote([None if v is None else self.study.sign(v) for v in values], factor=factor)
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
            trial.state, trial.value = TrialState.PRUNED, value

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
            engines=self.engines,
            options=self.options,
            listener=self.listener,
            budget=budget,
        )
        self.trained += summary.trained
        self.paused = summary.paused
        self.reasons |= summary.failed
        self.values.forget()
        self.ended |= summary.interrupted
        self.requeue |= summary.requeue

    def _settle(self, trial: Trial) -> None:
        """Note what became of a trial that is trained whole, or that failed."""
        found = self.values.whole(trial.keys)
        if found is not None:
            trial.state, trial.value = TrialState.COMPLETE, found.mean
            trial.spread, trial.seconds = found.sd, found.seconds
        elif not self.ended:
            trial.state = TrialState.FAILED
            trial.reason = self._why(trial)

    def _why(self, trial: Trial) -> str:
        told = [self.reasons[key].reason for key in trial.keys if key in self.reasons]
        return next(iter(told), f"its {self.study.metric} is undefined on the validation examples")


@dataclass(frozen=True, slots=True)
class _Others:
    """All keys but some."""

    wanted: frozenset[str]

    def __contains__(self, key: object) -> bool:
        return key not in self.wanted
