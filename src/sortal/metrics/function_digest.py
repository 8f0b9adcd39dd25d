"""The digest of a function that a user wrote: of its source, and of the values that it holds.

Values are stored under the digest, so a function that could compute something else must have
another one. What a function reads from its module is not looked at.
"""

import hashlib
import inspect
import secrets
import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice)


def digest_of_function(function: Callable[..., Any], *options: object) -> str:
    """Digest of a function with its options, 8 hexadecimal digits.

    The source counts, or the byte code where the source is not kept, as at a prompt; so do default
    arguments and the variables of enclosing functions. A variable of which no text can be made that
    is the same in every process, such as an object of a class of the user, makes the digest a
    random one: nothing that was stored for the function is used again.

    Args:
        function: Any callable.
        options: What else decides its values: plain values.
    """
    return digest_of_bytes(repr((_Described().function(function), options)).encode())


def digest_of_bytes(content: bytes) -> str:
    """8 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=4).hexdigest()


class _Described:
    """Texts of values that are the same in every process; a value within itself is not entered again."""

    def __init__(self) -> None:
        self._entered: list[int] = []

    def function(self, given: Any) -> object:
        """The text of a callable."""
        if isinstance(given, MethodType):
            return "method", self.function(given.__func__), self.value(given.__self__)
        if isinstance(given, partial):
            held = (given.args, given.keywords)
            return "partial", self.function(given.func), self.value(held)
        if isinstance(given, FunctionType):
            return self._inside(given, self._function)
        return _named(given) or _random()

    def _function(self, given: FunctionType) -> object:
        cells = [self._cell(cell) for cell in given.__closure__ or ()]
        held = (given.__defaults__, given.__kwdefaults__)
        return _source(given.__code__) or _code(given.__code__), cells, self.value(held)

    def _cell(self, cell: Any) -> object:
        try:
            content = cell.cell_contents
        except ValueError:
            return "empty"  # its variable was not assigned, or was deleted
        return self.value(content)

    def value(self, given: Any) -> object:
        """The text of a value that a function holds."""
        if type(given) in _PLAIN:
            return type(given).__name__, repr(given)
        if isinstance(given, np.ndarray | np.generic) and not given.dtype.hasobject:
            content = digest_of_array(given)
            return type(given).__name__, str(given.dtype), given.shape, content
        if type(given) in (tuple, list, dict, set, frozenset):
            return self._inside(given, self._container)
        if isinstance(given, ModuleType | PurePath):
            return type(given).__name__, getattr(given, "__name__", str(given))
        if isinstance(given, Enum):
            return _named(type(given)) or _random(), given.name
        return _named(given) or (self.function(given) if callable(given) else _random())

    def _container(self, given: Any) -> object:
        kind = type(given).__name__
        if isinstance(given, dict):
            return kind, [(self.value(key), self.value(one)) for key, one in given.items()]
        listed = [self.value(one) for one in given]
        return kind, sorted(listed, key=repr) if isinstance(given, set | frozenset) else listed

    def _inside(self, given: Any, describe: Callable[[Any], object]) -> object:
        if id(given) in self._entered:
            return "itself", self._entered.index(id(given))
        self._entered.append(id(given))
        try:
            return describe(given)
        finally:
            self._entered.pop()


def digest_of_array(array: np.ndarray | np.generic) -> str:
    """Digest of the bytes of an array, 32 hexadecimal digits."""
    return hashlib.blake2b(array.tobytes(), digest_size=16).hexdigest()


def _named(given: Any) -> object:
    """Name and source of what its module has under its own name; None for everything else."""
    module, path = getattr(given, "__module__", None), getattr(given, "__qualname__", None)
    if not (isinstance(module, str) and isinstance(path, str)):
        return None
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return (module, path, _source(given)) if found is given else None


def _source(given: Any) -> str:
    """Source text; empty where it is not kept."""
    try:
        return inspect.getsource(given)
    except (OSError, TypeError):
        return ""


def _code(code: CodeType) -> object:
    """Byte code with what it refers to, without addresses in memory."""
    inner = [_code(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return code.co_code, code.co_names, inner


def _random() -> str:
    """A text that no other value has."""
    return secrets.token_hex(16)
