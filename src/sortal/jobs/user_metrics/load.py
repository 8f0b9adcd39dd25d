"""Find the metrics that a job names by import path: in folders of `--plugins`, or installed packages.

A module that merely lies beside the job or in the working directory is not imported.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from sortal.errors import OptionError
from sortal.job.type_names import nearest
from sortal.jobs.user_metrics.package import find_package
from sortal.metrics.function_digest import digest_of_bytes
from sortal.metrics.metric import plain_name
from sortal.metrics.user_metric import UserMetric, as_metric, error_place

FOLDER = "metrics"
"""The folder of metrics within a folder of plugins."""

_PREFIX = "_sortal_metrics_"
_PROVIDED: list[Path] = []
"""Folders of plugins that the command names."""


@contextmanager
def providing_metrics(folders: Sequence[Path]) -> Iterator[None]:
    """Let jobs name the metrics of some folders of plugins while a block runs."""
    before = list(_PROVIDED)
    _PROVIDED[:] = [folder.resolve() for folder in folders]
    try:
        yield
    finally:
        _PROVIDED[:] = before


def is_in_folders(path: str, folders: Sequence[Path]) -> bool:
    """True if the module of a metric lies in one of some folders of plugins; nothing is imported."""
    return any(_source(folder, _module_name(path)) for folder in folders)


def load_metric(path: str, *, beside: Path = Path()) -> UserMetric:
    """Import a metric; it is called by the last part of its path.

    Args:
        path: Import path such as `package.module.function` or `package.module:function`.
        beside: Folder of the job.

    Raises:
        OptionError: The path leads to no metric, or importing it raises something.
    """
    module_name, name = _module_name(path), plain_name(path)
    for folder in _PROVIDED:
        source = _source(folder, module_name)
        if source is not None:
            module = _imported(path, partial(_import_source, source, module_name))
            return _metric(path, module, name, _digest_of_files(source))
    package = find_package(module_name.partition(".")[0], beside=beside)
    if package is None:
        raise OptionError("metrics", path, _expected_place(module_name.partition(".")[0]))
    module = _imported(path, partial(import_module, module_name))
    if package.version:
        return _metric(path, module, name, _digest_of_module(module, package.version))
    return _metric(path, module, name, _digest_of_files(package.place))


def _module_name(path: str) -> str:
    return path.replace(":", ".").rpartition(".")[0]


def _expected_place(package: str) -> str:
    named = ", ".join(str(folder / FOLDER) for folder in _PROVIDED)
    if named:
        return f"a function of an installed package, or of a module in {named}"
    return (
        f"a function of an installed package; for {FOLDER}/{package}.py in a folder of your own "
        "name that folder with --plugins"
    )


def _source(folder: Path, module_name: str) -> Path | None:
    """The file that a module's first part is imported from; None if the folder has none."""
    first = module_name.partition(".")[0]
    for path in (folder / FOLDER / f"{first}.py", folder / FOLDER / first / "__init__.py"):
        if path.is_file():
            return path
    return None


class _MetricSource(SourceFileLoader):
    """Compiles a module from its source; a cached `.pyc` may be that of an earlier version."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _import_source(source: Path, module_name: str) -> ModuleType:
    """Import a module anew under a private name; relative imports within its package work."""
    _, *rest = module_name.split(".")
    is_package = source.name == "__init__.py"
    place = hashlib.blake2b(str(source).encode(), digest_size=6).hexdigest()
    private = f"{_PREFIX}{place}"
    for name in [one for one in sys.modules if one == private or one.startswith(f"{private}.")]:
        del sys.modules[name]
    loader = _MetricSource(private, str(source))
    spec = spec_from_loader(private, loader, origin=str(source), is_package=is_package)
    if spec is None:
        raise ImportError(f"no module can be made of {source}")
    if is_package:
        spec.submodule_search_locations = [str(source.parent)]
    module = module_from_spec(spec)
    sys.modules[private] = module
    loader.exec_module(module)
    return import_module(".".join([private, *rest])) if rest else module


def _imported(path: str, load: Any) -> ModuleType:
    try:
        module: ModuleType = load()
    except (Exception, SystemExit) as error:
        expected = f"a metric that can be imported: importing it raised {error_place(error)}"
        raise OptionError("metrics", path, expected) from error
    return module


def _metric(path: str, module: ModuleType, name: str, digest: str) -> UserMetric:
    found = getattr(module, name, None)
    if found is None:
        own = [one for one, value in vars(module).items() if callable(value)]
        close = nearest(name, own)
        hint = f", such as {close!r}" if close else ""
        raise OptionError("metrics", path, f"a function that the module has{hint}")
    if not isinstance(found, UserMetric) and (isinstance(found, type) or not callable(found)):
        raise OptionError("metrics", path, "a function of labels, scores and weights")
    try:
        metric = as_metric(found)
    except OptionError as error:
        raise OptionError("metrics", path, error.expected) from error
    return metric.named(name, digest)


def _digest_of_files(source: Path) -> str:
    """Digest of a module's file, or of all files of code of its package, which may be a folder alone."""
    package = source if source.is_dir() else source.parent
    whole = source.is_dir() or source.name == "__init__.py"
    parts = [
        one.relative_to(package).as_posix().encode() + b"\0" + one.read_bytes()
        for one in (sorted(package.rglob("*.py")) if whole else [source])
    ]
    return digest_of_bytes(b"\0".join(parts))


def _digest_of_module(module: ModuleType, version: str) -> str:
    """Digest of an installed module's file and of the version of what installed it."""
    path = getattr(module, "__file__", None)
    content = Path(path).read_bytes() if path else b""
    return digest_of_bytes(f"{version}\0".encode() + content)
