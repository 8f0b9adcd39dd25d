"""Where in a plugin something went wrong, and where what it prints goes."""

import importlib
import io
import sys
import traceback
from pathlib import Path

_IMPORTING = ("<frozen importlib", importlib.__file__, str(Path(__file__).parent))


def blame(error: BaseException, folder: Path) -> str:
    """Half a sentence: what was raised, and the last line of the plugin that led there.

    Args:
        error: What a plugin raised.
        folder: The plugin's own folder.
    """
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        return f"raised {said} ({Path(error.filename).name}, line {error.lineno})"
    if not frames:
        return f"raised {said}"
    last = frames[-1]
    return f"raised {said} ({Path(last.filename).relative_to(folder)}, line {last.lineno})"


def told_trace(error: BaseException) -> str:
    """The traceback of an import, without the steps of importing itself."""
    told = traceback.TracebackException.from_exception(error)
    waiting = [told]
    while waiting:
        one = waiting.pop()
        kept = [frame for frame in one.stack if not frame.filename.startswith(_IMPORTING)]
        one.stack = traceback.StackSummary.from_list(kept)
        waiting += [before for before in (one.__cause__, one.__context__) if before]
    return "".join(told.format())


class ErrorStream(io.TextIOBase):
    """Passes what plugins print to the error stream of the moment, so that tables stay alone."""

    def write(self, text: str, /) -> int:
        """Write on."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush on."""
        sys.stderr.flush()
