"""What is done with each damaged input: it is read as Sortal reads it, and the outcome is noted."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from mutations import mutated, repacked

from sortal.data.readers.base import Arrays, Table
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.predictions import read_predictions
from sortal.errors import UserError
from sortal.job.models import DataBlock
from sortal.job.read import read_job
from sortal.systems.cms.data.text_form import refuse_wrong_separator

FORMATS = ("npy", "npz", "hdf5", "parquet", "root", "csv", "csv.gz", "predictions", "shifts",
           "expression", "job")  # fmt: skip
SHARES = {"npy": 13, "npz": 13, "hdf5": 12, "parquet": 14, "root": 10, "csv": 10, "csv.gz": 8,
          "predictions": 6, "shifts": 4, "expression": 6, "job": 4}  # fmt: skip
"""How many of a hundred inputs are of each format."""

ENDINGS = {"hdf5": "h5", "expression": "csv", "predictions": "csv", "shifts": "yaml"}
_TABLE = b"x,k,label\n" + b"".join(b"%d.5,%d,%c\n" % (n, n, b"ab"[n % 2]) for n in range(20))


def content(form: str, seeds: list[bytes], seed: int, number: int) -> bytes:
    """One input; the same for the same arguments."""
    rng = Random(f"{seed}:{form}:{number}")
    if form == "npz" and rng.random() < 0.5:
        return repacked(rng.choice(seeds), rng)
    return mutated(seeds, rng, compressed=form == "csv.gz")


def attempt(form: str, data: bytes, folder: Path, number: int) -> tuple[str, str]:
    """Read one input.

    Returns:
        `ok`, `refused` or `traceback`, and what was said.
    """
    ending = ENDINGS.get(form, form)
    if form == "job":
        ending = "json" if number % 2 else "yaml"
    path = folder / f"t{number % 8}.{ending}"
    path.write_bytes(data)
    try:
        READERS.get(form, _read)(path, number)
    except UserError as error:
        return "refused", str(error)
    except Exception:  # noqa: BLE001 (this is what is looked for)
        return "traceback", traceback.format_exc(limit=-4)
    else:
        return "ok", ""
    finally:
        path.unlink()


def _read(path: Path, number: int, options: TableOptions | None = None) -> None:
    """Walk over all that a file holds; every third input is read as a job's data."""
    if path.suffix == ".root" and number % 7 == 0:
        options = TableOptions(tree="folder/events", aliases={"j": "k * 2"})
    if path.name.endswith((".csv", ".csv.gz")) and number % 5 == 1:
        refuse_wrong_separator(path)
    opened = open_file(path, options or TableOptions())
    if number % 3 == 0:
        _read_as_data(path, opened)
        return
    sound = []
    for name in opened.names[:20]:
        try:
            _walk(opened, [name])
            sound.append(name)
        except UserError as error:
            # A file that its library does not come to an end with is told of once.
            if (name == opened.names[-1] and not sound) or "come to an end" in str(error):
                raise
    _walk(opened, sound)


def _walk(opened: Table | Arrays, names: object) -> None:
    if isinstance(opened, Table):
        for batch in opened.batches(tuple(names), 16):
            batch.validate(full=True)
        return
    for name in names:
        opened.length(name)
        opened.whole(name)
    for _ in opened.blocks(tuple(names), 16):
        pass


def _read_as_data(path: Path, opened: Table | Arrays) -> None:
    names = opened.names
    for label in ("label", "labels", "g/labels", "name", "k"):
        if label in names:
            break
    else:
        label = next(filter(None, names), "label")
    others = [name for name in names if name in ("x", "X", "g/X", "signal", "stamps", "k")]
    block = {"source": str(path), "label": label}
    inputs = [name for name in others if name != label]
    read_dataset(DataBlock(**block, **({"inputs": inputs} if inputs else {})), path.parent, 0)


def _predictions(path: Path, number: int) -> None:
    read_predictions(path, classes=("a", "b") if number % 2 else None)


def _shifts(path: Path, number: int) -> None:
    from sortal.data.expressions.parse import parse
    from sortal.systems.cms.applying.command import _read as read_shifts

    for name, shift in read_shifts(path).items():
        for column, text in shift.items():
            parse(text, f"{name}.{column}")


def _expression(path: Path, number: int) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape" if number % 2 else "replace")
    path.write_bytes(_TABLE)
    given = {"cut": text} if number % 3 else {"aliases": {"y": text}}
    opened = open_file(path, TableOptions(**given))
    for batch in opened.batches(opened.names, 16):
        batch.validate(full=True)


def _job(path: Path, number: int) -> None:
    (path.parent / "t.csv").write_bytes(_TABLE)
    job = read_job(path, partly=bool(number % 2)).job
    read_dataset(job.data, path.parent, job.seed)


READERS: Mapping[str, Callable[[Path, int], None]] = {
    "predictions": _predictions,
    "shifts": _shifts,
    "expression": _expression,
    "job": _job,
}
