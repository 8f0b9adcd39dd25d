"""What the values of a column mean: numbers, classes, targets, ids, groups, folds, parts.

Every function looks at whole columns at once. What cannot be understood is raised as
`BadValue`, whose row is counted within the column that was given.
"""

import re
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.labels import UNKNOWN
from sortal.data.readers.base import MISSING
from sortal.data.split import Part

Column: TypeAlias = Any
"""A `pyarrow.Array` or `pyarrow.ChunkedArray`."""

_NUMBER = r"^[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|infinity|nan)$"
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_FINITE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_CANONICAL = r"^(0|-?[1-9]\d{0,17})$"


@cache
def _missing() -> pa.Array:
    """Texts that mean a missing value; made when asked for, because pyarrow then imports pandas."""
    return pa.array(MISSING)


class BadValue(ValueError):
    """A value that cannot mean what its column is for."""

    def __init__(self, row: int, got: str, expected: str) -> None:
        self.row, self.got, self.expected = row, got, expected
        super().__init__(f"expected {expected}, got {got}")


def numbers(column: Column) -> np.ndarray:
    """Read numbers; true and false are 1 and 0, a missing value is NaN.

    Returns:
        Shape (rows,), float32 where the column is that narrow, else float64.
    """
    plain = _plain(column)
    kind = plain.type
    if pa.types.is_null(kind):
        return np.full(len(plain), np.nan)
    if pa.types.is_string(kind):
        plain = _parsed(plain)
    elif pa.types.is_boolean(kind):
        plain = pc.cast(pc.cast(plain, pa.uint8()), pa.float64())
    elif pa.types.is_float16(kind) or pa.types.is_float32(kind):
        plain = pc.cast(plain, pa.float32())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # Whole numbers beyond 2**53 are rounded, not refused.
        plain = pc.cast(plain, pa.float64(), safe=False)
    else:
        raise BadValue(0, f"{_shown(plain, 0)} (a {kind} column)", "a number")
    values: np.ndarray = plain.to_numpy(zero_copy_only=False)
    return values


def texts(column: Column) -> Any:
    """Write every value as text: true as `True`, whole numbers without a point, missing as null.

    Returns:
        A `pyarrow.Array` of strings.
    """
    plain = _plain(column)
    kind = plain.type
    if pa.types.is_boolean(kind):
        return pc.if_else(plain, "True", "False")
    if pa.types.is_floating(kind):
        values, place = np.unique(plain.to_numpy(zero_copy_only=False), return_inverse=True)
        names = [
            str(int(v)) if v == np.floor(v) and abs(v) < 2**63 else repr(float(v)) for v in values
        ]
        known = [None if np.isnan(v) else name for v, name in zip(values, names, strict=True)]
        return pa.array(known, pa.string()).take(pa.array(place.reshape(-1)))
    if not pa.types.is_string(kind):
        return pc.cast(plain, pa.string())
    trimmed = pc.utf8_trim_whitespace(plain)
    return pc.if_else(
        pc.is_in(trimmed, value_set=_missing()), pa.scalar(None, pa.string()), trimmed
    )


