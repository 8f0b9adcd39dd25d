"""Small valid files of every kind that a reader knows: what the fuzzer damages."""

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import uproot
from pyarrow import parquet

RNG = np.random.default_rng(11)
ROWS = 40
LABELS = np.array(["a", "b"])[np.arange(ROWS) % 2]
FEATURES = RNG.normal(size=(ROWS, 3)).astype(np.float32)


def _saved(write: Callable[..., None], *args: object, **options: object) -> bytes:
    file = io.BytesIO()
    write(file, *args, **options)
    return file.getvalue()


def npy() -> Iterator[bytes]:
    """Arrays of every type, orders of both kinds, records, and Python objects."""
    for kind in ("?", "i1", "<i2", ">i4", "<u8", "<f2", "<f4", ">f8", "<c16", "S5", "<U4", "M8[s]"):
        yield _saved(np.save, np.arange(ROWS).astype(kind))
    yield _saved(np.save, np.asfortranarray(FEATURES))
    yield _saved(np.save, np.zeros((4, 3, 2, 5), dtype="<f4"))
    yield _saved(np.save, np.float64(3))
    records = np.zeros(ROWS, dtype=[("x", "<f8"), ("k", ">i4"), ("label", "S3"), ("t", "<U2")])
    records["label"] = LABELS
    yield _saved(np.save, records)
    yield _saved(np.save, np.zeros(3, dtype=[("x", "<f8", (2,)), ("y", [("z", "<f4")])]))
    yield _saved(np.save, np.array([{}, [1]], dtype=object))
    wide = np.zeros(2, dtype=[(f"column_{number}", "<f8") for number in range(3000)])
    yield _saved(np.lib.format.write_array, wide, version=(2, 0))
    yield _saved(np.lib.format.write_array, FEATURES, version=(3, 0))


def npz() -> Iterator[bytes]:
    """Stored and deflated archives: flat, ragged, named, text, stamps."""
    for save in (np.savez, np.savez_compressed):
        yield _saved(save, X=FEATURES, labels=LABELS)
        yield _saved(
            save, X=FEATURES, X_names=np.array(["p", "q", "r"]), labels=np.arange(ROWS) % 3
        )
        lengths = RNG.integers(1, 9, ROWS)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        points = RNG.normal(size=(offsets[-1], 2))
        yield _saved(save, signal=points, signal_offsets=offsets, labels=LABELS)
        yield _saved(save, stamps=np.zeros((ROWS, 5, 5), "u1"), labels=LABELS.astype("S2"), v=3)
        yield _saved(save, X=np.asfortranarray(FEATURES), labels=LABELS, odd=np.array([None, 1]))


def _hdf5(make: Callable[[h5py.File], None], **options: object) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as opened:
        make(opened)
    return file.getvalue()


def _plain(file: h5py.File) -> None:
    file["X"], file["labels"] = FEATURES, LABELS.astype("S1")


def _packed(file: h5py.File) -> None:
    file.create_dataset("X", data=FEATURES, chunks=(7, 2), compression="gzip", shuffle=True)
    file.create_dataset("labels", data=LABELS.tolist(), dtype=h5py.string_dtype())
    file.create_dataset(
        "empty", (ROWS, 3), "f4", chunks=(10, 3), maxshape=(None, 3), fletcher32=True
    )
    file.create_dataset("fast", data=FEATURES, chunks=(ROWS, 3), compression="lzf")


def _grouped(file: h5py.File) -> None:
    group = file.create_group("g")
    group["X"], group["labels"] = FEATURES.astype(">f8"), np.arange(ROWS) % 2
    group.attrs["about"] = "a text"
    file["soft"] = h5py.SoftLink("/g/X")
    file["loop"] = h5py.SoftLink("/loop")
    file["hard"] = group["X"]
    file["kinds"] = np.zeros(ROWS, dtype=[("a", "<i4"), ("b", "<f8", (2,))])
    file["none"] = h5py.Empty("f4")
    file["one"] = 3.0


