"""Aliases and cuts make a table with other columns and fewer rows out of any table."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from sortal.data.expressions.parse import BadExpression
from sortal.data.readers.base import place_in_file
from sortal.data.readers.column_values import numbers, write_as_text
from sortal.data.readers.derived import DerivedTable
from sortal.data.readers.in_memory import InMemoryTable
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

ROWS = 1000
RNG = np.random.default_rng(3)
EVENTS = {
    "pt": RNG.exponential(50, ROWS).astype(np.float32),
    "met": RNG.exponential(80, ROWS),
    "n": RNG.integers(0, 5, ROWS).astype(np.uint32),
    "passed": RNG.random(ROWS) > 0.5,
    "process": RNG.choice(["Wj.root", "TT.root", "T2.root"], ROWS),
}
FRAME = pl.DataFrame(EVENTS)
ALIASES = {
    "ratio": "pt / sum",
    "sum": "pt + met",
    "pt": "pt * 1.05",
    "signal": "process == 'T2.root'",
    "name": "process",
    "fewer": "n - 1",
}
CUT = "sum > 60 && (passed || n >= 3) && process != 'Wj.root'"


def write(path: Path) -> Path:
    if path.suffix == ".csv":
        FRAME.write_csv(path)
    elif path.suffix == ".parquet":
        FRAME.write_parquet(path, row_group_size=90)
    else:
        np.save(path, np.rec.fromarrays(list(EVENTS.values()), names=list(EVENTS)))
    return path


@pytest.fixture
def expected() -> pl.DataFrame:
    pt = pl.col("pt").cast(pl.Float64) * 1.05
    total = pt + pl.col("met")
    return FRAME.select(
        ratio=pt / total,
        sum=total,
        pt=pt,
        signal=(pl.col("process") == "T2.root").cast(pl.Float64),
        name=pl.col("process"),
        fewer=pl.col("n").cast(pl.Float64) - 1,
        kept=(total > 60)
        & (pl.col("passed") | (pl.col("n") >= 3))
        & (pl.col("process") != "Wj.root"),
    ).filter("kept")


@pytest.mark.parametrize("kind", ["csv", "parquet", "npy"])
@pytest.mark.parametrize("size", [1, 77, 10_000])
def test_columns_and_rows_are_those_that_polars_makes(tmp_path, expected, kind, size):
    path = write(tmp_path / f"e.{kind}")
    table = open_file(path, TableOptions(aliases=ALIASES, cut=CUT))
    assert table.names == (*EVENTS, "ratio", "sum", "signal", "name", "fewer")
    wanted = ["signal", "ratio", "pt", "sum", "fewer", "name"]
    batches = list(table.batches(wanted, size))
    assert max(map(len, batches)) <= size
    assert {batch.schema for batch in batches} == {batches[0].schema}
    for name in wanted[:-1]:
        found = np.concatenate([numbers(batch[name]) for batch in batches])
        np.testing.assert_allclose(found, expected[name].to_numpy(), rtol=1e-6)
    assert [t for b in batches for t in write_as_text(b["name"]).to_pylist()] == expected[
        "name"
    ].to_list()
    assert (table.rows_read, table.rows_passed) == (ROWS, len(expected))


def test_aliases_of_32_bits_keep_32_and_comparisons_are_boolean():
    table = DerivedTable(
        InMemoryTable(pa.table(EVENTS)),
        {"a": "pt * 1.05", "b": "pt + n", "c": "pt > 9", "d": "a + pt"},
    )
    batch = next(table.batches(["a", "b", "c", "d"], 10))
    assert [str(one.type) for one in batch.columns] == ["float", "double", "bool", "float"]


def test_comparisons_follow_c_on_numbers_as_they_are_stored():
    held = InMemoryTable(pa.table({"x": np.array([0.1, 0.2], dtype=np.float32)}))
    (batch,) = DerivedTable(held, {"c": "x > 0.1"}).batches(["c"], 10)
    assert batch["c"].to_pylist() == [True, True]


def test_only_columns_that_are_needed_are_read():
    class Watched(InMemoryTable):
        def batches(self, names, size):
            self.asked = list(names)
            yield from super().batches(names, size)

    held = Watched(pa.table(EVENTS))
    list(DerivedTable(held, ALIASES, "n > 1").batches(["sum"], 100))
    assert sorted(held.asked) == ["met", "n", "pt"]


@pytest.mark.parametrize(
    ("aliases", "cut", "said"),
    [
        ({"a": "ptt + 1"}, "", r"aliases\.a: expected names of columns .*'ptt'.*Did you mean 'pt'"),
        ({}, "mett > 3", r"cut: expected names of columns .*Did you mean 'met'"),
        ({"a": "b", "b": "c + 1", "c": "a"}, "", r"aliases\.a: .*a circle of 'a', 'b', 'c'"),
        ({"a": "a + 1"}, "", "'a'"),
        ({"a": "pt +"}, "", r"aliases\.a: expected a value, got the end of 'pt \+'"),
        ({"a": "1 + 1"}, "", "expected an expression that names a column"),
        ({"a": "pt[0]"}, "", "one value a row in 'pt'"),
    ],
)
def test_unusable_expressions_are_refused_when_a_file_is_opened(tmp_path, aliases, cut, said):
    with pytest.raises(BadExpression, match=said):
        open_file(write(tmp_path / "e.csv"), TableOptions(aliases=aliases, cut=cut))


def test_text_where_an_expression_needs_a_number_has_its_row(tmp_path):
    (tmp_path / "e.csv").write_text("x,y\n" + "1,2\n" * 400 + "1,far\n")
    table = open_file(tmp_path / "e.csv", TableOptions(cut="y > 1"))
    with pytest.raises(
        DataError, match=r"e\.csv, row 401: column 'y': expected a number, got 'far'"
    ):
        list(table.batches(["x"], 7))


def test_a_row_after_the_cut_knows_its_row_in_the_file(tmp_path):
    (tmp_path / "e.csv").write_text("x,y,k\n1,0,a\n2,1,b\n3,0,a\nbad,1,b\n")
    table = open_file(tmp_path / "e.csv", TableOptions(cut="y == 1"))
    assert place_in_file(table, 1) == "e.csv, row 4"
    block = DataBlock(source="e.csv", label="k", cut="y == 1")
    with pytest.raises(JobError, match=r"'bad' in e\.csv, row 4"):
        read_dataset(block, tmp_path, 0)


@settings(max_examples=50)
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=60),
    limit=st.integers(0, 9),
    size=st.integers(1, 20),
)
def test_rows_that_pass_a_cut_keep_order_and_their_row_number(values, limit, size):
    table = DerivedTable(InMemoryTable(pa.table({"x": values})), {}, f"x >= {limit}")
    found = [v for batch in table.batches(["x"], size) for v in batch["x"].to_pylist()]
    rows = [row for row, v in enumerate(values) if v >= limit]
    assert found == [values[row] for row in rows]
    assert [table.row_in_file(k) for k in range(len(rows))] == rows


def test_a_job_counts_rows_that_pass_and_refuses_an_empty_cut(tmp_path):
    write(tmp_path / "e.csv")
    data = read_dataset(
        DataBlock(source=["e.csv", "e.csv"], label="process", cut="met > 60 && n > 0"), tmp_path, 0
    )
    passed = int(((EVENTS["met"] > 60) & (EVENTS["n"] > 0)).sum())
    assert len(data.inputs.ids) == 2 * passed
    assert f"{passed} of {ROWS} rows of e.csv pass data.cut." in data.notes
    with pytest.raises(DataError, match=f"the cut drops all {ROWS} rows"):
        read_dataset(DataBlock(source="e.csv", label="process", cut="met < 0"), tmp_path, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tree": "events"}, r"data\.tree: expected nothing, for it has no effect on e\.parquet"),
        ({"columns": ["a"]}, r"data\.columns: expected nothing"),
        ({"columns": "numbered"}, r"data\.columns: expected nothing"),
        ({"cut": "met >"}, r"data\.cut: expected a value"),
        ({"aliases": {"a.b": "mett"}}, r"data\.aliases\['a\.b'\].*'mett'.*'met'"),
    ],
)
def test_a_job_tells_the_place_of_what_it_cannot_use(tmp_path, options, said):
    write(tmp_path / "e.parquet")
    with pytest.raises(JobError, match=said):
        read_dataset(DataBlock(source="e.parquet", label="process", **options), tmp_path, 0)


def test_arrays_take_no_aliases_and_named_datasets_do(tmp_path):
    np.savez(tmp_path / "a.npz", features=np.eye(3), labels=np.arange(3))
    with pytest.raises(DataError, match="'cut' has no effect on"):
        open_file(tmp_path / "a.npz", TableOptions(cut="x > 1"))
    np.save(tmp_path / "a.npy", np.eye(3))
    with pytest.raises(DataError, match="need a table"):
        open_file(tmp_path / "a.npy", TableOptions(cut="x > 1"))
    block = DataBlock(source="iris", aliases={"area": "`petal length (cm)` * `petal width (cm)`"})
    data = read_dataset(block, tmp_path, 0)
    assert data.names["features"][-1] == "area"


def test_a_large_file_is_walked_in_batches(tmp_path):
    rows = 400_000
    table = pa.table({n: RNG.random(rows) for n in "abcd"})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=rows)
    before, held = pa.total_allocated_bytes(), 0
    opened = open_file(tmp_path / "t.parquet", TableOptions(aliases={"s": "a + b"}, cut="c > 0.5"))
    for _ in opened.batches(["s", "d"], 10_000):
        held = max(held, pa.total_allocated_bytes() - before)
    assert held < table.nbytes * 0.8
