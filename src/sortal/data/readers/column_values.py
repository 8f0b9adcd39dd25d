"""What the values of a column mean: numbers, classes, targets, ids, groups, folds, parts.

Every function looks at whole columns at once. What cannot be understood is raised as
`BadValue`, whose row is counted within the column that was given. Null is missing, and so is a text
of nothing but spaces; a word such as `NA` is a word. In numbers `words` says which words may stand
for a missing value all the same.
"""

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sortal.data.labels import UNKNOWN
from sortal.data.readers.base import MISSING
from sortal.data.split import Part
from sortal.data.texts.spelling import (
    FINITE,
    Spellings,
    as_whole_number,
    natural_sort_key,
    spellings,
)
from sortal.data.texts.values import BadValue, Column, is_binary, is_word, plain, write_as_text

_NUMBER = r"^[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|infinity|nan)$"
_FORTRAN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[dD][+-]?\d+")
"""A number in double precision as Fortran writes it."""

_CANONICAL = r"^(0|-?[1-9]\d{0,17})$"
_INT64 = np.iinfo(np.int64)
_SMALL_DECIMAL = 18
"""Most digits that every int64 can hold."""

_EXACT = {pa.float16(): 2**11, pa.float32(): 2**24, pa.float64(): 2**53}
"""Above these, a float is not the only whole number that is written as it."""


def numbers(column: Column, words: Collection[str] = ()) -> np.ndarray:
    """Read numbers; true and false are 1 and 0, a missing value is NaN.

    Args:
        column: The column.
        words: Texts that mean a missing value, beside empty ones.

    Returns:
        Shape (rows,), float32 where the column is that narrow, else float64.
    """
    values = plain(column)
    kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), np.nan)
    if pa.types.is_string(kind):
        values = _parsed(values, words)
    elif pa.types.is_boolean(kind):
        values = pc.cast(pc.cast(values, pa.uint8()), pa.float64())
    elif pa.types.is_float16(kind) or pa.types.is_float32(kind):
        values = pc.cast(values, pa.float32())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # Whole numbers beyond 2**53 are rounded, not refused.
        values = pc.cast(values, pa.float64(), safe=False)
    else:
        raise BadValue(0, f"{_shown(values, 0)} (a {kind} column)", "a number")
    read: np.ndarray = values.to_numpy(zero_copy_only=False)
    return read


