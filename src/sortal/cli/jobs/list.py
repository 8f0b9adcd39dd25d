"""`sortal list`: the jobs of a store."""

from sortal.errors import Damaged
from sortal.options import DEFAULT_STORE, FormatOption, StoreOption, TableFormat
from sortal.views.console import echo, print_frame


def list_jobs(store: StoreOption = DEFAULT_STORE, form: FormatOption = TableFormat.TABLE) -> None:
    """List the jobs of a store with their state and best classifier."""
    from sortal.jobs.results.results import JobResults
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    rows, damaged = [], None
    for name in opened.jobs.names():
        try:
            rows.append(JobResults.read(opened, name).outline().row)
        except Damaged as error:
            # The other jobs are printed before the first damaged record ends the command.
            damaged = damaged or error
    if damaged and not rows:
        raise damaged
    if form is TableFormat.TABLE and not rows:
        echo(f"no jobs in {store} yet: sortal demo, or sortal run JOB.")
    else:
        print_frame(rows, form)
    if damaged:
        raise damaged
