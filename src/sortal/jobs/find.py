"""Find a result by what a user calls it: `JOB/TITLE`, a job's name or file, or a title."""

from collections.abc import Callable
from pathlib import Path

from sortal.errors import NotFound, UserError
from sortal.job.title import store_name
from sortal.jobs.meant import Place, find_meant
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
        from sortal.job.read import read_job  # ruamel: only those who read a file wait for it

        name = read_job(path).title
        if name in names:
            return Results.read(store, name)
        raise NotFound("job", name, names, where=f"{store.folder}; run {what} first")
    return None


def find_place(store: Store, what: str, notify: Callable[[str], None]) -> Place:
    """The job or result that a user means: by its exact name, else by one that is like it.

    Args:
        store: Where to look.
        what: A job's name or the title that it is stored for, `JOB/TITLE`, or a title. Titles of
            classifiers that failed count too.
        notify: Called with one sentence where the name is not the exact one.

    Raises:
        NotFound: Nothing has a name like it.
        UserError: Several have.
    """
    titles = _titles(store)
    if what in titles:
        return Place(what)
    places = _places(titles)
    exact = [one for one in places if str(one) == what] or [
        one for one in places if one.title == what
    ]
    if exact:
        return _one(exact, what)
    if store_name(what) in titles:
        return Place(store_name(what))
    what = _with_stored_name(what, titles)
    found = find_meant(what, titles)
    if found is None:
        for job, known in titles.items():
            if what.startswith(f"{job}/"):
                raise NotFound("result", what[len(job) + 1 :], known, where=f"job {job!r}")
        close = map(str, places) if "/" in what else (place.title or "" for place in places)
        raise NotFound("job or result", what, [*titles, *close], where=str(store.folder))
    notify(f"nothing is called {what!r}; {str(found)!r} is shown.")
    return found


def _titles(store: Store) -> dict[str, list[str]]:
    """Titles of each job, also of classifiers that failed, each once."""
    return {
        name: list(dict.fromkeys(entry.title for entry in store.read_job(name).every_entry))
        for name in store.job_names()
    }


def _with_stored_name(what: str, titles: dict[str, list[str]]) -> str:
    """`JOB/TITLE` with the name under which a job of that title is stored."""
    for end in (place for place, sign in enumerate(what) if sign == "/"):
        if (name := store_name(what[:end])) in titles:
            return f"{name}{what[end:]}"
    return what


def _places(titles: dict[str, list[str]]) -> list[Place]:
    return [Place(job, title) for job, known in titles.items() for title in known]


def _one(places: list[Place], what: str) -> Place:
    if len(places) > 1:
        raise UserError(
            f"{what!r} is a title of {len(places)} jobs; write one of "
            + ", ".join(f"'{place}'" for place in places)
            + "."
        )
    return places[0]


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
        UserError: Several jobs have that title, or it is the name of a job.
    """
    places = [
        (name, what[len(name) + 1 :]) for name in store.job_names() if what.startswith(f"{name}/")
    ]
    if places:
        results = Results.read(store, places[-1][0])
        return results, results.titled(places[-1][1], target)
    titles = _titles(store)
    exact = [place for place in _places(titles) if place.title == what]
    if not exact and titles.get(what):
        example = Place(what, titles[what][0])
        raise UserError(f"{what!r} is a job: name one of its results, such as '{example}'.")
    if not exact:
        close = {title for known in titles.values() for title in known} if "/" not in what else ()
        raise NotFound("job or result", what, [*titles, *close], where=str(store.folder))
    job = _one(exact, what).job
    results = Results.read(store, job)
    return results, results.titled(what, target)
