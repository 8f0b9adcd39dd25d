"""Apply stored classifiers to new data, block by block."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.preparing.drop import missing_where_dropped
from sortal.data.readers.base import Arrays, Table
from sortal.data.readers.in_memory import open_in_memory
from sortal.data.reading.new_examples import InputSpec, NewBlock, read_blocks
from sortal.data.reading.new_ids import IdColumn, choose_ids
from sortal.errors import DataError, UserError
from sortal.evaluation.scores import decide, usual_threshold
from sortal.jobs.applying.prediction_notes import PredictionNotes
from sortal.jobs.applying.scorer import ResultMembers, StoredScorers
from sortal.jobs.applying.unclassifiable import UnclassifiableExamples, refuse_lost_scores
from sortal.jobs.results.result import MemberResult, Result
from sortal.store.records.job_record import EnsembleEntry
from sortal.store.store import Store

_MOST_NAMED = 5
"""Features that the warning lists."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedBlock:
    """Predictions for some examples."""

    ids: np.ndarray
    """Shape (examples,)."""

    decided: np.ndarray
    """EXCLUSIVE: class codes (examples,); INDEPENDENT: 0 or 1, (examples, targets)."""

    scores: np.ndarray
    """Mean over the members, shape (examples, outputs)."""

    spread: np.ndarray | None
    """Standard deviation over the members, shape (examples, outputs); None for one member."""

    blank: np.ndarray | None = None
    """Examples without a prediction, bool, shape (examples,); None where all have one."""


