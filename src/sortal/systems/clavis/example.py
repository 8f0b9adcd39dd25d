"""`sortal example clavis`: the folders of the page, with jobs, plugins, and its four programs."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from sortal.systems.example import refuse_files

POINTS = 24
"""Values of a pulse."""

_FILES = "example_files"
_PYTHON = ".py.txt"
"""How Python files end in the package, so that nobody takes them for a part of it."""

_TABLE = Path("modules/datasets/pulses/pulses.csv")
_PULSES = 360
_NOISE = 0.3


def write_example(folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write a complete example of batch jobs; same arguments, same bytes.

    Args:
        folder: Made if it does not exist.
        force: Write into a folder that holds files; those of the same names are replaced,
            others are kept.

    Returns:
        The files, relative to `folder`, in the order of their names.

    Raises:
        OptionError: The folder holds files.
    """
    refuse_files(folder, force=force)
    contents = dict(_packaged(files("sortal.systems.clavis") / _FILES, Path()))
    contents[_TABLE] = _csv(*pulses()).encode()
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return tuple(sorted(contents))


def pulses() -> tuple[np.ndarray, np.ndarray]:
    """Simulate pulses: a bell, a saw or a box of random place, width and height, under noise.

    Returns:
        Pulses, shape (examples, points), rounded to three decimals; and which shape each has
        (0, 1 or 2, in turn), shape (examples,).
    """
    draw = np.random.default_rng(0)
    labels = np.arange(_PULSES) % 3
    centre = draw.uniform(10, 14, (_PULSES, 1))
    width = draw.uniform(4, 6, (_PULSES, 1))
    height = draw.uniform(1, 3, (_PULSES, 1))
    away = (np.arange(POINTS) - centre) / width
    inside = np.abs(away) <= 1
    shapes = np.stack([np.exp(-2 * away**2), np.where(inside, (1 + away) / 2, 0), 1.0 * inside])
    clean = height * shapes[labels, np.arange(_PULSES)]
    noisy = clean + draw.normal(0, _NOISE, clean.shape)
    return np.round(noisy, 3), labels


def _packaged(place: Traversable, path: Path) -> Iterator[tuple[Path, bytes]]:
    """Files of the package by the path that they get in the example."""
    for one in sorted(place.iterdir(), key=lambda found: found.name):
        name = one.name.removesuffix(".txt") if one.name.endswith(_PYTHON) else one.name
        if one.is_dir():
            yield from _packaged(one, path / name)
        else:
            yield path / name, one.read_bytes()


def _csv(values: np.ndarray, labels: np.ndarray) -> str:
    rows = zip(values.tolist(), labels.tolist(), strict=True)
    return "".join(f"{','.join(f'{one:.3f}' for one in row)},{label}\n" for row, label in rows)
