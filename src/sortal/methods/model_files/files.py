"""Files of a stored model: model.json, and arrays in one .npz whose digest it holds."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sortal.errors import Damaged

_ABOUT = "model.json"
_ARRAYS = "arrays.npz"


def write_model(folder: Path, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write into an existing folder; arrays hold plain numbers or records of them."""
    np.savez(folder / _ARRAYS, allow_pickle=False, **arrays)
    write_description(folder, about, files=(_ARRAYS,))


def write_description(folder: Path, about: Mapping[str, Any], *, files: tuple[str, ...]) -> None:
    """Write model.json with the digests of files that lie beside it."""
    digests = {name: _digest(folder / name) for name in files}
    text = json.dumps({**about, "digests": digests}, indent=1)
    (folder / _ABOUT).write_text(text, encoding="utf-8")


def read_model(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_model` wrote.

    Raises:
        Damaged: A file is missing or was changed, or holds a model of another kind.
    """
    about = read_description(folder, kind)
    with damaged_if_unreadable(folder), np.load(folder / _ARRAYS, allow_pickle=False) as stored:
        return about, {name: stored[name] for name in stored.files}


def read_description(folder: Path, kind: str) -> dict[str, Any]:
    """Read model.json and compare every file it names with its digest.

    The libraries' own readers can crash on bytes they did not write, so nothing is given
    to them before this.

    Raises:
        Damaged: A file is missing or was changed, or holds a model of another kind.
    """
    with damaged_if_unreadable(folder):
        about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if about["kind"] != kind:
            raise Damaged(f"{folder}: expected a model of kind {kind!r}, got {about['kind']!r}.")
        for name, digest in about["digests"].items():
            if _digest(folder / Path(name).name) != digest:
                raise Damaged(f"{folder / name}: not what was written.")
    return about


@contextmanager
def damaged_if_unreadable(folder: Path) -> Iterator[None]:
    """Turn what reading or rebuilding raises on unfit content into `Damaged`."""
    try:
        yield
    except Damaged:
        raise
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
        zipfile.BadZipFile,
    ) as error:
        raise Damaged(f"{folder}: not a readable model ({error}).") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
