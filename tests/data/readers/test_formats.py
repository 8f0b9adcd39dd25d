"""Every format gives back what was written, whole and block by block."""

import gzip
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv, parquet

from sortal.data.inputs import Ragged
from sortal.data.readers.base import Arrays, Table
from sortal.data.readers.column_values import numbers, write_as_text
from sortal.data.readers.named import load_named, named_datasets
from sortal.data.readers.registry import open_file, suffixes
from sortal.data.readers.text import delimited
from sortal.errors import DataError, NotFound

ROWS = 500
NUMBERS = np.random.default_rng(0).normal(size=ROWS)
WHOLE = np.arange(ROWS)
NAMES = np.array([f"n{i % 7}" for i in range(ROWS)])


def write_table(path: Path) -> None:
    table = pa.table({"x": NUMBERS, "k": WHOLE, "name": NAMES})
    kind = path.name.split(".")[1]
    if kind == "parquet":
        parquet.write_table(table, path, row_group_size=90)
    elif kind == "npy":
        records = np.empty(ROWS, dtype=[("x", ">f8"), ("k", "i4"), ("name", "U3")])
        records["x"], records["k"], records["name"] = NUMBERS, WHOLE, NAMES
        np.save(path, records)
    else:
        mark = "\t" if kind == "tsv" else ","
        lines = [mark.join(["x", "k", "name"])]
        lines += [
            mark.join([repr(float(x)), str(k), n])
            for x, k, n in zip(NUMBERS, WHOLE, NAMES, strict=True)
        ]
        text = "\n".join(lines) + "\n"
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


TABLES = ["t.csv", "t.csv.gz", "t.tsv", "t.tsv.gz", "t.parquet", "t.npy"]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_a_table_read_in_blocks_is_the_table(tmp_path: Path, name, size):
    write_table(tmp_path / name)
    table = open_file(tmp_path / name)
    assert isinstance(table, Table)
    assert table.names == ("x", "k", "name")
    batches = list(table.batches(["name", "x"], size))
    assert all(batch.schema.names == ["name", "x"] for batch in batches)
    assert max(map(len, batches)) <= size
    np.testing.assert_array_equal(np.concatenate([numbers(b["x"]) for b in batches]), NUMBERS)
    assert [t for b in batches for t in write_as_text(b["name"]).to_pylist()] == NAMES.tolist()


def write_arrays(path: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 9, ROWS)
    arrays = {
        "features": rng.normal(size=(ROWS, 3)),
        "signal": rng.normal(size=lengths.sum()),
        "signal_offsets": np.concatenate([[0], np.cumsum(lengths)]),
        "labels": NAMES,
        "version": np.array(3),
    }
    if path.suffix == ".npz":
        np.savez_compressed(path, **arrays)
        return arrays
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            kept = values.astype("S3") if name == "labels" else values
            file[name] = kept
        file["deep/stamp"] = rng.normal(size=(ROWS, 2, 2))
        file["deep/names"] = NAMES.astype(object)
        arrays["deep/stamp"] = file["deep/stamp"][:]
    return arrays


@pytest.mark.parametrize("name", ["a.npz", "a.h5", "a.hdf5"])
@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_arrays_read_in_blocks_are_the_arrays(tmp_path: Path, name, size):
    written = write_arrays(tmp_path / name)
    file = open_file(tmp_path / name)
    assert isinstance(file, Arrays)
    assert "version" not in file.names
    assert "signal_offsets" not in file.names
    chosen = [n for n in ("features", "signal", "deep/stamp") if n in file.names]
    blocks = list(file.blocks(chosen, size))
    for array in chosen:
        whole = file.whole(array)
        assert file.length(array) == len(whole) == ROWS
        pieces = [block[array] for block in blocks]
        if isinstance(whole, Ragged):
            np.testing.assert_array_equal(whole.values, written[array])
            np.testing.assert_array_equal(whole.offsets, written[f"{array}_offsets"])
            np.testing.assert_array_equal(
                np.concatenate([p.values for p in pieces]), written[array]
            )
            np.testing.assert_array_equal(
                np.concatenate([p.lengths for p in pieces]), whole.lengths
            )
        else:
            np.testing.assert_array_equal(whole, written[array])
            np.testing.assert_array_equal(np.concatenate(pieces), written[array])


