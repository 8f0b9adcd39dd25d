"""Results of a job as values: read from the store, ranked, compared, ready to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part, Split
from sortal.errors import NotFound, UserError
from sortal.evaluation.comparison import Comparison, compare, tied_with_best
from sortal.evaluation.row import Row
from sortal.jobs.results.interim import find_started, unfinished_frame
from sortal.jobs.results.job_data import JobData, reported_part
from sortal.jobs.results.outline import JobOutline
from sortal.jobs.results.result import MemberResult, Result, blank_if_nan
from sortal.jobs.user_metrics.values import KeptMetric, MetricValues
from sortal.metrics.registry import ACCURACY, BESIDE_HEADLINE, HEADLINE
from sortal.store.records.job_record import EnsembleEntry, Failure, InterimEntry, JobRecord, wholes
from sortal.store.store import Store

if TYPE_CHECKING:
    import polars as pl

_ROW = "row of the data"
"""Column that holds the place of an example in the data set while a table is made."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JobResults(JobData):
    """What a job came to.

    Failed and missing members are left out of every figure and listed in `failed`.
    """

    name: str
    results: tuple[Result, ...]
    own_metrics: tuple[KeptMetric, ...] = ()
    """User-defined metrics that the job named when it was last run."""

    metrics_damage: str = ""
    """A sentence about stored values of these that are not readable; empty where they are sound."""

    _tied: dict[str | None, frozenset[str]] = field(init=False, default_factory=dict, repr=False)

    @classmethod
    def read(cls, store: Store, name: str) -> "JobResults":
        """Read a job's results from a store.

        Raises:
            NotFound: The store has no job of that name.
        """
        record = store.jobs.read(name)
        part, (own, damage) = reported_part(record, store), MetricValues.readable(store, name)
        return cls(
            name=name,
            record=record,
            results=_results(record, store, part, own),
            own_metrics=own.metrics,
            metrics_damage=damage,
            part=part,
            store=store,
        )

    def only(self, target: str | None) -> "JobResults":
        """The results of one target; all of them for None.

        Raises:
            NotFound: The job has no such target.
        """
        if target is None:
            return self
        if target not in self.targets:
            known = filter(None, self.targets)
            raise NotFound("target", target, known, where=f"job {self.name!r}")
        return replace(self, results=tuple(r for r in self.results if r.target == target))

    def outline(self) -> JobOutline:
        """The job in one row: its size, state and best classifier."""
        best, value = self._champion()
        entries = [e for e in wholes(self.record.every_entry) if not isinstance(e, InterimEntry)]
        members = (member.entry for result in self.results for member in result.members)
        done = {entry.key for entry in members if not isinstance(entry, InterimEntry)}
        return JobOutline(
            job=self.name,
            classifiers=len({entry.title for entry in entries}),
            members=len({entry.key for entry in entries}),
            done=len(done),
            failed=len(self.record.failures),
            best=best,
            headline=self.headline,
            value=value,
            updated=self.record.updated,
        )

    def _champion(self) -> tuple[str | None, float | None]:
        """Title of the best classifier and its headline, a mean over independent targets."""
        values: dict[str, list[float]] = {}
        for result in self.results:
            value = result.figures[self.headline].mean
            if not (result.is_reference or result.fold_of or np.isnan(value)):
                values.setdefault(result.title, []).append(value)
        means = {title: float(np.mean(several)) for title, several in values.items()}
        return max(means.items(), key=lambda item: item[1], default=(None, None))

    @property
    def outputs(self) -> Outputs:
        """How the classifiers' outputs relate."""
        return self.record.outputs

    @property
    def headline(self) -> str:
        """The figure that ranks: balanced accuracy, or macro F1 of independent targets.

        Where only figures of these were imported, which tell nothing of the single target, their
        subset accuracy.
        """
        imported = self.outputs is Outputs.INDEPENDENT and self.record.figures_alone
        return (ACCURACY if imported else HEADLINE)[self.outputs]

    @property
    def knows_examples(self) -> bool:
        """True if the predictions of single examples are known.

        It is not where figures alone were imported, or where the stored data is damaged.
        """
        return not self.record.figures_alone and not self.damage

    @property
    def failed(self) -> Mapping[str, Failure]:
        """Why members failed, by `title (seed, fold, target)`."""
        return {
            entry.place: self.record.failures[entry.key]
            for entry in wholes(self.record.entries)
            if entry.key in self.record.failures
        }

    def unfinished(self) -> "pl.DataFrame":
        """Members in mid-training: title, seed, fold, target, epochs done, best validation loss."""
        entries = self.record.entries
        return unfinished_frame(entries, find_started(self.store, (e.key for e in entries)))

    @cached_property
    def ranked(self) -> tuple[Result, ...]:
        """Results, best headline first; results without one last."""
        return tuple(sorted(self.results, key=self._rank))

    def _whole(self, target: str | None) -> list[Result]:
        """Results of one target in their ranks, without those of single folds."""
        return [r for r in self.ranked if r.target == target and not r.fold_of]

    def _rank(self, result: Result) -> tuple[bool, float, str]:
        value = result.figures[self.headline].mean
        return (bool(np.isnan(value)), -value, result.title)

    def best(self, target: str | None = None) -> Result | None:
        """The result with the best headline that is no reference; None if none has been judged."""
        rivals = (r for r in self._whole(target) if not r.is_reference)
        return next((r for r in rivals if not np.isnan(r.figures[self.headline].mean)), None)

    def titled(self, title: str, target: str | None = None) -> tuple[Result, ...]:
        """The results under a title, one a target; narrowed to one target if it is given.

        Raises:
            NotFound: No result has that title and target.
        """
        found = [r for r in self.results if r.title == title and target in (None, r.target)]
        if not found:
            known = (
                {r.title for r in self.results} if target is None else filter(None, self.targets)
            )
            name = title if target is None else target
            kind = "result" if target is None else "target"
            raise NotFound(kind, name, known, where=f"job {self.name!r}")
        return tuple(found)

    def correct(self, results: Sequence[Result]) -> np.ndarray:
        """Whether each result is right on each reported example, shape (results, examples), bool.

        Examples of all folds are pooled: each is judged by the member that did not see
        it. Of several seeds, the one with the median headline speaks.

        Raises:
            UserError: The job was imported as figures alone.
        """
        require_examples(self.record)
        rows = np.concatenate([split.rows(self.part) for split in self.splits])
        position = np.full(len(self.labels), -1)
        position[rows] = np.arange(len(rows))
        right = np.zeros((len(results), len(rows)), dtype=bool)
        spoken = [self.speakers(result) for result in results]
        predicted = self.store.members.predicted(
            [m.entry.key for members in spoken for m in members]
        )
        decisions = iter(predicted)
        for row, members in enumerate(spoken):
            for member in members:
                reported, truth = self.reported(member)
                decided = next(decisions)
                agrees = decided[len(decided) - len(reported) :] == truth
                right[row, position[reported]] = agrees if agrees.ndim == 1 else agrees.all(axis=1)
        return right

    def speakers(self, result: Result) -> list[MemberResult]:
        """One member per fold: of its seeds the one with the median headline."""
        folds: dict[int | None, list[MemberResult]] = {}
        for member in result.members:
            folds.setdefault(member.entry.fold, []).append(member)
        speakers = []
        for members in folds.values():
            order = sorted(
                members,
                key=lambda m: (m.scores[self.part].figures[self.headline], m.entry.seed or 0),
            )
            speakers.append(order[(len(order) - 1) // 2])
        return speakers

    def reported(self, member: MemberResult) -> tuple[np.ndarray, np.ndarray]:
        """Rows that were reported for a member, and their labels.

        Raises:
            UserError: The job was imported as figures alone.
        """
        require_examples(self.record)
        split = next(s for s in self.splits if s.fold == member.entry.fold)
        labels = self.labels.for_target(member.entry.target)
        rows = split.rows(self.part)
        rows = rows[labels.known[rows]]
        return rows, labels.codes[rows]

    def tied(self, target: str | None = None) -> frozenset[str]:
        """Titles that are statistically tied with the best (McNemar, Holm, 5 %).

        References take no part. The best itself is among them. There are none where single
        examples are not known: nothing is known of ties then.
        """
        if target not in self._tied:
            self._tied[target] = self._find_tied(target)
        return self._tied[target]

    def _find_tied(self, target: str | None) -> frozenset[str]:
        rivals = [r for r in self._whole(target) if not r.is_reference]
        if not rivals or not self.knows_examples:
            return frozenset()
        headline = np.array([r.figures[self.headline].mean for r in rivals])
        tied = tied_with_best(self.correct(rivals), headline)
        return frozenset(r.title for r, is_tied in zip(rivals, tied, strict=True) if is_tied)

    @property
    def targets(self) -> tuple[str | None, ...]:
        """The independent targets, or None alone."""
        return tuple(dict.fromkeys(result.target for result in self.results))

    def comparison(self, target: str | None = None) -> Comparison:
        """Pairwise McNemar tests with Holm correction between all results of a target."""
        rivals = self._whole(target)
        return compare(self.correct(rivals), [r.title for r in rivals])

    def ranking(self, target: str | None = None) -> "pl.DataFrame":
        """One row per result of a target, best first.

        Columns: rank, title, method, the headline with its interval (`low`, `high`) or
        its spread over seeds and folds (`sd`), its mean on the training examples (`training`,
        null if that was not judged), log_loss, macro_f1, user-defined metrics, the seconds, the
        number of members, and whether it is tied with the best (null where that is not known).
        """
        import polars as pl

        tied = self.tied(target) if self.knows_examples else None
        rows = [
            _ranking_row(result, self.headline, tied, self.own_metrics)
            for result in self.ranked
            if result.target == target
        ]
        frame = pl.DataFrame(rows, infer_schema_length=None)
        return frame.with_row_index("rank", offset=1) if rows else frame

    def scores(
        self,
        title: str,
        target: str | None = None,
        *,
        seed: int | None = None,
        member: str | None = None,
    ) -> "pl.DataFrame":
        """Scores of every reported example, in the order of the data: id, truth, a column per class.

        With folds, column `fold` names the fold that reported the example, whose member did not
        train on it. Scores are null where no member of that fold is stored. An ensemble has a
        `spread_CLASS` each beside them: the standard deviation over what it averages.

        Args:
            title: The classifier.
            target: The independent target; the first of several if not given.
            seed: The seed of the members whose scores are wanted; the first of several if not given.
            member: Key of one member; its own reported examples alone are listed.

        Raises:
            NotFound: No result has that title and target, or it has no such member.
            UserError: The result has no such seed, or the job was imported as figures alone.
        """
        import polars as pl

        require_examples(self.record)
        result = self.titled(title, target)[0]
        if member is not None:
            return self._scored(_of_key(result, member)).drop(_ROW)
        scored = {one.entry.fold: self._scored(one) for one in _of_one_seed(result, seed)}
        if scored.keys() == {None}:
            return scored[None].drop(_ROW)
        labels = self.labels.for_target(result.target)
        unscored = [s for s in self.splits if s.fold not in scored and not result.fold_of]
        frames = [frame.with_columns(fold=pl.lit(fold)) for fold, frame in scored.items()]
        frames += [
            self._truth(split, labels).with_columns(fold=pl.lit(split.fold)) for split in unscored
        ]
        whole = pl.concat(frames, how="diagonal").sort(_ROW, "fold")
        truth = self._truth(self.splits[0], labels).columns
        return whole.select(*truth, "fold", pl.exclude(*truth, "fold")).drop(_ROW)

    def _scored(self, member: MemberResult) -> "pl.DataFrame":
        """Truth and scores of the examples that were reported for a member, with their rows."""
        labels = self.labels.for_target(member.entry.target)
        split = next(s for s in self.splits if s.fold == member.entry.fold)
        truth = self._truth(split, labels)
        key = [member.entry.key]
        stored = {"score": self.store.members.scores(key)[0]}
        if isinstance(member.entry, EnsembleEntry):
            stored["spread"] = self.store.members.spread(key)[0]
        return truth.with_columns(
            **{
                f"{name}_{one}": values[len(values) - len(truth) :, column]
                for name, values in stored.items()
                for column, one in enumerate(labels.classes)
            }
        )

    def _truth(self, split: Split, labels: Labels) -> "pl.DataFrame":
        """Row, id and labels of the reported examples of a split whose label is known."""
        import polars as pl

        rows = split.rows(self.part)
        rows = rows[labels.known[rows]]
        codes = labels.codes[rows]
        ids = self.store.datasets.truth(self.record.dataset).inputs.ids[rows]
        if self.outputs is Outputs.EXCLUSIVE:
            truth = {"label": np.array(labels.classes)[codes]}
        else:
            truth = {f"label_{one}": codes[:, i] for i, one in enumerate(labels.classes)}
        return pl.DataFrame({_ROW: rows, "id": ids, **truth})


def _of_key(result: Result, key: str) -> MemberResult:
    known = {member.entry.key: member for member in result.members}
    if key not in known:
        raise NotFound("member", key, known, where=f"classifier {result.title!r}")
    return known[key]


def _of_one_seed(result: Result, seed: int | None) -> list[MemberResult]:
    """Members of a seed, of the first one if none is named."""
    seeds = list(dict.fromkeys(member.entry.seed for member in result.members))
    chosen = seeds[0] if seed is None else seed
    if chosen not in seeds:
        raise UserError(f"{result.title}: expected one of the seeds {seeds}, got {seed}.")
    return [member for member in result.members if member.entry.seed == chosen]


def require_examples(record: JobRecord) -> None:
    """Refuse what figures alone cannot tell.

    Raises:
        UserError: The job was imported as figures alone.
    """
    if record.figures_alone:
        raise UserError(
            f"{record.name} was imported as figures alone: which example was predicted as what "
            "is not known."
        )


def _ranking_row(
    result: Result,
    headline: str,
    tied: frozenset[str] | None,
    own: Sequence[KeptMetric],
) -> Row:
    figures, learnt = result.figures, result.training_figures
    low, high = result.interval(headline) or (None, None)
    several = len(result.members) > 1
    return {
        "title": result.title,
        "method": result.method,
        headline: figures[headline].mean,
        "low": low,
        "high": high,
        "sd": figures[headline].sd if several else None,
        "training": blank_if_nan(learnt[headline].mean) if learnt else None,
        **{
            name: blank_if_nan(figures[name].mean)
            for name in (*BESIDE_HEADLINE, *(metric.name for metric in own))
            if name != headline
        },
        "fit_seconds": blank_if_nan(result.fit_seconds),
        "score_seconds": blank_if_nan(result.score_seconds),
        "members": len(result.members),
        "tied": None if tied is None else result.title in tied,
        "reference": result.is_reference,
    }


def _results(record: JobRecord, store: Store, part: Part, own: MetricValues) -> tuple[Result, ...]:
    """Gather stored members under their titles, in the job's order."""
    finished = store.members.find(entry.of for entry in record.interim)
    entries = [
        entry
        for entry in record.every_entry
        if not (isinstance(entry, InterimEntry) and entry.of in finished)
    ]
    stored = store.members.records(store.members.find(entry.key for entry in entries))
    grouped: dict[tuple[str, str | None], list[MemberResult]] = {}
    for entry in entries:
        if entry.key in stored:
            of = stored[entry.key]
            scores = own.beside(of.figures, entry.key)
            member = MemberResult(entry=entry, record=of, scores=scores)
            grouped.setdefault((entry.title, entry.target), []).append(member)
    return tuple(
        Result(title=title, target=target, members=tuple(members), part=part, store=store)
        for (title, target), members in grouped.items()
    )
