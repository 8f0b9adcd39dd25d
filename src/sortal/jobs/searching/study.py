"""What a search has asked and heard: trials and rounds as values, kept in the store as JSON."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Any

from sortal.errors import Damaged
from sortal.store.store import Store

KIND = "study"
FORMAT = 1
_FILE = "study.json"

SOURCE = "metric_source"
"""Key in `Study.about`, where the metric is user-defined: the digest of its source."""

SEARCH = ".search"
"""Ends the name of the job in the store that lists a search's candidates."""


class TrialState(StrEnum):
    """What became of a trial."""

    OPEN = "open"
    """Not trained to its end; a rerun goes on with it."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    """Given up at a rung."""

    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Trial:
    """One candidate: what it is, and what became of it."""

    number: int
    """From 1, in the order of proposal."""

    classifier: int
    """Place of its classifier among those of the search."""

    title: str
    method: str
    values: Mapping[str, Any]
    """Of the tuned parameters."""

    parent: int | None = None
    """Number of the trial that it varies."""

    keys: tuple[str, ...] = ()
    """Its members: one a seed, fold and target."""

    state: TrialState = TrialState.OPEN
    value: float | None = None
    """Of the metric on the validation examples; of a pruned one at its last rung."""

    spread: float | None = None
    """Standard deviation of the value over its members; None for fewer than two."""

    seconds: float = 0.0
    """Training and scoring of its members."""

    reason: str = ""
    """Why it failed."""

    rungs: dict[str, float] = field(default_factory=dict)
    """Value at each rung it came to, by budget."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "state": self.state.value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Trial":
        """Read what `to_json` made."""
        return cls(
            **{**stored, "state": TrialState(stored["state"]), "keys": tuple(stored["keys"])}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round came to."""

    trials: tuple[int, ...]
    """Numbers of its candidates, those kept from earlier rounds among them."""

    budgets: tuple[int, ...]
    """Rungs at which they were sifted."""

    trained: int
    """Members that were trained now and not found in the store."""

    seconds: float
    ended: str
    """When, ISO 8601 in UTC."""

    interrupted: bool


@dataclass(slots=True, kw_only=True)
class Study:
    """A search so far."""

    job: str
    metric: str
    smaller_is_better: bool
    meaning: str
    """Fingerprint of everything that decides what is asked."""

    about: Mapping[str, Any]
    """The job's `tuning` and its spaces, as plain JSON."""

    trials: list[Trial] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    def sign(self, value: float) -> float:
        """A value as samplers like it: the larger the better."""
        return -value if self.smaller_is_better else value

    @property
    def ranked(self) -> list[Trial]:
        """Trials that were trained whole, best first; of equals the first."""
        return self._sorted(self.trials)

    def of(self, one: Round) -> list[Trial]:
        """Trials of a round that were trained whole, best first."""
        wanted = set(one.trials)
        return self._sorted(trial for trial in self.trials if trial.number in wanted)

    def _sorted(self, trials: Iterable[Trial]) -> list[Trial]:
        whole = [
            one for one in trials if one.state is TrialState.COMPLETE and one.value is not None
        ]
        return sorted(whole, key=lambda one: -self.sign(one.value or 0.0))

    def mean(self, one: Round) -> float | None:
        """Mean value of a round's trials that were trained whole."""
        values = [trial.value for trial in self.of(one) if trial.value is not None]
        return fmean(values) if values else None

    def save(self, store: Store) -> None:
        """Write or replace it in a store."""
        text = json.dumps(self.to_json(), allow_nan=False, indent=1)

        def write(folder: Path) -> None:
            (folder / _FILE).write_text(text + "\n", encoding="utf-8")

        about = {
            # Until the search is through only the job of its candidates is there.
            "jobs": [self.job, f"{self.job}{SEARCH}"],
            "metric": self.metric,
            "trials": len(self.trials),
            "rounds": len(self.rounds),
        }
        store.artifacts.save(KIND, self.job, about, write)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "format": FORMAT,
            "job": self.job,
            "metric": self.metric,
            "smaller_is_better": self.smaller_is_better,
            "meaning": self.meaning,
            "about": dict(self.about),
            "trials": [one.to_json() for one in self.trials],
            "rounds": [asdict(one) for one in self.rounds],
        }

    @classmethod
    def read(cls, store: Store, job: str) -> "Study":
        """Read the study of a job.

        Raises:
            NotFound: The store has no search of that job.
            Damaged: It is not readable.
        """
        path = store.artifacts.get(KIND, job).folder / _FILE
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["format"] != FORMAT:
                raise ValueError(f"format {stored['format']!r}, and not {FORMAT}")
            return cls(
                job=job,  # a merge of stores may have renamed it since the file was written
                **{name: stored[name] for name in ("metric", "meaning", "about")},
                smaller_is_better=stored["smaller_is_better"],
                trials=[Trial.from_json(one) for one in stored["trials"]],
                rounds=[_round(one) for one in stored["rounds"]],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path}: is not a readable study ({error}).") from error


def _round(stored: Mapping[str, Any]) -> Round:
    return Round(
        **{**stored, "trials": tuple(stored["trials"]), "budgets": tuple(stored["budgets"])}
    )
