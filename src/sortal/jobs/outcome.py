"""Turn trained models into the rows of a segment: scores, decisions, figures, models on disk."""

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.data.weigh import save_weighers
from sortal.engines.base import Json
from sortal.errors import NotSavable
from sortal.evaluation.scores import (
    Scores,
    are_probabilities,
    evaluate,
    no_probabilities_note,
    predicted,
)
from sortal.jobs.result import MEANT, REFERENCE
from sortal.methods.base import Member, Method, Model, Trained
from sortal.methods.library import library_version
from sortal.methods.printed import printing
from sortal.methods.registry import is_called_reference, is_reference
from sortal.store.segment import SegmentDraft

SCORED = (Part.VALIDATION, Part.TEST)
"""Parts whose scores are stored, one after the other along the examples axis."""

_BLOCK_NUMBERS = 1 << 22
"""Numbers that the outputs of one scored block may hold."""

_BLOCK_BYTES = 1 << 26
"""Size of the prepared inputs of one scored block [bytes]."""

_WHOLE_ROWS = 512
"""Blocks cut by their size hold a multiple of this many examples."""


class SegmentRows:
    """Collects what a population becomes, and writes it as one segment."""

    def __init__(
        self,
        method: Method,
        members: Sequence[Member],
        data: Prepared,
        folder: Path,
        *,
        task: Json,
        names: Mapping[str, str],
    ) -> None:
        """Begin a segment.

        Args:
            method: Of all members.
            members: Those that may become rows.
            data: What they are trained and judged on.
            folder: Where the segment is written.
            task: What `jobs.driver` wrote.
            names: Keys of members that are stored before they are done, by their own.
        """
        self._method, self._data, self._folder, self._task = method, data, folder, task
        self._names = names
        self._members = {member.key: member for member in members}
        self._records: list[dict[str, Any]] = []
        self._scores: list[np.ndarray] = []
        self._decided: list[np.ndarray] = []
        self._models = 0

    def add(self, trained: Trained) -> None:
        """Score, judge and save newly trained members."""
        model = trained.model
        members = [self._members[key] for key in model.members]
        outputs = self._data.dataset.labels.outputs
        meant = self._method.probabilities(members[0].parameters)
        with printing() as printed:
            started = time.perf_counter()
            scores = {part: self._score(model, part) for part in SCORED}
            seconds = (time.perf_counter() - started) / len(members)
            if self._task["training_figures"]:
                scores[Part.TRAIN] = self._score(model, Part.TRAIN)
        scoring = printed.text if len(members) == 1 else ""
        sound = np.logical_and.reduce(
            [are_probabilities(values, outputs, meant=meant) for values in scores.values()]
        )
        figures = {
            part: self._judge(values, members, part, sound)
            for part, values in scores.items()
            if values.shape[1] or part == self._task["reported"]
        }
        every = np.concatenate([scores[part] for part in SCORED], axis=1)
        saved, refusal = self._save(model)
        for row, member in enumerate(members):
            self._records.append(
                {
                    **asdict(member),
                    **self._named(member),
                    "parameters": member.parameters.model_dump(mode="json"),
                    "figures": {part.value: of[row].to_json() for part, of in figures.items()},
                    "probabilities": bool(sound[row]),
                    **({MEANT: True} if meant and not sound[row] else {}),
                    "fit_seconds": trained.seconds[member.key],
                    "score_seconds": seconds,
                    "notes": [
                        *trained.notes.get(member.key, ()),
                        *self._data.preparer.remarks,
                        *self._weighed(member),
                        *(_unsound(scores, row, outputs) if meant and not sound[row] else ()),
                    ],
                    "history": trained.history.get(member.key, []),
                    "printed": "\n".join(filter(None, (trained.printed.get(member.key), scoring))),
                    **_reference(member, trained),
                    "model": saved,
                    "model_row": row,
                    "not_savable": refusal,
                }
            )
        # Judged and decided as the model gives them; only what is stored is rounded.
        self._decided.append(predicted(every, outputs, probabilities=meant))
        self._scores.append(every.astype(np.float32))

    def commit(self, draft: SegmentDraft) -> str | None:
        """Write everything; None when no member was trained."""
        if not self._records:
            return None
        scores = np.concatenate(self._scores)
        (self._folder / "preparer").mkdir()
        self._data.preparer.save(self._folder / "preparer")
        self._save_weighers()
        common = {
            "dataset": self._task["dataset"],
            "split": self._task["split"],
            "fold": self._data.split.fold,
            "outputs": self._data.dataset.labels.outputs.value,
            "classes": list(self._data.dataset.labels.classes),
            "inputs": self._task["inputs"],
            "threads": self._task["threads"],
            "library": library_version(self._method.library),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            **circumstances(),
            "device": device(self._method.library),
        }
        decided = np.concatenate(self._decided)
        return draft.commit([{**record, **common} for record in self._records], scores, decided)

    def _weighed(self, member: Member) -> tuple[str, ...]:
        """What its training weights are worth telling."""
        return self._data.weigher(member.target).remarks if member.weights else ()

    def _save_weighers(self) -> None:
        """Keep the rule of training weights beside the preparer, where there is one."""
        if not self._data.preparer.preparation.weighing.is_default:
            targets = dict.fromkeys(member.target for member in self._members.values())
            weighers = {target: self._data.weigher(target) for target in targets}
            save_weighers(self._folder / "preparer", weighers)

    def _named(self, member: Member) -> dict[str, str]:
        """Key of its record; what its model calls it where that differs."""
        key = self._names.get(member.key)
        return {"key": key, "model_key": member.key} if key else {}

    def _score(self, model: Model, part: Part) -> np.ndarray:
        """Scores of one part, as precise as the model's, shape (members, examples, outputs)."""
        count = len(self._data.split.rows(part))
        outputs = len(self._data.labels(part).for_target(self._only(model)).classes)
        shape = (len(model.members), count, outputs)
        scores = np.empty(shape if count == 0 else 0, dtype=np.float32)
        size = max(1, _BLOCK_NUMBERS // max(1, len(model.members) * outputs))
        fitting = _BLOCK_BYTES // max(1, self._data.row_bytes)
        size = min(size, max(1, fitting // _WHOLE_ROWS) * _WHOLE_ROWS)
        for start in range(0, count, size):
            rows = slice(start, start + size)
            block = model.scores(self._data.block(part, rows))
            if start == 0:
                scores = np.empty(shape, dtype=block.dtype)
            scores[:, rows] = block
        return scores

    def _only(self, model: Model) -> str | None:
        """The single target that each of these members predicts, None for all outputs."""
        return None if self._data.target else self._members[model.members[0]].target

    def _judge(
        self, scores: np.ndarray, members: Sequence[Member], part: Part, sound: np.ndarray
    ) -> list[Scores]:
        """Figures of each member on one part; members of one target are judged together."""
        figures: dict[str, Scores] = {}
        for target in dict.fromkeys(member.target for member in members):
            rows = [row for row, member in enumerate(members) if member.target == target]
            labels = self._data.dataset.labels.for_target(target).take(self._data.split.rows(part))
            judged = evaluate(
                scores[rows],
                labels,
                self._data.weights(part, target),
                probabilities=self._method.probabilities(members[0].parameters),
                # An interval tells what new examples would give; these are none.
                resamples=0 if part is Part.TRAIN else self._task["bootstrap"],
                seed=bootstrap_seed(self._task["split"]),
                sound=sound[rows],
            )
            figures.update(zip((members[row].key for row in rows), judged, strict=True))
        return [figures[member.key] for member in members]

    def _save(self, model: Model) -> tuple[int | None, str]:
        """Number of the model's folder, or None and why it has none."""
        folder = self._folder / "models" / str(self._models)
        folder.mkdir(parents=True)
        try:
            model.save(folder)
        except NotSavable as refusal:
            folder.rmdir()
            return None, str(refusal)
        self._models += 1
        return self._models - 1, ""


def _reference(member: Member, trained: Trained) -> Mapping[str, bool]:
    """Whether a member does as references do, where its name does not tell."""
    named = is_called_reference(member.method) and not is_reference(member.method)
    does = member.key in trained.references
    return {REFERENCE: does} if does or named else {}


def _unsound(scores: Mapping[Part, np.ndarray], row: int, outputs: Outputs) -> Iterator[str]:
    """The note on a member whose scores cannot be the probabilities that its method means."""
    yield no_probabilities_note(np.concatenate([part[row] for part in scores.values()]), outputs)


def bootstrap_seed(fingerprint: str) -> int:
    """Seed of the bootstrap: equal for all members of a split, so that intervals are paired."""
    return int(fingerprint[:8], 16)


@cache
def device(library: str) -> str:
    """Name of what computes: the graphics card where networks find one, else the processor."""
    if library == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
    return _processor()


def _processor() -> str:
    """Name of the processor, its kind where the system does not tell more."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@cache
def circumstances() -> dict[str, str]:
    """Where and with what this worker trains; for the record, never part of a key."""
    return {
        "host": platform.node(),
        "sortal": version("sortal"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
