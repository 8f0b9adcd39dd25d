"""Parquet files, streamed even within a row group."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from sortal.data.readers.base import Batch
from sortal.data.readers.damaged import explain_damage, explain_damage_in_pieces, refuse_inflated
from sortal.errors import DataError

_BUFFER_BYTES = 1 << 18


class ParquetTable:
    """A .parquet file; its columns keep their types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explain_damage(path, "Parquet"), parquet.ParquetFile(path) as file:
            schema, about = file.schema_arrow, file.metadata
            self.names: tuple[str, ...] = tuple(schema.names)
            rows = int(about.num_rows)
            self._types = dict(zip(schema.names, schema.types, strict=True))
            self._texts = frozenset(
                column.path
                for column in (about.schema.column(n) for n in range(about.num_columns))
                if column.physical_type == "BYTE_ARRAY"
            )
        refuse_inflated(path, "the table", rows, 0)
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: expected column names that differ, got {twice[0]!r} twice.")

    def batches(self, names: Sequence[str], size: int) -> Iterator[Batch]:
        """Walk over some columns."""
        yield from explain_damage_in_pieces(self.path, "Parquet", self._read(list(names), size))

    def _read(self, names: list[str], size: int) -> Iterator[Batch]:
        size_of_file, held = self.path.stat().st_size, Counter[str]()
        texts = [name for name in names if name in self._texts and _is_text(self._types[name])]
        # Without the first two settings whole columns of a row group are held before its first
        # batch. Text comes as its dictionary, in which one long text may stand for all rows.
        with parquet.ParquetFile(
            self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES, read_dictionary=texts
        ) as file:
            for batch in file.iter_batches(batch_size=size, columns=names):
                # Arrow takes a file's word that its text is UTF-8.
                batch.validate(full=True)
                chosen = batch.select(names)
                if not texts:
                    yield chosen
                    continue
                columns = [
                    self._unfolded(name, column, size_of_file, held)
                    if name in self._texts
                    else column
                    for name, column in zip(names, chosen.columns, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, names)

    def _unfolded(self, name: str, column: Any, size_of_file: int, held: Counter[str]) -> Any:
        """Write a text in each row for its place in the dictionary, unless that is endless.

        Args:
            name: The column.
            column: A batch of it.
            size_of_file: In bytes.
            held: Size of the texts of each column in all batches so far [bytes]; is added to.
        """
        kind = self._types[name]
        if column.type == kind or not pa.types.is_dictionary(column.type):
            return column
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        held[name] += pc.sum(lengths).as_py() or 0
        refuse_inflated(self.path, f"the text of column {name!r}", 1, held[name], size_of_file)
        return pc.cast(column.dictionary_decode(), kind)


def _is_text(kind: Any) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
    )
