"""Options that `sortal map` and `sortal project` share, and the job that they draw."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sortal.errors import NotFound

if TYPE_CHECKING:
    from sortal.jobs.results.results import Results

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="A job's name or file.")]
FiguresOption = Annotated[
    Path | None,
    typer.Option("--figures", help="Folder to write into; `sortal-results/NAME` if not given."),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=100_000, help="Seed of everything drawn; 0 if not given."),
]
PerplexityOption = Annotated[
    float | None,
    typer.Option("--perplexity", min=1, max=100, help="t-SNE: neighbours that each looks at."),
]
NeighboursOption = Annotated[
    int | None,
    typer.Option("--neighbors", min=1, max=1000, help="Neighbours of each, of methods with such."),
]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", help="The independent target; the first if not given."),
]


def find_results(store: Path, job: str) -> "Results":
    """The results of a job.

    Raises:
        NotFound: The store has no job of that name.
    """
    from sortal.jobs.results.lookup import find_job
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    found = find_job(opened, job)
    if found is None:
        raise NotFound("job", job, opened.job_names(), where=str(store))
    return found
