"""What an imported classifier is in one fold: its key, and the segment with its scores."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.labels import Outputs
from sortal.data.reading.predictions import Predictions
from sortal.data.split import SCORED, Split
from sortal.evaluation.bootstrap import bootstrap_seed
from sortal.evaluation.scores import evaluate, no_probabilities_note, predict_labels
from sortal.jobs.imports.record import imported_record
from sortal.metrics.probability_check import can_be_rounded_probabilities
from sortal.store.store import Store

METHOD = "imported"
"""What stands for the method of a result that was trained elsewhere."""

_VERSION = 1
"""Raised when the same scores would be judged otherwise."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldPredictions:
    """What a file says of the reported examples of one fold."""

    title: str
    file: Path
    split: Split
    rows: np.ndarray = field(repr=False)
    """Reported rows of known label, ascending."""

    scores: np.ndarray = field(repr=False)
    """Of these rows, shape (rows, classes)."""

    nearly_probabilities: bool
    """What the whole file is taken for in the key."""

    probabilities: bool
    """Whether these scores are probabilities, as far as the digits of the file can tell."""

    only_decisions: bool
    read: tuple[str, ...] = ()
    """How the file's columns were understood, in sentences."""

    @classmethod
    def of(
        cls, *, title: str, file: Predictions, split: Split, rows: np.ndarray, scores: np.ndarray
    ) -> "FoldPredictions":
        """Take matched scores out of a file."""
        return cls(
            title=title,
            file=file.table.path,
            split=split,
            rows=rows,
            scores=scores,
            nearly_probabilities=file.nearly_probabilities,
            probabilities=not file.only_decisions and can_be_rounded_probabilities(scores),
            only_decisions=file.only_decisions,
            read=file.notes,
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """What tables show of it."""
        return {"file": self.file.name}

    def key(self, dataset: str) -> str:
        """Hash of data, split and scores: title and name of the file do not matter."""
        meaning = [METHOD, _VERSION, dataset, self.split.fingerprint, self.split.fold]
        meaning += [self.nearly_probabilities, self.only_decisions]
        digest = hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.scores, dtype=np.float64).tobytes())
        return digest.hexdigest()

    @property
    def notes(self) -> list[str]:
        """What its figures are worth telling."""
        told = ["imported: what it was trained on is not known here.", *self.read]
        if self.only_decisions:
            told.append(
                "only its decisions are known: figures of probabilities are left out, and those of "
                "rankings, such as the area under the ROC curve, are of decisions."
            )
        elif not self.probabilities:
            told.append(no_probabilities_note(self.scores, Outputs.EXCLUSIVE))
        return told


def write_imported_segment(
    store: Store, piece: FoldPredictions, dataset: Dataset, resamples: int
) -> None:
    """Judge a piece as any member is, and store it.

    Args:
        store: Where it goes.
        piece: What a file says.
        dataset: Of the job.
        resamples: Bootstrap resamples behind each interval.
    """
    weights = dataset.weights_for(None)
    (judged,) = evaluate(
        piece.scores[None],
        dataset.labels.take(piece.rows),
        None if weights is None else np.asarray(weights[piece.rows]),
        probabilities=piece.probabilities,
        resamples=resamples,
        seed=bootstrap_seed(piece.split.fingerprint),
        sound=np.array([piece.probabilities]),
    )
    scores = _beside_unknown(piece, dataset)[None]
    decided = predict_labels(scores, Outputs.EXCLUSIVE, probabilities=piece.probabilities)
    record = imported_record(
        piece.key(dataset.fingerprint),
        dataset,
        piece.split,
        source=str(piece.file),
        method=METHOD,
        parameters=piece.parameters,
        figures={piece.split.reported: judged},
        not_savable="it was imported from a file of predictions, which holds no model",
        notes=piece.notes,
        probabilities=piece.probabilities,
        fold=piece.split.fold,
    )
    with store.members.draft() as draft:
        draft.commit([record], scores.astype(np.float32), decided)


def _beside_unknown(piece: FoldPredictions, dataset: Dataset) -> np.ndarray:
    """Scores of all parts that segments hold, NaN where the file says nothing."""
    split, known = piece.split, dataset.labels.known
    counts = {part: int(np.count_nonzero(known[split.rows(part)])) for part in SCORED}
    blank = np.full((sum(counts.values()), piece.scores.shape[1]), np.nan)
    start = 0 if split.reported is SCORED[0] else counts[SCORED[0]]
    blank[start : start + len(piece.rows)] = piece.scores
    return blank
