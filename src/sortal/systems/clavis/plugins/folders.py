"""Which folders of plugins a command loads: those that were named, or the page's `modules/` nearby."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.systems.clavis.plugins.load import check_folder, holds_plugins

USUAL = "modules"
"""What the page calls the folder."""


@dataclass(frozen=True, slots=True)
class Found:
    """Folders to load, and what to announce of them."""

    folders: tuple[Path, ...]
    """Resolved."""

    notice: str = ""
    """Says that a folder is used which nobody named; empty for none."""


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
        the parent of that, the first that holds plugins; else none.

    Raises:
        UserError: A named folder is none of plugins.
    """
    if named:
        return Found(tuple(map(check_folder, named)))
    places = [(working or Path.cwd()) / USUAL]
    if job is not None:
        places += [job.absolute().parent / USUAL, job.absolute().parent.parent / USUAL]
    for place in places:
        if holds_plugins(place):
            return Found((place.resolve(),), f"plugins are loaded from {place}.")
    return Found(())
