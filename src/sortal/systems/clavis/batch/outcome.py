"""What the jobs of a batch came to, and the tables that tell it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.evaluation.row import Row
from sortal.views.progress import counted, duration
from sortal.views.tables import Columns, TableColumn

COLUMNS: Columns = (
    TableColumn(name="title", header="Title"),
    TableColumn(name="dataset", header="Dataset"),
    TableColumn(name="classifiers", header="#Clfs"),
    TableColumn(name="projections", header="#Projs"),
    TableColumn(name="errors", header="#Errors"),
    TableColumn(name="time", header="Time"),
)
"""The columns of the summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFailure:
    """Something that failed."""

    what: str
    """`classifier 'KNN 1'`, `projection 'PCA'`, or empty for the whole job."""

    reason: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}" if self.what else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one job came to."""

    path: Path
    title: str
    """Of the job; the file's name where it could not be read."""

    dataset: str = ""
    classifiers: int = 0
    """Configurations that have a result, computed now or before."""

    projections: int = 0
    faults: tuple[BatchFailure, ...] = ()
    seconds: float = 0.0
    exit_code: int = 0
    """Of an interruption, which ends the batch; 0 otherwise."""

    name: str = ""
    """Of the job in the store; empty where nothing is stored."""


def summary_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row a job, and one of all."""
    rows: list[Row] = [
        {
            "title": one.title,
            "dataset": one.dataset or None,
            "classifiers": one.classifiers,
            "projections": one.projections,
            "errors": len(one.faults),
            "time": duration(one.seconds),
        }
        for one in outcomes
    ]
    total: Row = {
        "title": "TOTAL",
        "dataset": None,
        "classifiers": sum(one.classifiers for one in outcomes),
        "projections": sum(one.projections for one in outcomes),
        "errors": sum(len(one.faults) for one in outcomes),
        "time": duration(sum(one.seconds for one in outcomes)),
    }
    return [*rows, total]


def error_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The errors of each job with their reasons, and how to see more of them."""
    failed = [one for one in outcomes if one.faults]
    for one in failed:
        yield f"{counted(len(one.faults), 'error')} in {one.title} ({one.path}):"
        for fault in one.faults:
            first, *rest = str(fault).splitlines() or [""]
            yield f"  {first}"
            yield from (f"    {line.strip()}" for line in rest)
    if failed:
        yield "Run again with -break to stop at the first error and see its traceback."


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 all well, 1 something failed; that of an interruption stands before both."""
    interrupted = next((one.exit_code for one in outcomes if one.exit_code), 0)
    return interrupted or int(any(one.faults for one in outcomes))
