"""Columns without a name, with the name of another one, or with a number in its place."""

import numpy as np
import pyarrow as pa
import pytest
from new_inputs import read_inputs
from pyarrow import parquet

from sortal.data.readers.registry import open_file
from sortal.data.readers.text.column_names import are_numbers, complete_names, nameless_columns
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

STARS = ",mag,kind\n0,1.5,u\n1,2.5,v\n2,3.5,u\n"


def dataset(tmp_path, text: str, **options):
    (tmp_path / "a.csv").write_text(text)
    return read_dataset(DataBlock(source="a.csv", label="kind", **options), tmp_path, 0)


def test_a_nameless_column_is_left_out_and_said(tmp_path):
    read = dataset(tmp_path, STARS)
    assert read.names == {"features": ("mag",)}
    (note,) = (note for note in read.notes if "no name" in note)
    assert note.startswith("a.csv: column 1, which has no name, is left out")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_nameless_column_is_left_out_wherever_it_stands(tmp_path, place):
    rows = [["mag", "kind"], ["1.5", "u"], ["2.5", "v"]]
    for row, value in zip(rows, ("", "7", "8"), strict=True):
        row.insert(place, value)
    read = dataset(tmp_path, "".join(",".join(row) + "\n" for row in rows))
    assert read.names == {"features": ("mag",)}
    assert any(f"column {place + 1}, which has no name" in note for note in read.notes)


def test_a_nameless_column_can_be_named(tmp_path):
    assert dataset(tmp_path, STARS, inputs=["", "mag"]).names == {"features": ("", "mag")}
    named = dataset(tmp_path, STARS, id="")
    assert named.inputs.ids.tolist() == [0, 1, 2]
    excluded = dataset(tmp_path, STARS, exclude=[""])
    assert excluded.names == {"features": ("mag",)}
    assert not any("no name" in note for note in (*named.notes, *excluded.notes))
    with pytest.raises(JobError, match=r"data\.exclude\[0\]: expected a column of a.csv, got ''"):
        dataset(tmp_path, STARS.replace(",mag", "n,mag", 1), exclude=[""])


@pytest.mark.parametrize("name", ["Unnamed: 0", "Unnamed: 0.1", "__index_level_0__"])
def test_the_index_of_pandas_is_left_out_and_said(tmp_path, name):
    read = dataset(tmp_path, name + STARS)
    assert read.names == {"features": ("mag",)}
    assert any(f"column {name!r} is left out" in note for note in read.notes)
    assert dataset(tmp_path, name + STARS, inputs=[name]).names == {"features": (name,)}
    table = pa.table({name: [0, 1], "mag": [1.5, 2.5], "kind": ["u", "v"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    typed = read_dataset(DataBlock(source="a.parquet", label="kind"), tmp_path, 0)
    assert typed.names == {"features": ("mag",)}


def test_new_data_needs_no_nameless_column(tmp_path):
    block = DataBlock(source="a.csv", label="kind")
    spec = InputSpec.of(dataset(tmp_path, STARS), block)
    (tmp_path / "new.csv").write_text(",mag\n9,4.5\n8,5.5\n")
    (inputs,) = read_inputs([tmp_path / "new.csv"], spec, id_column="")
    assert inputs.arrays["features"].tolist() == [[4.5], [5.5]]
    assert inputs.ids.tolist() == ["9", "8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (",mag,,kind\n0,1,2,u\n", "none for the columns 1 and 3"),
        ("mag,mag,kind\n1,2,u\n", "column names that differ, got 'mag' twice"),
        (
            "1.0,2.5,1.0\n1,2,3\n",
            r"line 1: expected names of columns, got numbers, '1.0' among them",
        ),
        (
            "1\tNaN\t3\n1\t2\t3\n",
            r"'NaN' among them; if that line is an example.*columns: numbered",
        ),
    ],
)
def test_names_that_do_not_tell_columns_apart_are_refused(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        open_file(tmp_path / "a.csv")


def test_wavelengths_are_names_of_columns(tmp_path):
    read = dataset(tmp_path, "400,401.5,kind\n1,2,u\n3,4,v\n")
    assert read.names == {"features": ("400", "401.5")}


def test_a_label_that_is_missing_from_numbers_is_explained(tmp_path):
    (tmp_path / "a.tsv").write_text("1\t0.5\t0.7\n2\t1.5\t1.7\n")
    with pytest.raises(JobError, match=r"data\.columns: expected `numbered`, if the first line"):
        read_dataset(DataBlock(source="a.tsv", label="c1"), tmp_path, 0)
    numbered = DataBlock(source="a.tsv", label="c1", columns="numbered")
    np.testing.assert_array_equal(
        read_dataset(numbered, tmp_path, 0).inputs.arrays["features"], [[0.5, 0.7], [1.5, 1.7]]
    )


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["1", "a", "b"], ["2", "c", "d"]], ("", "x", "y")),
        ([["s1", "1", "2"], ["s2", "3", "4"]], ("", "x", "y")),
        ([["1", "2", ""], ["3", "4", " "]], ("x", "y", "")),
        ([["0,5", "1", "2"], ["0,7", "3", "4"]], ("x", "y")),
        ([["1", "2"], ["3", "4"]], ("x", "y")),
        ([], ("x", "y")),
    ],
)
def test_a_name_is_added_only_for_row_names_and_tails(rows, names):
    assert complete_names(("x", "y"), rows)[0] == names


GALAXIES = "m31,10.6,41.2,3.4,A\nm33,23.4,30.6,5.7,B\nm51,1,2,3,A\n"


@pytest.mark.parametrize("columns", [["name", "ra", "dec", "kind"], ["name", "ra", "kind"]])
def test_a_forgotten_name_of_given_columns_is_refused(tmp_path, columns):
    expected = rf"line 1: expected {len(columns)} columns, got 5"
    with pytest.raises(DataError, match=expected):
        dataset(tmp_path, GALAXIES, columns=columns, id="name")
    with pytest.raises(DataError, match=r"line 1: expected 2 columns, got 3"):
        dataset(tmp_path, "1,5.1,A\n2,4.9,B\n", columns=["mag", "kind"])


def test_given_names_may_leave_out_an_empty_last_column(tmp_path):
    read = dataset(tmp_path, "5.1,A,\n4.9,B,\n", columns=["mag", "kind"])
    assert read.names == {"features": ("mag",)}
    np.testing.assert_array_equal(read.inputs.arrays["features"], [[5.1], [4.9]])


def test_names_that_are_numbers_are_told_from_others():
    assert are_numbers(["1", "2.5e3", "NaN"])
    assert not are_numbers(["1", "2", "kind"])
    assert not are_numbers(["NA", "NaN"])
    assert nameless_columns(["x", "Unnamed", "Unnamed: x", "unnamed: 0"]) == ()
