"""Where in a plugin something went wrong, and where what it prints goes."""

import io
import sys
import traceback
from pathlib import Path


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


class ErrorStream(io.TextIOBase):
    """Passes what plugins print to the error stream of the moment, so that tables stay alone."""

    def write(self, text: str, /) -> int:
        """Write on."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush on."""
        sys.stderr.flush()
