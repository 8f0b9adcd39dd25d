"""Members of a job under their titles, and the keys by which the store knows them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sortal.methods.contract.base import Member, Method
from sortal.methods.contract.library_versions import library_version
from sortal.store.records.job_record import MemberEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMember:
    """One member as the job names it, with all that a plan needs."""

    listed: MemberEntry
    """What the job's record says of it."""

    member: Member
    """The classifier to train: one method with its parameters, seed, split and target."""

    method: Method
    """Its method, calibrated if it is."""

    split: str
    """Fingerprint of the job's split (before rows of unknown target are dropped)."""

    @property
    def title(self) -> str:
        """Title of its classifier."""
        return self.listed.title

    def titled(self, title: str, fold_of: str = "") -> "PlannedMember":
        """Return this entry with another title."""
        changed = {"title": title, "fold_of": fold_of}
        return replace(self, listed=self.listed.model_copy(update=changed))

    @property
    def as_fold(self) -> "PlannedMember":
        """The same member once more, as a result of its fold alone."""
        return self.titled(f"{self.title} fold{self.listed.fold}", fold_of=self.title)


def member_key(member: Member, method: Method, dataset: str) -> str:
    """Hash what decides a member's result: never its title, device or threads.

    Args:
        member: The member; its own key does not count.
        method: Its method; version and the library's minor version are part of the key.
        dataset: Fingerprint of the dataset.
    """
    meaning = {
        "method": member.method,
        "parameters": member.parameters.meaning(),
        "seed": member.seed,
        "target": member.target,
        "weights": member.weights,
        "rows": member.rows,
        "preparation": member.preparation,
        "calibration": member.calibration,
        "dataset": dataset,
        "version": method.version,
        "library": library_version(method.library),
        "precision": "float32",
    }
    text = json.dumps(meaning, sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def render_title(
    template: str | None,
    method: str,
    parameters: Mapping[str, Any],
    varied: tuple[str, ...],
    seed: int,
) -> str:
    """Fill a title template; without one, name the method and every varied parameter.

    Raises:
        KeyError: The template names something that is no parameter.

    >>> render_title("knn {n_neighbors}", "kneighbors", {"n_neighbors": 3}, (), 0)
    'knn 3'
    >>> render_title(None, "svm", {"C": 0.5, "kernel": "rbf"}, ("C",), 0)
    'svm C=0.5'
    """
    if template is None:
        return " ".join([method, *(f"{name}={_short(parameters[name])}" for name in varied)])
    words = {"method": method, "seed": seed, **parameters}
    return template.format_map({name: _short(value) for name, value in words.items()})


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "x".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