def _linked(file: h5py.File) -> None:
    _plain(file)
    file["away"] = h5py.ExternalLink("other.h5", "/X")


def _kinds(file: h5py.File) -> None:
    file["labels"] = np.arange(ROWS) % 2
    file["truth"] = np.arange(ROWS) % 2 == 0
    file.create_dataset("lists", (ROWS,), dtype=h5py.vlen_dtype(np.float32))
    file.create_dataset("references", (ROWS,), dtype=h5py.ref_dtype)
    file.create_dataset("half", data=FEATURES.astype("f2"))
    layout = h5py.VirtualLayout(shape=(ROWS, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "X", shape=(ROWS, 3))
    file.create_virtual_dataset("virtual", layout)
    file.create_dataset("outside", (ROWS,), "f4", external=[("raw.bin", 0, 160)])


def hdf5() -> Iterator[bytes]:
    """Contiguous, chunked and packed datasets, groups, links of every kind, old and new layout."""
    for options in ({}, {"libver": "latest"}):
        for make in (_plain, _packed, _grouped, _linked, _kinds):
            yield _hdf5(make, **options)


def parquet_files() -> Iterator[bytes]:
    """Nested columns, dictionaries, several row groups, packings of every kind."""
    table = pa.table(
        {
            "x": FEATURES[:, 0],
            "k": np.arange(ROWS),
            "label": LABELS,
            "word": pa.array(LABELS).dictionary_encode(),
            "list": pa.array([[1.0, 2.0], None] * (ROWS // 2)),
            "record": pa.array([{"a": 1, "b": "x"}] * ROWS),
            "when": pa.array(np.arange(ROWS).astype("M8[ms]")),
            "money": pa.array([None, 1] * (ROWS // 2)).cast(pa.decimal128(25, 3)),
        }
    )
    flat = table.select(["x", "k", "label"])
    for one in (table, flat):
        for packing in ("none", "snappy", "gzip", "zstd"):
            yield _saved(lambda f, t, c: parquet.write_table(t, f, compression=c), one, packing)
    yield _saved(lambda f: parquet.write_table(flat, f, row_group_size=7, use_dictionary=False))
    yield _saved(
        lambda f: parquet.write_table(flat, f, data_page_version="2.0", write_page_index=True)
    )


def _write_tree(file: Any, name: str, contents: Mapping[str, Any]) -> None:
    types = {
        column: "var * int64"
        if isinstance(values, ak.Array) and values.ndim > 1
        else "string"
        if isinstance(values, ak.Array)
        else np.dtype((values.dtype, values.shape[1:]))
        for column, values in contents.items()
    }
    file.mktree(name, types).extend(contents)


def root(folder: Path) -> Iterator[bytes]:
    """Trees with flat, jagged and text branches, tuples, two trees in folders."""
    path = folder / "seed.root"
    flat = {"x": FEATURES[:, 0], "k": np.arange(ROWS)}
    jagged = {"x": FEATURES[:, 1], "jet": ak.Array([list(range(n % 4)) for n in range(ROWS)])}
    words = {"x": FEATURES[:, 1], "name": ak.Array(LABELS.tolist())}
    for contents in (flat | {"y": FEATURES.astype(np.float64)}, jagged, words):
        with uproot.recreate(path) as file:
            _write_tree(file, "events", contents)
        yield path.read_bytes()
    for contents in (flat, jagged, words):
        with uproot.recreate(path) as file:
            file.mkrntuple("events", contents)
        yield path.read_bytes()
    with uproot.recreate(path, compression=uproot.ZLIB(9)) as file:
        _write_tree(file, "folder/events", flat)
        _write_tree(file, "folder/other", {"x": np.arange(5)})
    yield path.read_bytes()


def text() -> Iterator[bytes]:
    """Dialects of delimited text."""
    rows = [
        f"{a:.4g},{k},{name}"
        for k, (a, name) in enumerate(zip(FEATURES[:, 0], LABELS, strict=True))
    ]
    plain = "x,k,label\n" + "\n".join(rows) + "\n"
    yield plain.encode()
    yield plain.replace("\n", "\r\n").encode()
    yield ("\ufeff" + plain).encode()
    yield plain.replace(",", ";").replace(".", ",").encode()
    yield plain.replace(",", "\t").encode()
    yield plain.encode("utf-16")
    yield plain.replace("a\n", "é\n").encode("latin-1")
    yield plain.replace("a\n", '"a ""q""\nb"\n').encode()
    yield ("sep=,\n" + plain).encode()
    yield ("# a comment\n" + plain).encode()
    yield plain.replace(",1,", ",NA,").replace(",2,", ",,").encode()
    yield plain.replace("x,k", ",k").encode()


def gzipped() -> Iterator[bytes]:
    """The same, compressed."""
    for content in text():
        yield gzip.compress(content, mtime=0)


def predictions() -> Iterator[bytes]:
    """Tables that `sortal import` reads."""
    rows = [
        f"{k},{name},{k / ROWS},{1 - k / ROWS},{'ab'[k < ROWS / 2]}"
        for k, name in enumerate(LABELS)
    ]
    yield ("id,label,a,b\n" + "\n".join(row.rsplit(",", 1)[0] for row in rows)).encode()
    yield ("id,label,score_a,score_b,class\n" + "\n".join(rows)).encode()
    yield ("id,class\n" + "\n".join(f"s{k},{name}" for k, name in enumerate(LABELS))).encode()


def shifts() -> Iterator[bytes]:
    """Files of `--shifts`."""
    yield b"up: {x: x * 1.02}\ndown:\n  x: x * 0.98\n  k: max(k, 3)\n"
    yield b"# all\nbase: &base {x: 'x + 1'}\nother:\n  <<: *base\n  k: |\n    k -\n    2\n"
    yield b'{"up": {"x": "x*2", "1": "k"}}'


def expressions() -> Iterator[bytes]:
    """Cuts; the mutators know nothing of grammar, so every rule has a seed."""
    for one in (
        "x > 0 && abs(k) < 24 || not (k == 3)",
        "label in ('a', 'b') and x**2 <= 9**2",
        "sqrt(x*x + k*k) - min(k, 3) % 7 != -1e-3",
        "where(x > 0, k, -k) ^ 2 ^ 3 > `k`[0]",
        "label == 'a' or !(k <> 3) and true",
        "9**9**9**9 > x and k << 3",
        "((((((((x))))))))+1+1+1+1+1+1 > log10(k) / 0",
        "label not in ('a') && k >= 18446744073709551616",
        "é > ½ and x ≤ ٣",
        "jet[0] + jet[99999999999999999999] > 0",
    ):
        yield one.encode()


def jobs() -> Iterator[bytes]:
    """Job files in YAML and JSON."""
    job = {
        "title": "t",
        "data": {
            "source": "t.csv",
            "label": "label",
            "aliases": {"y": "x*2"},
            "cut": "x > -9",
            "split": {"kind": "random", "test": 0.25},
        },
        "classifiers": [
            {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3]}},
            {"method": "gaussiannb"},
        ],
        "seed": 3,
    }
    yield json.dumps(job).encode()
    yield json.dumps(job, indent=1).replace('"seed"', '// said\n"seed"').encode()
    yield (
        b"title: &t words\ndata:\n  source: t.csv\n  label: label\n  exclude: [k]\n  classes: [a, b]\n"
        b"classifiers:\n- method: gaussiannb\n- {method: kneighbors, parameters: {n_neighbors: 3}}\n"
        b"seed: 1e1\nbootstrap: 0\n"
    )


def make(folder: Path) -> None:
    """Write all seeds into folders named after their format."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in {
        "npy": npy(),
        "npz": npz(),
        "hdf5": hdf5(),
        "parquet": parquet_files(),
        "root": root(folder),
        "csv": text(),
        "csv.gz": gzipped(),
        "predictions": predictions(),
        "shifts": shifts(),
        "expression": expressions(),
        "job": jobs(),
    }.items():
        (folder / name).mkdir()
        for number, content in enumerate(contents):
            (folder / name / f"{number:02}").write_bytes(content)
