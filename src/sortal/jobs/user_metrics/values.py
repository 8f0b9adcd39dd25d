"""Values of a job's user metrics as the store keeps them: by name, digest of the source, and member."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from sortal.data.split import Part
from sortal.errors import Damaged
from sortal.evaluation.scores import MemberMetrics
from sortal.metrics.user_metric import UserMetric
from sortal.store.files.damage import Damage
from sortal.store.files.json_lines import parse
from sortal.store.records.stored_value import StoredValue
from sortal.store.store import Store
from sortal.store.upkeep.verify import quarantine

KIND = "metrics"
FORMAT = 1
_FILE = "values.json"

ByPart: TypeAlias = Mapping[str, float | None]
"""Values by part; None where the metric is undefined."""


class KeptMetric(StoredValue):
    """Description of a user's metric, stored so that its values can be shown without its code."""

    name: str
    """Its name."""

    title: str
    """The words for tables."""

    digest: str
    """Digest of the source that computed the values."""

    outputs: str
    """The labels that it is defined for."""

    greater_is_better: bool
    """False for losses and errors."""

    needs_probabilities: bool
    """True if it means nothing of scores that are no probabilities."""

    @classmethod
    def of(cls, metric: UserMetric) -> "KeptMetric":
        """Describe a metric."""
        return cls(
            name=metric.name,
            title=metric.title,
            digest=metric.digest,
            outputs=metric.outputs,
            greater_is_better=metric.greater_is_better,
            needs_probabilities=metric.needs_probabilities,
        )

    @property
    def full_name(self) -> str:
        """The name with the digest."""
        return f"{self.name}@{self.digest}"


class MetricValues(StoredValue):
    """User metrics of a job's members."""

    format: int = FORMAT
    """Version of this form."""

    metrics: tuple[KeptMetric, ...] = ()
    """The metrics that the job named when it was last run."""

    values: Mapping[str, Mapping[str, ByPart]] = {}
    """By full name of the metric, then by key of the member."""

    @classmethod
    def read(cls, store: Store, job: str) -> "MetricValues":
        """Read those of a job; empty for a job without user metrics.

        Raises:
            Damaged: They are not readable.
        """
        if not store.artifacts.has(KIND, job):
            return cls()
        path = store.artifacts.get(KIND, job).folder / _FILE
        try:
            values = cls.from_json(parse(path.read_bytes(), path), str(path))
        except OSError as error:
            raise Damaged(f"{path}: is unreadable ({error.strerror}).") from error
        if values.format != FORMAT:
            raise Damaged(f"{path}: expected format {FORMAT}, got {values.format}.")
        return values

    @classmethod
    def readable(cls, store: Store, job: str) -> tuple["MetricValues", str]:
        """Those of a job, and a sentence about damage; none of them where they are not readable."""
        try:
            return cls.read(store, job), ""
        except Damaged as error:
            return cls(), f"user-defined metrics are left out: {error}"

    def save(self, store: Store, job: str) -> None:
        """Write or replace those of a job; none are kept of a job without user metrics."""
        if not self.metrics:
            if store.artifacts.has(KIND, job):
                store.artifacts.remove(KIND, job)
            return
        text = json.dumps(self.to_json(), allow_nan=False, indent=1)

        def write(folder: Path) -> None:
            (folder / _FILE).write_text(text + "\n", encoding="utf-8")

        names = [metric.full_name for metric in self.metrics]
        store.artifacts.save(KIND, job, {"jobs": [job], "metrics": names}, write)

    @staticmethod
    def put_aside(store: Store, job: str) -> None:
        """Move those of a job that are not readable to the quarantine, so that others can be kept."""
        quarantine(store, Damage("artifact", f"{KIND}/{job}", _FILE, "is unreadable"))

    def only(self, metrics: Iterable[KeptMetric], keys: Iterable[str]) -> "MetricValues":
        """Keep the values of some metrics and members."""
        kept, wanted = tuple(metrics), set(keys)
        values = {
            one.full_name: {
                key: of for key, of in self.values.get(one.full_name, {}).items() if key in wanted
            }
            for one in kept
        }
        return self.model_copy(update={"metrics": kept, "values": values})

    def has(self, name: str, key: str) -> bool:
        """True if a metric of a member was computed, whether it is defined or not."""
        full = (metric.full_name for metric in self.metrics if metric.name == name)
        return any(key in self.values.get(one, {}) for one in full)

    def of_member(self, key: str, part: str) -> dict[str, float]:
        """Every metric of a member on one part; NaN where it is undefined or was not computed."""
        found = {}
        for metric in self.metrics:
            value = self.values.get(metric.full_name, {}).get(key, {}).get(part)
            found[metric.name] = float("nan") if value is None else float(value)
        return found

    def beside(
        self, scores: Mapping[Part, MemberMetrics], key: str
    ) -> Mapping[Part, MemberMetrics]:
        """The figures of a member with its user metrics behind them."""
        if not self.metrics:
            return scores
        return {
            part: replace(one, figures={**one.figures, **self.of_member(key, part.value)})
            for part, one in scores.items()
        }
