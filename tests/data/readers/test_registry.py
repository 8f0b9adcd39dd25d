"""The last suffixes of a name decide the format, and unknown ones are explained."""

from pathlib import Path

import pytest

from sortal.data.readers.base import suffix_of
from sortal.data.readers.registry import TableOptions, open_file, unused_options
from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError, OptionError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.tsv.csv", ".csv"),
        ("A.b.TSV.GZ", ".tsv.gz"),
        ("a.gz.csv", ".csv"),
        ("a", ""),
        ("a.gz", ".gz"),
    ],
)
def test_the_last_suffixes_count(name, suffix):
    assert suffix_of(Path("x.tsv.gz") / name) == suffix


@pytest.mark.parametrize(
    ("suffix", "cure"),
    [
        (".xlsx", "save the sheet as CSV"),
        (".ods", "save the sheet as CSV"),
        (".arff", "delete the lines that begin with `@`"),
        (".ts", "read it with aeon"),
        (".feather", "`to_parquet`"),
        (".json", "`to_parquet`"),
        (".csv.zip", "unpack it"),
        (".csv.xz", "unpack it"),
    ],
)
def test_an_unknown_ending_is_explained(tmp_path, suffix, cure):
    (tmp_path / f"a{suffix}").write_text("x")
    with pytest.raises(DataError, match=rf"no reader for .* only for \.csv,.* {cure}"):
        open_file(tmp_path / f"a{suffix}")
    with pytest.raises(JobError, match=rf"ends in one of \.csv,.* \(.*{cure}"):
        read_dataset(DataBlock(source=f"a{suffix}", label="y"), tmp_path, 0)


@pytest.mark.parametrize(
    "told",
    [
        {"delimiter": ";"},
        {"decimal": ","},
        {"thousands": ""},
        {"encoding": "utf-8"},
        {"comment": ""},
    ],
)
def test_options_of_text_are_refused_for_other_files(tmp_path, told):
    (name,) = told
    options = TableOptions(**told, missing=("?",), words=("x",))
    assert unused_options(Path("a.parquet"), options) == (name,)
    assert unused_options(Path("a.txt.gz"), options) == ()
    (tmp_path / "a.npz").write_text("x")
    with pytest.raises(JobError, match=rf"data\.{name}: expected nothing"):
        read_dataset(DataBlock(source="a.npz", **told), tmp_path, 0)


@pytest.mark.parametrize("name", ["delimiter", "decimal", "thousands", "encoding", "comment"])
def test_a_strict_reader_takes_no_option_that_it_ignores(name):
    with pytest.raises(OptionError, match=f"{name}: expected nothing for a strict reader, got ';'"):
        TableOptions(is_strict=True, **{name: ";"})
