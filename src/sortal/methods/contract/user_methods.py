"""Methods that a command provides from folders of its user, beside those that are built in.

A provided method is called `name@digest`, where the digest is of its source: changed code is
another method, whose results are its own. A plain name is that of a built-in method, in the store
and in workers always; in a job it may stand for a provided one (`providing_by_plain_name`).
Workers provide what their task names before they look for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.errors import UserError

if TYPE_CHECKING:
    from sortal.methods.contract.base import Method

MARK = "@"
"""Stands between the name of a provided method and the digest of its source."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where methods come from."""

    loader: str
    """`sortal.package.module:function`: called with the folder, it returns methods."""

    folder: Path
    """The user's folder, absolute."""

    def load(self) -> "tuple[Method, ...]":
        """Load its methods.

        Raises:
            UserError: The loader is none of Sortal's, or the folder holds no usable method.
        """
        module, _, name = self.loader.partition(":")
        if not module.startswith("sortal.") or not name:
            raise UserError(f"loader: expected sortal.module:function, got {self.loader!r}.")
        loaded: tuple[Method, ...] = tuple(getattr(import_module(module), name)(self.folder))
        return loaded


_KNOWN: "dict[str, tuple[Method, Provider]]" = {}
"""Provided methods by full name."""

_MEANT: dict[str, str] = {}
"""Full names that plain names of a job stand for."""


_UNUSABLE: dict[str, str] = {}
"""Plain names of what a folder fails to provide, and why: no built-in method takes their place."""


def provide(loader: str, folder: Path) -> "tuple[Method, ...]":
    """Make a folder's methods known in this process.

    Providing the same folder again replaces what it provided before.

    Args:
        loader: See `Provider`.
        folder: The user's folder.

    Raises:
        UserError: Another folder provides a method of the same name, or the folder cannot be used.
    """
    provider = Provider(loader, folder)
    methods = provider.load()
    for full in [full for full, (_, known) in _KNOWN.items() if known == provider]:
        del _KNOWN[full]
    for method in methods:
        other = _same_plain_name(method.name)
        if other:
            raise UserError(
                f"{plain_name(method.name)}: expected one plugin of this name, got two, in "
                f"{other[1].folder} and {folder}."
            )
        _KNOWN[method.name] = method, provider
    return methods


@contextmanager
def providing(providers: Iterable[Provider]) -> "Iterator[tuple[Method, ...]]":
    """Make methods known by their full names while a block runs, and forget them afterwards.

    Yields:
        The methods.
    """
    known, meant, unusable = dict(_KNOWN), dict(_MEANT), dict(_UNUSABLE)
    try:
        yield tuple(method for each in providers for method in provide(each.loader, each.folder))
    finally:
        _KNOWN.clear()
        _KNOWN.update(known)
        _MEANT.clear()
        _MEANT.update(meant)
        _UNUSABLE.clear()
        _UNUSABLE.update(unusable)


@contextmanager
def providing_by_plain_name(
    providers: Iterable[Provider], unusable: Mapping[str, str] | None = None
) -> "Iterator[tuple[Method, ...]]":
    """The same, and in jobs their plain names stand for them, before built-in ones.

    Args:
        providers: Where methods come from.
        unusable: Plain names of methods that could not be loaded, with a sentence each that
            says why: a job that uses one is told, and gets no built-in method instead.
    """
    with providing(providers) as methods:
        _MEANT.update({plain_name(method.name): method.name for method in methods})
        _UNUSABLE.update(unusable or {})
        yield methods


def provide_from_description(sources: Iterable[Iterable[str]]) -> None:
    """Provide what `describe_provided` told, in the process that a task runs in."""
    for loader, folder in sources:
        provide(loader, Path(folder))


def describe_provided(name: str) -> list[list[str]]:
    """What a worker must provide to know a method, as JSON; nothing for a built-in one."""
    found = _KNOWN.get(name)
    return [[found[1].loader, str(found[1].folder)]] if found else []


def plain_names() -> tuple[str, ...]:
    """Plain names that stand for provided methods in a job."""
    return tuple(_MEANT)


def is_unusable(name: str) -> bool:
    """Whether a plain name is only that of what a folder fails to provide."""
    return name in _UNUSABLE and name not in _MEANT


def full_name(name: str) -> str:
    """The name of a method, from what a job calls it: the full one of a provided method.

    Raises:
        UserError: A folder was to provide it, and cannot.
    """
    if is_unusable(name):
        raise UserError(_UNUSABLE[name])
    return _MEANT.get(name, name)


def plain_name(name: str) -> str:
    """A method's name without the digest of its source.

    >>> plain_name("kneighbors@0a1b2c3d")
    'kneighbors'
    """
    return name.partition(MARK)[0]


def find_provided(name: str) -> "Method | None":
    """Find a provided method by its full name; None for a name that is no provided method's.

    Raises:
        UserError: No folder holds a method of that very source.
    """
    if MARK not in name:
        return None
    if name in _KNOWN:
        return _KNOWN[name][0]
    plain, _, digest = name.partition(MARK)
    other = _same_plain_name(plain)
    if other is None:
        raise UserError(
            f"{plain} is a classifier of a plugin (source {digest}), and no folder given has it: "
            "name the folder that does with --plugins."
        )
    raise UserError(
        f"{plain} is a classifier of a plugin whose source was {digest}; that in "
        f"{other[1].folder} has changed since ({other[0].name.partition(MARK)[2]}): run the job "
        "again, or name the folder of the earlier one with --plugins."
    )


def _same_plain_name(name: str) -> "tuple[Method, Provider] | None":
    """What is known under a plain name, whatever its source."""
    plain = plain_name(name)
    return next((known for full, known in _KNOWN.items() if plain_name(full) == plain), None)
