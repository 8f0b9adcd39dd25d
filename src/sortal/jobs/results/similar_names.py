"""What a user means by a name that nothing has exactly: case, blanks, quotes and brackets forgiven."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sortal.errors import UserError

_QUOTES: dict[int, None] = dict.fromkeys(
    [*map(ord, "'\"`"), 0xB4, 0xAB, 0xBB, *range(0x2018, 0x2020), 0x2039, 0x203A]
)
"""Quotation marks: straight, accents, typographic and angular ones; `translate` drops them."""

_JOINTS = re.compile(r"_|(?<=\w)-(?=[^\W\d])")
"""What joins words as a blank does; a hyphen before a digit may be a minus, and stays."""

_KEPT = frozenset("_.+/-")
"""Signs that make a difference, beside those of mathematics such as `<` and `=`."""

_LISTED = 5
"""Names that an error lists."""


@dataclass(frozen=True, slots=True, order=True)
class NamedThing:
    """A job, or a result of one."""

    job: str

    title: str | None = None
    """None for the job itself."""

    def __str__(self) -> str:
        return self.job if self.title is None else f"{self.job}/{self.title}"


def find_meant(what: str, titles: Mapping[str, Iterable[str]]) -> NamedThing | None:
    """The only job or result whose name is like a text; None if no name is.

    Names are compared more and more loosely, and the first comparison that finds anything
    counts: with letters composed alike and blanks collapsed; without quotes, blanks and case;
    without brackets and other signs; and last as the beginning of a name. A job stands before
    a result of the same name.

    Args:
        what: A job's name, a title, or `JOB/TITLE`.
        titles: The titles of each job, by its name.

    Raises:
        UserError: Several are alike.
    """
    names: list[tuple[str, NamedThing]] = []
    for job, known in titles.items():
        names.append((job, NamedThing(job)))
        for title in dict.fromkeys(known):
            names += [(title, NamedThing(job, title)), (f"{job}/{title}", NamedThing(job, title))]
    for fold in _FOLDS:
        wanted = fold(what)
        if wanted and (found := {place for name, place in names if fold(name) == wanted}):
            return _only(what, found)
    wanted = fold_case(what)
    beginning = {place for name, place in names if wanted and fold_case(name).startswith(wanted)}
    # Every result begins with the name of its job: that alone means the job.
    jobs = {place for place in beginning if place.title is None}
    titled = {
        place for place in beginning if place.title and not fold_case(place.job).startswith(wanted)
    }
    return _only(what, jobs or titled) if beginning else None


def compose_letters(text: str) -> str:
    """Letters composed alike (NFC), blanks collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold_case(text: str) -> str:
    """Without quotes, blanks and case, and with one form of each letter (NFKC).

    >>> folded("'K = 3'") == folded("k=3")
    True
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES).split())


def without_symbols(text: str) -> str:
    """Also without brackets, symbols and other signs; those of numbers and comparisons stay.

    >>> bare("🟊 Optimal"), bare("Ⓝ Naive"), bare("RF (n=10, lr=1e-3)")
    ('optimal', 'naive', 'rfn=10lr=1e-3')
    """
    letters = "".join(_plain_dash(one) for one in text if unicodedata.category(one) != "So")
    apart = _JOINTS.sub(" ", unicodedata.normalize("NFKC", letters))
    return "".join(one for one in fold_case(apart) if _makes_a_difference(one))


def _plain_dash(letter: str) -> str:
    """A hyphen for every dash and minus, which word processors put in its place."""
    is_dash = letter == "\N{MINUS SIGN}" or unicodedata.category(letter) == "Pd"
    return "-" if is_dash else letter


def _makes_a_difference(letter: str) -> bool:
    """True for letters, digits, and signs of numbers and comparisons."""
    of_mathematics = unicodedata.category(letter) == "Sm" and letter not in "|~"
    return letter.isalnum() or letter in _KEPT or of_mathematics


_FOLDS: tuple[Callable[[str], str], ...] = (compose_letters, fold_case, without_symbols)


def _only(what: str, found: set[NamedThing]) -> NamedThing:
    jobs = {place for place in found if place.title is None}
    chosen = sorted(jobs or found, key=str)
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(f"'{place}'" for place in chosen[:_LISTED])
    more = f" and {len(chosen) - _LISTED} more" if len(chosen) > _LISTED else ""
    raise UserError(
        f"nothing is called {what!r}, and {len(chosen)} names are like it: {listed}{more}. Write one "
        "of them."
    )
