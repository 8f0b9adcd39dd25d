"""Files that are damaged, or made to fill memory and time, are refused in one sentence."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from sortal.data.readers.base import Table
from sortal.data.readers.damaged import explain_damage, explain_damage_in_pieces, refuse_inflated
from sortal.data.readers.registry import open_file
from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError, UserError
from sortal.job.models import DataBlock

ROWS = 30
LABELS = np.array(["a", "b"])[np.arange(ROWS) % 2]


def read_all(path: Path) -> None:
    opened = open_file(path)
    if isinstance(opened, Table):
        for _ in opened.batches(opened.names, 7):
            pass
    else:
        for name in opened.names:
            opened.whole(name)


def _npy(path: Path) -> None:
    records = np.zeros(ROWS, dtype=[("x", "<f8"), ("label", "<U2"), ("raw", "S3")])
    records["label"] = LABELS
    np.save(path, records)


def _npz(path: Path) -> None:
    np.savez(path, X=np.ones((ROWS, 2)), X_names=np.array(["p", "q"]), labels=LABELS)


def _parquet(path: Path) -> None:
    parquet.write_table(pa.table({"x": np.arange(ROWS), "label": LABELS}), path)


def _csv(path: Path) -> None:
    path.write_text("x,label\n" + "".join(f"{n},{name}\n" for n, name in enumerate(LABELS)))


def _csv_gz(path: Path) -> None:
    _csv(path)
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


WRITERS: dict[str, Callable[[Path], None]] = {
    "t.npy": _npy,
    "t.npz": _npz,
    "t.parquet": _parquet,
    "t.csv": _csv,
    "t.csv.gz": _csv_gz,
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60)
@given(data=st.data())
def test_damage_is_read_or_refused(tmp_path_factory, name: str, data: st.DataObject):
    path = tmp_path_factory.mktemp("damaged") / name
    WRITERS[name](path)
    content = bytearray(path.read_bytes())
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1)
    ):
        content[place] = value
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    said = list[str]()
    label = "labels" if name == "t.npz" else "label"
    for read in (
        read_all,
        lambda p: read_dataset(DataBlock(source=name, label=label), p.parent, 0),
    ):
        try:
            read(path)
        except UserError as error:
            said.append(str(error))
    assert all(name in one or "label" in one or "data." in one for one in said)


def _with_header(header: str, content: bytes = b"") -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


@pytest.mark.parametrize(
    "shape", ["(1000000000000,)", "(1000000000000, 0)", "(-5,)", "(0, -1)", "(3, -1)", "(2.5,)"]
)
@pytest.mark.parametrize("kind", ["<f8", "<U0", "|V0", "|S0"])
@pytest.mark.parametrize("ending", ["npy", "npz", "packed.npz"])
def test_arrays_of_endless_shape_are_refused(tmp_path: Path, shape, kind, ending):
    path = tmp_path / f"t.{ending}"
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    member = _with_header(header, bytes(1000))
    path.write_bytes(member)
    if ending != "npy":
        packing = zipfile.ZIP_DEFLATED if "packed" in ending else zipfile.ZIP_STORED
        with zipfile.ZipFile(path, "w", packing) as archive:
            archive.writestr("x.npy", member)
    if shape == "(0, -1)" and ending == "npy":
        return  # NumPy takes it for an empty array
    with pytest.raises(DataError, match="t\\."):
        read_all(path)


def test_a_packed_archive_that_unfolds_without_end_is_refused(tmp_path: Path):
    path = tmp_path / "t.npz"
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (100000000,), }"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.npy", _with_header(header, bytes(100_000_000)))
    with pytest.raises(DataError, match=r"array 'labels' declares 100000000 rows of 1 bytes"):
        open_file(path)


def test_a_well_packed_archive_is_read(tmp_path: Path):
    np.savez_compressed(tmp_path / "t.npz", X=np.zeros((50_000, 100)))
    assert open_file(tmp_path / "t.npz").whole("X").shape == (50_000, 100)


@pytest.mark.parametrize("kind", ["<c16", "|V3", "<f16"])
def test_records_of_types_that_no_column_has_are_refused(tmp_path: Path, kind):
    np.save(tmp_path / "t.npy", np.zeros(4, dtype=[("x", "<f8"), ("odd", kind)]))
    with pytest.raises(DataError, match=r"t\.npy, row 1: field 'odd': expected numbers, text"):
        read_all(tmp_path / "t.npy")


def test_bytes_that_are_no_text_are_told_with_their_row(tmp_path: Path):
    labels = np.array([b"a", b"b", b"\xe9", b"a"])
    np.savez(tmp_path / "t.npz", X=np.ones((4, 2)), labels=labels)
    with pytest.raises(DataError, match=r"t\.npz, row 3: array 'labels': expected text in UTF-8"):
        read_dataset(DataBlock(source="t.npz"), tmp_path, 0)
    odd = np.array(["p", "q"]).view(np.uint32)
    odd[1] = 0x110000
    np.savez(tmp_path / "u.npz", X=np.ones((4, 2)), X_names=odd.view("<U1"), labels=[1, 2, 1, 2])
    with pytest.raises(DataError, match=r"u\.npz, name 2: array 'X_names': expected text"):
        read_dataset(DataBlock(source="u.npz"), tmp_path, 0)


@pytest.mark.parametrize(
    "offsets", [np.array(0), np.zeros((2, 2), int), np.zeros(0, int), [0.0, 5]]
)
def test_offsets_of_another_shape_are_refused(tmp_path: Path, offsets):
    np.savez(tmp_path / "t.npz", signal=np.zeros(5), signal_offsets=offsets)
    opened = open_file(tmp_path / "t.npz")
    with pytest.raises(DataError, match="signal_offsets must rise"):
        list(opened.blocks(["signal"], 2))


def test_parquet_text_that_is_not_utf8_is_refused(tmp_path: Path):
    _parquet(tmp_path / "t.parquet")
    binary = pa.array([b"\xff\xfe", b"a"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, binary.buffers())
    parquet.write_table(pa.table({"word": text}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: not a readable Parquet file .*UTF8"):
        read_all(tmp_path / "t.parquet")


def test_a_parquet_file_of_endless_rows_is_refused(tmp_path: Path):
    column = pa.array([1], pa.int8()).take(pa.array(np.zeros(4_000_000, dtype=np.int32)))
    parquet.write_table(pa.table({"x": column}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="declares 4000000 rows"):
        open_file(tmp_path / "t.parquet")


def test_one_long_text_for_all_rows_of_a_parquet_is_refused(tmp_path: Path):
    places = pa.array(np.zeros(60_000, dtype=np.int32))
    words = pa.DictionaryArray.from_arrays(places, pa.array(["a" * 1_000_000]))
    parquet.write_table(
        pa.table({"k": np.arange(60_000), "word": words}),
        tmp_path / "t.parquet",
        store_schema=False,
    )
    with pytest.raises(DataError, match="the text of column 'word' declares"):
        read_all(tmp_path / "t.parquet")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
@pytest.mark.parametrize("dictionary", [True, False])
def test_text_of_parquet_files_keeps_type_and_gaps(tmp_path: Path, kind, dictionary):
    words = pa.array(["a", None, "", "é" * 40, "a"] * 50).cast(kind)
    table = pa.table({"k": np.arange(250), "word": words})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=70, use_dictionary=dictionary)
    opened = open_file(tmp_path / "t.parquet")
    assert pa.Table.from_batches(opened.batches(["k", "word"], 64)).equals(table)
    assert sum(batch.num_rows for batch in opened.batches([], 64)) == 250


def test_a_line_without_end_is_refused(tmp_path: Path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,label\n" + b"1" * (20 << 20)))
    with pytest.raises(DataError, match=r"t\.csv\.gz.*lines of less than 16 MiB"):
        read_all(path)


def test_compressed_text_of_endless_rows_is_refused(tmp_path: Path):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(b"x,label\n")
        for _ in range(80):
            file.write(b"1,2\n" * 32_768)
    (tmp_path / "t.csv.gz").write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="the table declares"):
        read_all(tmp_path / "t.csv.gz")


@pytest.mark.parametrize(
    "source", ["a" * 5000 + ".csv", "a\n.csv", "\0.csv", "a/" * 3000 + "t.csv"]
)
def test_names_that_no_file_can_have_are_not_there(tmp_path: Path, source):
    with pytest.raises(UserError, match=r"not there|no such file|neither"):
        read_dataset(DataBlock(source=source, label="x"), tmp_path, 0)
    with pytest.raises(DataError, match="no such file"):
        open_file(tmp_path / source)


def test_an_error_of_a_library_is_one_line_of_printable_signs(tmp_path: Path):
    with (
        pytest.raises(DataError, match=r"f\.x: not a readable X file \(OSError: a\?\[31m\)"),
        explain_damage(Path("f.x"), "X"),
    ):
        raise OSError("a\x1b[31m\nb")
    with pytest.raises(DataError, match="more memory"), explain_damage(Path("f"), "X", "array 'x'"):
        raise MemoryError
    with pytest.raises(KeyboardInterrupt), explain_damage(Path("f"), "X"):
        raise KeyboardInterrupt


def test_pieces_before_the_damage_are_had():
    def pieces():
        yield 1
        yield 2
        raise IndexError("gone")

    walk = explain_damage_in_pieces(Path("f"), "X", pieces())
    assert [next(walk), next(walk)] == [1, 2]
    with pytest.raises(DataError, match="IndexError: gone"):
        next(walk)


@given(st.integers(0, 10**7), st.integers(0, 10**4), st.integers(1, 10**9))
def test_data_no_larger_than_its_file_is_never_refused(rows: int, row_bytes: int, size: int):
    try:
        refuse_inflated(Path("f"), "it", rows, row_bytes, size)
    except DataError:
        assert rows * row_bytes > size or rows > size
