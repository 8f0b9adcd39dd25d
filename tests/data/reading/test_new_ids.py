"""Ids of new examples: which column they come from, and one type over all files."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from new_inputs import read_inputs
from pyarrow import parquet

from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.data.reading.new_ids import choose_ids
from sortal.errors import DataError
from sortal.job.models import DataBlock

LARGEST = 2**64 - 1


@pytest.fixture
def spec(tmp_path) -> InputSpec:
    (tmp_path / "train.csv").write_text("a,y\n1,u\n2,v\n")
    block = DataBlock(source="train.csv", label="y")
    return InputSpec.of(read_dataset(block, tmp_path, 0), block)


@pytest.fixture
def write(tmp_path):
    def written(name: str, ids) -> object:
        path = tmp_path / name
        values = ids if isinstance(ids, pa.Array) else pa.array(ids)
        a = np.arange(float(len(values)))
        if name.endswith("csv"):
            lines = [f"{i},{x}" for i, x in zip(values.to_pylist(), a, strict=True)]
            path.write_text("\n".join(["id,a", *lines]) + "\n")
        else:
            parquet.write_table(pa.table({"id": values, "a": a}), path)
        return path

    return written


def all_ids(spec, *paths, size=2):
    return [block.ids for block in read_inputs(paths, spec, id_column="id", size=size)]


KINDS = {
    "i8.parquet": pa.array([1, 2, 3], pa.int8()),
    "i64.parquet": pa.array([-5, 2**62, 3], pa.int64()),
    "u64.parquet": pa.array([1, LARGEST, 3], pa.uint64()),
    "text.parquet": pa.array(["x", "007", "7"]),
    "dictionary.parquet": pa.array(["x", "y", "x"]).dictionary_encode(),
    "float.parquet": pa.array([1.0, 2.0, 3.0]),
    "day.parquet": pa.array([datetime.date(2020, 1, d) for d in (1, 2, 3)]),
    "plain.csv": pa.array([1, 2, 3]),
    "word.csv": pa.array(["p", "q", "r"]),
}


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_any_two_files_give_ids_of_one_type(spec, write, first, second):
    paths = [write(name, KINDS[name]) for name in (first, second)]
    found = all_ids(spec, *paths)
    kinds = {ids.dtype.kind for ids in found}
    assert len(kinds) == 1
    together = np.concatenate(found)
    assert len(together) == 6
    if kinds == {"U"}:
        shown = [str(one) for name in (first, second) for one in KINDS[name].to_pylist()]
        plain = [one.removesuffix(".0") for one in shown]
        assert together.tolist() == plain


def test_the_largest_whole_numbers_stay_exact(spec, write):
    alone = np.concatenate(all_ids(spec, write("u.parquet", KINDS["u64.parquet"])))
    assert alone.dtype == np.uint64
    assert alone[1] == LARGEST
    mixed = all_ids(spec, write("u.parquet", KINDS["u64.parquet"]), write("i.parquet", [-1, 2]))
    assert np.concatenate(mixed).tolist() == ["1", str(LARGEST), "3", "-1", "2"]


@pytest.mark.parametrize("kind", [pa.uint64(), pa.int64(), pa.string()])
def test_a_missing_id_is_told_with_its_row(spec, write, kind):
    path = write("gap.parquet", pa.array([1, 2, None, 4], pa.int64()).cast(kind))
    with pytest.raises(DataError, match=r"gap.parquet, row 3: id: expected a name"):
        all_ids(spec, path)


@pytest.mark.parametrize(
    ("ids", "row", "said"),
    [
        (np.array([b"\xff", b"a", b"b"]), 1, r"b'\\xff'"),
        (np.array([b"a", b"b", b"\xff"]), 3, r"b'\\xff'"),
        (np.array([1j, 2, 3]), 1, "values of the type complex128"),
    ],
)
def test_an_array_of_ids_that_are_no_text_is_refused(tmp_path, ids, row, said):
    np.savez(tmp_path / "new.npz", features=np.zeros((3, 1)), id=ids)
    spec = InputSpec(names={"features": ("a",)}, shapes={"features": (1,)})
    with pytest.raises(DataError, match=rf"new\.npz, row {row}: array 'id': expected .*{said}"):
        all_ids(spec, tmp_path / "new.npz")


def test_the_column_of_the_job_is_used_where_all_files_have_it(spec, write, tmp_path):
    having = write("having.csv", ["p", "q"])
    (tmp_path / "lacking.csv").write_text("a\n1\n")
    lacking = tmp_path / "lacking.csv"
    chosen = choose_ids([spec.peek(having)], asked=None, usual="id")
    assert (chosen.name, chosen.kind, chosen.note) == ("id", "text", "")
    chosen = choose_ids([spec.peek(having), spec.peek(lacking)], asked=None, usual="id")
    assert chosen.name is None
    assert "lacking.csv has no column 'id'" in chosen.note
    assert choose_ids([spec.peek(having)], asked="", usual="id").name is None
    assert choose_ids([spec.peek(having)], asked="a", usual="id").name == "a"


def test_files_without_rows_do_not_decide_the_type_alone(spec, write, tmp_path):
    (tmp_path / "empty.csv").write_text("id,a\n")
    found = all_ids(spec, tmp_path / "empty.csv", write("i.parquet", [1, 2]))
    assert np.concatenate(found).astype(str).tolist() == ["1", "2"]
