"""A user says which values are missing; else only the usual words without quotes are."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from new_inputs import read_inputs
from pyarrow import parquet

from sortal.data.inputs import Ragged
from sortal.data.preparing import channels as lanes
from sortal.data.readers.in_memory import InMemoryTable
from sortal.data.readers.missing import mask_array, mask_column
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec, read_blocks
from sortal.data.reading.new_ids import IdColumn
from sortal.data.storage import spill
from sortal.job.models import DataBlock


def column(path, text: str, name: str, **options) -> list:
    path.write_text(text)
    table = open_file(path, TableOptions(**options))
    return [value for batch in table.batches([name], 50) for value in batch[name].to_pylist()]


@pytest.mark.parametrize("word", ["NA", "nan", "null", "#N/A", "<NA>"])
def test_a_quoted_word_is_a_class_and_a_plain_one_missing(tmp_path, word):
    text = f'x,zone\n1,"{word}"\n2,{word}\n3, {word} \n4,"EUR"\n'
    assert column(tmp_path / "a.csv", text, "zone") == [word, None, None, "EUR"]


def test_a_quoted_word_among_numbers_is_missing(tmp_path):
    text = '"x","zone"\n"1.5","NA"\n"NA","EUR"\n"","NA"\n'
    path = tmp_path / "a.csv"
    assert column(path, text, "x") == ["1.5", "NA", None]
    dataset = read_dataset(DataBlock(source="a.csv", label="zone"), tmp_path, 0)
    np.testing.assert_array_equal(dataset.inputs.arrays["features"].ravel(), [1.5, np.nan, np.nan])
    assert dataset.labels.classes == ("EUR", "NA")
    assert any("counted as missing" in note for note in dataset.notes)


def test_given_words_replace_the_usual_ones(tmp_path):
    text = 'x,zone\n1,NA\n?,"?"\n-,"None"\n ? ,\n'
    given = {"missing": ("?", "-", "None")}
    assert column(tmp_path / "a.csv", text, "zone", **given) == ["NA", None, None, None]
    assert column(tmp_path / "a.csv", text, "x", **given) == ["1", None, None, None]
    assert column(tmp_path / "a.csv", text, "zone", missing=()) == ["NA", "?", "None", None]


def test_a_number_is_compared_as_a_number(tmp_path):
    text = "x,k\n-999,a\n-999.0,b\n-9.99e2,c\n-9990,d\n"
    assert column(tmp_path / "a.csv", text, "x", missing=(-999,)) == [None, None, None, "-9990"]
    as_text = column(tmp_path / "a.csv", text, "x", missing=("-999",))
    assert as_text == [None, "-999.0", "-9.99e2", "-9990"]


@pytest.mark.parametrize(
    ("values", "missing", "left"),
    [
        (pa.array(["NA", "x", " NA "]), ("NA",), [None, "x", None]),
        (pa.array(["NA", ""]), (), ["NA", None]),
        (pa.array(["a", "b"]).dictionary_encode(), ("a",), [None, "b"]),
        (pa.array(["1", "x"], pa.large_string()), ("x",), ["1", None]),
        (pa.array([-999, 1]), (-999,), [None, 1]),
        (pa.array([-999, 1]), ("-999", "?"), [None, 1]),
        (pa.array([255, 1], pa.uint8()), (-1, 255, 0.5), [None, 1]),
        (pa.array([2**60 + 1, 2**60]), (2**60,), [2**60 + 1, None]),
        (pa.array([-9.99, 1.0], pa.float32()), (-9.99,), [None, 1.0]),
        (pa.array([-9.99, 1.0]), ("-9.990",), [None, 1.0]),
        (pa.array([True, False]), (1, 0), [True, False]),
        (pa.array(["NA", "x"], pa.string_view()), ("NA",), [None, "x"]),
        (pa.array([b"NA", b"x", b"", b"\xff"]), ("NA",), [None, b"x", None, b"\xff"]),
        (pa.array([b"-9.0", b"NAN"], pa.large_binary()), (-9,), [None, b"NAN"]),
        (pa.array([b"NA", b"xy"], pa.binary(2)), ("NA",), [None, b"xy"]),
        (pa.array([1, 2]), ("1e999", float("inf"), float("nan"), 2.5), [1, 2]),
        (pa.array([2**53 + 1, 2**53]), (2**53,), [2**53 + 1, None]),
        (pa.array([2**53 + 1, 2**53]), (2**53 + 1,), [None, 2**53]),
        (pa.array([2**53 + 1, 2**53]), ("9007199254740993",), [None, 2**53]),
        (pa.array(np.array([-9.9, 1], np.float16)), (-9.9,), [None, 1.0]),
        (pa.array(np.array([-np.inf, 1], np.float16)), (-99999,), [-np.inf, 1.0]),
        (pa.array([np.inf, 1.0]), ("1e999",), [None, 1.0]),
    ],
)
def test_typed_columns_lose_what_is_missing(values, missing, left):
    assert mask_column(values, missing).to_pylist() == left
    assert mask_column(values, None) is values


def test_arrays_lose_what_is_missing():
    assert math.isnan(mask_array(np.array([-999, 1]), (-999,))[0])
    untouched = np.array([3, 1])
    assert mask_array(untouched, (-999,)) is untouched
    narrow = mask_array(np.array([-9.99, 1], np.float32), (-9.99,))
    assert (narrow.dtype, np.isnan(narrow).tolist()) == (np.float32, [True, False])
    ragged = mask_array(Ragged(np.array([1.0, -1, 2]), np.array([0, 2, 3])), (-1,))
    assert isinstance(ragged, Ragged)
    assert np.isnan(ragged.values).tolist() == [False, True, False]


def test_arrays_keep_numbers_that_are_only_near(recwarn):
    large = np.array([2**53 + 1, 5])
    assert mask_array(large, (2**53,)) is large
    assert np.isnan(mask_array(large, (2**53 + 1,))).tolist() == [True, False]
    half = np.array([-np.inf, -9.9], np.float16)
    assert mask_array(half, (-99999,)) is half
    assert np.isnan(mask_array(half, (-9.9,))).tolist() == [False, True]
    assert not recwarn.list


def test_an_array_larger_than_memory_stays_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, "SPILL_BYTES", 1 << 16)
    monkeypatch.setattr(lanes, "_BLOCK_BYTES", 1 << 14)
    values = np.ones((20_000, 2), np.float32)
    values[[3, 19_999], 1] = -999
    np.save(tmp_path / "a.npy", values)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert mask_array(mapped, (-9,)) is mapped
    left = mask_array(mapped, (-999,))
    assert isinstance(left, np.memmap)
    np.testing.assert_array_equal(left, np.where(values == -999, np.nan, values))


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "npy"])
def test_files_of_any_kind_are_read_with_what_is_missing(tmp_path, kind):
    x, y = np.array([-999.0, 1.5, 2.5]), np.array(["u", "v", "none"])
    source = tmp_path / f"a.{kind}"
    if kind == "csv":
        source.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    elif kind == "parquet":
        parquet.write_table(pa.table({"x": x, "y": y}), source)
    elif kind == "npz":
        np.savez(source, x=x[:, None], y=y)
    else:
        records = np.zeros(3, dtype=[("x", "f8"), ("y", "U4")])
        records["x"], records["y"] = x, y
        np.save(source, records)
    block = DataBlock(source=source.name, label="y", missing=[-999, "none"])
    read = read_dataset(block, tmp_path, 0)
    (features,) = read.inputs.arrays.values()
    assert np.isnan(np.asarray(features)).ravel().tolist() == [True, False, False]
    assert read.labels.classes == ("u", "v")
    assert read.labels.known.tolist() == [True, True, False]
    spec = InputSpec.restore(InputSpec.of(read, block).described())
    (inputs,) = read_inputs([source], spec)
    assert np.isnan(np.asarray(inputs.arrays[next(iter(spec.names))])).any()


def test_tables_in_memory_lose_what_is_missing(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,u\n2,v\n")
    block = DataBlock(source="a.csv", label="y", missing=[-1])
    spec = InputSpec.of(read_dataset(block, tmp_path, 0), block)
    held = InMemoryTable(pa.table({"x": [-1.0, 5.0]}))
    (new,) = read_blocks([held], spec, IdColumn(), size=9)
    assert np.isnan(new.inputs.arrays["features"]).ravel().tolist() == [True, False]


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=4))),
    st.lists(st.one_of(st.text(max_size=4), st.integers(-99, 99)), max_size=4),
)
def test_text_that_is_not_listed_stays(values, missing):
    left = mask_column(pa.array(values, pa.string()), tuple(missing)).to_pylist()
    listed = {one for one in missing if isinstance(one, str)} | {""}
    for before, after in zip(values, left, strict=True):
        assert after in (None, before)
        if before is not None and before in listed and before == before.strip():
            assert after is None
