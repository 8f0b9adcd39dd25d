"""What a worker does with one population: prepare, train, score, write a segment.

This file is the test of the contract in methods/base.py: it names no method.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from sortal.data.prepared import Prepared, rows_known
from sortal.data.preparer import Imputation, Preparation, Scaling
from sortal.engines.base import Channel, Json
from sortal.jobs.outcome import SegmentRows
from sortal.methods import registry
from sortal.methods.base import (
    Axis,
    Failed,
    Member,
    Method,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)
from sortal.store.store import Store


@dataclass(frozen=True, slots=True)
class _Control:
    """Passes progress to the driver, and the driver's wish to stop to the method."""

    channel: Channel

    def report(self, progress: Progress) -> Verdict:
        self.channel.send({"done": progress.done, "text": progress.text})
        return Verdict(stop_all=self.channel.stopping())


def run(task: Json, channel: Channel) -> Json:
    """Train one population and store it; called by an engine in a worker.

    Args:
        task: What `jobs.run` wrote: store, dataset, split, preparation, method, members.
        channel: The line to the driver.

    Returns:
        `segment`: name of what was stored, None for nothing; `failed`: reason and
        traceback by key; `paused`: keys that can be continued.
    """
    store = Store.open(Path(task["store"]))
    method = registry.find(task["method"], task["calibration"])
    members = tuple(_member(method, fields) for fields in task["members"])
    data = _prepare(
        task["store"],
        task["dataset"],
        task["split"],
        tuple(task["preparation"]),
        members[0].target,
        narrow=Axis.TARGET not in method.shares,
    )
    snapshot = store.snapshot_folder(task["name"])
    population = Population(
        members=members,
        threads=task["threads"],
        resume=snapshot,
        snapshot_seconds=task["snapshot_seconds"],
    )
    failed: dict[str, Json] = {}
    paused: list[str] = []
    with threadpool_limits(task["threads"]), store.draft() as draft:
        rows = SegmentRows(method, members, data, draft.folder, task)
        for outcome in method.train(population, data, _Control(channel)):
            match outcome:
                case Trained():
                    rows.add(outcome)
                case Failed(key, reason, traceback):
                    failed[key] = {"reason": reason, "traceback": traceback}
                case Paused(keys):
                    paused.extend(keys)
        segment = rows.commit(draft)
    if not paused and not channel.stopping():
        store.drop_snapshot(task["name"])
    return {"segment": segment, "failed": failed, "paused": paused}


def _member(method: Method, fields: Mapping[str, Any]) -> Member:
    parameters = method.Parameters.model_validate(fields["parameters"])
    return Member(**{**fields, "parameters": parameters})


@lru_cache(maxsize=2)
def _prepare(
    store: str,
    dataset: str,
    split: str,
    recipe: tuple[Scaling, Imputation],
    target: str | None,
    *,
    narrow: bool,
) -> Prepared:
    """Prepare once for all tasks of this worker that use the same rows.

    Rows whose label of `target` is unknown take no part. `narrow` says whether labels are
    reduced to it, or those of all targets stay.
    """
    opened = Store.open(Path(store))
    data = opened.dataset(dataset)
    divided = rows_known(data.labels, opened.split(dataset, split), target)
    return Prepared.fit(
        data,
        divided,
        Preparation(scaling=recipe[0], imputation=recipe[1]),
        target if narrow else None,
    )
