"""Reads HDF5 files in a process of its own, which may be ended: libhdf5 cannot be interrupted.

Run as a script by `sortal.data.readers.hdf5.reader_process`; it imports nothing of Sortal. Requests come as
lines of JSON on standard input. Each answer is a line of JSON on standard output, followed by as many
bytes as its `bytes` says.
"""

import json
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_SECONDS, _MOST_SECONDS = 4, 20
"""Processor time for one request about a small file, to which each megabyte of the file adds a
second, and for one about any file [s]; the system ends the process that takes longer."""

_MOST_BYTES = 2_000_000_000
"""Private memory of the process [bytes]."""

_PIECE_BYTES = 1 << 24
_TEXTS = 4096
"""Texts of any length that are read at once: each may be long."""

_FIXED_TEXTS = 1 << 17
"""Texts of one length that are read at once: each becomes an object of Python."""

_REFERENCE_BYTES = 16
"""Size of what stands in a chunk for a text of any length [bytes]."""

_CACHED_BYTES = 1 << 28
"""Largest chunk of texts [bytes] that is unpacked once for all of its pieces."""

_LONGEST_CHAIN = 16
"""Soft links that may lead to one another."""


class UnreadableDataset(Exception):
    """A part of the file that is not read; the text says why."""


def tree(path: str) -> dict[str, Any]:
    """List the datasets at the top of a file and one group deep, without following links out of it."""
    found: dict[str, dict[str, Any]] = {}
    with h5py.File(path, "r") as file:
        for name in file:
            try:
                item = _resolved(file, name)
            except UnreadableDataset as refused:
                found[name] = {"refused": str(refused)}
                continue
            if isinstance(item, h5py.Dataset):
                found[name] = _described(item)
            elif isinstance(item, h5py.Group):
                found |= {f"{name}/{inner}": about for inner, about in _members(item)}
    return {"datasets": found}


def read(
    opened: "OpenDataset", path: str, name: str, start: int, stop: int
) -> tuple[dict[str, Any], bytes]:
    """Read rows of a dataset: at most 16 MiB of numbers, or one chunk of the file if that is more.

    A dataset whose rows are not read to their end stays open: the next request is for what follows.
    """
    try:
        dataset = opened.get(path, name)
        if h5py.check_string_dtype(dataset.dtype) is not None:
            end = min(stop, _end_of_texts(dataset, start))
            texts = [str(one) for one in dataset.asstr()[start:end].reshape(-1)]
            content = json.dumps(texts).encode()
        else:
            end = min(stop, _end_of_piece(dataset, start))
            array = np.empty((end - start, *dataset.shape[1:]), dtype=dataset.dtype)
            if array.size:
                dataset.read_direct(array, slice(start, end))
            content = array.tobytes()
    except BaseException:
        opened.close()
        raise
    if end >= stop:
        opened.close()
    return {"stop": end, "bytes": len(content)}, content


class OpenDataset:
    """The dataset that is being read in pieces."""

    def __init__(self) -> None:
        self._file: h5py.File | None = None
        self._dataset: Any = None
        self._key: tuple[Any, ...] = ()

    def get(self, path: str, name: str) -> Any:
        """Open a dataset, or find it open.

        Raises:
            Refused: Its values are not read.
        """
        about = Path(path).stat()
        key = path, name, about.st_ino, about.st_size, about.st_mtime_ns
        if key != self._key:
            self.close()
            self._open(path, name)
            self._key = key
        return self._dataset

    def close(self) -> None:
        """Close the file of the dataset, if there is one."""
        if self._file is not None:
            self._file.close()
        self._file, self._dataset, self._key = None, None, ()

    def _open(self, path: str, name: str) -> None:
        self._find(h5py.File(path, "r"), name)
        about = _described(self._dataset)
        if "refused" in about:
            raise UnreadableDataset(about["refused"])
        if about["text"] and about["chunk"]:
            # Pieces are smaller than a chunk, which would be unpacked for each of them.
            cached = _cache_bytes(self._dataset)
            self.close()
            self._find(h5py.File(path, "r", rdcc_nbytes=cached), name)

    def _find(self, file: h5py.File, name: str) -> None:
        self._file = self._dataset = file
        for part in name.split("/", 1):
            self._dataset = _resolved(self._dataset, part)


def _cache_bytes(dataset: h5py.Dataset) -> int:
    """Size of a cache that holds a chunk of texts [bytes]."""
    chunk = math.prod(dataset.chunks) * max(_REFERENCE_BYTES, dataset.dtype.itemsize)
    return int(min(_CACHED_BYTES, chunk + (1 << 20)))


