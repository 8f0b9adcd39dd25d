"""What a search reads of stored results: the metric of members, trained whole or as they stand at a rung."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sortal.data.split import Part
from sortal.evaluation.aggregate import summarise
from sortal.jobs.results.interim import rung_key
from sortal.jobs.searching.study import SOURCE, Study
from sortal.jobs.user_metrics.values import MetricValues
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store
from sortal.store.upkeep.remove import remove_unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateMetric:
    """The metric over all members of a candidate."""

    mean: float
    sd: float | None
    """None for fewer than two members."""

    seconds: float
    """Training and scoring of all members."""


@dataclass(slots=True)
class StoredMetrics:
    """Reads each record once, and values of rungs from the study that an earlier run left."""

    store: Store
    study: Study
    before: Study | None
    job: str
    """The job that lists the candidates: it has the values of user-defined metrics."""

    _records: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    """Value and seconds by key; None for what is not stored."""

    _rungs: dict[tuple[tuple[str, ...], int], float] = field(init=False)

    def __post_init__(self) -> None:
        before, study = self.before, self.study
        same = (
            before
            and before.metric == study.metric
            and before.about.get(SOURCE, "") == self._source
        )
        known = before if same else None
        self._rungs = {
            (trial.keys, int(budget)): value
            for trial in (known.trials if known else ())
            for budget, value in trial.rungs.items()
        }

    def forget(self) -> None:
        """Look again for what was not stored."""
        self._records = {key: found for key, found in self._records.items() if found is not None}

    def whole(self, keys: Sequence[str]) -> CandidateMetric | None:
        """Of members that are all trained whole; None if one is not, or its value is undefined."""
        return _together([self._read(keys)[key] for key in keys])

    def at_rung(self, keys: Sequence[str], budget: int) -> float | None:
        """Of members as they stand at a rung; those that are done count as they are.

        What is known of the rung stands before what became of the members later: so a search
        that is run again sifts as the first run did.
        """
        keys = tuple(keys)
        if (keys, budget) not in self._rungs:
            standing = {key: rung_key(key, budget) for key in keys}
            found = self._read([*standing.values(), *keys])
            value = _together([found[standing[key]] or found[key] for key in keys])
            if value is None:
                return None
            self._rungs[keys, budget] = value.mean
        return self._rungs[keys, budget]

    def without_standing(self, keys: Iterable[str], budget: int) -> list[str]:
        """Members that did not come to a rung yet."""
        standing = {key: rung_key(key, budget) for key in keys}
        found = self._read(standing.values())
        return [key for key in standing if found[standing[key]] is None]

    def drop_standing(self, keys: Iterable[str], budget: int) -> None:
        """Delete how members stood at a rung, once the study knows it."""
        remove_unlisted(self.store, [rung_key(key, budget) for key in keys])

    def _read(self, keys: Iterable[str]) -> dict[str, tuple[float, float] | None]:
        wanted = list(keys)
        new = [key for key in wanted if key not in self._records]
        stored = self.store.members.records(self.store.members.find(new))
        # What is not readable counts as not computed: the next run of the candidates mends it.
        wanted_own = self._source and stored
        own = MetricValues.readable(self.store, self.job)[0] if wanted_own else None
        for key in new:
            self._records[key] = self._value(stored[key], own) if key in stored else None
        return {key: self._records[key] for key in wanted}

    @property
    def _source(self) -> str:
        """Digest of the source of a user-defined metric; empty for a built-in one."""
        return str(self.study.about.get(SOURCE, ""))

    def _value(self, record: MemberRecord, own: MetricValues | None) -> tuple[float, float] | None:
        """A member's metric, NaN where it is undefined, and its seconds.

        None where the metric is user-defined and was not computed yet.
        """
        figures = record.judged(Part.VALIDATION)
        if own is not None:
            if not own.has(self.study.metric, record.key):
                return None
            figures = own.of_member(record.key, Part.VALIDATION.value)
        value = figures.get(self.study.metric, math.nan)
        return value, (record.fit_seconds or 0.0) + (record.score_seconds or 0.0)


def _together(found: Sequence[tuple[float, float] | None]) -> CandidateMetric | None:
    known = [one for one in found if one is not None]
    if len(known) < len(found) or not known or any(math.isnan(value) for value, _ in known):
        return None
    spread = summarise([value for value, _ in known])
    return CandidateMetric(
        mean=spread.mean,
        sd=None if math.isnan(spread.sd) else spread.sd,
        seconds=sum(seconds for _, seconds in known),
    )
