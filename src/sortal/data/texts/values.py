"""How the values of a column are written as text, whatever the type of the column is."""

import uuid
from collections.abc import Collection
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = Any
"""A `pyarrow.Array` or `pyarrow.ChunkedArray`."""

_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"


class BadValue(ValueError):
    """A value that cannot mean what its column is for."""

    def __init__(self, row: int, got: str, expected: str, cure: str = "") -> None:
        self.row, self.got, self.expected, self.cure = row, got, expected, cure
        hint = f", or {cure}" if cure else ""
        super().__init__(f"expected {expected}{hint}, got {got}")


def plain(column: Column) -> Any:
    """Give a column as one array without chunks, dictionary or extension type.

    Long strings become strings, and UUIDs their canonical text.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if isinstance(column.type, pa.BaseExtensionType):
        is_uuid = column.type.extension_name == "arrow.uuid"
        column = _uuids(column.storage) if is_uuid else column.storage
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = pc.cast(column, pa.string())
    return column


def write_as_text(column: Column) -> Any:
    """Write every value as text.

    True is `True`, a whole number has no point, bytes that are no text are `0x` and their
    hexadecimal digits. Spaces around a text are left out, and a text of nothing else is null.

    Returns:
        A `pyarrow.Array` of strings.

    Raises:
        BadValue: Values of this type cannot be written as text, such as lists.
    """
    values = plain(column)
    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.if_else(values, "True", "False")
    if pa.types.is_floating(kind):
        return _floats(values)
    if pa.types.is_decimal(kind):
        return pc.replace_substring_regex(pc.cast(values, pa.string()), r"\.0+$", "")
    if is_binary(kind):
        values = _binaries(values)
    elif not pa.types.is_string(kind):
        try:
            return pc.cast(values, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise BadValue(0, f"a {kind} column", "text, numbers, dates or bytes") from error
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def without_words(column: Column, words: Collection[str]) -> Column:
    """Give a column with null in place of some words, spaces around them aside.

    A column that is not text comes back as it is.
    """
    values = plain(column)
    if not words or not pa.types.is_string(values.type):
        return column
    return _without(values, is_word(values, words))


def without_padded_words(column: Column, words: Collection[str]) -> Column:
    """Give a text column with null in place of words that have spaces around them."""
    padded = pc.and_(is_word(column, words), pc.not_equal(pc.utf8_trim_whitespace(column), column))
    return _without(column, padded) if pc.any(padded).as_py() else column


def is_word(column: Any, words: Collection[str]) -> Any:
    """Tell where a text is one of some words, spaces around it aside; null where it is null."""
    listed = word_set(tuple(sorted({word.strip() for word in words})))
    found = pc.is_in(pc.utf8_trim_whitespace(column), value_set=listed)
    return pc.if_else(pc.is_valid(column), found, pa.scalar(None, pa.bool_()))


@cache
def word_set(words: tuple[str, ...]) -> pa.Array:
    """Make some words a set for Arrow; cached, for every block of a file asks for the same ones."""
    return pa.array(words, pa.string())


def is_binary(kind: Any) -> bool:
    """Whether values of an Arrow type are bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _without(column: Any, mask: Any) -> Any:
    return pc.if_else(pc.fill_null(mask, False), pa.scalar(None, pa.string()), column)


def _floats(values: Any) -> Any:
    found, place = np.unique(values.to_numpy(zero_copy_only=False), return_inverse=True)
    names = [str(int(v)) if v == np.floor(v) and abs(v) < 2**63 else repr(float(v)) for v in found]
    known = [None if np.isnan(v) else name for v, name in zip(found, names, strict=True)]
    return pa.array(known, pa.string()).take(pa.array(place.reshape(-1)))


def _uuids(storage: Any) -> Any:
    named = [None if one is None else str(uuid.UUID(bytes=one)) for one in storage.to_pylist()]
    return pa.array(named, pa.string())


def _binaries(column: Any) -> Any:
    """Bytes as UTF-8 where they are such text without control characters, else in hexadecimal."""
    named = _decoded(column)
    if named is not None and not pc.any(pc.match_substring_regex(named, _CONTROL)).as_py():
        return named
    # Values of one length may be shorter texts that were filled up with zero bytes.
    filled = b"\0" if pa.types.is_fixed_size_binary(column.type) else b""
    listed = [None if one is None else _byte_text(one, filled) for one in column.to_pylist()]
    return pa.array(listed, pa.string())


def _decoded(column: Any) -> Any | None:
    """All values as UTF-8; None where some value is none."""
    try:
        return pc.cast(pc.cast(column, pa.binary()), pa.string())
    except pa.ArrowInvalid:
        return None


def _byte_text(value: bytes, filled: bytes) -> str:
    kept = value.rstrip(filled) if filled else value
    try:
        text = kept.decode("utf-8")
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
    return text if _is_plain(text) and (text or not value) else f"0x{value.hex()}"


def _is_plain(text: str) -> bool:
    """Whether a text has no control characters but tabs and line ends."""
    return all(one in "\t\n\v\f\r" or (one >= " " and one != "\x7f") for one in text)
