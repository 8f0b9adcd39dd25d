"""`sortal store show`: a job as it was run, or one of its results."""

from typing import TYPE_CHECKING, Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.store.records.job_record import JobRecord


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|RESULT",
            help="Name of a job, or JOB/TITLE for one of its classifiers, JOB/HASH for a picture.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Show a job as it was run: its file, its runs, ensembles and imports, its failures.

    Of a classifier: arguments, scores, confusion matrix, members.
    """
    from sortal.jobs.store_contents import find_item, stored_job
    from sortal.store.store import Store
    from sortal.views.contents import print_item

    opened = Store.open(store, create=False)
    job, slash, name = what.partition("/")
    if slash:
        print_item(opened, job, find_item(stored_job(opened, job), name))
    else:
        _show_job(opened.jobs.read(job))


def _show_job(record: "JobRecord") -> None:
    typer.echo(record.text.rstrip() or "(this job came from Python)")
    for run in record.runs:
        typer.echo(
            f"\n{run.ended}  {run.trained} trained, {run.stored} found in the store, "
            f"{run.failed} failed, {run.seconds:.1f} s"
            + (", interrupted" if run.interrupted else "")
        )
    for title, members in _ensembles(record).items():
        typer.echo(f"\nensemble {title} of {', '.join(members)}")
    listed = record.imported
    if record.figures_alone:
        titles = {entry.title for entry in listed}
        typer.echo(f"\nimported {counted(len(titles), 'classifier')} as figures alone")
        listed = ()
    for entry in listed:
        fold = "" if entry.fold is None else f", fold {entry.fold}"
        typer.echo(f"\nimported {entry.title}{fold} from {entry.parameters['file']}")
    for key, failure in record.failures.items():
        typer.echo(f"\nfailed {key}: {failure.reason}\n{failure.traceback}")


def _ensembles(record: "JobRecord") -> dict[str, list[str]]:
    """The classifiers that each ensemble of a job averages, by title."""
    return {
        entry.title: list(dict.fromkeys(share.name for share in entry.members))
        for entry in record.ensembles
    }
