"""What a data set says of itself (`specs`), as plain JSON and back: tuples and arrays come back as such."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sortal.errors import Damaged, DataError, OptionError

_TAGS = frozenset({"__tuple__", "__items__", "__array__", "__file__"})
_INLINE = 1 << 16
"""Length of an array's text that still travels with every classifier."""


def pack(specs: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Write as JSON.

    Args:
        specs: Numbers, texts, lists, tuples, dictionaries and arrays of numbers or texts.
        folder: Where large arrays are put, as files named after their content, which stay
            there as long as results are to be computed; made if need be.

    Raises:
        DataError: A value is something else, or large and there is no folder for it.
    """
    return {str(key): _packed(value, f"specs[{key!r}]", folder) for key, value in specs.items()}


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `pack` wrote; arrays are the reader's own.

    Raises:
        Damaged: A large array's file is missing or not what was written.
    """
    return {key: _unpacked(value) for key, value in packed.items()}


def meaning_of(packed: Any) -> Any:
    """The same without the places of files, which do not decide what it says."""
    if isinstance(packed, Mapping):
        return {key: meaning_of(value) for key, value in packed.items() if key != "__file__"}
    return [meaning_of(value) for value in packed] if isinstance(packed, list) else packed


def _packed(value: Any, place: str, folder: Path | None) -> Any:
    if value is None or isinstance(value, bool | int | float | str | np.generic):
        return _scalar(value, place)
    if isinstance(value, list):
        return [_packed(one, f"{place}[{n}]", folder) for n, one in enumerate(value)]
    if isinstance(value, tuple):
        return {"__tuple__": [_packed(one, f"{place}[{n}]", folder) for n, one in enumerate(value)]}
    if isinstance(value, np.ndarray):
        return _packed_array(value, place, folder)
    if isinstance(value, Mapping):
        return _packed_mapping(value, place, folder)
    came = type(value).__name__
    raise DataError(
        f"{place}: expected numbers, texts, lists, tuples, dictionaries or arrays, got {came}."
    )


def _packed_mapping(value: Mapping[Any, Any], place: str, folder: Path | None) -> dict[str, Any]:
    if all(isinstance(key, str) for key in value) and not _TAGS & value.keys():
        return {key: _packed(one, f"{place}[{key!r}]", folder) for key, one in value.items()}
    pairs = [
        [_packed(key, place, folder), _packed(one, f"{place}[{key!r}]", folder)]
        for key, one in value.items()
    ]
    return {"__items__": pairs}


def _scalar(value: Any, place: str) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    try:
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{place}: expected a finite number or a text, got {plain!r}.") from error
    return plain


def _packed_array(array: np.ndarray, place: str, folder: Path | None) -> dict[str, Any]:
    if array.dtype.kind not in "biufcSU":
        raise DataError(f"{place}: expected an array of numbers or texts, got {array.dtype}.")
    whole = np.ascontiguousarray(array)
    digest = hashlib.blake2b(whole.tobytes(), digest_size=16).hexdigest()
    about = {"dtype": array.dtype.str, "shape": list(array.shape), "digest": digest}
    text = base64.b64encode(zlib.compress(whole.tobytes(), 9)).decode()
    if len(text) <= _INLINE:
        return {"__array__": about, "bytes": text}
    if folder is None:
        few = f"an array that compresses to {_INLINE} bytes, or a folder for larger ones"
        raise OptionError(place, f"{len(text)} bytes", few)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}.npy"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.save(file, whole, allow_pickle=False)
        unfinished.replace(path)
    return {"__array__": about, "__file__": str(path.resolve())}


def _unpacked(packed: Any) -> Any:
    if isinstance(packed, list):
        return [_unpacked(one) for one in packed]
    if not isinstance(packed, Mapping):
        return packed
    if "__tuple__" in packed:
        return tuple(_unpacked(one) for one in packed["__tuple__"])
    if "__items__" in packed:
        return {_unpacked(key): _unpacked(one) for key, one in packed["__items__"]}
    if "__array__" in packed:
        return _unpacked_array(packed)
    return {key: _unpacked(one) for key, one in packed.items()}


def _unpacked_array(packed: Mapping[str, Any]) -> np.ndarray:
    about = packed["__array__"]
    if "__file__" in packed:
        path = Path(packed["__file__"])
        try:
            array: np.ndarray = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise Damaged(f"{path}: not a readable array of a data set ({error}).") from error
        content = array.tobytes()
    else:
        content = zlib.decompress(base64.b64decode(packed["bytes"]))
        array = np.frombuffer(content, np.dtype(about["dtype"])).reshape(about["shape"]).copy()
    if hashlib.blake2b(content, digest_size=16).hexdigest() != about["digest"]:
        raise Damaged(f"{packed.get('__file__', 'data_specs')}: not the array that was written.")
    return array
