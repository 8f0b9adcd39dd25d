"""Find a result by what a user calls it: `JOB/TITLE`, a job's name or file, or a title."""

from pathlib import Path

from sortal.errors import NotFound, UserError
from sortal.jobs.job_data import entries_of
from sortal.jobs.result import Result
from sortal.jobs.results import Results
from sortal.store.store import Store


def find_job(store: Store, what: str) -> Results | None:
    """The results of a job by its name, or by the path of its file; None if it is neither."""
    names = store.job_names()
    if what in names:
        return Results.read(store, what)
    path = Path(what)
    if path.is_file():
        from sortal.job.read import read_job

        name = read_job(path).title
        if name in names:
            return Results.read(store, name)
        raise NotFound("job", name, names, where=f"{store.folder}; run {what} first")
    return None


def find_result(
    store: Store, what: str, target: str | None = None
) -> tuple[Results, tuple[Result, ...]]:
    """The results under one title: one, or one a target.

    Args:
        store: Where to look.
        what: `JOB/TITLE`, or a title that only one job has.
        target: Narrow to one independent target.

    Raises:
        NotFound: Nothing is called so.
        UserError: Several jobs have that title.
    """
    places = [
        (name, what[len(name) + 1 :]) for name in store.job_names() if what.startswith(f"{name}/")
    ]
    if places:
        results = Results.read(store, places[-1][0])
        return results, results.titled(places[-1][1], target)
    titles = {
        name: {entry["title"] for entry in entries_of(store.read_job(name))}
        for name in store.job_names()
    }
    having = [name for name, known in titles.items() if what in known]
    if not having:
        close = {title for known in titles.values() for title in known} if "/" not in what else ()
        raise NotFound("job or result", what, [*titles, *close], where=str(store.folder))
    if len(having) > 1:
        raise UserError(
            f"{what!r} is a title of {len(having)} jobs; write one of "
            + ", ".join(f"'{name}/{what}'" for name in having)
            + "."
        )
    results = Results.read(store, having[0])
    return results, results.titled(what, target)
