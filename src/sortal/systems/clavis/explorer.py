"""The menu of `sortal clavis explorer`: look at what a store holds, and delete what is not needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sortal.errors import SortalError
from sortal.jobs.store_contents import (
    StoredClassifier,
    StoredJob,
    StoredPicture,
    delete_classifier,
    delete_dataset,
    delete_pictures,
    ensembles_of,
    jobs_that_share,
    stored_jobs,
)
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.remove import remove_job
from sortal.views.console import echo
from sortal.views.contents import print_item, print_items, print_jobs
from sortal.views.progress import counted
from sortal.views.tables import format_bytes

Ask = Callable[[str], str]
"""Puts a question and returns the answer; EOFError where there is none."""

_TOP = "s N show, d N delete, a N delete all of its dataset, g free the disk, r refresh, q quit: "
_INSIDE = "s N show, d N delete, m delete all projections and maps, b back, r refresh, q quit: "
_WORDS = {
    "show": "s", "delete": "d", "all": "a", "gc": "g", "refresh": "r", "quit": "q",
    "exit": "q", "maps": "m", "back": "b",
}  # fmt: skip


class _Quit(Exception):
    """The user wants to leave."""


@dataclass(frozen=True, slots=True)
class _Command:
    letter: str
    number: int | None


def explore(store: Store, ask: Ask = input) -> int:
    """Run the menu until the user leaves it; returns the exit code.

    What is not understood is said, and asked again. An empty answer deletes nothing.

    Args:
        store: What to look at.
        ask: Where answers come from.
    """
    try:
        _jobs_menu(store, ask)
    except (_Quit, EOFError):
        return 0
    except KeyboardInterrupt:
        echo()
        return 130
    return 0


def _jobs_menu(store: Store, ask: Ask) -> None:
    while True:
        jobs, unreadable = stored_jobs(store)
        _list_jobs(store, jobs, unreadable)
        command = _asked(ask, _TOP, "sdagrq", "sda")
        match command:
            case _Command("q"):
                return
            case _Command("g"):
                _try(lambda: echo(f"freed {format_bytes(free_disk(store).bytes)}."))
            case _Command("s" | "d" | "a" as letter, number):
                job = _picked(jobs, number)
                if job is not None and letter == "s":
                    _job_menu(store, ask, job.name)
                elif job is not None:
                    _delete_job(store, ask, job, whole_dataset=letter == "a")


def _list_jobs(store: Store, jobs: Sequence[StoredJob], unreadable: Sequence[str]) -> None:
    if jobs:
        print_jobs(jobs, title=f"jobs of {store.folder}")
    else:
        echo(f"there are no jobs in {store.folder}.")
    for sentence in unreadable:
        echo(sentence)


def _delete_job(store: Store, ask: Ask, job: StoredJob, *, whole_dataset: bool) -> None:
    if not whole_dataset:
        if _sure(ask, f"delete the job {job.name!r} and what no other job shares?"):
            _try(lambda: _told(remove_job(store, job.name)))
        return
    jobs, _ = stored_jobs(store)
    names = [one.name for one in jobs if one.fingerprint == job.fingerprint]
    question = (
        f"delete everything of {job.dataset!r}: {', '.join(names)} and all projections and maps?"
    )
    if _sure(ask, question):
        _try(lambda: _told_dataset(*delete_dataset(store, job.fingerprint)))


def _told(members: int) -> None:
    echo(f"deleted {counted(members, 'result')}; `g` frees the disk.")


def _told_dataset(jobs: Sequence[str], pictures: int) -> None:
    echo(
        f"deleted {counted(len(jobs), 'job')} and {counted(pictures, 'picture')}; "
        "`g` frees the disk."
    )


def _job_menu(store: Store, ask: Ask, name: str) -> None:
    while True:
        job = next((one for one in stored_jobs(store)[0] if one.name == name), None)
        if job is None:
            echo(f"there is no job {name!r} any more.")
            return
        items: list[StoredClassifier | StoredPicture] = [*job.classifiers, *job.pictures]
        print_items(items, title=name)
        command = _asked(ask, _INSIDE, "sdmbrq", "sd")
        match command:
            case _Command("q"):
                raise _Quit
            case _Command("b"):
                return
            case _Command("m"):
                _delete_pictures(store, ask, job.pictures)
            case _Command("s" | "d" as letter, number):
                _act(store, ask, name, _picked(items, number), letter)


def _act(
    store: Store, ask: Ask, job: str, item: StoredClassifier | StoredPicture | None, letter: str
) -> None:
    """Show or delete one item of a job."""
    match item, letter:
        case StoredClassifier() | StoredPicture(), "s":
            _try(lambda: print_item(store, job, item))
        case StoredClassifier(), _:
            _delete_classifier(store, ask, job, item)
        case StoredPicture(), _:
            _delete_pictures(store, ask, [item])


def _delete_classifier(store: Store, ask: Ask, job: str, item: StoredClassifier) -> None:
    if not item.keys:
        echo(f"{item.title} is not stored.")
        return
    others = jobs_that_share(store, job, item)
    shared = f", which {', '.join(others)} has too" if others else ""
    if ensembles := ensembles_of(store, item):
        shared += f", and which {', '.join(ensembles)} cannot be applied without"
    if _sure(ask, f"delete {item.title!r}{shared}?"):
        _try(lambda: _told(delete_classifier(store, job, item)))


def _delete_pictures(store: Store, ask: Ask, pictures: Sequence[StoredPicture]) -> None:
    if not pictures:
        echo("there are no projections or maps.")
        return
    what = pictures[0].title if len(pictures) == 1 else f"all {len(pictures)} projections and maps"
    if _sure(ask, f"delete {what}?"):
        _try(lambda: echo(f"deleted {counted(delete_pictures(store, pictures), 'picture')}."))


def _asked(ask: Ask, prompt: str, letters: str, numbered: str) -> _Command | None:
    """Ask for a command; None where it is not understood, which is said."""
    words = ask(prompt).strip().lower().split()
    if not words:
        return None
    word = _WORDS.get(words[0], words[0])
    letter, number = word[:1], [*([word[1:]] if word[1:] else []), *words[1:]]
    if letter not in letters or len(number) > 1 or (number and letter not in numbered):
        echo(f"{' '.join(words)!r} is none of {', '.join(letters)}.")
        return None
    if letter in numbered:
        text = number[0] if number else ask("number: ").strip()
        if not text.isascii() or not text.isdigit():
            echo(f"expected a number of the table, got {text!r}.")
            return None
        # Longer ones are in no table, and Python reads no number of thousands of digits.
        return _Command(letter, int(text[:9]))
    return _Command(letter, None)


def _picked(items: Sequence[Any], number: int | None) -> Any:
    if number is None or not 1 <= number <= len(items):
        echo(
            f"expected a number from 1 to {len(items)}, got {number}."
            if items
            else "nothing is listed."
        )
        return None
    return items[number - 1]


def _sure(ask: Ask, question: str) -> bool:
    """Ask until the answer is yes or no; nothing means no."""
    while True:
        answer = ask(f"{question} [y/N] ").strip().lower()
        if answer in ("y", "yes"):
            return True
        if answer in ("", "n", "no"):
            echo("nothing is deleted.")
            return False
        echo(f"expected y or n, got {answer!r}.")


def _try(act: Callable[[], None]) -> None:
    """Do something that the store may refuse, and go on with the menu all the same."""
    try:
        act()
    except (SortalError, OSError) as error:
        echo(f"error: {error}")
