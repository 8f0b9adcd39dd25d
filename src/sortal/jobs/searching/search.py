"""Search for good parameters: ask, train the round as populations, rank on validation examples, tell.

What a search asks depends on its seed and on what it was told, and what it is told depends on
stored results. A search that was interrupted or killed is therefore simply run again: what is
stored is not trained again, and it goes on where it was.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from sortal.engines.base import Engines
from sortal.errors import Damaged
from sortal.events import Listener, RoundEnded, Warned
from sortal.job.models import TuningBlock
from sortal.jobs.running.interrupt import stops_cleanly
from sortal.jobs.running.run import store_job
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.running.summary import RunSummary
from sortal.jobs.searching.round import RoundTrainer
from sortal.jobs.searching.schedule import brackets_of, sampler_of
from sortal.jobs.searching.searched_classifiers import InvalidCandidate, SearchedClassifiers
from sortal.jobs.searching.stored_metrics import StoredMetrics
from sortal.jobs.searching.study import KIND, SOURCE, Round, Study, Trial, TrialState
from sortal.metrics.metric import Metric
from sortal.metrics.registry import HEADLINE, find
from sortal.metrics.user_metric import UserMetric
from sortal.store.store import Store
from sortal.tuning.rungs import Bracket
from sortal.tuning.samplers import Sampler
from sortal.tuning.space import Candidate, EvaluatedCandidate


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """What a search came to."""

    study: Study
    summary: RunSummary
    """Members of the candidates, over all rounds."""

    best: tuple[tuple[Trial, Candidate], ...]
    """The best, best first, as many as the job keeps."""

    contest: SearchedClassifiers


def search(
    contest: SearchedClassifiers,
    store: Store,
    *,
    engines: Engines,
    options: RunOptions,
    listener: Listener,
) -> SearchSummary:
    """Search until the rounds are through or Ctrl-C ends the running one.

    Args:
        contest: What competes.
        store: Where results, the study and its job record are and go.
        engines: What to train on; they are left open.
        options: How to run it.
        listener: Told what happens as it happens, round by round.

    Raises:
        StoreBusy: Another process runs this search in this store.
    """
    with (
        store.leases.take(f"{contest.search_job.name} rounds"),
        stops_cleanly(engines) as interruption,
    ):
        if store.jobs.read_or_none(contest.search_job.name) is None:
            store_job(contest.search_job, store, listener)
        study, before = _new_study(contest), _study_before(contest, store, listener)
        trainer = RoundTrainer(
            contest=contest,
            store=store,
            study=study,
            values=StoredMetrics(store, study, before, contest.search_job.name),
            engines=engines,
            interruption=interruption,
            options=options,
            listener=listener,
        )
        return _RunningSearch(contest, trainer, before).run()


def _tuning(contest: SearchedClassifiers) -> TuningBlock:
    return contest.resolved.job.tuning or TuningBlock()


def _seed(contest: SearchedClassifiers) -> int:
    seed = _tuning(contest).seed
    return contest.resolved.job.seed if seed is None else seed


def _metric(contest: SearchedClassifiers) -> Metric:
    """The metric that decides, built in or user-defined."""
    resolved = contest.resolved
    name = _tuning(contest).metric or HEADLINE[resolved.dataset.labels.outputs]
    return next((one for one in resolved.metrics if one.name == name), None) or find(name)


def _new_study(contest: SearchedClassifiers) -> Study:
    resolved, tuning = contest.resolved, _tuning(contest)
    metric = _metric(contest)
    spaces = [
        {name: asdict(one) for name, one in space.dimensions.items()} for space in contest.spaces
    ]
    said = {"tuning": tuning.model_dump(mode="json"), "seed": _seed(contest)}
    if isinstance(metric, UserMetric):
        said[SOURCE] = metric.digest
    about = json.loads(json.dumps({**said, "spaces": spaces}))
    data = [resolved.dataset.fingerprint, [s.fingerprint for s in resolved.search_splits]]
    meaning = json.dumps([about, data], sort_keys=True)
    return Study(
        job=resolved.name,
        metric=metric.name,
        smaller_is_better=not metric.greater_is_better,
        meaning=hashlib.blake2b(meaning.encode(), digest_size=16).hexdigest(),
        about=about,
    )


def _study_before(contest: SearchedClassifiers, store: Store, listener: Listener) -> Study | None:
    """What an earlier run of this search left, if it is readable."""
    name = contest.resolved.name
    if name not in store.artifacts.names(KIND):
        return None
    try:
        return Study.read(store, name)
    except Damaged as damage:
        listener(Warned(job=name, text=f"{damage} It is made anew from stored results."))
        return None


@dataclass(slots=True)
class _RunningSearch:
    """Keeps the books of one search."""

    contest: SearchedClassifiers
    trainer: RoundTrainer
    before: Study | None
    """What an earlier run of this search left."""

    trials: dict[str, Trial] = field(default_factory=dict)
    """By identity of their candidate."""

    candidates: dict[int, Candidate] = field(default_factory=dict)
    """By number of their trial."""

    @property
    def study(self) -> Study:
        """The search so far."""
        return self.trainer.study

    def run(self) -> SearchSummary:
        """Go round by round."""
        started, tuning = time.perf_counter(), _tuning(self.contest)
        sampler = sampler_of(tuning, self.contest.spaces, _seed(self.contest))
        brackets = brackets_of(tuning)
        for bracket in brackets:
            self._round(sampler, bracket, len(brackets))
            if self.trainer.ended:
                break
        best = self.study.ranked[: tuning.keep]
        return SearchSummary(
            study=self.study,
            summary=self._summary(time.perf_counter() - started),
            best=tuple((one, self.candidates[one.number]) for one in best),
            contest=self.contest,
        )

    def _round(self, sampler: Sampler, bracket: Bracket, rounds: int) -> None:
        """Ask, train, rank, tell."""
        started, trained = time.perf_counter(), self.trainer.trained
        asked = sampler.ask(bracket.candidates)
        trials = [self._trial(candidate) for candidate in asked]
        incomplete = [one for one in trials if one.state is not TrialState.COMPLETE]
        self.trainer.train(incomplete, bracket)
        sampler.tell([self._judged(c, one) for c, one in zip(asked, trials, strict=True)])
        new = Round(
            trials=tuple(one.number for one in trials),
            budgets=bracket.budgets,
            trained=self.trainer.trained - trained,
            seconds=round(time.perf_counter() - started, 3),
            ended=datetime.now(UTC).isoformat(timespec="seconds"),
            interrupted=self.trainer.ended,
        )
        self.study.rounds.append(self._as_it_was(new))
        self.study.save(self.trainer.store)
        self._tell_round(trials, rounds)

    def _as_it_was(self, new: Round) -> Round:
        """A round of which all was stored keeps the times of the run that trained it."""
        place, before = len(self.study.rounds), self.before
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
        fit = () if isinstance(entries, InvalidCandidate) else entries
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
        if isinstance(entries, InvalidCandidate):
            trial.state, trial.reason = TrialState.FAILED, entries.reason
        self.trainer.entries[number], self.candidates[number] = fit, candidate
        self.trials[candidate.identity] = trial
        self.study.trials.append(trial)
        return trial

    def _judged(self, candidate: Candidate, trial: Trial) -> EvaluatedCandidate:
        usable = trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and trial.value is not None
        return EvaluatedCandidate(
            candidate=candidate,
            value=self.study.sign(trial.value or 0.0) if usable else None,
            pruned_at=max(map(int, trial.rungs)) if trial.state is TrialState.PRUNED else None,
        )

    def _tell_round(self, trials: Sequence[Trial], rounds: int) -> None:
        best = next(iter(self.study.ranked), None)
        self.trainer.listener(
            RoundEnded(
                job=self.contest.resolved.name,
                round=len(self.study.rounds),
                rounds=rounds,
                candidates=len(trials),
                pruned=sum(one.state is TrialState.PRUNED for one in trials),
                failed=sum(one.state is TrialState.FAILED for one in trials),
                metric=self.study.metric,
                best_title=best.title if best else "",
                best=best.value if best else None,
                interrupted=self.trainer.ended,
            )
        )

    def _summary(self, seconds: float) -> RunSummary:
        trainer = self.trainer
        keys = {key for one in self.study.trials for key in one.keys}
        return RunSummary(
            trained=trainer.trained,
            stored=len(trainer.store.members.find(keys)) - trainer.trained,
            failed={} if self.study.ranked else trainer.reasons,
            paused=trainer.paused,
            interrupted=trainer.ended,
            requeue=trainer.requeue,
            seconds=seconds,
        )