def classes(column: Column) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read classes that exclude each other.

    Returns:
        Codes of shape (rows,), UNKNOWN where the value is missing, and the classes' names in
        natural order: whole numbers by size, names so that `type2` comes before `type10`.
    """
    encoded = texts(column).dictionary_encode()
    raw: list[str] = encoded.dictionary.to_pylist()
    names = raw
    if raw and all(_FINITE.fullmatch(name) for name in raw):
        whole = [_as_whole(name) for name in raw]
        if None in whole:
            odd = whole.index(None)
            row = pc.index(encoded.indices, pa.scalar(odd, pa.int32())).as_py()
            raise BadValue(row, raw[odd], "a class: a name or a whole number")
        names = [str(value) for value in whole]
    ordered = sorted(set(names), key=natural)
    rank = {name: code for code, name in enumerate(ordered)}
    table = np.array([*(rank[name] for name in names), UNKNOWN], dtype=np.int64)
    # A missing value points past the end of the dictionary, at UNKNOWN.
    places = pc.fill_null(encoded.indices, len(raw)).to_numpy(zero_copy_only=False)
    return table[places], tuple(ordered)


def targets(column: Column) -> np.ndarray:
    """Read one independent target: 0, 1 or UNKNOWN, shape (rows,), int8."""
    values = numbers(column)
    unknown = np.isnan(values)
    bad = np.flatnonzero(~(unknown | (values == 0) | (values == 1)))
    if len(bad):
        raise BadValue(int(bad[0]), f"{values[bad[0]]:g}", "0, 1 or nothing")
    return np.where(unknown, UNKNOWN, values).astype(np.int8)


def weights(column: Column) -> np.ndarray:
    """Read example weights: finite, of either sign, shape (rows,), float64."""
    values = numbers(column).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BadValue(int(bad[0]), f"{values[bad[0]]}", "a finite weight")
    return values


def ids(column: Column, *, as_text: bool = False) -> np.ndarray:
    """Read names of examples: int64 if all are whole numbers written plainly, else text.

    Args:
        column: The column.
        as_text: Keep text as text, for blocks of a file must not differ in type.
    """
    plain = _plain(column)
    named = texts(plain)
    _refuse_null(named, "a name for each example")
    if pa.types.is_floating(plain.type):
        fraction = pc.invert(pc.match_substring_regex(named, _CANONICAL))
        row = pc.index(fraction, True).as_py()
        if row >= 0:
            raise BadValue(row, _shown(plain, row), "text or a whole number")
    is_text = pa.types.is_string(plain.type)
    if is_text and (as_text or not pc.all(pc.match_substring_regex(named, _CANONICAL)).as_py()):
        return np.asarray(named.to_numpy(zero_copy_only=False), dtype=str)
    if pa.types.is_boolean(plain.type) or pa.types.is_temporal(plain.type):
        return np.asarray(named.to_numpy(zero_copy_only=False), dtype=str)
    return np.asarray(pc.cast(named, pa.int64()).to_numpy(zero_copy_only=False))


def groups(column: Column) -> np.ndarray:
    """Read groups of any type as codes that rise with the group's value, shape (rows,), int64."""
    named = texts(column)
    _refuse_null(named, "a group for each example")
    encoded = named.dictionary_encode()
    raw: list[str] = encoded.dictionary.to_pylist()
    whole = [_as_whole(name) for name in raw]
    values: list[Any] = raw if None in whole else whole
    rank = {value: code for code, value in enumerate(sorted(set(values)))}
    table = np.array([rank[value] for value in values], dtype=np.int64)
    return np.asarray(table[encoded.indices.to_numpy(zero_copy_only=False)])


def folds(column: Column) -> np.ndarray:
    """Read fold numbers, shape (rows,), int64; one that this type cannot hold is refused."""
    values = numbers(column)
    whole = np.isfinite(values) & (values == np.floor(values))
    bad = np.flatnonzero(~(whole & (np.abs(values) < 2.0**63)))
    if len(bad):
        raise BadValue(int(bad[0]), f"{values[bad[0]]:g}", "the whole number of a fold")
    return values.astype(np.int64)


def parts(column: Column) -> np.ndarray:
    """Read train, validation or test as the code of its `Part`, shape (rows,), int8."""
    named = pc.utf8_lower(texts(column))
    words = [part.value for part in Part]
    places = pc.index_in(named, value_set=pa.array(words))
    row = pc.index(pc.is_null(places), True).as_py()
    if row >= 0:
        raise BadValue(row, _shown(named, row), "train, validation or test")
    return np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int8)


def natural(name: str) -> tuple[Any, ...]:
    """Key by which names sort as people sort them: digits by their value."""
    if _WHOLE.fullmatch(name):
        return (0, int(name), name)
    pieces = re.split(r"(\d+)", name, flags=re.ASCII)
    valued = tuple(int(piece) if odd % 2 else piece for odd, piece in enumerate(pieces))
    return (1, valued, name)


def _plain(column: Column) -> Any:
    """One array without chunks or dictionary; long strings as strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = pc.cast(column, pa.string())
    return column


def _parsed(column: Any) -> Any:
    try:
        return pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        # Something is not plainly a number: blanks, true or false, or truly wrong.
        tidy = pc.utf8_lower(texts(column))
    tidy = pc.if_else(pc.equal(tidy, "true"), "1", tidy)
    tidy = pc.if_else(pc.equal(tidy, "false"), "0", tidy)
    row = pc.index(pc.match_substring_regex(tidy, _NUMBER), False).as_py()
    if row >= 0:
        raise BadValue(row, _shown(column, row), "a number")
    return pc.cast(tidy, pa.float64())


def _refuse_null(named: Any, expected: str) -> None:
    row = pc.index(pc.is_null(named), True).as_py()
    if row >= 0:
        raise BadValue(row, "nothing", expected)


def _as_whole(name: str) -> int | None:
    if _WHOLE.fullmatch(name):
        return int(name)
    if _FINITE.fullmatch(name) and float(name).is_integer():
        return int(float(name))
    return None


def _shown(column: Any, row: int) -> str:
    """A value as an error shows it."""
    if not len(column):
        return "no rows"
    value = column[row].as_py()
    return "nothing" if value is None else repr(value)