def test_hdf5_text_is_text_in_a_group_too(tmp_path: Path):
    write_arrays(tmp_path / "a.h5")
    file = open_file(tmp_path / "a.h5")
    assert file.whole("deep/names").tolist() == NAMES.tolist()


def test_a_plain_npy_is_the_memory_mapped_array_features(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.eye(4))
    file = open_file(tmp_path / "a.npy")
    assert file.names == ("features",)
    assert isinstance(file.whole("features").base, np.memmap) or isinstance(
        file.whole("features"), np.memmap
    )


def test_python_objects_are_refused_with_a_sentence(tmp_path: Path):
    odd = np.array([{"a": 1}, None], dtype=object)
    np.save(tmp_path / "a.npy", odd, allow_pickle=True)
    np.savez(tmp_path / "a.npz", good=np.zeros(2), odd=odd)
    for name, array in (("a.npy", "a"), ("a.npz", "odd")):
        with pytest.raises(DataError, match=f"array '{array}' holds Python objects"):
            open_file(tmp_path / name)


@pytest.mark.parametrize("suffix", sorted(set(suffixes()) - {".csv", ".tsv"}))
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, suffix):
    path = tmp_path / f"odd{suffix}"
    path.write_bytes(b"\x93 certainly nothing of the kind \x00\x01")
    with pytest.raises(DataError, match="odd"):
        open_file(path)


def test_unknown_endings_and_absent_files_are_told_apart(tmp_path: Path):
    with pytest.raises(DataError, match=r"no reader for '.xlsx' files.*\.csv"):
        open_file(tmp_path / "a.xlsx")
    (tmp_path / "iris.csv").write_text("a\n")
    with pytest.raises(DataError, match=r"no such file\. Did you mean 'iris\.csv'"):
        open_file(tmp_path / "irs.csv")


def test_fractions_and_names_late_in_a_column_keep_its_values(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 200)
    lines = [f"{i},{i}" for i in range(300)] + ["1.5,007"] + ["nan,x y"]
    (tmp_path / "a.csv").write_text("\n".join(["a,b", *lines]))
    batches = list(open_file(tmp_path / "a.csv").batches(["a", "b"], 1000))
    assert len(batches) > 5
    read = np.concatenate([numbers(batch["a"]) for batch in batches])
    assert read[299:301].tolist() == [299, 1.5]
    assert np.isnan(read[301])
    assert [t for b in batches for t in write_as_text(b["b"]).to_pylist()][-3:] == [
        "299",
        "007",
        "x y",
    ]


def test_a_ragged_csv_names_the_line(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4,5\n")
    with pytest.raises(DataError, match=r"a\.csv, line 3: expected 2 columns, got 3\."):
        list(open_file(tmp_path / "a.csv").batches(["a"], 10))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file"),
        (b"a,b,a\n1,2,3\n", "column names that differ, got 'a' twice"),
    ],
)
def test_a_broken_header_is_refused(tmp_path: Path, content, said):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        open_file(tmp_path / "a.csv")


def test_text_that_is_not_in_its_encoding_is_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes("ä,b\n1,é\n2,ü\n".encode() + b"3,caf\xe9\n")
    with pytest.raises(DataError, match="line 4: expected UTF-8 text"):
        list(open_file(tmp_path / "a.csv").batches(["b"], 10))


