"""Large arrays live in files without a name, and are what they would be in memory."""

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from sortal.data.preparing.array_shapes import settle_infinite
from sortal.data.readers.registry import open_file
from sortal.data.storage import spill
from sortal.data.storage.spill import Spool, allocate, copy_rows
from sortal.errors import DataError


@pytest.fixture(autouse=True)
def _spill_above_a_kilobyte(monkeypatch):
    monkeypatch.setattr(spill, "SPILL_BYTES", 1000)


def test_small_arrays_stay_in_memory_and_large_ones_do_not():
    assert not isinstance(allocate((5, 5), np.float64), np.memmap)
    large = allocate((50, 5), np.float64)
    assert isinstance(large, np.memmap)
    large[:] = 3
    assert large.sum() == 750


@pytest.mark.parametrize("rows", [3, 400])
def test_spooled_blocks_are_the_blocks_in_order(rows):
    matrix = np.arange(rows * 3.0).reshape(rows, 3)
    spool = Spool()
    for start in range(0, rows, 7):
        spool.add(matrix[start : start + 7])
    whole = spool.array()
    spool.close()
    assert isinstance(whole, np.memmap) == (matrix.nbytes > 1000)
    np.testing.assert_array_equal(whole, matrix)


def test_a_wider_block_widens_what_was_written_before():
    spool = Spool()
    narrow, wide = np.full((200, 2), 0.1, dtype=np.float32), np.full((200, 2), 0.1)
    for block in (narrow, wide, narrow):
        spool.add(block)
    whole = spool.array()
    spool.close()
    assert whole.dtype == np.float64
    np.testing.assert_array_equal(whole, np.concatenate([narrow, wide, narrow]))


def test_selected_rows_of_a_large_array_are_those_rows():
    matrix, rows = np.arange(900.0).reshape(300, 3), np.arange(0, 300, 2)
    chosen = copy_rows(matrix, rows)
    assert isinstance(chosen, np.memmap)
    np.testing.assert_array_equal(chosen, matrix[rows])


def test_infinite_values_of_a_large_array_become_missing():
    matrix = np.arange(900.0).reshape(300, 3)
    matrix[7, 1] = -np.inf
    settled, count = settle_infinite(matrix, refuse=False)
    assert (count, isinstance(settled, np.memmap)) == (1, True)
    np.testing.assert_array_equal(np.isnan(settled), np.isinf(matrix))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_large_members_of_an_archive_are_mapped_or_unpacked(tmp_path, save, dtype, order):
    matrix = np.asarray(np.arange(900).reshape(300, 3), dtype=dtype, order=order)
    save(tmp_path / "a.npz", first=np.zeros(3), features=matrix, labels=np.arange(300))
    whole = open_file(tmp_path / "a.npz").whole("features")
    assert isinstance(whole, np.memmap)
    assert whole.dtype == matrix.dtype
    np.testing.assert_array_equal(whole, matrix)


def test_large_datasets_of_hdf5_are_read_into_a_file(tmp_path):
    matrix = np.arange(900.0).reshape(300, 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("features", data=matrix, chunks=(7, 2), compression="gzip")
    opened = open_file(tmp_path / "a.h5")
    assert isinstance(opened.whole("features"), np.memmap)
    np.testing.assert_array_equal(opened.whole("features"), matrix)
    (*_, last) = opened.blocks(["features"], 128)
    np.testing.assert_array_equal(last["features"], matrix[256:])


def test_a_spoiled_large_member_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, features=np.random.default_rng(0).normal(size=5000))
    content = bytearray(path.read_bytes())
    content[20_000:20_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(DataError, match="array 'features' cannot be read"):
        open_file(path).whole("features")


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs posix_fallocate")
def test_a_full_disk_is_said_in_a_sentence(monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="set TMPDIR to a folder with more"):
        allocate((1000, 100), np.float64)


def test_files_vanish_with_their_arrays(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large = allocate((50, 5), np.float64)
    assert large.size == 250
    assert not list(tmp_path.iterdir())
