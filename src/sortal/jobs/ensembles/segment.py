"""What an ensemble is in one fold: its key, and the segment with its averaged scores."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sortal.data.prepared import select_known_rows
from sortal.data.split import SCORED, Part
from sortal.evaluation.bootstrap import bootstrap_seed
from sortal.evaluation.scores import MemberMetrics, evaluate, predict_labels
from sortal.jobs.applying.average import Average
from sortal.jobs.results.result import MemberResult
from sortal.jobs.running.environment import environment
from sortal.store.records.member_record import MemberRecord
from sortal.store.segments.segment import SPREAD
from sortal.store.store import Store

METHOD = "ensemble"
"""What stands for the method of a result that averages trained members."""

_VERSION = 1
"""Raised when the same members and weights would average to something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberShare:
    """One member and what it counts."""

    name: str
    """`JOB/TITLE`."""

    member: MemberResult
    weight: float

    @property
    def key(self) -> str:
        """Key of the member."""
        return self.member.entry.key


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleGroup:
    """The members that are averaged in one fold and for one target."""

    fold: int | None
    target: str | None
    shares: tuple[MemberShare, ...]
    """By key, so that the order in which they were named does not matter."""

    @classmethod
    def of(
        cls, fold: int | None, target: str | None, shares: Sequence[MemberShare]
    ) -> "EnsembleGroup":
        """Scale weights to sum 1."""
        total = math.fsum(share.weight for share in shares)
        scaled = (
            MemberShare(name=s.name, member=s.member, weight=s.weight / total) for s in shares
        )
        return cls(fold=fold, target=target, shares=tuple(sorted(scaled, key=lambda s: s.key)))

    @property
    def key(self) -> str:
        """Hash of the members' keys and weights: titles and jobs do not matter."""
        meaning = [METHOD, _VERSION, [[share.key, share.weight] for share in self.shares]]
        return hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()


def write_ensemble_segment(
    store: Store, group: EnsembleGroup, parameters: Mapping[str, Any], resamples: int
) -> None:
    """Average the stored scores of a group, judge them as any member's, store them.

    Args:
        store: Where the members are and the segment goes.
        group: What to average.
        parameters: What tables show of it.
        resamples: Bootstrap resamples behind each interval.
    """
    average = Average()
    for share in group.shares:
        average.add(store.members.scores([share.key])[0], share.weight)
    about = group.shares[0].member.record
    scores = average.mean[None]
    decided = predict_labels(scores, about.outputs, probabilities=True)
    figures = _figures(store, group, scores, resamples)
    with store.members.draft() as draft:
        if average.spread is not None:
            np.save(draft.folder / SPREAD, average.spread[None].astype(np.float32))
        record = _record(group, parameters, figures)
        draft.commit([record], scores.astype(np.float32), decided)


def _figures(
    store: Store, group: EnsembleGroup, scores: np.ndarray, resamples: int
) -> dict[Part, MemberMetrics]:
    """Metrics by part, on the examples and resamples that its members were judged by."""
    about = group.shares[0].member.record
    dataset = store.datasets.truth(about.dataset)
    whole = store.datasets.splits.get(about.dataset, about.split)
    split = select_known_rows(dataset.labels, whole, group.target)
    weights = dataset.weights_for(group.target)
    figures: dict[Part, MemberMetrics] = {}
    start = 0
    for part in SCORED:
        rows = split.rows(part)
        if not len(rows) and part != whole.reported:
            continue
        (judged,) = evaluate(
            scores[:, start : start + len(rows)],
            dataset.labels.for_target(group.target).take(rows),
            None if weights is None else np.asarray(weights[rows]),
            probabilities=True,
            resamples=resamples,
            seed=bootstrap_seed(about.split),
        )
        figures[part] = judged
        start += len(rows)
    return figures


def _record(
    group: EnsembleGroup, parameters: Mapping[str, Any], figures: Mapping[Part, MemberMetrics]
) -> MemberRecord:
    """The record of an ensemble in one fold; its costs are those of all its members."""
    records = [share.member.record for share in group.shares]
    first, worker = records[0], environment()
    return MemberRecord(
        key=group.key,
        method=METHOD,
        parameters=parameters,
        target=first.target,
        rows=first.rows,
        figures=figures,
        probabilities=True,
        fit_seconds=sum(record.fit_seconds or 0.0 for record in records),
        score_seconds=sum(record.score_seconds or 0.0 for record in records),
        notes=(),
        model=None,
        model_row=0,
        not_savable="an ensemble has no model of its own, only its members have",
        dataset=first.dataset,
        split=first.split,
        fold=first.fold,
        outputs=first.outputs,
        classes=first.classes,
        inputs=first.inputs,
        threads=max((record.threads or 0 for record in records), default=None),
        library="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=worker.host,
        sortal=worker.sortal,
        python=worker.python,
        numpy=worker.numpy,
        machine=worker.machine,
    )
