"""Find a result by what a user calls it: `JOB/TITLE`, a job's name or file, or a title."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sortal.errors import Damaged, NotFound, UserError
from sortal.job.title import store_name
from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults
from sortal.jobs.results.similar_names import NamedThing, find_meant
from sortal.store.store import Store

_MOST_NAMED = 5
"""Unreadable jobs that an error names."""


def find_job(store: Store, what: str) -> JobResults | None:
    """The results of a job by its name, or by the path of its file; None if it is neither."""
    names = store.jobs.names()
    if what in names:
        return JobResults.read(store, what)
    if names_file(what):
        from sortal.job.read import read_job  # ruamel: only those who read a file wait for it

        name = read_job(Path(what)).title
        if name in names:
            return JobResults.read(store, name)
        raise NotFound("job", name, names, where=f"{store.folder}; run {what} first")
    return None


def open_job(folder: Path, what: str) -> JobResults:
    """Open a store and read the results of one of its jobs.

    Args:
        folder: Where the store is.
        what: The job's name, or the path of its file.

    Raises:
        NotFound: There is no such store, or it has no such job.
    """
    store = Store.open(folder, create=False)
    found = find_job(store, what)
    if found is None:
        raise NotFound("job", what, store.jobs.names(), where=str(folder))
    return found


def names_file(what: str) -> bool:
    """True if a text is the path of a file; a text that no path can be is none."""
    try:
        return Path(what).is_file()
    except OSError:  # such as a name of more than 255 characters
        return False


def find_named(store: Store, what: str, notify: Callable[[str], None]) -> NamedThing:
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
    names = store.jobs.names()
    if what in names:
        return NamedThing(what)
    job, separator, title = what.partition("/")  # the name of a job has no slash
    if separator and job in names and title in _titles_of(store, job):
        return NamedThing(job, title)
    titles, unreadable = _titles(store, names)
    exact = [one for one in _places(titles) if one.title == what]
    if exact:
        return _one(exact, what)
    if store_name(what) in titles:
        return NamedThing(store_name(what))
    what = _with_stored_name(what, titles)
    found = find_meant(what, titles)
    if found is None:
        raise _not_found(store, what, titles, unreadable)
    notify(f"nothing is called {what!r}; {str(found)!r} is shown.")
    return found


def _titles(store: Store, names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Titles of each job, and the names of jobs whose records cannot be read."""
    titles, unreadable = dict[str, list[str]](), list[str]()
    for name in names:
        try:
            titles[name] = _titles_of(store, name)
        except Damaged:
            unreadable.append(name)  # named where nothing is found
    return titles, unreadable


def _titles_of(store: Store, job: str) -> list[str]:
    """Titles of one job, also of classifiers that failed, each once."""
    return list(dict.fromkeys(entry.title for entry in store.jobs.read(job).every_entry))


def _not_found(
    store: Store, what: str, titles: Mapping[str, Sequence[str]], unreadable: Sequence[str]
) -> NotFound:
    """The error for a name that no readable job or result has."""
    for job, known in titles.items():
        if what.startswith(f"{job}/"):
            return NotFound("result", what[len(job) + 1 :], known, where=f"job {job!r}")
    places = _places(titles)
    close = map(str, places) if "/" in what else (place.title or "" for place in places)
    where = str(store.folder)
    if unreadable:
        named = ", ".join(map(repr, unreadable[:_MOST_NAMED]))
        more = f" and {len(unreadable) - _MOST_NAMED} more" if len(unreadable) > _MOST_NAMED else ""
        where += f", where the records of these jobs cannot be read: {named}{more} (see sortal store check)"
    return NotFound("job or result", what, [*titles, *close], where=where)


def _with_stored_name(what: str, titles: dict[str, list[str]]) -> str:
    """`JOB/TITLE` with the name under which a job of that title is stored."""
    for end in (place for place, sign in enumerate(what) if sign == "/"):
        if (name := store_name(what[:end])) in titles:
            return f"{name}{what[end:]}"
    return what


def _places(titles: Mapping[str, Sequence[str]]) -> list[NamedThing]:
    return [NamedThing(job, title) for job, known in titles.items() for title in known]


def _one(places: list[NamedThing], what: str) -> NamedThing:
    if len(places) > 1:
        raise UserError(
            f"{what!r} is a title of {len(places)} jobs; write one of "
            + ", ".join(f"'{place}'" for place in places)
            + "."
        )
    return places[0]


def find_result(
    store: Store, what: str, target: str | None = None
) -> tuple[JobResults, tuple[Result, ...]]:
    """The results under one title: one, or one a target.

    Args:
        store: Where to look.
        what: `JOB/TITLE`, or a title that only one job has.
        target: Narrow to one independent target.

    Raises:
        NotFound: Nothing is called so.
        UserError: Several jobs have that title, or it is the name of a job.
    """
    names = store.jobs.names()
    job, separator, title = what.partition("/")  # the name of a job has no slash
    if separator and job in names:
        results = JobResults.read(store, job)
        return results, results.titled(title, target)
    titles, unreadable = _titles(store, names)
    exact = [place for place in _places(titles) if place.title == what]
    if not exact and titles.get(what):
        example = NamedThing(what, titles[what][0])
        raise UserError(f"{what!r} is a job: name one of its results, such as '{example}'.")
    if not exact:
        raise _not_found(store, what, titles, unreadable)
    job = _one(exact, what).job
    results = JobResults.read(store, job)
    return results, results.titled(what, target)
