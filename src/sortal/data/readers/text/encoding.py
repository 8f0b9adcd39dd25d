"""The encoding of a text file, and the text with which the file begins."""

import codecs
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sortal.errors import DataError

UTF_8 = "utf-8-sig"
"""UTF-8 with or without a byte order mark."""

_HEAD_BYTES = 1 << 16
_MOST_HEAD_BYTES = 1 << 25
_LEAST_LINES = 4
_MARKS = (
    # The mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive", "name it with `.gz` at the end"),
    (b"PK\x03\x04", "a ZIP archive or a workbook", "unpack it, or save its sheet as CSV"),
    (b"BZh", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ", "an xz archive", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save its sheet as CSV"),
    (b"PAR1", "a Parquet file", "name it .parquet"),
    (b"\x89HDF", "an HDF5 file", "name it .h5"),
    (b"\x93NUMPY", "a NumPy array", "name it .npy"),
)
_WESTERN = "windows-1252"
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
_LEAST_OF_ZEROS = 0.6
"""Share of zero bytes at every other place above which text without a mark counts as UTF-16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first lines of a text file."""

    text: str
    """Without a byte order mark; ends with a whole line unless the file has but one."""

    encoding: str
    """Python's name of the encoding."""

    is_whole: bool
    """True if the file holds nothing else."""


def read_head(path: Path, encoding: str | None) -> Head:
    """Read the first lines of a file, 64 kB or four lines, whichever is longer.

    Args:
        path: The file, compressed if its name ends in `.gz`.
        encoding: Its encoding; found out if None.

    Raises:
        DataError: The file cannot be read or is no text in that encoding.
    """
    data, is_whole = _first_bytes(path)
    if not is_whole and b"\n" not in data and b"\r" not in data:
        raise DataError(f"{path}: expected lines of text, got none in the first {len(data)} bytes.")
    name = _told(encoding) if encoding is not None else _found(path, data, is_whole)
    try:
        decoder = codecs.getincrementaldecoder(name)()
        text = decoder.decode(data, final=is_whole)
    except UnicodeError as error:
        raise not_in_encoding(path, name, error) from error
    text = text.removeprefix("\ufeff")
    place = text.find("\0")
    if place >= 0:
        raise nul_error(path, len(re.findall("\r\n|\r|\n", text[:place])) + 1)
    return Head(text=text if is_whole else _whole_lines(text), encoding=name, is_whole=is_whole)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked if its name ends in `.gz`."""
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def nul_error(path: Path, line: int) -> DataError:
    """The sentence about a zero byte in text."""
    return DataError(
        f"{path}, line {line}: expected text, got a NUL byte (a byte of value 0). Take it out of "
        "the file; if the whole file is in another encoding, data.encoding names it."
    )


def not_in_encoding(path: Path, encoding: str, error: Exception) -> DataError:
    """The sentence about bytes that an encoding does not know."""
    name = "UTF-8" if encoding == UTF_8 else encoding
    line = _line_of_bad_bytes(path, encoding)
    place = f"{path}, line {line}" if line else f"{path}"
    reason = str(error).splitlines()[0]
    return DataError(
        f"{place}: expected {name} text, got other bytes ({reason}). Save the file as UTF-8, "
        "or name its encoding in a job file (data.encoding), such as windows-1252 or utf-16."
    )


def shown_encoding(encoding: str) -> str:
    """How a note names an encoding.

    >>> shown_encoding("windows-1252")
    'Latin-1 (Windows-1252)'
    """
    return "Latin-1 (Windows-1252)" if encoding == _WESTERN else encoding.upper()


def _first_bytes(path: Path) -> tuple[bytes, bool]:
    try:
        with open_bytes(path) as file:
            data = file.read(_HEAD_BYTES)
            wanted = _HEAD_BYTES
            while len(data) == wanted and wanted < _MOST_HEAD_BYTES:
                if max(data.count(b"\n"), data.count(b"\r")) >= _LEAST_LINES:
                    break
                data += file.read(wanted)
                wanted *= 2
            return data, len(data) < wanted or not file.read(1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error


def _told(encoding: str) -> str:
    name = codecs.lookup(encoding).name
    return UTF_8 if name == "utf-8" else name


def _found(path: Path, data: bytes, is_whole: bool) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    for signature, kind, cure in _SIGNATURES:
        if data.startswith(signature):
            raise DataError(f"{path}: expected text, got {kind}; {cure}.")
    half = len(data) // 2
    zeros = data[0::2].count(0), data[1::2].count(0)
    if half > 1 and max(zeros) > _LEAST_OF_ZEROS * half and min(zeros) < 0.05 * half:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(data, final=is_whole)
    except UnicodeDecodeError as error:
        return _western(path, data, error)
    return UTF_8


def _western(path: Path, data: bytes, error: UnicodeDecodeError) -> str:
    """Windows-1252, a superset of the printable part of Latin-1, for what is not UTF-8."""
    high = sum(byte >= 0x80 for byte in data)
    kept = sum(ord(sign) >= 0x80 for sign in data.decode("utf-8", errors="ignore"))
    try:
        text = data.decode(_WESTERN)
    except UnicodeDecodeError:
        raise not_in_encoding(path, UTF_8, error) from error
    # Several valid sequences of UTF-8 do not come about by chance: few bytes of it are damaged.
    if _CONTROL.search(text) or 2 * kept > high - 2 * kept + 2:
        raise not_in_encoding(path, UTF_8, error) from error
    return _WESTERN


def _line_of_bad_bytes(path: Path, encoding: str) -> int | None:
    """First line, from 1, that cannot be decoded; None where it is not found."""
    if encoding not in (UTF_8, "ascii", _WESTERN):
        return None
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return None


def _whole_lines(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1))
    return text[: end + 1] if end >= 0 else text
