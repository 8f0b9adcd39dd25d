"""Pictures beside results: one that cannot be drawn or written is a warning, and nothing else is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.evaluation.figures.style import PLAIN, Look, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Warn = Callable[[str], object]
"""A function that reports one sentence to the user."""


def write_picture(
    path: Path, draw: Callable[[], "Figure"], *, warn: Warn, look: Look = PLAIN
) -> list[Path]:
    """Draw a picture and write it; what goes wrong is a warning that names the picture.

    Args:
        path: See `save`; its folder is made if need be.
        draw: Draws the figure.
        warn: Told why there is no picture. An older file of that name then stays as it is.
        look: See `save`.

    Returns:
        The path, or nothing.
    """
    return attempt(path, lambda: save(draw(), path, look), warn=warn)


def attempt(path: Path, write: Callable[[], Path], *, warn: Warn) -> list[Path]:
    """Do what draws a picture and writes it; what goes wrong is a warning, as of `write_picture`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return [write()]
    except Exception as error:  # noqa: BLE001 - reported to the user; results are worth more than pictures
        warn(f"no picture {path}: {type(error).__name__}: {error}. Results are not affected.")
        return []
