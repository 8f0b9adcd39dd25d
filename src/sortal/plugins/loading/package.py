"""Folders of plugins as packages of private names, beside each other and beside everything else.

Plugins say `from ...tools import check_argument`, and import their siblings: so they must be
modules of a real package. Each folder becomes one of a name of its own; `sys.path` stays as it
is, and of the folder's own `__init__.py` files only those of plugins run: those of the
original's `modules`, `datasets` and `classifiers` import every plugin by themselves.

Source is always compiled anew: a cached `.pyc` is told from an outdated one by the second
in which its source changed, and results are filed under a digest of the source itself.
"""

import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from itertools import count
from pathlib import Path
from threading import RLock
from types import CodeType, ModuleType
from typing import Any

from sortal.plugins import tools
from sortal.plugins.loading.imports import plugin_builtins
from sortal.plugins.source_files import digest_of, source_files

_PREFIX = "_sortal_plugins_"
_TOOLS = "tools"
_OWN_TOOLS = "_own_tools"
_PICKLERS = ("cloudpickle", "joblib.externals.cloudpickle")
"""What joblib sends functions with: from its version 1.6 on, and before."""

KINDS = ("datasets", "classifiers")


class _PackageSource(SourceFileLoader):
    """Compiles a plugin's module from its source, and minds what it imports."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = plugin_builtins()
        super().exec_module(module)


class _Finder:
    """Finds modules of private packages, and nothing else."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PREFIX) or path is None:
            return None
        kinds: Any = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (_PackageSource, SOURCE_SUFFIXES))
        found = (FileFinder(entry, *kinds).find_spec(fullname, target) for entry in path)
        return next((spec for spec in found if spec is not None), None)


@dataclass(slots=True)
class _Package:
    """One folder under one private name."""

    name: str
    taken: dict[Path, bytes] = field(default_factory=dict)
    """Digests of the files that its modules were made of."""

    def is_outdated(self, files: dict[Path, bytes]) -> bool:
        """Whether a file changed since a module was made of it."""
        return any(self.taken.get(path, now) != now for path, now in files.items())


_PACKAGES: dict[Path, _Package] = {}
_NUMBERS = count()
_LOCK = RLock()


def import_plugin(folder: Path) -> tuple[ModuleType, str]:
    """Import one plugin; an unchanged one that was imported before is the same module.

    Args:
        folder: `.../classifiers/NAME` or `.../datasets/NAME`, resolved.

    Returns:
        The module, and the digest of the source that it and what it imports of its own
        folder are made of: 8 hexadecimal digits.

    Raises:
        Exception: Whatever importing it raises.
    """
    root, kind = folder.parents[1], folder.parent.name
    with _LOCK:
        files = {path: _digest(path) for path in source_files(root, folder)}
        package = _PACKAGES.get(root)
        if package is None or package.is_outdated(files):
            package = _PACKAGES[root] = _make(root)
        package.taken.update(files)
        _install()
        if "." in folder.name:
            raise ImportError(f"{folder.name}: expected a folder's name without a dot")
        module = import_module(f"{package.name}.{kind}.{folder.name}")
        _let_processes_know(sys.modules[package.name])
    return module, digest_of(root, files)


def _install() -> None:
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)  # before the one that would write .pyc files


def _let_processes_know(package: ModuleType) -> None:
    """Functions of plugins reach processes of joblib by value: there the package has no such name."""
    for name in _PICKLERS:
        with suppress(ModuleNotFoundError):
            pickler: Any = import_module(name)
            pickler.register_pickle_by_value(package)


def _make(root: Path) -> _Package:
    place = hashlib.blake2b(str(root).encode(), digest_size=4).hexdigest()
    package = _Package(f"{_PREFIX}{place}_{next(_NUMBERS)}")
    top = _empty(package.name, root)
    for kind in KINDS:
        setattr(top, kind, _empty(f"{package.name}.{kind}", root / kind))
    setattr(top, _TOOLS, _tools(package.name, root))
    return package


def _empty(name: str, folder: Path) -> ModuleType:
    """A package whose modules are found in a folder."""
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    module.__package__ = name
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__spec__.submodule_search_locations = [str(folder)]
    sys.modules[name] = module
    return module


def _tools(package: str, root: Path) -> ModuleType:
    """The module of checks; what else a user's own tools.py has is found in that."""
    module = ModuleType(f"{package}.{_TOOLS}", tools.__doc__)
    module.__package__ = package
    for name in tools.SHIM:
        setattr(module, name, getattr(tools, name))

    def find_own(name: str) -> Any:
        own = root / f"{_TOOLS}.py"
        if name.startswith("__") or not own.is_file():
            raise AttributeError(f"tools has no {name!r}; it has {', '.join(tools.SHIM)}")
        return getattr(_own_tools(f"{package}.{_OWN_TOOLS}", own), name)

    vars(module)["__getattr__"] = find_own
    sys.modules[module.__name__] = module
    return module


def _own_tools(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        loader = _PackageSource(name, str(path))
        module = ModuleType(name)
        module.__package__ = name.rpartition(".")[0]
        module.__file__ = str(path)
        module.__spec__ = ModuleSpec(name, loader, origin=str(path))
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _digest(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
