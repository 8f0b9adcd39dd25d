"""Pictures beside results: one that cannot be drawn or written is a warning, and nothing else is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.errors import MissingExtra, OptionError
from sortal.evaluation.plots.drawing.style import PLAIN, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Warn = Callable[[str], object]
"""A function that reports one sentence to the user."""


def write_picture(path: Path, draw: Callable[[], "Figure"], *, warn: Warn) -> list[Path]:
    """Draw a picture and write it; an error becomes a warning that names the picture.

    Args:
        path: See `save`; its folder is made if need be.
        draw: Draws the figure.
        warn: Called with the reason if there is no picture. An older file of that name then
            stays as it is.

    Returns:
        The path, or nothing.

    Raises:
        OptionError: The path ends otherwise than a picture's.
    """
    return try_picture(path, lambda: save(draw(), path, PLAIN), warn=warn)


def try_picture(path: Path, write: Callable[[], Path], *, warn: Warn) -> list[Path]:
    """Make a picture with a function that draws and writes it; an error becomes a warning.

    Args:
        path: The file; its folder is made if need be.
        write: Draws the picture and writes it to the path, which it returns.
        warn: Called with the reason if there is no picture.

    Returns:
        The path, or nothing.

    Raises:
        OptionError: The user asked for something that no picture can be.
        MissingExtra: The user asked for something that needs a package that is not installed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return [write()]
    except (OptionError, MissingExtra):
        raise
    except Exception as error:  # noqa: BLE001 - reported to the user; results are worth more than pictures
        reason = f"{type(error).__name__}: {error}".rstrip(": .")
        warn(f"no picture {path}: {reason}. Results are not affected.")
        return []
