"""What every route starts from: the store, and a job or a classifier in it by name."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi import Path as InPath

from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.web.runs import JobProcesses
from sortal.web.settings import ServerSettings

MOST_ROWS = 10_000
"""Rows that one answer holds."""


@dataclass(frozen=True, slots=True)
class ServedStore:
    """The store of a server."""

    settings: ServerSettings
    runs: JobProcesses

    def store(self) -> Store:
        """The store, as it is now."""
        return Store.open(self.settings.store)

    def results(self, name: str) -> JobResults:
        """A job's results.

        Raises:
            NotFound: There is no such job.
            OptionError: The name cannot be that of a job.
        """
        return JobResults.read(self.store(), name)

    def running(self) -> frozenset[str]:
        """Names of the jobs that a process works on now."""
        started = {run.job for run in self.runs.listed() if run.running}
        return frozenset({*self.store().leases.live(), *started})


def _shelf(request: Request) -> ServedStore:
    shelf: ServedStore = request.app.state.shelf
    return shelf


ShelfOf = Annotated[ServedStore, Depends(_shelf)]
JobName = Annotated[str, InPath(description="Name of a job.", max_length=200)]
Title = Annotated[str, Query(description="Title of a classifier.", max_length=1000)]
Target = Annotated[
    str | None, Query(description="An independent target; the first if not given.", max_length=1000)
]
Offset = Annotated[int, Query(description="Rows to leave out first.", ge=0, le=2**40)]
Limit = Annotated[int, Query(description="Rows of the answer at most.", ge=1, le=MOST_ROWS)]


def one_result(results: JobResults, title: str, target: str | None) -> Result:
    """The classifier of that title, of the first target if none is named.

    Raises:
        NotFound: The job has none.
    """
    return results.titled(title, target)[0]
