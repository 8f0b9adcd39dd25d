"""Titles that several configurations have: all but the first get a number, with a warning."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

_LISTED = 3
"""Lines, and cures, that a warning lists."""


def visible(title: str) -> str:
    """A title as a reader sees it: equal for two titles that look the same in a table.

    >>> visible(" KNN  5 ") == visible("KNN 5"), visible("knn 5") == visible("KNN 5")
    (True, False)
    """
    return " ".join(unicodedata.normalize("NFC", title).split())


def numbered(title: str, taken: Callable[[str], bool], first: int = 2) -> tuple[str, int]:
    """The title with the least number that gives a title that is not taken, and that number.

    Args:
        title: The title in the job.
        taken: Whether a title, as `visible` gives it, is another's.
        first: The least number that may be.

    >>> numbered("GNB", {"GNB", "GNB (2)"}.__contains__)
    ('GNB (3)', 3)
    """
    for number in count(first):
        new = f"{title.strip()} ({number})"
        if not taken(visible(new)):
            return new, number
    raise AssertionError("numbers never end")


@dataclass(slots=True)
class Titles:
    """Gives every configuration of a list a title of its own, in the order of the list."""

    reserved: frozenset[str]
    """All titles of the list, as `visible` gives them: no number may lead to one of them."""

    given: int = 0
    """Configurations so far."""

    taken: set[str] = field(default_factory=set)
    renamed: dict[str, list[str]] = field(default_factory=dict)
    """Titles that were given, by the title that they were made from."""

    lines: dict[str, list[int]] = field(default_factory=dict)
    """Lines of the entries that have a title, each once."""

    cures: dict[tuple[int | None, str], None] = field(default_factory=dict)
    """Lines of entries whose configurations share a title, each with what to write into it, such as
    `{epochs}`; in the order of the list."""

    _next: dict[str, int] = field(default_factory=dict)
    """Least number that a title has left."""

    @classmethod
    def among(cls, titles: Iterable[str]) -> "Titles":
        """Begin a list."""
        return cls(frozenset(map(visible, titles)))

    def give(self, title: str, line: int | None = None, cure: str = "") -> str:
        """The title, or a numbered one where it is taken.

        Args:
            title: The title in the job.
            line: Line of its entry.
            cure: What to write into the entry's title to tell its configurations apart.
        """
        self.given += 1
        seen = visible(title)
        lines = self.lines.setdefault(seen, [])
        if line is not None and line not in lines:
            lines.append(line)
        new = title
        if seen in self.taken:
            new, number = numbered(title, self._is_taken, self._next.get(seen, 2))
            self._next[seen] = number + 1
            self.renamed.setdefault(seen, []).append(new)
            if cure:
                self.cures[line, cure] = None
        self.taken.add(visible(new))
        return new

    def warnings(self, kind: str) -> list[str]:
        """One sentence on all titles that several configurations had, and what to do about them.

        Args:
            kind: What they are, such as `classifiers`.
        """
        if not self.renamed:
            return []
        found = self._of_one(kind) if len(self.renamed) == 1 else self._of_several(kind)
        return [f"{found}{self._cure()}"]

    def _is_taken(self, title: str) -> bool:
        return title in self.reserved or title in self.taken

    def _of_one(self, kind: str) -> str:
        ((title, new),) = self.renamed.items()
        others = f"the others are called {new[0]!r} to {new[-1]!r}"
        return (
            f"{len(new) + 1} {kind} of different parameters are called {title!r}"
            f"{_at(self.lines[title])}: the first keeps the title, and "
            f"{others if len(new) > 1 else f'the second is called {new[0]!r}'}."
        )

    def _of_several(self, kind: str) -> str:
        lines = dict.fromkeys(line for title in self.renamed for line in self.lines[title])
        sharing = sum(len(new) + 1 for new in self.renamed.values())
        title, new = next(iter(self.renamed.items()))
        examples = " and ".join(map(repr, new[:2]))
        return (
            f"{sharing} of {self.given} {kind} share {len(self.renamed)} titles, though their "
            f"parameters differ{_at(list(lines))}: the first of each title keeps it, and the others "
            f"get numbers, as {title!r} is followed by {examples}."
        )

    def _cure(self) -> str:
        if not self.cures:
            return ""
        if len(self.cures) == 1:
            ((_, cure),) = self.cures
            return f" To tell them apart, write {cure} into the title."
        listed = [f"{cure} into that of line {line}" for line, cure in self.cures]
        more = f", and so on for {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
        first = listed[0].replace("that", "the title", 1)
        return f" To tell them apart, write {', '.join([first, *listed[1:_LISTED]])}{more}."


def _at(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    listed = ", ".join(map(str, lines[:_LISTED]))
    more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return f" ({'line' if len(lines) == 1 else 'lines'} {listed}{more})"
