"""What running a job will take: the plan as a value that reads as a page."""

from dataclasses import dataclass
from html import escape

from sortal.data.labels import Outputs
from sortal.jobs.planning.plan import Plan
from sortal.jobs.planning.resolve import Resolved
from sortal.jobs.planning.stored_data import describe_damages
from sortal.jobs.searching.schedule import brackets_of
from sortal.store.store import Store
from sortal.views.progress import counted, duration
from sortal.views.tables import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Division:
    """How many examples do what in one split."""

    train: int
    validation: int
    test: int
    fold: int | None = None
    """The fold that is tested; None outside cross-validation."""

    def __repr__(self) -> str:
        fold = "" if self.fold is None else f" (fold {self.fold})"
        return f"{self.train} train, {self.validation} validate, {self.test} test{fold}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JobForecast:
    """A job without problems, and what running it will take.

    Seconds, memory and disk are rough, right within a factor of a few, and as if nothing
    were stored or shared.
    """

    job: str
    examples: int
    features: int
    """Numbers in one example."""

    classes: tuple[str, ...]
    """The classes, or the independent targets."""

    outputs: Outputs
    splits: tuple[Division, ...]
    search: str
    """Who searches for what; empty for a job without `tuning`. What follows is then of the
    classifiers at their initial values alone."""

    members: int
    stored: int
    """Members whose results are in the store already."""

    store: str
    populations: int
    workers: int
    threads: int
    """Threads of each worker."""

    seconds: float
    memory_bytes: float
    disk_bytes: float
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, resolved: Resolved, plan: Plan, store: Store | None, *, folder: str
    ) -> "JobForecast":
        """Look ahead.

        Args:
            resolved: The job.
            plan: Its tasks.
            store: Where results may be already, if it exists.
            folder: The store's folder, as the user calls it.
        """
        keys = {entry.member.key for entry in resolved.entries}
        cost = plan.cost
        return cls(
            job=resolved.name,
            examples=len(resolved.dataset),
            features=resolved.shape.features,
            classes=resolved.dataset.labels.classes,
            outputs=resolved.dataset.labels.outputs,
            splits=tuple(
                Division(
                    train=len(split.train),
                    validation=len(split.validation),
                    test=len(split.test),
                    fold=split.fold,
                )
                for split in resolved.splits
            ),
            search=_search(resolved),
            members=len(keys),
            stored=len(store.members.find(keys)) if store else 0,
            store=folder,
            populations=len(plan.tasks),
            workers=plan.workers,
            threads=plan.threads,
            seconds=cost.seconds,
            memory_bytes=cost.memory_bytes,
            disk_bytes=cost.disk_bytes,
            notes=(*resolved.notes, *describe_damages(resolved.damages)),
        )

    def __repr__(self) -> str:
        """Every line of the page: what `sortal check` prints."""
        what = "classes" if self.outputs is Outputs.EXCLUSIVE else "targets"
        return "\n".join(
            [
                f"{self.job}: no problems.",
                f"  data         {self.examples} examples, {self.features} numbers each, "
                f"{len(self.classes)} {what}",
                *(f"  split        {split}" for split in self.splits),
                *(
                    [f"  search       {self.search}; below are its initial values"]
                    * bool(self.search)
                ),
                f"  members      {self.members}, of which {self.stored} are in the store "
                f"{self.store}",
                f"  populations  {self.populations}, on {self.workers} workers of "
                f"{self.threads} threads",
                f"  about        {duration(self.seconds)}, {format_bytes(self.memory_bytes)} of memory, "
                f"{format_bytes(self.disk_bytes)} on disk, if nothing is stored and nothing shared",
                *(f"  note         {note}" for note in self.notes),
            ]
        )

    def _repr_html_(self) -> str:
        """The plan as a notebook shows it."""
        return f"<pre>{escape(repr(self))}</pre>"


def _search(resolved: Resolved) -> str:
    """Such as `tpe, 50 candidates in 5 rounds, on 216 validation examples`."""
    tuning = resolved.job.tuning
    if tuning is None:
        return ""
    brackets = brackets_of(tuning)
    asked = sum(one.candidates for one in brackets)
    many = f"{counted(asked, 'candidate')} in " if asked else ""
    splits = resolved.search_splits
    folds = f" of {counted(len(splits), 'fold')}" if len(splits) > 1 else ""
    return (
        f"{tuning.sampler}, {many}{counted(len(brackets), 'round')}, on "
        f"{len(splits[0].validation)} validation examples{folds}"
    )