def _end_of_texts(dataset: h5py.Dataset, start: int) -> int:
    """Row before which a piece of texts ends."""
    about = h5py.check_string_dtype(dataset.dtype)
    width = math.prod(dataset.shape[1:])
    if about is None or about.length is None:
        return int(start + max(1, _TEXTS // max(1, width)))
    texts = min(_FIXED_TEXTS, _PIECE_BYTES // max(1, dataset.dtype.itemsize))
    return int(start + max(1, texts // max(1, width)))


def _end_of_piece(dataset: h5py.Dataset, start: int) -> int:
    """Row before which a piece ends, where a chunk of the file ends if possible."""
    row_bytes = dataset.dtype.itemsize * math.prod(dataset.shape[1:])
    rows = max(1, _PIECE_BYTES // max(1, row_bytes))
    chunk = dataset.chunks[0] if dataset.chunks else 1
    return int(max(start + rows, start + chunk) // chunk * chunk)


def _members(group: h5py.Group) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in group:
        try:
            item = _resolved(group, name)
        except UnreadableDataset as refused:
            yield name, {"refused": str(refused)}
            continue
        if isinstance(item, h5py.Dataset):
            yield name, _described(item)


def _resolved(group: h5py.Group, name: str, chain: int = 0) -> Any:
    """Open what a link leads to, step by step, so that no link leads out of the file unnoticed."""
    links, raw = group.id.links, name.encode(errors="surrogateescape")
    if not links.exists(raw):
        raise UnreadableDataset("is a link to what the file has not")
    kind = links.get_info(raw).type
    if kind == h5py.h5l.TYPE_HARD:
        return group[name]
    if kind == h5py.h5l.TYPE_EXTERNAL:
        raise UnreadableDataset(
            "is a link to another file (an external link), which is never followed"
        )
    if kind != h5py.h5l.TYPE_SOFT:
        raise UnreadableDataset(
            "is a link of a kind that its writer defined, which is never followed"
        )
    if chain >= _LONGEST_CHAIN:
        raise UnreadableDataset("is a link in a circle, or in a long chain, of links")
    target = links.get_val(raw).decode(errors="surrogateescape")
    at: Any = group.file if target.startswith("/") else group
    for part in target.split("/"):
        if part in ("", "."):
            continue
        if not isinstance(at, h5py.Group):
            raise UnreadableDataset("is a link to what the file has not")
        at = _resolved(at, part, chain + 1)
    return at


def _described(dataset: h5py.Dataset) -> dict[str, Any]:
    """Shape and type of a dataset, or why it is not read."""
    try:
        _refuse_foreign(dataset)
        text = h5py.check_string_dtype(dataset.dtype) is not None
        if dataset.dtype.hasobject and not text:
            raise UnreadableDataset(
                "holds lists of unequal length or references to other parts of the file, expected "
                "numbers or text"
            )
        if dataset.dtype.names or dataset.dtype.subdtype:
            raise UnreadableDataset(f"holds {dataset.dtype} in each place, expected one value")
    except TypeError as error:
        return {"refused": f"has a type that NumPy has not ({error})"}
    except UnreadableDataset as refused:
        return {"refused": str(refused)}
    return {
        "shape": list(dataset.shape or ()),
        "dtype": dataset.dtype.str,
        "text": text,
        "chunk": math.prod(dataset.chunks) * dataset.dtype.itemsize if dataset.chunks else 0,
    }


def _refuse_foreign(dataset: h5py.Dataset) -> None:
    """Refuse a dataset whose numbers lie in other files, or are packed in an unknown way."""
    properties = dataset.id.get_create_plist()
    if dataset.is_virtual:
        raise UnreadableDataset(
            "is a view of other datasets (a virtual dataset), which is never followed"
        )
    if properties.get_external_count():
        raise UnreadableDataset(
            "keeps its numbers in other files (external storage), which are never opened"
        )
    for number in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            with suppress(ImportError):
                import_module("hdf5plugin")
        if not h5py.h5z.filter_avail(code):
            shown = name.decode(errors="replace") or code
            raise UnreadableDataset(
                f"is packed by the filter {shown}, which is not installed (pip install hdf5plugin)"
            )


def _answer(opened: OpenDataset, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        if request["do"] == "tree":
            opened.close()
            return tree(request["path"]) | {"bytes": 0}, b""
        return read(opened, request["path"], request["name"], request["start"], request["stop"])
    except UnreadableDataset as refused:
        return {"refused": str(refused), "bytes": 0}, b""
    except Exception as error:  # noqa: BLE001 (h5py raises anything over damaged bytes; the parent process reports it)
        first = str(error).strip().split("\n")[0][:200]
        return {"error": f"{type(error).__name__}: {first}", "bytes": 0}, b""


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))


def _limit_time(path: str) -> None:
    """Allow some processor time from now on, by the size of a file."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        spent = resource.getrusage(resource.RUSAGE_SELF)
        allowed = min(_MOST_SECONDS, _SECONDS + Path(path).stat().st_size // 1_000_000)
        until = math.ceil(spent.ru_utime + spent.ru_stime) + allowed
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def main() -> None:
    """Answer requests until standard input ends."""
    _limit_memory()
    out = sys.stdout.buffer
    opened = OpenDataset()
    for line in sys.stdin:
        request = json.loads(line)
        _limit_time(request["path"])
        about, content = _answer(opened, request)
        out.write(json.dumps(about).encode() + b"\n")
        out.write(content)
        out.flush()


if __name__ == "__main__":
    main()
