"""The trained members behind a member of a result: itself, or those that an ensemble averages."""

from dataclasses import dataclass

from sortal.errors import UserError
from sortal.jobs.results.result import MemberResult
from sortal.store.records.job_record import EnsembleEntry
from sortal.store.records.member_record import MemberRecord
from sortal.store.store import Store


@dataclass(frozen=True, slots=True)
class Constituent:
    """One trained member and what it counts."""

    key: str
    name: str
    """As a user calls it: its title, or `JOB/TITLE` in an ensemble."""

    record: MemberRecord
    """What its segment says of it."""

    weight: float


def constituents(store: Store, member: MemberResult) -> list[Constituent]:
    """The trained members to apply, with weights of sum 1.

    Raises:
        UserError: A member that the ensemble averages is not in the store any more.
    """
    entry = member.entry
    if not isinstance(entry, EnsembleEntry):
        return [Constituent(entry.key, entry.title, member.record, 1.0)]
    keys = [one.key for one in entry.members]
    stored = store.members.find(keys)
    for one in entry.members:
        if one.key not in stored:
            job = one.name.partition("/")[0]
            raise UserError(
                f"{entry.title} cannot be applied: its member {one.name} (seed "
                f"{one.seed}) is not in {store.folder} any more; run the job {job!r} again."
            )
    records = store.members.records(keys)
    return [Constituent(one.key, one.name, records[one.key], one.weight) for one in entry.members]
