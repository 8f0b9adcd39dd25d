"""The examples of a task: prepared once for all tasks of a worker, and refused once they are damaged."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sortal.data.prepared import Prepared, select_known_rows
from sortal.data.preparing.preparer import Preparation
from sortal.errors import Damaged
from sortal.jobs.running.task_spec import TaskSpec
from sortal.methods.contract.base import Axis
from sortal.store.files.digests import Seals
from sortal.store.store import Store


class DataChanged(Damaged):
    """Examples were changed while classifiers were trained on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """What a population is trained on and judged by."""

    prepared: Prepared
    store: Store
    dataset: str
    seals: Seals
    """Size and time of each file of the dataset, as they were when it was opened."""

    @classmethod
    def of(cls, task: TaskSpec) -> "TaskData":
        """Open and prepare the examples of a task.

        Rows whose label of the members' target is unknown take no part. Where members of several targets may
        train together, the labels of all targets stay.

        Raises:
            Damaged: A file of the dataset or of the split is not what was written.
        """
        store = Store.open(task.store)
        dataset, given = task.dataset, task.seals or None
        # Compared for every task: files may have changed since this worker prepared them.
        store.datasets.get(dataset, given)
        seals = store.datasets.seals(dataset)
        store.datasets.get(dataset, given)
        prepared = _prepare(
            task.store,
            dataset,
            task.split,
            task.preparation,
            task.members[0].target,
            narrow=Axis.TARGET not in task.method.shares,
            seals=tuple(seals.items()),
        )
        return cls(prepared=prepared, store=store, dataset=dataset, seals=seals)

    def refuse_change(self) -> None:
        """Refuse results of examples whose files have changed since they were opened.

        Raises:
            DataChanged: They have; what was trained on them may be wrong, and is not stored.
            Damaged: They are not there any more.
        """
        now = self.store.datasets.seals(self.dataset)
        changed = sorted(name for name in self.seals if now.get(name) != self.seals[name])
        if changed:
            raise DataChanged(
                f"data {self.dataset}: {changed[0]} has changed while classifiers were trained on "
                "it; they are not stored. Run the job again."
            )


@lru_cache(maxsize=2)
def _prepare(
    store: Path,
    dataset: str,
    split: str,
    recipe: Preparation,
    target: str | None,
    *,
    narrow: bool,
    seals: tuple[tuple[str, tuple[int, int]], ...],
) -> Prepared:
    """Prepare once for all tasks of this worker that use the same rows of the same files."""
    opened = Store.open(store)
    data = opened.datasets.get(dataset, dict(seals))
    divided = select_known_rows(data.labels, opened.datasets.splits.get(dataset, split), target)
    return Prepared.fit(data, divided, recipe, target if narrow else None)
