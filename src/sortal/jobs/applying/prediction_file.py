"""Write predictions as CSV or Parquet, block by block; the file appears whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from sortal.data.labels import Outputs
from sortal.errors import OptionError, UserError
from sortal.jobs.applying.predict import PredictedBlock, Predictor

SUFFIXES = (".csv", ".parquet")


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class PredictionFile:
    """An open file of predictions, with the columns of `prediction_table`."""

    def __init__(self, predictor: Predictor, path: Path, suffix: str) -> None:
        self._predictor, self._path, self._suffix = predictor, path, suffix
        self._writer: _Writer | None = None
        self.examples = 0

    def write(self, block: PredictedBlock) -> None:
        """Append predictions; the first block decides the types of all."""
        table = prediction_table(self._predictor, block)
        if self._writer is None:
            opening = parquet.ParquetWriter if self._suffix == ".parquet" else csv.CSVWriter
            self._writer = opening(str(self._path), table.schema)
        self._writer.write_table(table)
        self.examples += len(block.ids)

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()


def prediction_table(predictor: Predictor, block: PredictedBlock) -> pa.Table:
    """Predictions as columns.

    `id`; `class` (EXCLUSIVE) or `TARGET` as 0 or 1 for each (INDEPENDENT); a `score_CLASS`
    each; and where several members were averaged `spread_CLASS` each, and (EXCLUSIVE)
    `uncertainty`, the spread of the class that was decided for. An example without a
    prediction has its id alone.
    """
    classes, blank = predictor.classes, block.blank
    columns: dict[str, pa.Array] = {"id": pa.array(block.ids)}
    if predictor.outputs is Outputs.EXCLUSIVE:
        named = np.array(classes, dtype=object)[block.decided]
        columns["class"] = pa.array(named, pa.string(), mask=blank)
    else:
        columns |= {c: pa.array(block.decided[:, i], mask=blank) for i, c in enumerate(classes)}
    columns |= {
        f"score_{c}": pa.array(block.scores[:, i], mask=blank) for i, c in enumerate(classes)
    }
    if block.spread is not None:
        columns |= {
            f"spread_{c}": pa.array(block.spread[:, i], mask=blank) for i, c in enumerate(classes)
        }
        if predictor.outputs is Outputs.EXCLUSIVE:
            decided = np.asarray(block.decided, dtype=np.intp)[:, None]
            spread = np.take_along_axis(block.spread, decided, 1)[:, 0]
            columns["uncertainty"] = pa.array(spread, mask=blank)
    return pa.table(columns)


def predicted_table(
    predictor: Predictor,
    data: Any,
    paths: Sequence[Path] | None,
    *,
    id_column: str | None,
    skip_bad: bool,
) -> pa.Table:
    """All predictions of files, or of what Python code holds, in one table.

    Args:
        predictor: The classifier.
        data: What Python code holds; not looked at where there are paths.
        paths: Files.
        id_column: See `Predictor.files`.
        skip_bad: See `Predictor.files`.
    """
    blocks = (
        predictor.held(data, id_column=id_column, skip_bad=skip_bad)
        if paths is None
        else predictor.files(paths, id_column=id_column, skip_bad=skip_bad)
    )
    return pa.concat_tables([prediction_table(predictor, block) for block in blocks])


def check_suffix(path: Path) -> str:
    """The kind of file that a path asks for.

    Raises:
        OptionError: It is neither CSV nor Parquet.
        UserError: Its folder does not exist.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError("--out", str(path), "a file that ends in .csv or .parquet")
    if not path.parent.is_dir():
        raise UserError(f"--out: the folder {path.parent} does not exist.")
    return path.suffix.lower()


@contextmanager
def open_prediction_file(predictor: Predictor, path: Path) -> Iterator[PredictionFile]:
    """Open a file of predictions; an error or interrupt in the body leaves no file behind."""
    suffix = check_suffix(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    file = PredictionFile(predictor, unfinished, suffix)
    try:
        yield file
        file.close()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