def test_a_cut_archive_is_refused(tmp_path: Path):
    write_table(tmp_path / "t.csv.gz")
    write_table(tmp_path / "t.parquet")
    write_arrays(tmp_path / "a.npz")
    for name in ("t.csv.gz", "t.parquet", "a.npz"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(DataError, match=name):
            list(open_file(tmp_path / name).batches(["x"], 10))


def test_quoted_breaks_bom_and_blanks_around_names_are_read(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(
        b'\xef\xbb\xbfa, b ,c\r\n1, 2 ,"one\r\ntwo"\r\n+3,TRUE,"x,y"\r\n'
    )
    table = open_file(tmp_path / "a.csv")
    assert table.names == ("a", "b", "c")
    (batch,) = table.batches(["a", "b", "c"], 10)
    assert numbers(batch["a"]).tolist() == [1, 3]
    assert numbers(batch["b"]).tolist() == [2, 1]
    assert write_as_text(batch["c"]).to_pylist() == ["one\r\ntwo", "x,y"]


def test_rows_longer_than_a_block_are_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 100)
    row = ",".join(["0.123456789"] * 200)
    header = ",".join(f"f{i}" for i in range(200))
    (tmp_path / "a.csv").write_text("\n".join([header, *[row] * 40]))
    assert sum(map(len, open_file(tmp_path / "a.csv").batches(["f0", "f199"], 1000))) == 40


@settings(max_examples=50)
@given(
    values=st.lists(
        st.one_of(st.none(), st.floats(), st.booleans(), st.integers(-(2**60), 2**60)), min_size=1
    )
)
def test_any_numbers_written_as_text_are_read_back(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    shown = ["" if v is None else repr(v) for v in values]
    path.write_text("\n".join(["a,b", *(f"{one},0" for one in shown)]))
    batches = open_file(path).batches(["a"], 7)
    read = np.concatenate([numbers(batch["a"]) for batch in batches])
    expected = np.array([np.nan if v is None else float(v) for v in values])
    np.testing.assert_array_equal(read, expected)


def test_bad_offsets_are_refused(tmp_path: Path):
    np.savez(tmp_path / "a.npz", signal=np.zeros(5), signal_offsets=np.array([0, 3, 2, 5]))
    with pytest.raises(DataError, match="signal_offsets must rise from 0 to the 5 points"):
        open_file(tmp_path / "a.npz").whole("signal")


@pytest.mark.parametrize("listed", named_datasets(), ids=lambda one: one.name)
def test_the_list_of_named_datasets_tells_the_truth(listed):
    loaded = load_named(listed.name)
    assert loaded.features.shape == (listed.examples, listed.features)
    assert len(loaded.feature_names) == listed.features
    assert len(set(loaded.labels)) == len(loaded.class_names) == listed.classes


def test_an_unknown_named_dataset_offers_the_nearest():
    with pytest.raises(NotFound, match="Did you mean 'iris'"):
        load_named("irsi")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_streaming_holds_a_small_part_of_a_file(tmp_path: Path, name):
    rows = 500_000
    table = pa.table({n: np.random.default_rng(0).random(rows) for n in "abcd"})
    if name.endswith("csv"):
        csv.write_csv(table, tmp_path / name)
    else:
        parquet.write_table(table, tmp_path / name, row_group_size=rows)
    size, before = table.nbytes, pa.total_allocated_bytes()
    held, read = 0, 0
    for batch in open_file(tmp_path / name).batches(list("abcd"), 10_000):
        read += len(batch)
        held = max(held, pa.total_allocated_bytes() - before)
    assert read == rows
    assert held < size * 0.8


def test_dots_in_column_names_are_part_of_the_name(tmp_path: Path):
    parquet.write_table(pa.table({"flux.g": [1.0], "flux.r": [2.0]}), tmp_path / "t.parquet")
    (batch,) = open_file(tmp_path / "t.parquet").batches(["flux.r", "flux.g"], 10)
    assert [numbers(column)[0] for column in batch.columns] == [2, 1]


def test_a_spoiled_member_of_an_archive_is_named(tmp_path: Path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, features=np.random.default_rng(0).normal(size=5000))
    content = bytearray(path.read_bytes())
    content[20_000:20_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(DataError, match="array 'features' cannot be read"):
        open_file(path).whole("features")