@dataclass(slots=True, eq=False, kw_only=True)
class Predictor:
    """A classifier taken out of a store or a folder; needs nothing of the job that made it.

    Several seeds or folds are averaged, which asks for scores that are probabilities; an
    ensemble averages with its weights. Models stay in memory, and of the examples one block,
    prepared for and scored by one member at a time.
    """

    outputs: Outputs
    classes: tuple[str, ...]
    """Classes that exclude each other, or targets, in the order of scores."""

    probabilities: bool
    """Whether scores are probabilities."""

    threshold: float = 0.5
    """What the score of an independent target must exceed for it to be true."""

    spec: InputSpec
    """The inputs that it asks for, in order."""

    columns: tuple[ResultMembers, ...]
    """What gives the outputs: one for all of them, or one a target, in the order of `classes`."""

    about: Mapping[str, Any] = field(default_factory=dict)
    """What whoever wrote its folder said beside, as JSON; empty out of a store."""

    usual_id: str | None = None
    """The column by which the job names examples; None for row numbers."""

    outside: dict[str, int] = field(default_factory=dict)
    """Examples so far whose feature lay outside the range seen in training, by feature."""

    seen: PredictionNotes = field(default_factory=PredictionNotes)
    """What was noticed of the new examples so far."""

    @classmethod
    def load(
        cls,
        store: Store,
        results: Sequence[Result],
        *,
        seed: int | None = None,
        usual_id: str | None = None,
    ) -> "Predictor":
        """Load all members of a result, or of the results of several targets under one title.

        Args:
            store: Where they are.
            results: The results.
            seed: The seed whose members are applied; all if None.
            usual_id: The column by which their job names examples.

        Raises:
            UserError: A member's model was not stored, several members have no
                probabilities to average, or an ensemble was asked for a seed.
        """
        if seed is not None and any(
            isinstance(m.entry, EnsembleEntry) for r in results for m in r.members
        ):
            raise UserError(
                f"{results[0].title} averages its members and has no seed of its own: leave the "
                "seed out, or apply one of its members."
            )
        members = [[m for m in r.members if seed in (None, m.entry.seed)] for r in results]
        if not all(members):
            known = sorted(
                {m.entry.seed for r in results for m in r.members if m.entry.seed is not None}
            )
            raise UserError(f"{results[0].title}: expected one of the seeds {known}, got {seed}.")
        record = members[0][0].record
        several_each = any(len(several) > 1 for several in members)
        sound = all(m.gives_probabilities for several in members for m in several)
        # Of what has no model, `stored.load` tells the better reason.
        if several_each and not sound and record.model is not None:
            raise UserError(
                f"{results[0].title}: its scores are no probabilities, so its {len(members[0])} "
                f"members cannot be averaged; {_way_out(members[0])}, or ask for `calibrate` in "
                "the job."
            )
        stored = StoredScorers(store)
        targets = [r.target for r in results if r.target is not None]
        return cls(
            outputs=record.outputs,
            classes=tuple(targets or record.classes),
            probabilities=sound,
            threshold=usual_threshold(members[0][0].means_probabilities),
            spec=record.inputs,
            columns=tuple(ResultMembers(stored.load(several)) for several in members),
            usual_id=usual_id,
        )

    def files(
        self,
        paths: Sequence[Path],
        *,
        id_column: str | None = None,
        size: int = 50_000,
        skip_bad: bool = False,
    ) -> Iterator[PredictedBlock]:
        """Predict the examples of files, `size` at a time.

        Args:
            paths: Read one after another.
            id_column: Column that names each example; empty for the one without a name, and for row
                numbers where a file has none; if None, the column that the job named, or row
                numbers where a file lacks it.
            size: Most examples in one block.
            skip_bad: Whether examples that cannot be predicted come without a prediction; if not,
                they are an error.

        Raises:
            DataError: An example cannot be predicted; the text names file, row and column.
        """
        named = self.usual_id if id_column is None else id_column
        files = [self.spec.peek(path) for path in paths] if named is not None else []
        ids = choose_ids(files, asked=id_column, usual=self.usual_id)
        yield from self._walk(map(self.spec.open, paths), ids, size, skip_bad=skip_bad)

    def held(
        self,
        data: Any,
        *,
        id_column: str | None = None,
        size: int = 50_000,
        skip_bad: bool = False,
    ) -> Iterator[PredictedBlock]:
        """Predict the examples of a data frame, an array, or a mapping of arrays, as `files` does."""
        opened = open_in_memory(data, tuple(self.spec.names))
        # What Python code made may lack ids on purpose, so there is no note.
        usual = self.usual_id if self.usual_id in opened.names else None
        ids = choose_ids([opened], asked=id_column, usual=usual)
        yield from self._walk([opened], ids, size, skip_bad=skip_bad)

    @property
    def has_threshold_of_its_own(self) -> bool:
        """True if its threshold is another than its kind of scores has."""
        return self.threshold != usual_threshold(self.probabilities)

    @property
    def folds(self) -> tuple[int, ...]:
        """Numbers of the folds that it was trained in, ascending; none for one division."""
        return self.columns[0].folds

    def predict(self, inputs: Inputs, folds: np.ndarray | None = None) -> PredictedBlock:
        """Predict raw (unprepared) examples.

        Args:
            inputs: The examples.
            folds: Number of each one's fold, shape (examples,): it is scored by the members that
                this fold tested, which never saw it. Not given, all members are averaged.

        Raises:
            DataError: The inputs are not those of the training, or a number is none of `folds`.
            Unpredictable: A value is missing where a method takes none.
        """
        block = self._scored(inputs, folds)
        self._look_at(inputs)
        return block

    def _scored(self, inputs: Inputs, folds: np.ndarray | None = None) -> PredictedBlock:
        averages = [
            column.average(inputs) if folds is None else column.average_unseen(inputs, folds)
            for column in self.columns
        ]
        mean = np.concatenate([one for one, _ in averages], axis=1)
        known = [spread for _, spread in averages if spread is not None]
        every = np.concatenate(known, axis=1) if len(known) == len(averages) else None
        with np.errstate(over="ignore"):  # `refuse_lost_scores` names such examples
            scores = mean.astype(np.float32)
            spread = None if every is None else every.astype(np.float32)
        return PredictedBlock(
            ids=inputs.ids,
            decided=decide(mean[None], self.outputs, threshold=self.threshold)[0],
            scores=scores,
            spread=spread,
        )

    def warnings(self) -> Iterator[str]:
        """Sentences for the user on the examples of files or tables so far."""
        yield from self.seen.sentences()
        if self.extrapolation:
            yield self.extrapolation

    @property
    def extrapolation(self) -> str:
        """A sentence on features outside the range seen in training so far; empty if none was."""
        return outside_sentence(self.outside, self.seen.examples) if self.outside else ""

    def _walk(
        self, files: Iterable[Table | Arrays], ids: IdColumn, size: int, *, skip_bad: bool
    ) -> Iterator[PredictedBlock]:
        self.seen.ids = ids.note
        for block in read_blocks(files, self.spec, ids, size=size, skip_bad=skip_bad):
            yield self._predicted(block, skip_bad=skip_bad)

    def _predicted(self, block: NewBlock, *, skip_bad: bool) -> PredictedBlock:
        """Predict the examples of a block that can be predicted."""
        usable = np.ones(len(block.inputs), dtype=bool)
        usable[list(block.faults)] = False
        faults = dict(block.faults)
        for row, name in self._left_out(block.inputs).items():
            usable[row] = False
            faults.setdefault(
                row,
                f"{block.at(row)}: column {name!r} is missing, and training left such examples out",
            )
        while usable.any():
            rows = np.flatnonzero(usable)
            try:
                inputs = block.inputs if usable.all() else block.inputs.take(rows)
                found = self._scored(inputs)
                refuse_lost_scores(found.scores)
            except UnclassifiableExamples as gaps:
                first = int(rows[gaps.rows[0]])
                if not skip_bad:
                    raise DataError(gaps.located(block.at(first))) from gaps
                faults[first] = f"{block.at(first)}: {gaps.reason}"
                usable[rows[gaps.rows]] = False
                continue
            self._look_at(inputs)
            break
        else:
            found = self._nothing()
        if usable.all():
            return found
        first = min(faults)
        self.seen.add_blank(int((~usable).sum()), faults[first])
        return _spread_out(found, block.inputs.ids, usable)

    def _left_out(self, inputs: Inputs) -> dict[int, str]:
        """Rows that training would have left out, and the column that each lacks."""
        preparer = self.columns[0].scorers[0].preparer
        if not preparer.preparation.drops:
            return {}
        names = {name: fitted.names for name, fitted in preparer.fitted.items()}
        missing = missing_where_dropped(inputs, names, preparer.preparation)
        return {int(row): name for name, rows in missing.items() for row in rows}

    def _nothing(self) -> PredictedBlock:
        """Predictions of no example."""
        empty = np.zeros((0, len(self.classes)), dtype=np.float32)
        several = all(len(column.scorers) > 1 for column in self.columns)
        return PredictedBlock(
            ids=np.zeros(0, dtype=np.int64),
            decided=decide(empty[None], self.outputs, threshold=self.threshold)[0],
            scores=empty,
            spread=empty if several else None,
        )

    def _look_at(self, inputs: Inputs) -> None:
        preparer = self.columns[0].scorers[0].preparer
        for found in preparer.outside(inputs):
            self.outside[found.name] = self.outside.get(found.name, 0) + found.count
        self.seen.look_at(inputs, preparer)


def _spread_out(found: PredictedBlock, ids: np.ndarray, usable: np.ndarray) -> PredictedBlock:
    """Put predictions of the usable examples among the others."""

    def placed(values: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(ids), *values.shape[1:]), dtype=values.dtype)
        whole[usable] = values
        return whole

    return PredictedBlock(
        ids=ids,
        decided=placed(found.decided),
        scores=placed(found.scores),
        spread=None if found.spread is None else placed(found.spread),
        blank=~usable,
    )


def _way_out(members: Sequence[MemberResult]) -> str:
    """How to come to one member."""
    if len({member.entry.fold for member in members}) > 1:
        return "train it on one split instead of folds"
    return "choose one with --seed"


def outside_sentence(outside: Mapping[str, int], examples: int) -> str:
    """Warn that features leave the range seen in training, worst first.

    Args:
        outside: Examples whose feature leaves it, by feature.
        examples: Examples that have a prediction.
    """
    worst = sorted(outside.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} in {count}" for name, count in worst[:_MOST_NAMED])
    more = f" and {len(worst) - _MOST_NAMED} more features" if len(worst) > _MOST_NAMED else ""
    return (
        f"features outside the range seen in training, of {examples} examples: {named}{more}. "
        "Scores there are extrapolated."
    )
