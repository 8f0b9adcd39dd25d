"""Compute user metrics from stored scores, for every member of a job that lacks them.

The driver's own process does this, after training: workers know no user's metrics, and members
that were stored before, ensembles and imported classifiers get the same treatment. Scores of
training examples are not stored, so there are no values on these.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sortal.data.labels import Outputs
from sortal.data.prepared import select_known_rows
from sortal.data.split import SCORED, Part
from sortal.errors import Damaged, DataError
from sortal.evaluation.scores import predict_labels
from sortal.events import Listener, Warned
from sortal.jobs.user_metrics.values import KeptMetric, MetricValues
from sortal.metrics.block import ExclusiveBlock, IndependentBlock, MetricBlock
from sortal.metrics.user_metric import UserMetric
from sortal.store.records.job_record import JobRecord, first_titles
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store

_BATCH = 64
"""Members whose scores are read at once."""


def update_metrics(
    store: Store,
    record: JobRecord,
    metrics: Sequence[UserMetric],
    listener: Listener,
    *,
    standing: Iterable[str] = (),
) -> None:
    """Compute and keep the metrics that stored members of a job lack.

    A member of which a metric cannot be computed is blank there, with a warning; the next run
    tries again.

    Args:
        store: Where scores are and values go.
        record: The job's record.
        metrics: Metrics that the job names now; values of all others are dropped.
        listener: Receives warnings as events.
        standing: Keys of members as they stand at a budget, beside those of the record.
    """
    job = record.name
    before = _read(store, job, listener)
    if not metrics and not before.metrics:
        return
    keys = dict.fromkeys([*(entry.key for entry in record.every_entry), *standing])
    stored = store.members.find(keys)
    kept = before.only(map(KeptMetric.of, metrics), stored)
    values = {name: dict(of) for name, of in kept.values.items()}
    titles = first_titles(record.every_entry)
    for metric in metrics:
        known = values[metric.full_name]
        missing = [key for key in keys if key in stored and key not in known]
        for key, found in _computed(store, metric, missing):
            if isinstance(found, Exception):
                named = titles.get(key, key)
                text = f"{str(found).rstrip('.')}, for {named}: {metric.name} stays blank there."
                listener(Warned(job=job, text=text))
            else:
                known[key] = found
    after = MetricValues(metrics=kept.metrics, values=values)
    if after != before:
        after.save(store, job)


def _read(store: Store, job: str, listener: Listener) -> MetricValues:
    values, damage = MetricValues.readable(store, job)
    if damage:
        MetricValues.put_aside(store, job)
        listener(Warned(job=job, text=f"{damage} Those that the job names are computed anew."))
    return values


def _computed(
    store: Store, metric: UserMetric, keys: Sequence[str]
) -> Iterator[tuple[str, dict[str, float | None] | Exception]]:
    """Values by part of each member, or what prevents them."""
    records = store.members.records(keys)
    alike: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for key in keys:
        about = records[key]
        alike[about.dataset, about.split, about.target].append(key)
    for group in alike.values():
        examples = _ScoredExamples(store, records[group[0]])
        for start in range(0, len(group), _BATCH):
            some = group[start : start + _BATCH]
            try:
                scores = store.members.scores(some)
            except Damaged as damage:
                yield from ((key, damage) for key in some)
                continue
            for key, one in zip(some, scores, strict=True):
                try:
                    yield key, examples.values(metric, records[key], one)
                except DataError as error:
                    yield key, error


class _ScoredExamples:
    """Labels and weights of the examples that members of one split and target are scored on."""

    def __init__(self, store: Store, record: MemberRecord) -> None:
        dataset, target = store.datasets.truth(record.dataset), record.target
        split = select_known_rows(
            dataset.labels, store.datasets.splits.get(record.dataset, record.split), target
        )
        labels, weights = dataset.labels.for_target(target), dataset.weights_for(target)
        self._outputs = labels.outputs
        self._rows = {part: split.rows(part) for part in SCORED}
        self._truth = {part: labels.codes[rows] for part, rows in self._rows.items()}
        self._weights = {
            part: None if weights is None else np.asarray(weights[rows])
            for part, rows in self._rows.items()
        }

    def values(
        self, metric: UserMetric, record: MemberRecord, scores: np.ndarray
    ) -> dict[str, float | None]:
        """A metric of one member by part, on the parts that it has figures of."""
        found: dict[str, float | None] = {}
        start = 0
        for part, rows in self._rows.items():
            own = scores[start : start + len(rows)]
            start += len(rows)
            if part in record.figures:
                value = self._value(metric, record, part, own)
                found[part.value] = None if math.isnan(value) else value
        return found

    def _value(
        self, metric: UserMetric, record: MemberRecord, part: Part, scores: np.ndarray
    ) -> float:
        unsound = metric.needs_probabilities and not record.probabilities
        if unsound or not scores.size or np.isnan(scores).any():
            return math.nan
        means = record.probabilities or record.meant_as_probabilities
        return float(metric.compute(self._block(part, scores[None], means=means))[0])

    def _block(self, part: Part, scores: np.ndarray, *, means: bool) -> MetricBlock:
        make = ExclusiveBlock if self._outputs is Outputs.EXCLUSIVE else IndependentBlock
        return make(
            scores=scores,
            decided=predict_labels(scores, self._outputs, probabilities=means),
            truth=self._truth[part],
            weights=self._weights[part],
        )
