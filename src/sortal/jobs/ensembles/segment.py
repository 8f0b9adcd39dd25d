"""What an ensemble is in one fold: its key, and the segment with its averaged scores."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.prepared import rows_known
from sortal.evaluation.scores import evaluate, predicted
from sortal.jobs.applying.average import Average
from sortal.jobs.outcome import SCORED, bootstrap_seed, circumstances
from sortal.jobs.result import MemberResult
from sortal.store.segment import SPREAD
from sortal.store.store import Store

METHOD = "ensemble"
"""What stands for the method of a result that averages trained members."""

_VERSION = 1
"""Raised when the same members and weights would average to something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One member and what it counts."""

    name: str
    """`JOB/TITLE`."""

    member: MemberResult
    weight: float

    @property
    def key(self) -> str:
        """Key of the member."""
        return str(self.member.entry["key"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The members that are averaged in one fold and for one target."""

    fold: int | None
    target: str | None
    shares: tuple[Share, ...]
    """By key, so that the order in which they were named does not matter."""

    @classmethod
    def of(cls, fold: int | None, target: str | None, shares: Sequence[Share]) -> "Group":
        """Scale weights to sum 1."""
        total = math.fsum(share.weight for share in shares)
        scaled = (Share(name=s.name, member=s.member, weight=s.weight / total) for s in shares)
        return cls(fold=fold, target=target, shares=tuple(sorted(scaled, key=lambda s: s.key)))

    @property
    def key(self) -> str:
        """Hash of the members' keys and weights: titles and jobs do not matter."""
        meaning = [METHOD, _VERSION, [[share.key, share.weight] for share in self.shares]]
        return hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()


def write_segment(
    store: Store, group: Group, parameters: Mapping[str, Any], resamples: int
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
        average.add(store.scores([share.key])[0], share.weight)
    about = group.shares[0].member.record
    outputs = Outputs(about["outputs"])
    scores = average.mean[None]
    decided = predicted(scores, outputs, probabilities=True)
    record = {
        **_provenance(group),
        "key": group.key,
        "parameters": dict(parameters),
        "figures": _figures(store, group, scores, resamples),
    }
    with store.draft() as draft:
        if average.spread is not None:
            np.save(draft.folder / SPREAD, average.spread[None].astype(np.float32))
        draft.commit([record], scores.astype(np.float32), decided)


def _figures(
    store: Store, group: Group, scores: np.ndarray, resamples: int
) -> dict[str, dict[str, Any]]:
    """Figures by part, on the examples and resamples that its members were judged by."""
    about = group.shares[0].member.record
    dataset = store.truth(about["dataset"])
    whole = store.split(about["dataset"], about["split"])
    split = rows_known(dataset.labels, whole, group.target)
    weights = dataset.weights_for(group.target)
    figures, start = {}, 0
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
            seed=bootstrap_seed(about["split"]),
        )
        figures[part.value] = judged.to_json()
        start += len(rows)
    return figures


def _provenance(group: Group) -> dict[str, Any]:
    """What a segment's record says beside key and figures; costs are those of all members."""
    records = [share.member.record for share in group.shares]
    shared = ("target", "rows", "dataset", "split", "fold", "outputs", "classes", "inputs")
    return {
        "method": METHOD,
        "seed": None,
        "weights": "",
        "preparation": "",
        "calibration": "",
        "probabilities": True,
        "fit_seconds": sum(record["fit_seconds"] for record in records),
        "score_seconds": sum(record["score_seconds"] for record in records),
        "notes": [],
        "model": None,
        "model_row": 0,
        "not_savable": "an ensemble has no model of its own, only its members have",
        **{name: records[0][name] for name in shared},
        "threads": max(record["threads"] for record in records),
        "library": "",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **circumstances(),
    }
