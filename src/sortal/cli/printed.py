"""`sortal show JOB/TITLE --log`: what a classifier printed while it was trained and scored."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sortal.errors import UserError
from sortal.jobs.results.lookup import find_place
from sortal.store.records.job_record import Failure, MemberEntry
from sortal.store.store import Store
from sortal.views.console import echo, note


def show_log(what: str, *, store: Path, target: str | None) -> None:
    """Print what is kept of each member of a classifier, also of those that failed.

    Raises:
        UserError: A job is named and no classifier, or no member is stored.
    """
    opened = Store.open(store, create=False)
    place = find_place(opened, what, note)
    if place.title is None:
        raise UserError(f"{what!r} is a job: name one of its classifiers, as '{place.job}/TITLE'.")
    record = opened.read_job(place.job)
    entries = [entry for entry in record.titled(place.title) if target in (None, entry.target)]
    kept = list(_kept(opened, entries, record.failures))
    if not kept:
        raise UserError(f"nothing is stored of '{place}' yet: run its job first.")
    if not any(text for _, text in kept):
        echo(f"{place.title} of {place.job}: nothing is kept of what it printed.")
        return
    for entry, text in kept:
        if len(kept) > 1:
            echo(f"--- {_named(entry)}")
        echo(text)


def _kept(
    store: Store, entries: Sequence[MemberEntry], failures: Mapping[str, Failure]
) -> Iterator[tuple[MemberEntry, str]]:
    """What each stored or failed member printed."""
    stored = store.find([entry.key for entry in entries])
    for entry in entries:
        key = entry.key
        if key in stored:
            yield entry, store.printed([key])[key]
        elif key in failures:
            yield entry, failures[key].printed


def _named(entry: MemberEntry) -> str:
    places = {"fold": entry.fold, "target": entry.target}
    named = [f"{name} {value}" for name, value in places.items() if value is not None]
    return ", ".join([entry.title, f"seed {entry.seed}", *named])
