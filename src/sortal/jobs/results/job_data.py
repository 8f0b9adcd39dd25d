"""A job's record, and what the store keeps of its data: read when it is asked for, as it was written."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sortal.data.labels import Labels
from sortal.data.split import Part, Split
from sortal.errors import Damaged, NotFound
from sortal.store.files.digests import LARGE_BYTES
from sortal.store.records.job_record import JobRecord
from sortal.store.store import Store


@dataclass(frozen=True, eq=False, kw_only=True)
class JobData:
    """The record of a job that was run, its labels and its splits."""

    record: JobRecord
    """Its record in the store."""

    part: Part
    """The part that figures are reported on."""

    store: Store = field(repr=False)

    @cached_property
    def labels(self) -> Labels:
        """Labels of all examples.

        Raises:
            Damaged: The stored data is not what was written.
        """
        labels = self.store.datasets.truth(self.record.dataset).labels
        if labels.codes.nbytes >= LARGE_BYTES:
            return labels
        # A copy stays as it was compared, whatever becomes of the file.
        return replace(labels, codes=np.array(labels.codes))

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """How the examples are divided, fold by fold.

        Raises:
            Damaged: A stored split is not what was written.
        """
        dataset, splits = self.record.dataset, self.record.splits
        return tuple(self.store.datasets.splits.get(dataset, one.fingerprint) for one in splits)

    @property
    def damage(self) -> str:
        """A sentence about stored data that is damaged or gone; empty where it is sound."""
        fault = self._fault
        if isinstance(fault, NotFound):
            return (
                f"the stored data of the job is gone: the store {self.store.folder} has no "
                f"{fault.kind} {fault.name}."
            )
        return str(fault or "")

    @property
    def is_gone(self) -> bool:
        """True if the stored data was deleted, or some of it."""
        return isinstance(self._fault, NotFound)

    @cached_property
    def _fault(self) -> Damaged | NotFound | None:
        try:
            _ = self.labels, self.splits
        except (Damaged, NotFound) as error:
            return error
        return None


def reported_part(record: JobRecord, store: Store) -> Part:
    """The part that figures are reported on: the stored figures tell where the split is damaged."""
    try:
        return store.datasets.splits.get(record.dataset, record.splits[0].fingerprint).reported
    except (Damaged, NotFound):
        found = store.members.find(entry.key for entry in record.every_entry)
        judged = {part for of in store.members.records(found).values() for part in of.figures}
        return Part.VALIDATION if judged and Part.TEST not in judged else Part.TEST
