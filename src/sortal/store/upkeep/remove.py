"""Delete members, jobs and results; `gc` frees their bytes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sortal.errors import Damaged, NotFound
from sortal.store.files import atomic
from sortal.store.store import Store


def remove_members(store: Store, keys: Iterable[str]) -> None:
    """Delete members: they are found no more.

    Raises:
        NotFound: One of them is not stored; none is deleted.
        StoreBusy: A job is running.
    """
    with store.leases.alone():
        store.members.tombstones.add(store.members.require(keys))


def remove_unlisted(store: Store, keys: Iterable[str]) -> None:
    """Delete those of some members that no job refers to; none while a job's record cannot be read."""
    left = set(store.members.find(keys))
    if not left:
        return
    try:
        left.difference_update(*(store.jobs.read(name).keys for name in store.jobs.names()))
    except Damaged:
        return  # what the damaged record refers to is not known
    store.members.tombstones.add(left)


def remove_job(store: Store, name: str) -> int:
    """Delete a job's record, its log, its values of metrics and its search.

    With them go the members that no other job refers to.

    Returns:
        How many members were deleted.

    Raises:
        NotFound: There is no such job.
        Damaged: A job's record is unreadable, so that shared members cannot be told.
        StoreBusy: A job is running.
    """
    with store.leases.alone():
        mine = store.members.find(_own_keys(store, name))
        store.members.tombstones.add(mine)
        for path in list(_named_after(store, name)):
            atomic.discard(path)  # a new job of the name must not find it
        store.jobs.remove(name)
        (store.folder / "logs" / f"{name}.jsonl").unlink(missing_ok=True)
        return len(mine)


def remove_result(store: Store, job: str, title: str) -> int:
    """Delete an ensemble or an imported classifier of a job.

    With it go its single folds, where they are listed, and those members that no job refers to
    any more.

    Returns:
        How many members were deleted, its own scores among them.

    Raises:
        NotFound: There is no such job, or it has no ensemble and nothing imported of that title.
        Damaged: A job's record is unreadable, so that shared members cannot be told.
        StoreBusy: A job is running.
    """
    with store.leases.alone():
        record = store.jobs.read(job)
        known = {entry.title for entry in (*record.ensembles, *record.imported)}
        if title not in known:
            what = "ensemble or imported classifier"
            raise NotFound(what, title, known, where=f"job {job!r}")
        after = record.without(title)
        mine = store.members.find(_own_keys(store, job) - after.keys)
        store.members.tombstones.add(mine)
        store.jobs.write(after)
        return len(mine)


def _own_keys(store: Store, job: str) -> set[str]:
    """Keys of a job's members that no other job refers to."""
    others = (name for name in store.jobs.names() if name != job)
    mine = set(store.jobs.read(job).keys)
    return mine.difference(*(store.jobs.read(name).keys for name in others))


def _named_after(store: Store, job: str) -> Iterator[Path]:
    """Artifacts under the name of a job that belong to no other one that is there."""
    jobs = set(store.jobs.names()) - {job}
    for kind in store.artifacts.kinds():
        if store.artifacts.has(kind, job):
            try:
                owners = store.artifacts.get(kind, job).meta.get("jobs", ())
            except Damaged:
                continue  # whose it is cannot be told; `verify` names it
            if job in owners and jobs.isdisjoint(owners):
                yield store.artifacts.path(kind, job)
