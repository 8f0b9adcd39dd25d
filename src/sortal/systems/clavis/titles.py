"""Titles that several configurations have: all but the first get a number, and a warning says so."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

_LISTED = 3
"""Lines that a warning lists."""


def visible(title: str) -> str:
    """A title as a reader sees it: equal for two titles that look the same in a table.

    >>> visible(" KNN  5 ") == visible("KNN 5"), visible("knn 5") == visible("KNN 5")
    (True, False)
    """
    return " ".join(unicodedata.normalize("NFC", title).split())


def numbered(title: str, taken: Collection[str]) -> str:
    """The title with the least number from 2 on that gives a title that is not taken.

    Args:
        title: As it stands in the job.
        taken: Other titles, as `visible` gives them.

    >>> numbered("GNB", {"GNB", "GNB (2)"})
    'GNB (3)'
    """
    number = 2
    while visible(new := f"{title.strip()} ({number})") in taken:
        number += 1
    return new


@dataclass(slots=True)
class Titles:
    """Gives every configuration of a list a title of its own, in the order of the list."""

    reserved: frozenset[str]
    """All titles of the list, as `visible` gives them: no number may lead to one of them."""

    taken: set[str] = field(default_factory=set)
    renamed: dict[str, list[str]] = field(default_factory=dict)
    """Titles that were given, by the title that they were made from."""

    lines: dict[str, list[int]] = field(default_factory=dict)
    """Lines of the entries that have a title, each once."""

    cures: dict[str, str] = field(default_factory=dict)
    """What to write into a title that was given twice, such as `{epochs}`."""

    @classmethod
    def among(cls, titles: Iterable[str]) -> "Titles":
        """Begin a list."""
        return cls(frozenset(map(visible, titles)))

    def give(self, title: str, line: int | None = None, cure: str = "") -> str:
        """The title, or a numbered one where it is taken.

        Args:
            title: As it stands in the job.
            line: Line of its entry.
            cure: What to write into the entry's title to tell its configurations apart.
        """
        seen = visible(title)
        lines = self.lines.setdefault(seen, [])
        if line is not None and line not in lines:
            lines.append(line)
        new = title
        if seen in self.taken:
            new = numbered(title, self.reserved | self.taken)
            self.renamed.setdefault(seen, []).append(new)
            if cure:
                self.cures.setdefault(seen, cure)
        self.taken.add(visible(new))
        return new

    def warnings(self, kind: str) -> list[str]:
        """One sentence for each title that several configurations had.

        Args:
            kind: What they are, such as `classifiers`.
        """
        return [
            f"{len(new) + 1} {kind} of different parameters are called {title!r}"
            f"{_at(self.lines[title])}: the first keeps the title, and {_told(new)}."
            + (
                f" To tell them apart, write {self.cures[title]} into the title."
                if title in self.cures
                else ""
            )
            for title, new in self.renamed.items()
        ]


def _told(new: Sequence[str]) -> str:
    if len(new) == 1:
        return f"the second is called {new[0]!r}"
    return f"the others are called {new[0]!r} to {new[-1]!r}"


def _at(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    listed = ", ".join(map(str, lines[:_LISTED]))
    more = " and further" if len(lines) > _LISTED else ""
    return f" ({'line' if len(lines) == 1 else 'lines'} {listed}{more})"
