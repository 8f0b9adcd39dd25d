"""Names of classes as plugins give them, made into texts that differ, with a warning of each change."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_NAMED = 6
"""Names that a warning lists."""


def as_texts(given: Sequence[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names as texts, each unlike the others, and a sentence for each kind of change.

    Numbers, truth values and None become the text that Python prints for them; equal names get a
    number from the second on.

    >>> as_texts([0, 1])[0], as_texts(["a", "a"])[0]
    (('0', '1'), ('a', 'a (2)'))
    """
    texts = [one if type(one) is str else _text(one) for one in given]
    warnings = []
    odd = [_shown(one) for one in given if not isinstance(one, str)]
    if odd:
        warnings.append(f"class_names holds {_listed(odd, str)}; such names are used as text.")
    names: list[str] = []
    for place, text in enumerate(texts):
        plain = text if text.strip() else f"class {place}"
        names.append(_unlike(plain, {*names, *texts[place + 1 :]}, names))
    renamed = [new for new, text in zip(names, texts, strict=True) if new != text]
    if renamed:
        warnings.append(
            f"class_names holds names that are empty or equal; they are called {_listed(renamed)}."
        )
    return tuple(names), tuple(warnings)


def with_missing(names: Sequence[str], count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of so many classes: those that the list lacks are called by their number."""
    lacking = list(range(len(names), count))
    if not lacking:
        return tuple(names), ()
    every = list(names)
    for number in lacking:
        every.append(_unlike(str(number), set(every), every))
    told = (
        f"class_names has {len(names)} names and the labels have {count} classes; the others are "
        f"called {_listed(every[len(names) :])}."
    )
    return tuple(every), (told,)


def _unlike(name: str, others: set[str], before: Sequence[str]) -> str:
    """The name, or with the least number that makes it unlike those before it and all others."""
    if name not in before:
        return name
    number = 2
    while f"{name} ({number})" in others:
        number += 1
    return f"{name} ({number})"


def _text(value: Any) -> str:
    """What Python prints for a plain value; numpy's values as the plain ones that they hold."""
    return str(value.item() if isinstance(value, np.generic) else value)


def _shown(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    return f"{plain!r} ({type(plain).__name__})"


def _listed(values: Sequence[str], show: Callable[[str], str] = repr) -> str:
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(map(show, values[:_NAMED])) + more
