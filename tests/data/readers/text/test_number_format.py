"""The marks of numbers are found in the numbers, and two meanings are refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.readers.column_values import numbers
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.number_format import PLAIN_NUMBERS, NumberFormat, detect_number_format
from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError


def read(path, text: str, **options) -> dict[str, list]:
    path.write_text(text, encoding="utf-8")
    table = open_file(path, TableOptions(**options))
    (batch,) = table.batches(table.names, 1000)
    return {name: numbers(batch[name]).tolist() for name in table.names}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([["1.5", "2"], ["3", "-4e5"]], NumberFormat()),
        ([["1,5", "2"], ["3", "4"]], NumberFormat(",")),
        ([["0,123", "-7,456"]], NumberFormat(",")),
        ([["1.234,5", "2,5"]], NumberFormat(",", ".")),
        ([["1.234"], ["0,5"]], NumberFormat(",", ".")),
        ([["1,234.5", "2.5"]], NumberFormat(".", ",")),
        ([["1,234"], ["0.5"]], NumberFormat(".", ",")),
        ([["1 234", "12 345 678"]], NumberFormat(".", " ")),
        ([["1\u202f234,5", "2"]], NumberFormat(",", " ")),
        ([["1'234.5", "2"]], NumberFormat(".", "'")),
        ([["a,5", "b"], ["1.5", "2.5"]], NumberFormat()),
        ([None, ["1", "2"]], NumberFormat()),
    ],
)
def test_the_format_that_fits_most_columns_is_found(columns, found):
    assert detect_number_format(columns, None, None).numbers == found


def test_names_that_look_like_numbers_say_nothing():
    understood = detect_number_format([["x1", "y2"], ["0.5", "1"]], None, None)
    assert understood.columns == {1}
    assert detect_number_format([None, ["0.5"]], None, None).columns == {1}


@pytest.mark.parametrize("fields", [["1,234", "7,890"], ["-1,234", "56"], ["1000,000", "1059,059"]])
def test_a_comma_before_three_digits_is_refused(tmp_path, fields):
    text = "a,k\n" + "".join(f'"{field}",{field[0]}\n' for field in fields)
    with pytest.raises(
        DataError, match=r"column 'a': '.*' can mean .*`decimal: \",\"` or `thousands"
    ):
        read(tmp_path / "a.csv", text)


def test_an_option_settles_two_meanings(tmp_path):
    text = "a\tb\n1,234\t5\n7,890\t6\n"
    assert read(tmp_path / "a.tsv", text, decimal=",")["a"] == [1.234, 7.89]
    assert read(tmp_path / "a.tsv", text, thousands=",")["a"] == [1234, 7890]
    assert read(tmp_path / "a.tsv", text, decimal=".")["a"] == [1234, 7890]
    assert read(tmp_path / "a.tsv", text, thousands="")["a"] == [1.234, 7.89]


def test_another_column_settles_two_meanings(tmp_path):
    assert read(tmp_path / "a.csv", "a;b\n1,234;0,5\n")["a"] == [1.234]
    assert read(tmp_path / "a.csv", "a;b\n1,234;0.5\n")["a"] == [1234]


@pytest.mark.parametrize("late", ["1.5", "1.234", "-.5e3"])
def test_a_late_point_among_decimal_commas_is_refused(tmp_path, late):
    text = "a;k\n" + "0,5;x\n" * 20_000 + f"{late};x\n"
    with pytest.raises(DataError, match=rf"line 20002: column 'a': .* got '{re.escape(late)}'"):
        read(tmp_path / "a.csv", text)


def test_a_point_is_refused_where_a_decimal_comma_is_given(tmp_path):
    with pytest.raises(
        DataError, match="line 3: column 'a': expected a number with a decimal comma"
    ):
        read(tmp_path / "a.csv", "a;k\n2,5;x\n1.5;x\n", decimal=",", words=("k",))


def test_ids_and_labels_keep_their_marks(tmp_path):
    (tmp_path / "a.csv").write_text("id;x;k\n1 234;0,5;1,0\n5 678;1,5;2,0\n")
    table = open_file(tmp_path / "a.csv", TableOptions(words=("id", "k")))
    (batch,) = table.batches(table.names, 10)
    assert batch.to_pydict() == {"id": ["1 234", "5 678"], "x": ["0.5", "1.5"], "k": ["1,0", "2,0"]}
    assert table.notes == ("a.csv: read with semicolons and decimal commas.",)


def written(value: float, form: NumberFormat, digits: int) -> str:
    """A number as a spreadsheet of another country writes it."""
    text = f"{value:,.{digits}f}" if form.thousands else f"{value:.{digits}f}"
    return text.replace(",", "T").replace(".", form.decimal).replace("T", form.thousands)


@given(
    values=st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=20),
    form=st.sampled_from(
        [NumberFormat(d, t) for d in ".," for t in ("", ",", ".", " ", "'") if t != d]
    ),
    digits=st.integers(1, 6),
)
def test_numbers_are_read_back_from_any_format(tmp_path_factory, values, form, digits):
    path = tmp_path_factory.getbasetemp() / "formats.csv"
    text = "a;b\n" + "".join(f"{written(v, form, digits)};0{form.decimal}5\n" for v in values)
    expected = [float(f"{v:.{digits}f}") for v in values]
    assert read(path, text)["a"] == expected
    told = {"decimal": form.decimal, "thousands": form.thousands}
    assert read(path, text, **told)["a"] == expected


@given(st.lists(st.text("0123456789.,' eE+-", min_size=1, max_size=8), min_size=1, max_size=6))
def test_plain_numbers_are_never_read_otherwise(fields):
    understood = detect_number_format([fields], None, None)
    if all(re.fullmatch(r"[+-]?\d+(\.\d+)?", field) for field in fields):
        assert understood.numbers == PLAIN_NUMBERS
    assert understood.columns <= {0}


def test_a_word_among_decimal_commas_is_what_is_refused(tmp_path):
    lines = "a;b;k\n1,5;0,3;x\n2,5;broken;y\n"
    (tmp_path / "t.csv").write_text(lines)
    with pytest.raises(JobError, match="broken") as error:
        read_dataset(DataBlock(source="t.csv", label="k"), tmp_path, 0)
    assert "row 2" in str(error.value)


def test_names_keep_their_commas_among_decimal_commas(tmp_path):
    lines = "a;code;k\n1,5;0,3;x\n2,5;4,1;y\n"
    (tmp_path / "t.csv").write_text(lines)
    dataset = read_dataset(DataBlock(source="t.csv", label="k", id="code"), tmp_path, 0)
    assert dataset.inputs.ids.tolist() == ["0,3", "4,1"]
