"""Which files a plugin's code is made of: its own, and those of its folder that these import."""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from sortal.errors import UserError
from sortal.methods.contract.library_versions import library_version

_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Names of packages that are installed under another one; looking for others takes half a second."""


_NAMED = re.compile(r"""\bname['"]?\s*[:=]\s*['"]([A-Za-z0-9_-]+)['"]""", re.IGNORECASE)


_TELLING = frozenset({"parameters", "short", "class_names", "description"})
"""Keys of the dictionaries in which plugins say what they are."""


def claimed_names(plugin: Path) -> frozenset[str]:
    """Names that a plugin may mean to have, though it cannot be imported.

    Its folder's, and each text that its `__init__.py` gives to something called `name`: read as
    text, for it may be no Python.
    """
    text = (plugin / "__init__.py").read_text(encoding="utf-8", errors="replace")
    return frozenset({plugin.name, *_NAMED.findall(text)})


def written_name(plugin: Path) -> str | None:
    """The name that stands in a plugin's text; None where only running its code would give it.

    That is `name` in a dictionary with `parameters`, `short`, `class_names` or `description`
    that is no parameter's: those have a `type`.
    """
    found = {
        str(keys["name"].value)
        for node in _nodes(plugin / "__init__.py")
        if isinstance(node, ast.Dict)
        and (keys := _plain_keys(node)).keys() & _TELLING
        and "type" not in keys
        and isinstance(keys.get("name"), ast.Constant)
    }
    return found.pop() if len(found) == 1 else None


def _plain_keys(node: ast.Dict) -> dict[str, Any]:
    """What stands behind each key of a dictionary in code that is a plain text."""
    return {
        str(key.value): value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }


def source_files(root: Path, plugin: Path) -> tuple[Path, ...]:
    """Python files that decide what a plugin does, ascending.

    All of the plugin's own folder, and what these import relatively, inside functions too.
    Other files beside them do not count: a plugin may write there.

    Args:
        root: The folder that holds `classifiers/` and `datasets/`.
        plugin: The plugin's folder, somewhere in it.
    """
    known: set[Path] = set()
    waiting = [path for path in plugin.rglob("*.py") if path.is_file()]
    while waiting:
        path = waiting.pop()
        if path not in known:
            known.add(path)
            waiting += _imported(root, path)
    return tuple(sorted(known))


def digest_of(root: Path, files: Mapping[Path, bytes]) -> str:
    """8 hexadecimal digits of the files' places in the folder, their contents and their libraries."""
    digest = hashlib.blake2b(digest_size=4)
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + files[path])
    for library in libraries(files):
        digest.update(library.encode() + b"\0")
    return digest.hexdigest()


def libraries(files: Iterable[Path]) -> tuple[str, ...]:
    """Installed libraries that files import, each with its minor version: `scikit-learn 1.9`."""
    found = set()
    for package in imported_packages(files) - sys.stdlib_module_names:
        for name in _distributions(package):
            with suppress(UserError):  # not there: importing it tells
                found.add(library_version(name))
    return tuple(sorted(found))


@cache
def _distributions(package: str) -> tuple[str, ...]:
    """What a package was installed as."""
    with suppress(UserError):
        name = _DISTRIBUTIONS.get(package, package)
        return (name,) if library_version(name) else ()
    return tuple(packages_distributions().get(package, ()))


def imported_packages(files: Iterable[Path]) -> frozenset[str]:
    """Names of the packages that files import from elsewhere, inside functions too."""
    names = set()
    for node in (node for path in files for node in _nodes(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return frozenset(names)


def _nodes(path: Path) -> Iterator[ast.AST]:
    """Everything in a file; nothing in one that is no Python, as importing it tells."""
    try:
        yield from ast.walk(ast.parse(path.read_bytes()))
    except (SyntaxError, ValueError):
        return


def _imported(root: Path, path: Path) -> Iterator[Path]:
    """Files of the folder that one file imports relatively."""
    for node in _nodes(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = path.parents[node.level - 1 : node.level]
            if not above or not above[0].is_relative_to(root):
                continue
            base = above[0].joinpath(*(node.module or "").split("."))
            yield from _files(root, base)
            for alias in node.names:
                yield from _files(root, base / alias.name)


def _files(root: Path, module: Path) -> Iterator[Path]:
    """What importing a module runs; folders on the way to it have an `__init__.py` of their own."""
    plain = module.with_name(module.name + ".py") if module != root else root / "__init__.py"
    for path in (plain, module / "__init__.py"):
        if path.is_file() and not _is_never_run(root, path):
            yield path
    for folder in module.parents:
        if folder == root or not folder.is_relative_to(root):
            return
        path = folder / "__init__.py"
        if path.is_file() and not _is_never_run(root, path):
            yield path


def _is_never_run(root: Path, path: Path) -> bool:
    """The packages above plugins are empty ones of ours."""
    return path.name == "__init__.py" and path.parent in {
        root,
        root / "classifiers",
        root / "datasets",
    }
