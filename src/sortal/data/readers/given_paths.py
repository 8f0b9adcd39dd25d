"""The files that Python code names, as one path or several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def given_paths(data: Any) -> list[Path] | None:
    """Return data that is a path, or a sequence of paths, as a list; None if it is something else.

    >>> given_paths(["a.csv", "b.csv"]) == [Path("a.csv"), Path("b.csv")]
    True
    """
    if isinstance(data, str | Path):
        return [Path(data)]
    if isinstance(data, Sequence) and data and all(isinstance(one, str | Path) for one in data):
        return [Path(one) for one in data]
    return None
