"""Turn trained models into the rows of a segment: scores, decisions, figures, models on disk."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import SCORED, Part
from sortal.data.weighting.rule import save_weight_rules
from sortal.errors import NotSavable
from sortal.evaluation.bootstrap import bootstrap_seed
from sortal.evaluation.scores import (
    MemberMetrics,
    are_probabilities,
    evaluate,
    no_probabilities_note,
    predict_labels,
)
from sortal.jobs.running.environment import device, environment
from sortal.jobs.running.task_spec import Committed, TaskSpec
from sortal.methods.contract.base import Member, Model, Trained
from sortal.methods.contract.library_versions import library_version
from sortal.methods.contract.printed import keeping_output
from sortal.methods.registry import is_called_reference, is_reference
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.segment import History, SegmentDraft

_BLOCK_NUMBERS = 1 << 22
"""Numbers that the outputs of one scored block may hold."""

_BLOCK_BYTES = 1 << 26
"""Size of the prepared inputs of one scored block [bytes]."""

_WHOLE_ROWS = 512
"""Blocks cut by their size hold a multiple of this many examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What became of one member, beside what its training says of it."""

    figures: Mapping[Part, MemberMetrics]
    probabilities: bool
    meant_as_probabilities: bool
    score_seconds: float
    notes: tuple[str, ...]
    model: int | None
    model_row: int
    not_savable: str


class SegmentRows:
    """Collects what a population becomes, and writes it as one segment."""

    def __init__(
        self, task: TaskSpec, data: Prepared, folder: Path, *, names: Mapping[str, str]
    ) -> None:
        """Begin a segment.

        Args:
            task: Its population; any member of it may become a row.
            data: What they are trained and judged on.
            folder: Where the segment is written.
            names: Keys of members that are stored before they are done, by their own.
        """
        self._task, self._data, self._folder, self._names = task, data, folder, names
        self._members = {member.key: member for member in task.members}
        self._records: list[MemberRecord] = []
        self._created = datetime.now(UTC).isoformat(timespec="seconds")
        self._histories: dict[str, History] = {}
        self._printed: dict[str, str] = {}
        self._scores: list[np.ndarray] = []
        self._decided: list[np.ndarray] = []
        self._models = 0

    def add(self, trained: Trained) -> None:
        """Score, judge and save newly trained members."""
        model = trained.model
        members = [self._members[key] for key in model.members]
        outputs = self._data.dataset.labels.outputs
        meant = self._task.method.probabilities(members[0].parameters)
        with keeping_output() as printed:
            started = time.perf_counter()
            scores = {part: self._score(model, part) for part in SCORED}
            seconds = (time.perf_counter() - started) / len(members)
            if self._task.training_figures:
                scores[Part.TRAIN] = self._score(model, Part.TRAIN)
        scoring = printed.text if len(members) == 1 else ""
        sound = np.logical_and.reduce(
            [are_probabilities(values, outputs, meant=meant) for values in scores.values()]
        )
        figures = {
            part: self._judge(values, members, part, sound)
            for part, values in scores.items()
            if values.shape[1] or part == self._task.reported
        }
        every = np.concatenate([scores[part] for part in SCORED], axis=1)
        saved, refusal = self._save(model)
        for row, member in enumerate(members):
            unsound = meant and not sound[row]
            judged = _Judged(
                figures={part: of[row] for part, of in figures.items()},
                probabilities=bool(sound[row]),
                meant_as_probabilities=bool(unsound),
                score_seconds=seconds,
                notes=tuple(_unsound(scores, row, outputs)) if unsound else (),
                model=saved,
                model_row=row,
                not_savable=refusal,
            )
            record = self._record(member, trained, judged)
            self._records.append(record)
            self._histories[record.key] = trained.history.get(member.key, [])
            lines = filter(None, (trained.printed.get(member.key), scoring))
            self._printed[record.key] = "\n".join(lines)
        # Judged and decided as the model gives them; only what is stored is rounded.
        self._decided.append(predict_labels(every, outputs, probabilities=meant))
        self._scores.append(every.astype(np.float32))

    def commit(self, draft: SegmentDraft) -> Committed | None:
        """Write everything; None when no member was trained."""
        if not self._records:
            return None
        (self._folder / "preparer").mkdir()
        self._data.preparer.save(self._folder / "preparer")
        self._save_weighers()
        segment = draft.commit(
            self._records,
            np.concatenate(self._scores),
            np.concatenate(self._decided),
            histories=self._histories,
            printed=self._printed,
        )
        return Committed(segment=segment, records=tuple(self._records))

    def _record(self, member: Member, trained: Trained, judged: _Judged) -> MemberRecord:
        """Complete a member with what became of it and where."""
        task, labels, worker = self._task, self._data.dataset.labels, environment()
        key = self._names.get(member.key)
        return MemberRecord(
            key=key or member.key,
            model_key=member.key if key else None,
            method=member.method,
            parameters=member.parameters.model_dump(mode="json"),
            seed=member.seed,
            target=member.target,
            weights=member.weights,
            rows=member.rows,
            preparation=member.preparation,
            calibration=member.calibration,
            figures=judged.figures,
            probabilities=judged.probabilities,
            meant_as_probabilities=judged.meant_as_probabilities,
            fit_seconds=trained.seconds[member.key],
            score_seconds=judged.score_seconds,
            notes=(
                *trained.notes.get(member.key, ()),
                *self._data.preparer.remarks,
                *self._weighed(member),
                *judged.notes,
            ),
            reference=_reference(member, trained),
            model=judged.model,
            model_row=judged.model_row,
            not_savable=judged.not_savable,
            dataset=task.dataset,
            split=task.split,
            fold=self._data.split.fold,
            outputs=labels.outputs,
            classes=labels.classes,
            inputs=task.inputs,
            threads=task.threads,
            library=library_version(task.method.library),
            created=self._created,
            host=worker.host,
            device=device(task.method.library),
            sortal=worker.sortal,
            python=worker.python,
            numpy=worker.numpy,
            machine=worker.machine,
        )

    def _weighed(self, member: Member) -> tuple[str, ...]:
        """What its training weights are worth telling."""
        return self._data.weigher(member.target).remarks if member.weights else ()

    def _save_weighers(self) -> None:
        """Keep the rule of training weights beside the preparer, where there is one."""
        if not self._data.preparer.preparation.weighing.is_default:
            targets = dict.fromkeys(member.target for member in self._members.values())
            weighers = {target: self._data.weigher(target) for target in targets}
            save_weight_rules(self._folder / "preparer", weighers)

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
    ) -> list[MemberMetrics]:
        """Figures of each member on one part; members of one target are judged together."""
        figures: dict[str, MemberMetrics] = {}
        for target in dict.fromkeys(member.target for member in members):
            rows = [row for row, member in enumerate(members) if member.target == target]
            labels = self._data.dataset.labels.for_target(target).take(self._data.split.rows(part))
            judged = evaluate(
                scores[rows],
                labels,
                self._data.weights(part, target),
                probabilities=self._task.method.probabilities(members[0].parameters),
                # An interval tells what new examples would give; these are none.
                resamples=0 if part is Part.TRAIN else self._task.bootstrap,
                seed=bootstrap_seed(self._task.split),
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


def _reference(member: Member, trained: Trained) -> bool | None:
    """Whether a member does as references do; None where its method's name says it."""
    named = is_called_reference(member.method) and not is_reference(member.method)
    does = member.key in trained.references
    return does if does or named else None


def _unsound(scores: Mapping[Part, np.ndarray], row: int, outputs: Outputs) -> Iterator[str]:
    """The note on a member whose scores cannot be the probabilities that its method means."""
    yield no_probabilities_note(np.concatenate([part[row] for part in scores.values()]), outputs)
