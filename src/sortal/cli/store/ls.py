"""`sortal store ls`: what the store holds, or one job."""

from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption
from sortal.views.console import print_rows
from sortal.views.tables import format_bytes


def list_contents(
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="Name of a job.", show_default=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """List what the store holds, in numbers and bytes, and its jobs with sizes and hashes.

    Of a job: its classifiers, projections and maps, each with its size and hash. Several
    may share a folder, whose size then stands with each.
    """
    from sortal.jobs.store_contents import stored_job, stored_jobs
    from sortal.store.store import Store
    from sortal.store.upkeep.usage import measure_usage
    from sortal.views.contents import print_items, print_jobs

    opened = Store.open(store, create=False)
    if job is not None:
        found = stored_job(opened, job)
        print_items([*found.classifiers, *found.pictures], title=job)
        return
    usage = measure_usage(opened)
    print_rows(
        [
            {"kind": kind, "count": of.count, "size": format_bytes(of.bytes)}
            for kind, of in usage.items()
        ]
    )
    jobs, unreadable = stored_jobs(opened)
    if jobs:
        print_jobs(jobs, title="jobs")
    for sentence in unreadable:
        typer.echo(sentence)
