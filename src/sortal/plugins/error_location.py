"""Where in a plugin something went wrong, what to do about it, and where what it prints goes."""

import importlib
import io
import re
import sys
import traceback
from pathlib import Path
from urllib.error import HTTPError, URLError

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IMPORTING = ("<frozen importlib", importlib.__file__, str(Path(__file__).parent))


def locate_error(error: BaseException, folder: Path) -> str:
    """Half a sentence: what was raised, the last line of the plugin that led there, perhaps a cure.

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
    if frames:
        last = frames[-1]
        said += f" ({Path(last.filename).relative_to(folder)}, line {last.lineno})"
    return f"raised {said}{_cure(error, folder)}"


def _cure(error: BaseException, folder: Path) -> str:
    """What to fetch, if it cannot be downloaded, or to install, if a library is missing.

    Nothing for a module of the plugins' own folders.
    """
    if _is_download(error):
        return (
            "; the network cannot be reached: put the files where the plugin looks for them (Keras: "
            "~/.keras/datasets)"
        )
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if not name or not _PLAIN.fullmatch(name) or name in sys.stdlib_module_names:
        return ""
    places = (folder, *folder.parents[:3])
    if any((place / name).is_dir() or (place / f"{name}.py").is_file() for place in places):
        return ""
    return f"; install it beside Sortal (pip install {name})"


def _is_download(error: BaseException | None) -> bool:
    """Whether an error comes from a network that cannot be reached."""
    seen = []
    while error is not None and error not in seen:
        if isinstance(error, URLError) and not isinstance(error, HTTPError):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def shorten_traceback(error: BaseException) -> str:
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
