"""Methods that a command provides from folders of its user, beside those that are built in.

A provided method is called `name@digest`, where the digest is of its source: changed code is
another method, whose results are its own. Its plain name finds it too, and then stands before a
built-in method of that name. Workers provide what their task names before they look for it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sortal.errors import UserError
from sortal.methods.base import Method

MARK = "@"
"""Stands between the name of a provided method and the digest of its source."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where methods come from."""

    loader: str
    """`sortal.package.module:function`: called with the folder, it returns methods."""

    folder: Path
    """The user's folder, absolute."""

    def load(self) -> tuple[Method, ...]:
        """Load its methods.

        Raises:
            UserError: The loader is none of Sortal's, or the folder holds no usable method.
        """
        module, _, name = self.loader.partition(":")
        if not module.startswith("sortal.") or not name:
            raise UserError(f"loader: expected sortal.module:function, got {self.loader!r}.")
        loaded: tuple[Method, ...] = tuple(getattr(import_module(module), name)(self.folder))
        return loaded


_KNOWN: dict[str, tuple[Method, Provider]] = {}
"""Provided methods by plain name."""


def provide(loader: str, folder: Path) -> tuple[Method, ...]:
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
    for method in methods:
        other = _KNOWN.get(plain_name(method.name))
        if other and other[1] != provider:
            raise UserError(
                f"{plain_name(method.name)}: expected one plugin of this name, got two, in "
                f"{other[1].folder} and {folder}."
            )
    _KNOWN.update({plain_name(method.name): (method, provider) for method in methods})
    return methods


@contextmanager
def providing(providers: Iterable[Provider]) -> Iterator[tuple[Method, ...]]:
    """Make methods known while a block runs, and forget them afterwards.

    Yields:
        The methods.
    """
    before = dict(_KNOWN)
    try:
        yield tuple(method for each in providers for method in provide(each.loader, each.folder))
    finally:
        _KNOWN.clear()
        _KNOWN.update(before)


def provide_described(sources: Iterable[Iterable[str]]) -> None:
    """Provide what `described` told, in the process that a task runs in."""
    for loader, folder in sources:
        provide(loader, Path(folder))


def described(name: str) -> list[list[str]]:
    """What a worker must provide to know a method, as JSON; nothing for a built-in one."""
    found = _KNOWN.get(plain_name(name))
    return [[found[1].loader, str(found[1].folder)]] if found else []


def provided_names() -> tuple[str, ...]:
    """Plain names of the provided methods."""
    return tuple(_KNOWN)


def plain_name(name: str) -> str:
    """A method's name without the digest of its source.

    >>> plain_name("kneighbors@0a1b2c3d")
    'kneighbors'
    """
    return name.partition(MARK)[0]


def find_provided(name: str) -> Method | None:
    """Find a provided method by its full or plain name; None if none has this plain name.

    Raises:
        UserError: A method of that very source is asked for, and no folder holds it.
    """
    plain = plain_name(name)
    known = _KNOWN.get(plain)
    if MARK not in name or (known and known[0].name == name):
        return known[0] if known else None
    digest = name.partition(MARK)[2]
    if known is None:
        raise UserError(
            f"{plain} is a classifier of a plugin (source {digest}), and no folder given has it: "
            "name the folder that does with --plugins."
        )
    raise UserError(
        f"{plain} is a classifier of a plugin whose source was {digest}; that in "
        f"{known[1].folder} has changed since ({known[0].name.partition(MARK)[2]}): run the job "
        "again, or name the folder of the earlier one with --plugins."
    )
