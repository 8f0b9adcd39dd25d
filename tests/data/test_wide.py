"""Tables of tens of thousands of columns: names are looked up, not searched for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.column_values import BadValue, numbers
from sortal.data.readers.in_memory import open_in_memory
from sortal.data.readers.registry import open_file
from sortal.data.reading import tables as gathering
from sortal.data.reading.roles import assign_roles
from sortal.data.reading.source import DataSource
from sortal.data.reading.tables import feature_matrix, gather_tables
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

COLUMNS = 3000


class Counted(str):
    """A name that counts how often it is held against another."""

    __slots__ = ()
    comparisons: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class WideTable:
    def __init__(self, name: str, more: int = 0, *, text: bool = False) -> None:
        self.path = Path(name)
        self.names = tuple(Counted(n) for n in (*(f"c{n}" for n in range(COLUMNS + more)), "label"))
        self._text = text

    def batches(self, names: Sequence[str], size: int) -> Iterator[Any]:
        columns = [
            pa.array(["a", "b"] if self._text or name == "label" else [1.0, 2.0]) for name in names
        ]
        yield pa.RecordBatch.from_arrays(columns, [str(name) for name in names])


def gathered(first: WideTable, second: WideTable, **block: Any) -> Any:
    given = DataBlock(source="t.csv", label="label", **block)
    source = DataSource(name="t", files=(first, second))
    return gather_tables([first, second], assign_roles(given, source), given)


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"exclude": [f"c{n}" for n in range(0, COLUMNS, 2)]},
        {"inputs": [f"c{n}" for n in range(0, COLUMNS, 2)], "exclude": ["c1"]},
    ],
    ids=["all", "exclude", "inputs"],
)
def test_names_are_compared_a_few_times_each(block):
    tables = WideTable("t.csv"), WideTable("u.csv", more=7)
    Counted.comparisons = 0
    found = gathered(*tables, **block)
    assert Counted.comparisons < 40 * COLUMNS
    assert "u.csv has columns that t.csv lacks" in found.notes[0]


def test_thousands_of_wrong_names_are_listed_quickly():
    tables = WideTable("t.csv"), WideTable("u.csv")
    Counted.comparisons = 0
    with pytest.raises(JobError) as caught:
        gathered(*tables, exclude=[f"d{n}" for n in range(COLUMNS)])
    assert len(caught.value.problems) == COLUMNS
    near = sum(bool(problem.nearest) for problem in caught.value.problems)
    assert 0 < near * COLUMNS < 110_000
    assert Counted.comparisons < 40 * COLUMNS


def test_thousands_of_text_columns_need_one_look_at_the_file(monkeypatch):
    looks = []
    monkeypatch.setattr(
        "sortal.data.reading.raw_contents.ExamplePlaces.at",
        lambda self, row: looks.append(row) or f"row {row}",
    )
    with pytest.raises(JobError) as caught:
        gathered(WideTable("t.csv", text=True), WideTable("u.csv", text=True))
    assert len(caught.value.problems) == COLUMNS
    assert looks == [0]


COLUMN = st.one_of(
    st.lists(st.sampled_from(["1", "2.5", "", " 3 ", "true", "-1e3", "inf", "word"]), min_size=4, max_size=4),
    st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=4, max_size=4),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=4, max_size=4),
    st.lists(st.integers(-(2**60), 2**60), min_size=4, max_size=4),
)  # fmt: skip


@given(st.lists(COLUMN, min_size=1, max_size=9), st.integers(1, 12))
def test_columns_understood_together_are_as_each_alone(columns, most):
    batch = pa.RecordBatch.from_arrays(
        [pa.array(one) for one in columns], [str(n) for n in range(len(columns))]
    )
    kept, gathering._ALIKE_VALUES = gathering._ALIKE_VALUES, most
    try:
        matrix, bad = feature_matrix(batch, batch.schema.names)
    finally:
        gathering._ALIKE_VALUES = kept
    for place, name in enumerate(batch.schema.names):
        try:
            alone = numbers(batch.column(place))
        except BadValue as error:
            expected = (error.row, error.got)
            found = bad[name]
        else:
            np.testing.assert_array_equal(matrix[:, place], alone)
            continue
        assert (found.row, found.got) == expected
    assert matrix.shape == (4, len(columns))


class Frame:
    """A data frame whose names are counted in comparisons."""

    def __init__(self) -> None:
        names = [f"c{n}" for n in range(COLUMNS)]
        self.columns = [Named(name) for name in names]
        self._table = pa.table({name: [1.0] for name in names})

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


class Named(Counted):
    __slots__ = ()

    def __str__(self) -> str:
        return self


def test_names_of_a_wide_data_frame_are_compared_a_few_times():
    Counted.comparisons = 0
    assert len(open_in_memory(Frame(), ["features"]).names) == COLUMNS
    assert Counted.comparisons < 40 * COLUMNS


def test_thousands_of_columns_without_names_are_said_in_short(tmp_path):
    width = 16_384
    rows = ["a,b" + "," * (width - 2), *["1,2" + "," * (width - 2)] * 20]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    table = open_file(tmp_path / "a.csv")
    assert table.names == ("a", "b")
    (note,) = table.notes
    assert note.endswith("left out: column 3, 4, 5, 6, 7 and 16377 more.")


def test_a_batch_without_rows_is_a_matrix_without_rows():
    batch = pa.RecordBatch.from_arrays([pa.array([], pa.float64())] * 3, ["a", "b", "c"])
    assert feature_matrix(batch, ["a", "c"])[0].shape == (0, 2)
