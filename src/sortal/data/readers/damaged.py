"""Damaged and hostile files: what their libraries raise becomes one sentence, and sizes have a bound."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sortal.errors import DataError, SortalError

Piece = TypeVar("Piece")

_FREE_BYTES = 1 << 26
"""Data up to this size is never refused for its size [bytes]."""

_DENSEST = 1100
"""Most bytes of data in one byte of a file: deflate cannot pack more than 1032."""

_BESIDE_BYTES = 32
"""Memory that an example takes beside its values, for its id, label, weight and fold [bytes]."""


@contextmanager
def explain_damage(path: Path, kind: str, part: str = "") -> Iterator[None]:
    """Turn whatever a library raises about a file's bytes into one sentence.

    Put only calls of the library inside: of damaged bytes any exception may come, such as
    IndexError, struct.error or UnicodeDecodeError, and an error of our own code must stay one.

    Args:
        path: The file.
        kind: What the file should be, such as `.npy`.
        part: The part of the file that is read, such as `array 'x'`; empty for all of it.

    Raises:
        DataError: The library raised something.
    """
    try:
        yield
    except SortalError:
        raise
    except MemoryError as error:
        raise DataError(
            f"{path}: {part or 'the file'} asks for more memory than there is: the file is damaged, "
            "or too large for this machine."
        ) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {_first_line(error)}"
        if part:
            raise DataError(f"{path}: {part} cannot be read ({reason}).") from error
        raise DataError(f"{path}: not a readable {kind} file ({reason}).") from error


def explain_damage_in_pieces(path: Path, kind: str, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Walk over what a library yields; what it raises on the way becomes one sentence.

    Raises:
        DataError: The library raised something.
    """
    with explain_damage(path, kind):
        walk = iter(pieces)
    while True:
        with explain_damage(path, kind):
            # A sentinel, for StopIteration may not leave a generator's context.
            piece = next(walk, None)
        if piece is None:
            return
        yield piece


def refuse_inflated(path: Path, part: str, rows: int, row_bytes: int, size: int = 0) -> None:
    """Refuse data that is declared larger than any packing of the file could hold.

    Args:
        path: The file.
        part: The part of the file that declares it, such as `array 'x'`.
        rows: Examples that it declares.
        row_bytes: Size of the values of one example [bytes].
        size: Size of the file [bytes]; looked up if 0.

    Raises:
        DataError: The data is larger than 64 MiB and 1,100 times as large as the file, where each
            example counts 32 bytes more than its values.
    """
    held = size or path.stat().st_size
    if rows < 0:
        raise DataError(f"{path}: {part} declares {rows} rows: the file is damaged.")
    if rows * (row_bytes + _BESIDE_BYTES) > _FREE_BYTES + _DENSEST * held:
        declared = f"{rows} rows of {row_bytes} bytes" if rows > 1 else f"{row_bytes} bytes"
        raise DataError(
            f"{path}: {part} declares {declared}, which a file of {held} bytes "
            "cannot hold: it is damaged, or made to fill memory. If the data is right, write it "
            "without compression."
        )


def _first_line(error: Exception) -> str:
    text = str(error).strip().split("\n")[0][:200]
    # A file's own bytes may stand in the text.
    return "".join(one if one.isprintable() else "?" for one in text)
