"""Where workers look for modules: as their driver does, but not beside the user's script."""

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
    if sys.flags.safe_path or _OURS.resolve() == unasked:
        return path
    for place, entry in enumerate(path):
        if Path(entry).resolve() == unasked:
            return [*path[:place], *path[place + 1 :]]
    return path


def _unasked_folder() -> Path:
    """The folder that Python puts first: of the script that it runs, else the working directory."""
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    if script is None or getattr(main, "__spec__", None) is not None:
        return Path.cwd().resolve()
    return Path(script).resolve().parent
