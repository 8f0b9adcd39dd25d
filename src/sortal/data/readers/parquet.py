"""Parquet files, streamed even within a row group."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from sortal.data.readers.base import Batch
from sortal.errors import DataError

_BUFFER_BYTES = 1 << 18


class ParquetTable:
    """A .parquet file; its columns keep their types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with parquet.ParquetFile(path) as file:
                self.names: tuple[str, ...] = tuple(file.schema_arrow.names)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"{path}: not a readable Parquet file ({error}).") from error
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        try:
            # Without both settings whole columns of a row group are held before its first batch.
            with parquet.ParquetFile(
                self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES
            ) as file:
                for batch in file.iter_batches(batch_size=size, columns=list(names)):
                    yield batch.select(list(names))
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"{self.path}: not a readable Parquet file ({error}).") from error
