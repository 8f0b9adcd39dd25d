"""What can go wrong, as a tree that a caller may catch at any height.

SortalError
    UserError               the user's input is wrong: exit code 2, HTTP 4xx
        JobError            the job file (sortal.job.problems; carries every problem found)
        DataError           the data, or a column of it
        OptionError         one option's value
        NotFound            a job, result, method or dataset of that name
        MissingExtra        an optional dependency is not installed
        StoreBusy           another driver holds the job's lease
    NotSavable              a model that cannot be stored; its scores are kept
    Damaged                 a stored file is not what was written
    TaskError               a worker could not finish its task
    Interrupted             the user or the batch system asked for an end
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SortalError(Exception):
    """Any error that Sortal raises on purpose."""


class UserError(SortalError):
    """The user's input is wrong; the text says where, what was expected and what came."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows instead of a stack: the mistake is not in the code."""
        return [f"{type(self).__name__}: {self}"]


class DataError(UserError):
    """The data cannot be used as the job says."""


class OptionError(UserError):
    """One option has a value that it cannot take."""

    def __init__(self, name: str, got: object, expected: str) -> None:
        self.name, self.got, self.expected = name, got, expected
        super().__init__(f"{name}: expected {expected}, got {got!r}.")


class NotFound(UserError):
    """Nothing has that name; the text offers the nearest names that exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind, self.name = kind, name
        place = f" in {where}" if where else ""
        super().__init__(f"no {kind} named {name!r}{place}.{suggest(name, known)}")


class MissingExtra(UserError):
    """An optional dependency is needed and absent."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional package: pip install 'sortal[{extra}]'.")


class StoreBusy(UserError):
    """Another process is already running this job in this store."""


class NotSavable(SortalError):
    """The model cannot be written to disk; its scores are kept and predict refuses by name."""


class Damaged(SortalError):
    """A stored file is missing, short, or not what was written."""


class TaskError(SortalError):
    """A worker ended without finishing its task."""


class Interrupted(SortalError):
    """Work was asked to stop; everything finished so far is kept."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows instead of a stack."""
        return [f"{type(self).__name__}: {self}"]


def suggest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Build the sentence that offers the nearest known names, with a leading space.

    >>> suggest("kneighbor", ["kneighbors", "svm"])
    " Did you mean 'kneighbors'?"
    """
    choices = sorted(set(map(str, known)))
    nearest = get_close_matches(str(name), choices, n=most, cutoff=0.6)
    if nearest:
        return f" Did you mean {' or '.join(map(repr, nearest))}?"
    if not choices:
        return ""
    listed = ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")
    return f" There is: {listed}."
