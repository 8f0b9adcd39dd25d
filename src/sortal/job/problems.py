"""Everything that is wrong with a job file, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from sortal.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: where, what was expected, what came, and the nearest valid name."""

    path: str
    """Path of keys such as `classifiers[2].parameters.n_neighbors`; empty for the whole file."""

    expected: str
    got: str
    nearest: str = ""
    """The valid name nearest to a wrong one, empty if none is near."""

    line: int | None = None
    """Line in the file, from 1; None for a job that came from Python."""

    file: str = ""

    def __str__(self) -> str:
        place = (
            f"line {self.line}, {self.path}"
            if self.line and self.path
            else (f"line {self.line}" if self.line else self.path)
        )
        hint = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{place or 'job'}: expected {self.expected}, got {self.got}.{hint}"


class JobError(UserError):
    """A job cannot run; carries all its problems."""

    def __init__(self, problems: Sequence[Problem], *, file: str = "") -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.line or 0, p.path)))
        self.file = file
        count = len(self.problems)
        head = f"{file or 'the job'}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))
