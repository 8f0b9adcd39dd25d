"""Names of files for titles and targets: each has its own on every file system."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import blake2b

_LONGEST = 80
"""Bytes of a name: with what stands before and behind, two of them are far below the 255 of Linux."""

_KEPT = "-_.=,+()[]"
"""What a name may hold beside letters, digits and marks of letters."""

_DIGITS = re.compile(r"-[0-9a-f]{8}$")


def file_names(things: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each thing that has a picture.

    A space becomes `_`. What else no name can hold becomes `_` too, and a long name is cut; then
    some digits follow that are computed from the whole text. So they do where two names differ in
    nothing that every file system tells apart, such as upper case.

    Args:
        things: Texts that together stand for one thing, such as a title and a target.

    >>> names = file_names([("log C=0.1",), ("a/b",), ("SVM",), ("svm",)])
    >>> list(names.values())
    ['log_C=0.1', 'a_b-82badf67', 'SVM-b9dd8f42', 'svm-da182b31']
    """
    listed = list(dict.fromkeys(things))
    plain = {thing: "-".join(map(_plain, thing)) for thing in listed}
    times = Counter(_folded(name) for name in plain.values())
    return {
        thing: name
        if times[_folded(name)] == 1 and _is_whole(thing)
        else f"{name}-{_digest(thing)}"
        for thing, name in plain.items()
    }


def file_name(thing: tuple[str, ...], among: Collection[tuple[str, ...]]) -> str:
    """The name of one thing among all that may be written beside it."""
    return file_names([thing, *among])[thing]


def _plain(text: str) -> str:
    """What a name can hold of a text, cut to some bytes between two letters."""
    letters = (letter if _is_kept(letter) else "_" for letter in _composed(text))
    return "".join(letters).encode()[:_LONGEST].decode(errors="ignore")


def _is_whole(thing: Iterable[str]) -> bool:
    """True if a text can be recovered from a name, up to spaces, and the name has no digits that we add."""
    return all(
        _plain(text) == _composed(text).replace(" ", "_") and not _DIGITS.search(text)
        for text in thing
    )


def _is_kept(letter: str) -> bool:
    return letter.isalnum() or letter in _KEPT or unicodedata.category(letter).startswith("M")


def _composed(text: str) -> str:
    # A lone half of a character has no bytes in a file name.
    whole = text.encode("utf-8", errors="replace").decode()
    return unicodedata.normalize("NFC", whole)


def _folded(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _digest(thing: Iterable[str]) -> str:
    whole = "\0".join(thing).encode("utf-8", errors="surrogatepass")
    return blake2b(whole, digest_size=4).hexdigest()
