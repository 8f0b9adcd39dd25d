"""Names that the jobs of another store get in this one, and what else is named after a job."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from sortal.errors import Damaged
from sortal.store.artifacts import Artifact
from sortal.store.files.json_lines import Record
from sortal.store.records.job_record import JobRecord
from sortal.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """How the jobs of another store are called here; decided before anything named after them is copied."""

    names: Mapping[str, str]
    """Names here by names there."""

    def is_named_after_job(self, artifact: Artifact) -> bool:
        """True if the name of an artifact is that of a job, as of a search or of values of metrics."""
        return artifact.name in (_owners(artifact) or self.names)

    def name(self, artifact: Artifact) -> str | None:
        """The name here of an artifact; None if it is named after a job that is not there."""
        if self.is_named_after_job(artifact):
            return self.names.get(artifact.name)
        return artifact.name

    def meta(self, artifact: Artifact) -> Record:
        """The description of an artifact with the names here of the jobs that it belongs to."""
        meta = dict(artifact.meta)
        if "jobs" in meta:
            meta["jobs"] = [self.names.get(job, job) for job in meta["jobs"]]
        if "job" in meta:
            meta["job"] = self.names.get(meta["job"], meta["job"])
        return meta


def new_names(ours: Store, other: Store, records: Mapping[str, JobRecord]) -> Renaming:
    """Decide the names here of all jobs there: their own, or with a number if that is taken.

    A job that is here already, the same in every field, keeps its name. A search and the job
    of its candidates get the same number.

    Args:
        ours: This store.
        other: The other one.
        records: Its jobs that can be read, by name.
    """
    names: dict[str, str] = {}
    for family in [*_families(other, records), *((name,) for name in records)]:
        if names.keys().isdisjoint(family):
            names |= _free_names(ours, records, family, set(names.values()))
    return Renaming(names=names)


def is_here(ours: Store, record: JobRecord) -> bool:
    """True if this store has the same job under the same name."""
    try:
        return ours.jobs.read_or_none(record.name) == record
    except Damaged:
        return False  # the name is taken all the same


def _families(other: Store, records: Mapping[str, JobRecord]) -> Iterator[tuple[str, ...]]:
    """Jobs that one artifact belongs to, of which at least one is there."""
    for kind in other.artifacts.kinds():
        for name in other.artifacts.names(kind):
            try:
                jobs = _owners(other.artifacts.get(kind, name))
            except Damaged:
                continue  # the artifact is not copied
            if len(jobs) > 1 and name == jobs[0] and not records.keys().isdisjoint(jobs):
                yield jobs


def _free_names(
    ours: Store, records: Mapping[str, JobRecord], family: tuple[str, ...], taken: Iterable[str]
) -> dict[str, str]:
    """The first names that are all free, or those of the same jobs."""
    tried = ({job: _numbered(job, family[0], number) for job in family} for number in count(1))
    return next(
        names
        for names in tried
        if all(_is_free(ours, records.get(job), name, taken) for job, name in names.items())
    )


def _numbered(job: str, first: str, number: int) -> str:
    if number == 1:
        return job
    stem = first if job.startswith(first) else job
    return f"{stem}-{number}{job[len(stem) :]}"


def _is_free(ours: Store, record: JobRecord | None, name: str, taken: Iterable[str]) -> bool:
    if name in taken:
        return False
    if not ours.jobs.path(name).exists():
        return True
    return record is not None and is_here(ours, record.model_copy(update={"name": name}))


def _owners(artifact: Artifact) -> tuple[str, ...]:
    """Jobs that an artifact says it belongs to."""
    owners = artifact.meta.get("jobs", [artifact.meta.get("job")])
    return tuple(owner for owner in owners if isinstance(owner, str))
