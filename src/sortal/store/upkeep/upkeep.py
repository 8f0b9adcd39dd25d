"""What keeps a store sound and small: verify, quarantine, delete, free, merge, count."""

from collections.abc import Iterable
from pathlib import Path

from sortal.errors import NotFound, UserError
from sortal.store import gather
from sortal.store.files import atomic
from sortal.store.files.damage import Damage
from sortal.store.parts import Opened
from sortal.store.upkeep import collect, verify
from sortal.store.upkeep import merge as merging
from sortal.store.upkeep import usage as using
from sortal.store.upkeep.collect import Freed
from sortal.store.upkeep.merge import Merged
from sortal.store.upkeep.usage import Usage


class Upkeep(Opened):
    """The part of a store's door that is about its upkeep."""

    __slots__ = ()

    def verify(self) -> list[Damage]:
        """Everything that is not what was written; every byte of the store is read."""
        return verify.damages(self.parts)

    def verify_segments(self, names: Iterable[str] | None = None) -> list[Damage]:
        """Damages of some segments, or of all."""
        return verify.segment_damages(self.parts, names)

    def data_damages(self, dataset: str, splits: Iterable[str]) -> list[Damage]:
        """Damages of one dataset and of some of its splits; each file is read once a process."""
        return verify.data_damages(self.parts, dataset, splits)

    def quarantine(self, damage: Damage) -> Path | None:
        """Put what is damaged aside, so that a run computes it again; None if it is gone."""
        return verify.put_aside(self.parts, damage)

    def remove_members(self, keys: Iterable[str]) -> None:
        """Delete members: they are found no more, and `gc` frees their bytes.

        Raises:
            NotFound: One of them is not stored; none is deleted.
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            wanted = list(keys)
            live = gather.find(self.parts, wanted)
            for key in wanted:
                if key not in live:
                    raise NotFound("member", key, (), where=str(self.folder))
            self.parts.tombstones.add(wanted)

    def remove_job(self, name: str) -> int:
        """Delete a job's record, its log, its values of metrics and its search.

        With them go the members that no other job refers to.

        Returns:
            How many members were deleted.

        Raises:
            NotFound: There is no such job.
            Damaged: A job's record is unreadable, so that shared members cannot be told.
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            mine = gather.find(self.parts, collect.own_keys(self.parts, name))
            self.parts.tombstones.add(mine)
            for path in list(collect.named_after(self.parts, name)):
                atomic.discard(path)  # a new job of the name must not find it
            self.parts.jobs.remove(name)
            (self.folder / "logs" / f"{name}.jsonl").unlink(missing_ok=True)
            return len(mine)

    def remove_result(self, job: str, title: str) -> int:
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
        with self.parts.leases.alone():
            record = self.parts.jobs.read(job)
            known = {entry.title for entry in (*record.ensembles, *record.imported)}
            if title not in known:
                what = "ensemble or imported classifier"
                raise NotFound(what, title, known, where=f"job {job!r}")
            after = record.without(title)
            freed = collect.own_keys(self.parts, job) - after.keys
            mine = gather.find(self.parts, freed)
            self.parts.tombstones.add(mine)
            self.parts.jobs.write(after)
            return len(mine)

    def gc(self, *, snapshot_days: float = 30.0) -> Freed:
        """Free the disk of deleted members, what no job has, old snapshots and runs, leftovers.

        Args:
            snapshot_days: Age at which snapshots, and runs of a server that ended, go.

        Raises:
            StoreBusy: A job is running.
        """
        with self.parts.leases.alone():
            return collect.collect(self.parts, snapshot_days=snapshot_days)

    def merge(self, other: Opened) -> Merged:
        """Copy what another store holds and this one lacks; damaged things are named and skipped.

        Raises:
            StoreBusy: A job is running in either store.
            UserError: The other store is this one.
        """
        if self.folder.samefile(other.folder):
            raise UserError(f"{self.folder}: a store cannot be merged with itself.")
        with self.parts.leases.alone():
            other.parts.leases.refuse_running()
            return merging.merge(self.parts, other.parts)

    def usage(self) -> dict[str, Usage]:
        """Count and bytes by kind of thing."""
        return using.usage(self.parts)
