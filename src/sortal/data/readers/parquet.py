"""Parquet files, streamed even within a row group."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyarrow import parquet

from sortal.data.readers.base import Batch
from sortal.data.readers.damaged import refuse_inflated, understood, understood_pieces
from sortal.errors import DataError

_BUFFER_BYTES = 1 << 18


class ParquetTable:
    """A .parquet file; its columns keep their types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with understood(path, "Parquet"), parquet.ParquetFile(path) as file:
            self.names: tuple[str, ...] = tuple(file.schema_arrow.names)
            rows = int(file.metadata.num_rows)
        refuse_inflated(path, "the table", rows, 0)
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        yield from understood_pieces(self.path, "Parquet", self._read(list(names), size))

    def _read(self, names: list[str], size: int) -> Iterator[Batch]:
        # Without both settings whole columns of a row group are held before its first batch.
        with parquet.ParquetFile(self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            for batch in file.iter_batches(batch_size=size, columns=names):
                # Arrow takes a file's word that its text is UTF-8.
                batch.validate(full=True)
                yield batch.select(names)
