"""Scores of a chunk of events as columns, beside what is kept of the events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.errors import DataError
from sortal.jobs.applying.predict import Predictor
from sortal.systems.cms.applying.event_chunks import Chunk
from sortal.systems.cms.applying.request import UNSHIFTED, Request

SCORE, PREDICTED = "score", "predicted"


class ScoreTable:
    """Makes the columns of a file of scores.

    Of a network of one output `score`; of several `score_CLASS` each, and where classes
    exclude each other `predicted`; the same with `_SHIFT` behind the name for each shift; then what is kept.
    """

    def __init__(self, predictor: Predictor, kept: tuple[str, ...]) -> None:
        self.kept = kept
        """Columns that chunks have to have."""

        # Warnings speak of events as they are: those under shifts are counted apart.
        self._nominal, self._shifted = predictor, replace(predictor, outside={})

    def of(self, chunk: Chunk) -> pa.Table:
        """Score a chunk."""
        columns: dict[str, pa.Array] = {}
        for shift in chunk.features:
            columns |= self._columns(chunk, shift)
        return pa.table(columns | {name: chunk.kept.column(name) for name in self.kept})

    def empty(self, shifts: Iterable[str], kinds: Mapping[str, pa.DataType]) -> pa.Table:
        """A table with the columns of a file of scores and no events.

        Args:
            shifts: Names of the shifts.
            kinds: Types of kept columns; those that are not known are text.
        """
        scores, decided = (
            np.empty((0, len(self._nominal.classes)), np.float32),
            pa.array([], "int64"),
        )
        columns: dict[str, pa.Array] = {}
        for shift in (UNSHIFTED, *shifts):
            columns |= self._named(scores, decided, shift)
        kept = {name: pa.array([], kinds.get(name, pa.string())) for name in self.kept}
        return pa.table(columns | kept)

    def _columns(self, chunk: Chunk, shift: str) -> dict[str, pa.Array]:
        scores, decided = self._scores(chunk, shift)
        return self._named(scores, decided, shift)

    def _named(self, scores: np.ndarray, decided: Any, shift: str) -> dict[str, pa.Array]:
        """Scores and codes of classes as columns."""
        classes, ending = self._nominal.classes, "" if shift == UNSHIFTED else f"_{shift}"
        if len(classes) == 1:
            return {SCORE + ending: pa.array(scores[:, 0])}
        columns = {
            f"{SCORE}_{name}{ending}": pa.array(scores[:, place])
            for place, name in enumerate(classes)
        }
        if self._nominal.outputs is Outputs.EXCLUSIVE:
            names = pa.array(classes, pa.string())
            columns[PREDICTED + ending] = pa.DictionaryArray.from_arrays(
                decided, names
            ).dictionary_decode()
        return columns

    def _scores(self, chunk: Chunk, shift: str) -> tuple[np.ndarray, pa.Array]:
        """Scores, NaN where there are gaps, and codes of classes, null there."""
        predictor = self._nominal if shift == UNSHIFTED else self._shifted
        features, folds = chunk.features[shift], chunk.folds
        (name,) = predictor.spec.names
        gaps = chunk.gaps.get(shift)
        if gaps is None:
            block = predictor.predict(Inputs({name: features}, np.arange(len(chunk))), folds)
            return block.scores, pa.array(block.decided) if block.decided.ndim == 1 else None
        whole = np.ones(len(chunk), dtype=bool)
        whole[gaps] = False
        own = None if folds is None else folds[whole]
        block = predictor.predict(Inputs({name: features[whole]}, np.flatnonzero(whole)), own)
        scores = np.full((len(chunk), block.scores.shape[1]), np.nan, dtype=np.float32)
        scores[whole] = block.scores
        decided = np.zeros(len(chunk), dtype=block.decided.dtype)
        if block.decided.ndim == 1:
            decided[whole] = block.decided
        return scores, pa.array(decided, mask=~whole)


class PageTable(ScoreTable):
    """Score, weight and process without `.root`, as in the guide's val_output.csv.

    Where every event of the training had the weight 1, it is 1 here too.
    """

    def __init__(self, predictor: Predictor, request: Request) -> None:
        weights = () if request.unit_weights else (request.weight,)
        super().__init__(predictor, (*weights, request.process))
        self._weight, self._process = request.weight, request.process

    def of(self, chunk: Chunk) -> pa.Table:
        """Score a chunk."""
        table = super().of(chunk)
        named = pc.replace_substring_regex(table.column(self._process), r"\.root$", "")
        weights = (
            table.column(self._weight)
            if self._weight in self.kept
            else pa.array(np.ones(len(table)))
        )
        return pa.table({SCORE: table.column(SCORE), self._weight: weights, self._process: named})


def refuse_names_of_scores(kept: Sequence[str], path: Path) -> None:
    """Refuse to keep a column that has the name of a score.

    Raises:
        DataError: Naming it and the way out.
    """
    for name in kept:
        if name in (SCORE, PREDICTED) or name.startswith((f"{SCORE}_", f"{PREDICTED}_")):
            raise DataError(
                f"--keep: the column {name!r} of {path} has the name of a score; leave it out, or "
                f"give it another with an alias (--alias old_{name}={name} --keep old_{name})."
            )
