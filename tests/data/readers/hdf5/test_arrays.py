"""HDF5 files are read in a process of their own: nothing outside them is opened, and it may end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sortal.data.readers.hdf5 import process as hdf5_process
from sortal.data.readers.hdf5 import reader_process as hdf5_child
from sortal.data.readers.registry import open_file
from sortal.errors import DataError

SECRET = np.arange(6.0)


def _external_link(file: h5py.File) -> None:
    file["odd"] = h5py.ExternalLink("other.h5", "/X")


def _soft_to_external(file: h5py.File) -> None:
    file["hidden"] = h5py.ExternalLink("other.h5", "/")
    file["odd"] = h5py.SoftLink("/hidden/X")


def _external_storage(file: h5py.File) -> None:
    file.create_dataset("odd", (6,), "<f8", external=[("raw.bin", 0, 48)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(6,), dtype="<f8")
    layout[:] = h5py.VirtualSource("other.h5", "X", shape=(6,))
    file.create_virtual_dataset("odd", layout)


def _circle(file: h5py.File) -> None:
    file["odd"] = h5py.SoftLink("/other")
    file["other"] = h5py.SoftLink("/odd")


def _itself(file: h5py.File) -> None:
    file["odd"] = h5py.SoftLink("odd/odd")


def _dangling(file: h5py.File) -> None:
    file["odd"] = h5py.SoftLink("/nothing")


def _through_a_dataset(file: h5py.File) -> None:
    file["odd"] = h5py.SoftLink("/good/inside")


def _references(file: h5py.File) -> None:
    file.create_dataset("odd", (6,), h5py.ref_dtype)


def _lists(file: h5py.File) -> None:
    file.create_dataset("odd", (6,), h5py.vlen_dtype(np.float32))


def _records(file: h5py.File) -> None:
    file["odd"] = np.zeros(6, dtype=[("a", "<i4"), ("b", "<f8")])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_external_link, "external link"),
        (_soft_to_external, "external link"),
        (_external_storage, "external storage"),
        (_virtual, "virtual dataset"),
        (_circle, "circle"),
        (_itself, "circle"),
        (_dangling, "what the file has not"),
        (_through_a_dataset, "what the file has not"),
        (_references, "references"),
        (_lists, "lists of unequal length"),
        (_records, "expected one value"),
    ],
)
@pytest.mark.parametrize("layout", ["earliest", "latest"])
@pytest.mark.parametrize("place", ["", "group"])
def test_what_leads_elsewhere_is_refused_when_asked_for(
    tmp_path: Path, make: Callable[..., None], said: str, layout: str, place: str
):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["X"] = SECRET
    (tmp_path / "raw.bin").write_bytes(SECRET.tobytes())
    with h5py.File(tmp_path / "t.h5", "w", libver=layout) as file:
        make(file.require_group(place) if place and make not in NEED_TOP else file)
        (file if make in NEED_TOP else file.require_group(place or "/"))["good"] = np.ones(6)
    before = "" if make in NEED_TOP or not place else f"{place}/"
    opened = open_file(tmp_path / "t.h5")
    assert opened.whole(f"{before}good").tolist() == [1] * 6
    assert f"{before}odd" in opened.names
    for ask in (opened.length, opened.whole, lambda name: list(opened.blocks([name], 2))):
        with pytest.raises(DataError, match=rf"t\.h5: dataset '{before}odd' .*{said}"):
            ask(f"{before}odd")


NEED_TOP = (_soft_to_external, _circle, _through_a_dataset)
"""These name paths from the top of the file."""


def test_links_within_a_file_are_followed(tmp_path: Path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["g/x"] = SECRET
        file["soft"] = h5py.SoftLink("/g/x")
        file["chain"] = h5py.SoftLink("soft")
        file["h/here"] = h5py.SoftLink("/g/./x")
        file["hard"] = file["g/x"]
        file["folder"] = h5py.SoftLink("g")
    opened = open_file(tmp_path / "t.h5")
    assert set(opened.names) == {"g/x", "soft", "chain", "h/here", "hard", "folder/x"}
    for name in opened.names:
        assert opened.whole(name).tolist() == SECRET.tolist()


@pytest.mark.parametrize("chunks", [None, (7, 3), (5000, 1), (9000, 4)])
def test_large_datasets_come_in_pieces_that_are_the_whole(tmp_path: Path, chunks):
    array = np.random.default_rng(0).normal(size=(9000, 400)).astype(">f4")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file.create_dataset("x", data=array, chunks=chunks and (chunks[0], 100 * chunks[1]))
        file["words"] = np.array([f"word {n}" for n in range(9000)], dtype=object)
    opened = open_file(tmp_path / "t.h5")
    np.testing.assert_array_equal(opened.whole("x"), array)
    assert opened.whole("x").dtype == array.dtype
    blocks = [block["x"] for block in opened.blocks(["x"], 2500)]
    np.testing.assert_array_equal(np.concatenate(blocks), array)
    assert opened.whole("words").tolist() == [f"word {n}" for n in range(9000)]


@pytest.mark.parametrize("kind", ["S6", "var"])
@pytest.mark.parametrize("shape", [(300_000,), (100_000, 3)])
def test_texts_in_one_chunk_are_opened_once_for_all_pieces(tmp_path, monkeypatch, kind, shape):
    texts = np.array([f"class{n % 7}" for n in range(300_000)]).reshape(shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        values = texts.astype("S6" if kind == "S6" else object)
        file.create_dataset("y", data=values, chunks=shape, compression=1)
    np.testing.assert_array_equal(open_file(tmp_path / "a.h5").whole("y"), texts)
    opens, real = list[str](), h5py.File
    monkeypatch.setattr(h5py, "File", lambda *a, **k: opens.append(a[0]) or real(*a, **k))
    opened, at, pieces = hdf5_process.OpenDataset(), 0, 0
    while at < len(texts):
        about, content = hdf5_process.read(opened, str(tmp_path / "a.h5"), "y", at, len(texts))
        np.testing.assert_array_equal(json.loads(content), texts[at : about["stop"]].ravel())
        at, pieces = about["stop"], pieces + 1
    assert pieces > 2
    assert len(opens) == 2


def test_a_file_is_closed_once_its_texts_are_read(tmp_path: Path):
    path = tmp_path / "a.h5"
    for word in ("first", "other"):
        with h5py.File(path, "w") as file:
            file["y"] = [word] * 5000
            file["z"] = [word] * 3
        opened = open_file(path)
        assert opened.whole("y").tolist() == [word] * 5000
        assert opened.whole("z").tolist() == [word] * 3


def test_a_fixed_value_of_endless_size_is_refused(tmp_path: Path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file.create_dataset("x", (10**12, 3), "<f8", chunks=(100, 3))
    with pytest.raises(DataError, match=r"t\.h5: dataset 'x' declares 1000000000000 rows"):
        open_file(tmp_path / "t.h5")


def test_one_text_told_of_many_rows_is_refused(tmp_path: Path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file.create_dataset("x", data=["a" * 3_000_000] + ["b"] * 99_999, dtype=h5py.string_dtype())
    with pytest.raises(DataError, match="cannot hold"):
        open_file(tmp_path / "t.h5").whole("x")


def test_a_file_that_libhdf5_never_ends_with_is_refused(tmp_path: Path, monkeypatch):
    path = tmp_path / "t.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = SECRET
    script = tmp_path / "endless.py"
    text = hdf5_child._SCRIPT.read_text(encoding="utf-8")
    endless = text.replace(
        "def tree(path: str)", "def tree(path: str):\n    while True: pass\ndef _(path)"
    )
    script.write_text(
        endless.replace("_SECONDS, _MOST_SECONDS = 4, 20", "_SECONDS, _MOST_SECONDS = 0, 0")
    )
    hdf5_child.close()
    monkeypatch.setattr(hdf5_child, "_SCRIPT", script)
    with pytest.raises(DataError, match=r"t\.h5: not a readable HDF5 file .*processor time"):
        open_file(path)
    monkeypatch.undo()
    assert open_file(path).whole("x").tolist() == SECRET.tolist()


def test_after_a_crash_the_next_file_is_read(tmp_path: Path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["x"] = SECRET
    opened = open_file(tmp_path / "t.h5")
    process = hdf5_child._children[0]._process
    os.kill(process.pid, signal.SIGSEGV)
    process.wait()
    assert opened.whole("x").tolist() == SECRET.tolist()


def test_a_crash_while_it_reads_names_the_file(tmp_path: Path, monkeypatch):
    path = tmp_path / "t.h5"
    with h5py.File(path, "w") as file:
        file["x"] = SECRET
    script = tmp_path / "crash.py"
    script.write_text(
        "import os, signal, sys\nsys.stdin.readline()\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    hdf5_child.close()
    monkeypatch.setattr(hdf5_child, "_SCRIPT", script)
    with pytest.raises(DataError, match=r"t\.h5: .*libhdf5 crashed with signal 11"):
        open_file(path)
    hdf5_child.close()


def test_a_module_beside_the_script_is_not_taken_for_h5py(tmp_path: Path, monkeypatch):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["x"] = SECRET
    (tmp_path / "h5py.py").write_text("raise SystemExit(3)")
    hdf5_child.close()
    monkeypatch.chdir(tmp_path)
    assert open_file(tmp_path / "t.h5").names == ("x",)


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["x"] = SECRET
    code = (
        "import sys; from pathlib import Path; from sortal.data.readers.registry import open_file;"
        "from sortal.data.readers.hdf5 import reader_process as hdf5_child; open_file(Path(sys.argv[1]));"
        "print(hdf5_child._children[0]._process.pid)"
    )
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "t.h5")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not Path(f"/proc/{said.stdout.strip()}").exists()
    assert said.stderr == ""
