"""New files read as a whole, for tests of what is read and not of where it stands."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sortal.data.inputs import Inputs
from sortal.data.reading.new_examples import InputSpec, read_blocks
from sortal.data.reading.new_ids import choose_ids


def read_inputs(
    paths: Sequence[Path], spec: InputSpec, *, id_column: str | None = None, size: int = 65_536
) -> Iterator[Inputs]:
    """Walk over the examples of new files, in memory that does not grow with them.

    Columns are found by name, in any order; columns beyond those needed, a label among
    them, are left out.

    Args:
        paths: Files, read one after another.
        spec: What the model was trained on.
        id_column: Column or array that names each example; row numbers, counted over all
            files, if None. Ids are not checked for repetition. Text files give text, and so do
            files whose ids differ in type.
        size: Most examples in one block.

    Raises:
        DataError: Columns are missing (all are listed), or a value is not a number.
    """
    files = [] if id_column is None else [spec.peek(path) for path in paths]
    ids = choose_ids(files, asked=id_column, usual=None)
    for block in read_blocks(map(spec.open, paths), spec, ids, size=size):
        yield block.inputs
