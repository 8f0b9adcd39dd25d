"""Where workers look for modules: as their driver does, but not beside the user's script."""

import os
import sys
from pathlib import Path

_OURS = Path(__file__).parents[2]
"""The folder that this package is imported from."""


def import_path() -> list[str]:
    """The driver's `sys.path` without the folder that Python put there unasked.

    Python looks first in the folder of a script, or in the working directory of `python -m` and
    of a notebook. There a user's own file may have the name of a library's module, and a worker
    would import that. What `PYTHONPATH` names, and what the user has added, stays.
    """
    path = [entry or str(Path.cwd()) for entry in sys.path]
    unasked = _unasked_folder()
    if unasked is None or _OURS.resolve() == unasked:
        return path
    places = [place for place, entry in enumerate(path) if Path(entry).resolve() == unasked]
    asked = [entry for entry in _python_path() if Path(entry).resolve() == unasked]
    if len(places) > len(asked):
        del path[places[0]]
    return path


def _python_path() -> list[str]:
    """Folders that the environment variable `PYTHONPATH` names, if this Python heeds it."""
    named = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    return named.split(os.pathsep) if named else []


def _unasked_folder() -> Path | None:
    """The folder that Python puts first: that of the script that it runs, else the working directory.

    None if Python puts none there, or if `python -m sortal` has removed it already.
    """
    main = sys.modules.get("__main__")
    spec, script = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if sys.flags.safe_path or getattr(spec, "name", "") == "sortal.__main__":
        return None
    return Path.cwd().resolve() if spec or script is None else Path(script).resolve().parent
