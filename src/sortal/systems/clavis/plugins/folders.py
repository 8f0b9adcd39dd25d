"""Which folders of plugins a command loads: those that were named, or the page's `modules/` nearby."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.systems.clavis.plugins.load import check_folder, holds_plugins
from sortal.systems.clavis.plugins.package import KINDS

USUAL = "modules"
"""What the page calls the folder."""


@dataclass(frozen=True, slots=True)
class Found:
    """Folders to load, and what to announce of them."""

    folders: tuple[Path, ...]
    """Resolved."""

    notices: tuple[str, ...] = ()
    """Which folder is used that nobody named, and which ones are not."""


def find_folders(
    named: Sequence[Path], job: Path | None = None, *, working: Path | None = None
) -> Found:
    """Choose folders of plugins.

    Args:
        named: What the user gave (`--plugins`); if anything, nothing else is looked for.
        job: The job file, if there is one.
        working: The working directory, the present one if not given.

    Returns:
        The named ones; else `modules/` in the working directory, in the job's folder or in
        the parent of that, the first that holds plugins and that only the user who runs this
        could have filled; else none.

    Raises:
        UserError: A named folder is none of plugins.
    """
    if named:
        return Found(tuple(map(check_folder, named)))
    places = [(working or Path.cwd()) / USUAL]
    if job is not None:
        places += [job.absolute().parent / USUAL, job.absolute().parent.parent / USUAL]
    passed = []
    for place in dict.fromkeys(places):
        if not holds_plugins(place):
            continue
        if doubt := _doubt(place):
            cure = f"to load them, name the folder: --plugins {place}"
            passed.append(f"plugins in {place} are not loaded: {doubt}; {cure}")
            continue
        return Found((place.resolve(),), (*passed, f"plugins are loaded from {place}."))
    return Found((), tuple(passed))


def _doubt(folder: Path) -> str:
    """Who else may have put plugins into a folder, half a sentence; empty for nobody.

    A job in `/tmp/mine` has `/tmp/modules` beside its folder, which anybody can make.
    """
    if not hasattr(os, "getuid"):
        return ""
    for one in (folder, *(folder / kind for kind in KINDS)):
        if not one.is_dir():
            continue
        about = one.stat()
        if about.st_uid != os.getuid():
            return f"{one} belongs to another user"
        if about.st_mode & stat.S_IWOTH:
            return f"everybody may write to {one}"
    return ""
