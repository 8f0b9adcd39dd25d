"""The record of a job: what its titles mean, and what its runs came to. One JSON file a job."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from sortal.data.labels import Outputs
from sortal.job.models import DataBlock
from sortal.store.records.stored_value import StoredValue

FORMAT = 1
RESAMPLES = 1000
"""Bootstrap resamples of records that do not say how many: what a job asks for by default."""


def _known_options(stored: object) -> object:
    """A data block without the options that only a newer version has."""
    if not isinstance(stored, Mapping):
        return stored
    return {name: value for name, value in stored.items() if name in DataBlock.model_fields}


class MemberEntry(StoredValue):
    """One member under one title of a job."""

    later: ClassVar[frozenset[str]] = frozenset({"fold_of", "notes", "asked"})

    title: str
    """Title of its classifier."""

    fold_of: str = ""
    """Title of the whole, where this title shows one fold of it; empty for a whole."""

    notes: tuple[str, ...] = ()
    """Remarks of the job on this title."""

    asked: Mapping[str, Any] = {}
    """What the job says that the classifier is, in names and words of its own."""

    key: str
    """Key of the member."""

    method: str
    """Name of its method."""

    calibration: str
    """How scores become probabilities; empty for as they come."""

    parameters: Mapping[str, Any]
    """Its parameters, resolved; the names are the method's."""

    varied: tuple[str, ...] = ()
    """Parameters that the job gives several values."""

    seed: int | None
    """Seed of its training; None where nothing was trained."""

    fold: int | None
    """Number of the fold that it does not see; None outside cross-validation."""

    target: str | None
    """The one independent target that it predicts, None for all outputs."""

    reference: bool = False
    """Whether its method is there to compare with, by its name."""

    @property
    def place(self) -> str:
        """Title with seed, fold and target, as far as it has them."""
        about = {"seed": self.seed, "fold": self.fold, "target": self.target}
        listed = ", ".join(f"{name} {value}" for name, value in about.items() if value is not None)
        return f"{self.title} ({listed})"


class InterimEntry(MemberEntry):
    """A member that was stored before it was trained to its end."""

    of: str
    """Key of the finished member."""


class ImportedEntry(MemberEntry):
    """A member that was trained elsewhere."""


class EnsembleShare(StoredValue):
    """A trained member that an ensemble averages."""

    key: str
    """Its key."""

    name: str
    """`JOB/TITLE`."""

    seed: int | None
    """Its seed."""

    weight: float
    """What it counts; all of one fold and target sum to 1."""


class EnsembleEntry(MemberEntry):
    """An average of trained members, in one fold and for one target."""

    members: tuple[EnsembleShare, ...]
    """What it averages, by key."""


class SplitEntry(StoredValue):
    """A division of the data into parts."""

    fingerprint: str
    """Of the split, and name of its file."""

    fold: int | None
    """Its number; None outside cross-validation."""


class Failure(StoredValue):
    """Why a member failed."""

    later: ClassVar[frozenset[str]] = frozenset({"printed"})

    reason: str
    """One line."""

    traceback: str = ""
    """Python's traceback; empty where there is none."""

    printed: str = ""
    """What it printed while it trained."""


class RunEntry(StoredValue):
    """What one run came to, in members."""

    ended: str
    """When, ISO 8601 in UTC."""

    trained: int
    """Members that were trained."""

    stored: int
    """Members that were in the store before."""

    failed: int
    """Members that failed."""

    seconds: float
    """Wall time [s]."""

    interrupted: bool
    """Whether a signal ended it."""


class ProjectionEntry(StoredValue):
    """A projection of the examples that the job lists."""

    title: str
    """Its title."""

    method: str
    """Name of the method that projects."""

    parameters: Mapping[str, Any]
    """Its parameters; the names are the method's."""

    artifact: str
    """Name of the stored projection."""


class JobRecord(StoredValue):
    """A job as the store knows it."""

    later: ClassVar[frozenset[str]] = frozenset({"projections", "figures_alone", "asked"})

    format: int = FORMAT
    """Version of this form."""

    name: str
    """Name of the job."""

    text: str = ""
    """The job file as the user wrote it; empty for a job from Python."""

    updated: str
    """When the record was last made anew, ISO 8601 in UTC; empty for never."""

    dataset: str
    """Fingerprint of the dataset."""

    data: Annotated[DataBlock, BeforeValidator(_known_options)]
    """The job's data block."""

    splits: Annotated[tuple[SplitEntry, ...], Field(min_length=1)]
    """One, or one a fold."""

    outputs: Outputs
    """How the classifiers' outputs relate."""

    classes: tuple[str, ...]
    """Classes or targets, in the order of scores."""

    weighted: bool = False
    """Whether the examples have weights."""

    bootstrap: int = RESAMPLES
    """Bootstrap resamples behind each interval."""

    notes: tuple[str, ...] = ()
    """What the user should know of the data and the methods."""

    entries: tuple[MemberEntry, ...]
    """Members that a run trains, in the job's order."""

    failures: Mapping[str, Failure] = {}
    """Why members failed, by key."""

    runs: tuple[RunEntry, ...] = ()
    """What the runs came to, in their order."""

    ensembles: tuple[EnsembleEntry, ...] = ()
    """Averages of trained members."""

    imported: tuple[ImportedEntry, ...] = ()
    """Members that were trained elsewhere."""

    interim: tuple[InterimEntry, ...] = ()
    """Members that were stored before they were trained to their end."""

    projections: tuple[ProjectionEntry, ...] = ()
    """Projections that the job lists."""

    figures_alone: bool = False
    """True if it was imported as metrics alone, so that no example of it is known."""

    asked: Mapping[str, Any] = {}
    """What was imported with it and has no other place, in names of its own."""

    @property
    def every_entry(self) -> tuple[MemberEntry, ...]:
        """Members that a run trains, then interim ones, ensembles and what was imported."""
        return (*self.entries, *self.interim, *self.ensembles, *self.imported)

    @property
    def keys(self) -> frozenset[str]:
        """Keys of all members that the job refers to, those that its ensembles average among them."""
        listed = {entry.key for entry in self.every_entry}
        return frozenset(listed | {share.key for one in self.ensembles for share in one.members})

    def without(self, title: str) -> "JobRecord":
        """The record without the ensembles and imported members of one title, and of its folds."""
        ensembles = tuple(e for e in self.ensembles if title not in (e.title, e.fold_of))
        imported = tuple(e for e in self.imported if title not in (e.title, e.fold_of))
        return self.model_copy(update={"ensembles": ensembles, "imported": imported})

    def titled(self, title: str) -> list[MemberEntry]:
        """Entries of one title."""
        return [entry for entry in self.every_entry if entry.title == title]


def first_titles(entries: Iterable[MemberEntry]) -> dict[str, str]:
    """The first title of every key."""
    titles: dict[str, str] = {}
    for entry in entries:
        titles.setdefault(entry.key, entry.title)
    return titles


def wholes(entries: Iterable[MemberEntry]) -> Iterator[MemberEntry]:
    """The entries without those that show a single fold."""
    return (entry for entry in entries if not entry.fold_of)
