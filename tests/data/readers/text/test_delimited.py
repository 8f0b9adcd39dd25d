"""Text files without a header line, and the places of what is wrong in any."""

import gzip
from pathlib import Path

import pytest

from sortal.data.readers.column_values import numbers, write_as_text
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text import delimited
from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError, UserError
from sortal.job.models import DataBlock

NAMED = TableOptions(columns=("pt", "weight", "process"))
EVENTS = "31.5,0.2,Wj.root\n12,-0.1,TT.root\n"


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv"])
def test_names_are_given_to_a_file_without_a_header(tmp_path: Path, name):
    text = EVENTS.replace(",", "\t") if "tsv" in name else EVENTS
    content = gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    (tmp_path / name).write_bytes(content)
    table = open_file(tmp_path / name, NAMED)
    assert table.names == ("pt", "weight", "process")
    (batch,) = table.batches(["process", "pt"], 10)
    assert numbers(batch["pt"]).tolist() == [31.5, 12]
    assert write_as_text(batch["process"]).to_pylist() == ["Wj.root", "TT.root"]


def test_columns_without_names_are_numbered_from_one(tmp_path: Path):
    (tmp_path / "a.csv").write_text(EVENTS)
    table = open_file(tmp_path / "a.csv", TableOptions(header=False))
    assert table.names == ("c1", "c2", "c3")
    assert [numbers(b["c2"]).tolist() for b in table.batches(["c2"], 1)] == [[0.2], [-0.1]]


@pytest.mark.parametrize("options", [TableOptions(header=False), NAMED])
def test_a_line_of_another_width_is_named_by_its_number(tmp_path: Path, options):
    (tmp_path / "a.csv").write_text(f"{EVENTS}1,2\n")
    with pytest.raises(DataError, match=r"a\.csv, line 3: expected 3 columns, got 2\."):
        list(open_file(tmp_path / "a.csv", options).batches([], 10))


def test_headers_blank_lines_and_quoted_breaks_count_as_lines(tmp_path: Path):
    (tmp_path / "a.csv").write_text('a,b\n1,2\n\n3,"4\n4"\n5,6,7\n')
    with pytest.raises(DataError, match=r"line 6: expected 2 columns, got 3\."):
        open_file(tmp_path / "a.csv")


def test_a_wrong_line_far_down_a_large_file_is_found(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1000)
    (tmp_path / "a.csv").write_text(EVENTS * 500 + "1,2,3,4\n")
    with pytest.raises(DataError, match=r"line 1001: expected 3 columns, got 4\."):
        list(open_file(tmp_path / "a.csv", NAMED).batches(["pt"], 10))


def test_more_names_than_columns_are_told_at_the_first_line(tmp_path: Path):
    (tmp_path / "a.csv").write_text(EVENTS)
    with pytest.raises(DataError, match=r"line 1: expected 4 columns, got 3\."):
        open_file(tmp_path / "a.csv", TableOptions(columns=("a", "b", "c", "d")))


def test_an_empty_file_and_a_name_given_twice_are_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(DataError, match="expected rows, got an empty file"):
        open_file(tmp_path / "a.csv", NAMED)
    (tmp_path / "a.csv").write_text(EVENTS)
    with pytest.raises(DataError, match="column names that differ, got 'a' twice"):
        open_file(tmp_path / "a.csv", TableOptions(columns=("a", "b", "a")))


def test_a_bad_value_has_its_line_number_without_a_header_too(tmp_path: Path):
    block = DataBlock(source="a.csv", columns=["pt", "weight", "process"], label="process")
    for line, said in (
        ("high,1,Wj.root", r"'high' in a\.csv, row 3"),
        ("inf,1,Wj.root", r"a\.csv, row 3: feature 'pt' is infinite"),
    ):
        (tmp_path / "a.csv").write_text(f"{EVENTS}{line}\n")
        with pytest.raises(UserError, match=said):
            read_dataset(block, tmp_path, 0)
    (tmp_path / "a.csv").write_text(f"{EVENTS}1,NaN,Wj.root\n")
    weighted = block.model_copy(update={"weight": "weight"})
    with pytest.raises(
        DataError, match=r"a\.csv, row 3: column 'weight': expected a finite weight"
    ):
        read_dataset(weighted, tmp_path, 0)
