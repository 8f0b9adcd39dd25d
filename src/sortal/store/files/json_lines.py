"""Plain JSON, and files of one JSON object a line."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sortal.errors import Damaged

Json: TypeAlias = Mapping[str, Any]
Record: TypeAlias = dict[str, Any]

_ARTICLES: Mapping[type, str] = {str: "a text", list: "a list"}


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold: NaN and infinities become None, tuples lists.

    Raises:
        TypeError: Something in it has no JSON form.

    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if math.isfinite(value) else None
        case np.generic():
            return plain(value.item())
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case np.ndarray():
            return plain(value.tolist())
    raise TypeError(f"a {type(value).__name__} has no JSON form: {value!r}")


def line(record: Json) -> str:
    """One line of a JSON-lines file, with its end."""
    return json.dumps(plain(record), allow_nan=False, separators=(",", ":")) + "\n"


def write_lines(path: Path, records: Iterable[Json]) -> None:
    """Write one record a line into a file that nobody reads yet."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(map(line, records))


def split_lines(path: Path) -> list[bytes]:
    """The lines of a file, unparsed.

    Raises:
        Damaged: The file is missing or unreadable, or its last line has no end.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise Damaged(f"{path}: cannot be read ({error.strerror}).") from error
    if lines.pop():
        raise Damaged(f"{path}: the last line has no end.")
    return lines


def parse(text: bytes, place: Path | str) -> Record:
    """Read one JSON object.

    Args:
        text: The object as it is stored.
        place: File, and line if it has several, for the error.

    Raises:
        Damaged: It is something else.
    """
    try:
        record = json.loads(text)
    except ValueError as error:
        raise Damaged(f"{place}: not JSON ({error}).") from error
    if not isinstance(record, dict):
        raise Damaged(f"{place}: expected a JSON object, got {type(record).__name__}.")
    return record


def read_lines(path: Path, needed: Mapping[str, type]) -> list[Record]:
    """All records of a JSON-lines file.

    Args:
        path: The file.
        needed: Fields that each record has to have, and their types.

    Raises:
        Damaged: The file is missing, or a line is not a JSON object with these fields.
    """
    found = []
    for number, text in enumerate(split_lines(path), start=1):
        record = parse(text, f"{path}, line {number}")
        for name, kind in needed.items():
            if not isinstance(record.get(name), kind):
                raise Damaged(
                    f"{path}, line {number}: {name}: expected {_ARTICLES[kind]}, got "
                    f"{record.get(name, 'nothing')!r}."
                )
        found.append(record)
    return found
