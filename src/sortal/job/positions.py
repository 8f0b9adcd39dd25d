"""Where the keys and elements of a job file stand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sortal.job.problems import Problem

Step: TypeAlias = str | int
_BARE = re.compile(r"[\w-]+")


def dotted(path: Sequence[Step]) -> str:
    """Write a path of keys and list places (counted from 0) as one text.

    >>> dotted(["classifiers", 2, "parameters", "n_neighbors"])
    'classifiers[2].parameters.n_neighbors'
    >>> dotted(["class_weight", "a b"])
    "class_weight['a b']"
    """
    text = ""
    for step in path:
        if isinstance(step, str) and _BARE.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{step!r}]"
    return text


def joined(outer: str, inner: str) -> str:
    """Put one dotted path behind another.

    >>> joined("classifiers[2].parameters", "n_neighbors")
    'classifiers[2].parameters.n_neighbors'
    """
    dot = "." if outer and inner and not inner.startswith("[") else ""
    return f"{outer}{dot}{inner}"


@dataclass(frozen=True, slots=True)
class Positions:
    """Lines of a job file by dotted path."""

    lines: Mapping[str, int]
    """Line of every key and list element, from 1; the empty path is the whole file.
    Nothing for a job that came from Python."""

    def line(self, path: Sequence[Step] | str = "") -> int | None:
        """Find the line of a key or element, or of the nearest thing around it that exists.

        Returns:
            None only where no line is known at all: the job did not come from a file.
        """
        text = path if isinstance(path, str) else dotted(path)
        while text and text not in self.lines:
            text = text[: max(text.rfind("."), text.rfind("["), 0)]
        return self.lines.get(text)

    def place(
        self, problem: Problem, under: Sequence[Step] | str = "", *, file: str = ""
    ) -> Problem:
        """Give a problem its line and file.

        Args:
            problem: Its path is relative to `under`; a line that it already has is kept.
            under: Path that goes before its own, such as `classifiers[2].parameters`.
            file: Name of the file, as the user gave it.
        """
        path = joined(under if isinstance(under, str) else dotted(under), problem.path)
        line = self.line(path) if problem.line is None else problem.line
        return replace(problem, path=path, line=line, file=file or problem.file)
