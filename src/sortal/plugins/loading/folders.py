"""Which folders of plugins a command loads: those that were named, or the page's `modules/` nearby."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from sortal.plugins.loading.load import check_folder, holds_plugins

USUAL = "modules"
"""What the page calls the folder."""

_CODE = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
"""How files end whose code importing a plugin may run."""


@dataclass(frozen=True, slots=True)
class FoundFolders:
    """Folders to load, and what to announce of them."""

    folders: tuple[Path, ...]
    """Resolved."""

    notices: tuple[str, ...] = ()
    """Which folder is used that nobody named, and which ones are not."""


def find_folders(
    named: Sequence[Path], job: Path | None = None, *, working: Path | None = None
) -> FoundFolders:
    """Choose folders of plugins.

    Args:
        named: What the user gave (`--plugins`); if anything, nothing else is looked for.
        job: The job file, if there is one.
        working: The working directory, the present one if not given.

    Returns:
        The named ones; else `modules/` in the working directory, in the job's folder or in
        the parent of that, the first that holds plugins and whose folders and files of code,
        at any depth, belong to the user who runs this and are not for everybody to write; else
        none. Members of a group that may write are trusted.

    Raises:
        UserError: A named folder is none of plugins.
    """
    if named:
        return FoundFolders(tuple(map(check_folder, named)))
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
        return FoundFolders((place.resolve(),), (*passed, f"plugins are loaded from {place}."))
    return FoundFolders((), tuple(passed))


def _doubt(folder: Path) -> str:
    """Who else may have put code into a folder, half a sentence; empty for nobody.

    A job in `/tmp/mine` has `/tmp/modules` beside its folder, which anybody can make.
    """
    if not hasattr(os, "getuid"):
        return ""
    return next(filter(None, map(_doubt_of, _run_from(folder))), "")


def _run_from(folder: Path) -> Iterator[Path]:
    """A folder, those inside and files of code; links to folders are among them, and not followed."""
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in folders)
        yield from (Path(place, name) for name in files if name.endswith(_CODE))


def _doubt_of(one: Path) -> str:
    """The same of one folder or file; of a link, of what it leads to."""
    try:
        about = one.stat()
    except FileNotFoundError:
        return ""  # a link that leads nowhere: nothing to run
    except OSError as error:
        return f"{one} cannot be looked at ({error.strerror})"
    if about.st_uid != os.getuid():
        return f"{one} belongs to another user"
    return f"everybody may write to {one}" if about.st_mode & stat.S_IWOTH else ""
