"""What a store holds as a user sees it: jobs, and the classifiers and pictures of one; how they are deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sortal.errors import Damaged, NotFound
from sortal.jobs.pictures.classifier_map import KIND as MAP
from sortal.jobs.pictures.projections import KIND as PROJECTION
from sortal.store.artifacts import Artifact
from sortal.store.files import atomic
from sortal.store.records.job_record import JobRecord, wholes
from sortal.store.store import Store
from sortal.store.upkeep.remove import remove_job, remove_members, remove_result


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A projection of examples, or a map of classifiers."""

    title: str
    kind: str
    name: str
    """Of its artifact, and of its folder."""

    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClassifier:
    """A title of a job, with all its members that are stored."""

    title: str
    method: str
    keys: tuple[str, ...]
    """Of its members, those that are stored."""

    members: int
    """How many it has, stored or not."""

    segments: tuple[str, ...]
    """Names of the folders with its scores and models."""

    bytes: int
    """Of these folders, which other members may share."""

    trained: bool
    """Whether the job trained it; false for ensembles and what was imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    """A job with everything of it that the store holds."""

    name: str
    dataset: str
    """As the data is called."""

    fingerprint: str
    """Of the dataset, and name of its folder."""

    classifiers: tuple[StoredClassifier, ...] = field(repr=False)
    pictures: tuple[StoredPicture, ...] = field(repr=False)
    bytes: int
    """Of every folder of its results and pictures, each counted once."""


def stored_jobs(store: Store) -> tuple[list[StoredJob], list[str]]:
    """All jobs of a store by name, and a sentence for each that cannot be read."""
    pictures = list(_artifacts(store))
    found, unreadable = [], []
    for name in store.jobs.names():
        try:
            found.append(_job(store, name, store.jobs.read(name), pictures))
        except (Damaged, NotFound) as error:
            unreadable.append(f"{name} cannot be read: {error}")
    return found, unreadable


def stored_job(store: Store, name: str) -> StoredJob:
    """One job of a store.

    Raises:
        NotFound: There is none of that name.
        Damaged: It cannot be read.
    """
    return _job(store, name, store.jobs.read(name), list(_artifacts(store)))


def find_item(job: StoredJob, name: str) -> StoredClassifier | StoredPicture:
    """A classifier of a job by its title, a projection or map by its hash.

    Raises:
        NotFound: It has neither.
    """
    items: dict[str, StoredClassifier | StoredPicture] = {one.name: one for one in job.pictures}
    items |= {one.title: one for one in job.classifiers}
    if name not in items:
        raise NotFound("result", name, items, where=f"job {job.name!r}")
    return items[name]


def _job(store: Store, name: str, record: JobRecord, pictures: Sequence[Artifact]) -> StoredJob:
    classifiers = tuple(_classifiers(store, record))
    own = tuple(_picture(one) for one in pictures if _belongs(one, name, record.dataset))
    segments = {segment for one in classifiers for segment in one.segments}
    return StoredJob(
        name=name,
        dataset=store.datasets.name_of(record.dataset),
        fingerprint=record.dataset,
        classifiers=classifiers,
        pictures=own,
        bytes=_size(store, segments) + sum(one.bytes for one in own),
    )


def _classifiers(store: Store, record: JobRecord) -> Iterable[StoredClassifier]:
    beside = {entry.key for entry in (*record.ensembles, *record.imported)}
    places = store.members.find(record.keys)
    entries = list(wholes(record.every_entry))
    for title in dict.fromkeys(entry.title for entry in entries):
        own = [entry for entry in entries if entry.title == title]
        keys = tuple(entry.key for entry in own if entry.key in places)
        segments = tuple(dict.fromkeys(places[key].segment for key in keys))
        yield StoredClassifier(
            title=title,
            method=own[0].method,
            keys=keys,
            members=len(own),
            segments=segments,
            bytes=_size(store, segments),
            trained=own[0].key not in beside,
        )


def _size(store: Store, segments: Iterable[str]) -> int:
    return sum(atomic.size_of(store.members.segments.get(name).folder) for name in segments)


def _artifacts(store: Store) -> Iterable[Artifact]:
    for kind in (PROJECTION, MAP):
        for name in store.artifacts.names(kind):
            try:
                yield store.artifacts.get(kind, name)
            except (Damaged, NotFound):
                continue  # deleted meanwhile, or `sortal store check` names it


def _belongs(artifact: Artifact, job: str, dataset: str) -> bool:
    """Projections are of a dataset, maps of a job."""
    if artifact.kind == PROJECTION:
        return bool(artifact.meta.get("dataset") == dataset)
    return bool(artifact.meta.get("job") == job)


def _picture(artifact: Artifact) -> StoredPicture:
    about = artifact.meta.get("projection") or artifact.meta.get("way") or {}
    told = ", ".join(f"{name}={value}" for name, value in about.items())
    by = f" by {artifact.meta['by']}" if "by" in artifact.meta else ""
    kind = "projection" if artifact.kind == PROJECTION else "map"
    return StoredPicture(
        title=f"{kind}{by} ({told})",
        kind=artifact.kind,
        name=artifact.name,
        bytes=atomic.size_of(artifact.folder),
    )


def jobs_that_share(store: Store, job: str, classifier: StoredClassifier) -> list[str]:
    """Other jobs that refer to a classifier's members."""
    return [
        name
        for name in store.jobs.names()
        if name != job and store.jobs.read(name).keys & set(classifier.keys)
    ]


def ensembles_of(store: Store, classifier: StoredClassifier) -> list[str]:
    """Ensembles, as JOB/TITLE, that cannot be applied without a classifier's members."""
    keys = set(classifier.keys)
    return [
        f"{name}/{entry.title}"
        for name in store.jobs.names()
        for entry in store.jobs.read(name).ensembles
        if entry.key not in keys and keys & {share.key for share in entry.members}
    ]


def delete_classifier(store: Store, job: str, classifier: StoredClassifier) -> int:
    """Delete the stored members of one title; returns how many.

    Raises:
        NotFound: It is not there any more.
        StoreBusy: A job is running.
    """
    if not classifier.trained:
        return remove_result(store, job, classifier.title)
    remove_members(store, classifier.keys)
    return len(classifier.keys)


def delete_pictures(store: Store, pictures: Iterable[StoredPicture]) -> int:
    """Delete projections and maps; returns how many."""
    listed = list(pictures)
    for one in listed:
        store.artifacts.remove(one.kind, one.name)
    return len(listed)


def delete_dataset(store: Store, fingerprint: str) -> tuple[list[str], int]:
    """Delete all jobs and pictures of a dataset; returns the jobs, and the number of pictures.

    Args:
        store: Where they are.
        fingerprint: Of the dataset, or how it begins if no other begins so.

    Raises:
        NotFound: No job is of such a dataset, or those of several are.
        StoreBusy: A job is running.
    """
    jobs, _ = stored_jobs(store)
    mine = [job for job in jobs if fingerprint and job.fingerprint.startswith(fingerprint)]
    if len({job.fingerprint for job in mine}) != 1:
        known = {job.fingerprint for job in jobs}
        raise NotFound("dataset", fingerprint, known, where=str(store.folder))
    for job in mine:
        remove_job(store, job.name)
    pictures = {one.name: one for job in mine for one in job.pictures}
    return [job.name for job in mine], delete_pictures(store, pictures.values())