def read_numbers_among_text(
    column: Column, words: Collection[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Read what of a column of text is numbers.

    Args:
        column: The column.
        words: Texts that mean a missing value, beside empty ones.

    Returns:
        The numbers, NaN for what is none, float64; and which values are neither numbers nor
        missing, bool. Both have shape (rows,).
    """
    tidy = _tidied(plain(column), words)
    is_number = pc.fill_null(pc.match_substring_regex(tidy, _NUMBER), False)
    values = pc.cast(pc.if_else(is_number, tidy, pa.scalar(None, pa.string())), pa.float64())
    wrong = pc.and_(pc.is_valid(tidy), pc.invert(is_number))
    return (
        np.asarray(values.to_numpy(zero_copy_only=False)),
        np.asarray(wrong.to_numpy(zero_copy_only=False)),
    )


def count_missing_words(column: Column, words: Collection[str]) -> int:
    """Count the words of a text column that mean a missing value; 0 for other columns."""
    values = plain(column)
    if not words or not pa.types.is_string(values.type):
        return 0
    return int(pc.sum(is_word(values, set(words) - {""})).as_py() or 0)


def classes(column: Column) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read classes that exclude each other.

    Returns:
        Codes of shape (rows,), UNKNOWN where the value is missing, and the classes' names in
        natural order: whole numbers by size, names so that `type2` comes before `type10`.
    """
    encoded, found = _distinct(column)
    raw: list[str] = encoded.dictionary.to_pylist()
    if raw and all(FINITE.fullmatch(name) for name in raw):
        odd = next((n for n, name in enumerate(raw) if as_whole_number(name) is None), None)
        if odd is not None:
            raise BadValue(_row(encoded, odd), raw[odd], "a class: a name or a whole number")
    if pa.types.is_floating(column.type) and not {"inf", "-inf"}.isdisjoint(raw):
        odd = next(n for n, name in enumerate(raw) if name in ("inf", "-inf"))
        raise BadValue(_row(encoded, odd), raw[odd], "a class: a name or a whole number")
    names = [str(value) for value in found.values]
    ordered = sorted(set(names), key=natural_sort_key)
    rank = {name: code for code, name in enumerate(ordered)}
    table = np.array([*(rank[name] for name in names), UNKNOWN], dtype=np.int64)
    # A missing value points past the end of the dictionary, at UNKNOWN.
    places = pc.fill_null(encoded.indices, len(raw)).to_numpy(zero_copy_only=False)
    return table[places], tuple(ordered)


def merge_spellings(column: Column) -> Spellings:
    """Tell which texts of a column of classes or groups are the same value, and which only look so."""
    return _distinct(column)[1]


def is_rounded(column: Column) -> bool:
    """Whether a column of floats holds whole numbers so large that others are written as the same float."""
    values = plain(column)
    if not pa.types.is_floating(values.type):
        return False
    size = np.abs(values.to_numpy(zero_copy_only=False).astype(np.float64))
    return bool((np.isfinite(size) & (size >= _EXACT[values.type])).any())


def targets(column: Column, words: Collection[str] = ()) -> np.ndarray:
    """Read one independent target: 0, 1 or UNKNOWN, shape (rows,), int8."""
    values = numbers(column, words)
    unknown = np.isnan(values)
    bad = np.flatnonzero(~(unknown | (values == 0) | (values == 1)))
    if len(bad):
        raise BadValue(int(bad[0]), f"{values[bad[0]]:g}", "0, 1 or nothing")
    return np.where(unknown, UNKNOWN, values).astype(np.int8)


def weights(column: Column, words: Collection[str] = ()) -> np.ndarray:
    """Read example weights: finite, of either sign, shape (rows,), float64."""
    values = numbers(column, words).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BadValue(int(bad[0]), f"{values[bad[0]]}", "a finite weight")
    return values


def ids(column: Column, *, as_text: bool = False) -> np.ndarray:
    """Read names of examples: int64 if all are whole numbers that it holds, else text.

    Text counts as whole numbers if all of it is written plainly, with 18 digits at most.

    Args:
        column: The column.
        as_text: Decide by the column's type alone, for blocks of a file must not differ in
            type: text stays text, and numbers without sign stay uint64.
    """
    values = plain(column)
    kind = values.type
    named = write_as_text(values)
    _refuse_null(named, "a name for each example")
    if pa.types.is_floating(kind):
        row = pc.index(pc.match_substring_regex(named, _CANONICAL), False).as_py()
        if row >= 0:
            raise BadValue(row, _shown(values, row), _expected_id(named[row].as_py()))
    if as_text and pa.types.is_uint64(kind):
        return np.asarray(values.to_numpy(zero_copy_only=False))
    if _are_whole(values, named, by_type=as_text):
        return np.asarray(pc.cast(named, pa.int64()).to_numpy(zero_copy_only=False))
    return np.asarray(named.to_numpy(zero_copy_only=False), dtype=str)


def find_repeated_id(ids: np.ndarray) -> tuple[int, int] | None:
    """Find the first row whose id an earlier row has.

    Returns:
        The earlier row, and that row; None if all ids differ.
    """
    known, first, places = np.unique(ids, return_index=True, return_inverse=True)
    if len(known) == len(ids):
        return None
    again = int(np.flatnonzero(first[places.reshape(-1)] != np.arange(len(ids)))[0])
    return int(first[places.reshape(-1)[again]]), again


def _expected_id(text: str) -> str:
    """What an id has to be, where a floating-point number is none."""
    if as_whole_number(text) is None:
        return "text or a whole number"
    return (
        "text or whole numbers of an integer type, for floating-point numbers of 18 digits and more "
        "are rounded"
    )


def groups(column: Column) -> np.ndarray:
    """Read groups of any type as codes that rise with the group's value, shape (rows,), int64."""
    encoded, found = _distinct(column)
    _refuse_null(encoded, "a group for each example")
    values = found.values
    known = sorted(set(values), key=natural_sort_key if found.apart else None)  # type: ignore[arg-type]
    rank = {value: code for code, value in enumerate(known)}
    table = np.array([rank[value] for value in values], dtype=np.int64)
    return np.asarray(table[encoded.indices.to_numpy(zero_copy_only=False)])


def folds(column: Column) -> np.ndarray:
    """Read fold numbers, shape (rows,), int64; one that this type cannot hold is refused."""
    if pa.types.is_boolean(column.type):
        _refuse_null(column, "the whole number of a fold")
        return numbers(column).astype(np.int64)
    encoded = write_as_text(column).dictionary_encode()
    raw: list[str] = encoded.dictionary.to_pylist()
    whole = [as_whole_number(name) for name in raw]
    for place, value in enumerate(whole):
        if value is None or not _INT64.min <= value <= _INT64.max:
            raise BadValue(_row(encoded, place), raw[place], "the whole number of a fold")
    _refuse_null(encoded, "the whole number of a fold")
    table = np.array(whole, dtype=np.int64)
    return np.asarray(table[encoded.indices.to_numpy(zero_copy_only=False)])


def parts(column: Column) -> np.ndarray:
    """Read train, validation or test as the code of its `Part`, shape (rows,), int8."""
    named = pc.utf8_lower(write_as_text(column))
    listed = [part.value for part in Part]
    places = pc.index_in(named, value_set=pa.array(listed))
    row = pc.index(pc.is_null(places), True).as_py()
    if row >= 0:
        raise BadValue(row, _shown(named, row), "train, validation or test")
    return np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int8)


def _distinct(column: Column) -> tuple[Any, Spellings]:
    """A column's texts, each different one once, and what they stand for."""
    encoded = write_as_text(column).dictionary_encode()
    return encoded, spellings(encoded.dictionary.to_pylist())


def _row(encoded: Any, place: int) -> int:
    """The first row that holds an entry of the dictionary."""
    return int(pc.index(encoded.indices, pa.scalar(place, encoded.indices.type)).as_py())


def _are_whole(values: Any, named: Any, *, by_type: bool) -> bool:
    """Whether names are numbers that int64 holds; by the column's type alone if asked for."""
    kind = values.type
    if pa.types.is_uint64(kind):
        most = pc.max(values).as_py()
        return most is None or int(most) <= int(_INT64.max)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return True
    if by_type:
        is_small = pa.types.is_decimal(kind) and kind.precision <= _SMALL_DECIMAL
        return bool(is_small and kind.scale == 0)
    if not (pa.types.is_string(kind) or pa.types.is_decimal(kind) or is_binary(kind)):
        return False
    return bool(pc.all(pc.match_substring_regex(named, _CANONICAL)).as_py())


def _parsed(column: Any, words: Collection[str]) -> Any:
    try:
        return pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        # Something is not plainly a number: blanks, true or false, words, or truly wrong.
        tidy = _tidied(column, words)
    row = pc.index(pc.match_substring_regex(tidy, _NUMBER), False).as_py()
    if row >= 0:
        word = column[row].as_py().strip()
        cure = f"`missing: [{word}]` to count that word as missing" if word in MISSING else ""
        expected = "a number with E before its exponent" if _FORTRAN.fullmatch(word) else "a number"
        raise BadValue(row, _shown(column, row), expected, cure)
    return pc.cast(tidy, pa.float64())


def _tidied(column: Any, words: Collection[str]) -> Any:
    """Texts in lower case, null where one means a missing value, true and false as numbers."""
    tidy = pc.utf8_lower(write_as_text(column))
    if words:
        tidy = pc.if_else(is_word(column, words), pa.scalar(None, pa.string()), tidy)
    tidy = pc.if_else(pc.equal(tidy, "true"), "1", tidy)
    return pc.if_else(pc.equal(tidy, "false"), "0", tidy)


def _refuse_null(named: Any, expected: str) -> None:
    row = pc.index(pc.is_null(named), True).as_py()
    if row >= 0:
        raise BadValue(row, "nothing", expected)


def _shown(column: Any, row: int) -> str:
    """A value as an error shows it."""
    if not len(column):
        return "no rows"
    value = column[row].as_py()
    return "nothing" if value is None else repr(value)
