"""Turn what training raises or warns about into outcomes and notes of members."""

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sortal.methods.base import Failed, Key


def failed(key: Key, error: Exception) -> Failed:
    """Describe an exception as the failure of one member: its first line, with its kind if bare."""
    lines = str(error).strip().splitlines()
    if isinstance(error, MemoryError):
        reason = f"training ran out of memory ({lines[0] if lines else 'no details'})."
    else:
        reason = lines[0] if lines else f"training raised {type(error).__name__}."
    return Failed(key, reason, "".join(traceback.format_exception(error)))


@contextmanager
def noting(*, ignored: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Collect warnings as notes, each text once, in the order they came.

    Args:
        ignored: Beginnings of warnings that do not concern the user.

    Yields:
        A list that is filled when the block ends.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    for warning in caught:
        text = " ".join(str(warning.message).split())
        if text not in notes and not text.startswith(ignored):
            notes.append(text)
