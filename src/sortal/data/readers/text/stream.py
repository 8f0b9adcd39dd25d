"""The bytes of a text table as Arrow can take them apart: UTF-8, its rows alone."""

import io
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from sortal.data.readers.text.dialect import Dialect
from sortal.data.readers.text.encoding import nul_error
from sortal.data.readers.text.lines import open_text, table_lines

_CHUNK = 1 << 18


class TextStream(io.RawIOBase):
    """A file's table as UTF-8, read in memory that does not grow with the file.

    What the bytes show while they pass is kept, so that columns need not be searched for what the
    file does not hold.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.quotes = 0
        """Number of quotes so far."""

        self.has_blanks = False
        """True once a space or a tab came that is no delimiter."""

        super().__init__()
        self._path = path
        self._blanks = [one for one in (b" ", b"\t") if one.decode() != dialect.layout.delimiter]
        self._encoding = dialect.layout.encoding
        self._rest = b""
        self._file: Any = None
        self._pieces: Iterator[bytes] | None = None
        if dialect.is_plain:
            kind = "gzip" if path.suffix.lower() == ".gz" else None
            self._file = pa.input_stream(str(path), compression=kind)
        else:
            self._pieces = _pieces(path, dialect)

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes.

        Raises:
            DataError: There is a NUL byte.
            UnicodeError: The bytes are not in the encoding of the file.
        """
        if self._pieces is None:
            data = bytes(self._file.read(size))
        else:
            while not self._rest and (piece := next(self._pieces, None)) is not None:
                self._rest = piece
            data, self._rest = self._rest[:size], self._rest[size:]
        self._look_at(data)
        return data

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        if isinstance(self._pieces, Generator):
            self._pieces.close()
        super().close()

    def _look_at(self, data: bytes) -> None:
        if b"\0" in data:
            raise nul_error(self._path, _line_of_nul(self._path, self._encoding))
        self.quotes += data.count(b'"')
        self.has_blanks = self.has_blanks or any(blank in data for blank in self._blanks)


def _pieces(path: Path, dialect: Dialect) -> Iterator[bytes]:
    layout = dialect.layout
    with open_text(path, layout.encoding) as file:
        for _ in range(layout.skipped + dialect.header_lines):
            file.readline()
        if not layout.is_filtered:
            while text := file.read(_CHUNK):
                yield text.encode()
            return
        gathered: list[str] = []
        length = 0
        for _, line in table_lines(file, layout):
            gathered.append(line)
            length += len(line)
            if length >= _CHUNK:
                yield "".join(gathered).encode()
                gathered, length = [], 0
        yield "".join(gathered).encode()


def _line_of_nul(path: Path, encoding: str) -> int:
    with open_text(path, encoding) as file:
        return next(number for number, line in enumerate(file, start=1) if "\0" in line)
