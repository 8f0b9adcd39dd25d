"""What a shift is: expressions by what they replace, how far it reaches, and what to say of it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from sortal.data.expressions.parse import find_names, parse
from sortal.errors import OptionError

Shift: TypeAlias = Mapping[str, str]
"""Expressions by the column, the element of a branch of lists (`Jet_pt[0]`), the whole branch, or
the alias that they replace."""

_ELEMENT = re.compile(r"(.+)\[(\d+)\]")
_WORD = re.compile(
    r"""'[^']*'|"[^"]*"|(?:`(?P<quoted>[^`]+)`|(?<![\w.])(?P<plain>[^\W\d][\w.]*))(?!\s*[\[(]|[\w.])"""
)
"""A text, which stays as it is, or a name that is neither a function nor has an element behind it."""


def shift_option(name: str, column: str) -> str:
    """What errors call one expression of a shift."""
    return f"shift {name}: {column}"


def element_of(name: str) -> tuple[str, int | None]:
    """A branch and the number of one of its elements; None for a name without one.

    >>> element_of("Jet_pt[2]"), element_of("Met")
    (('Jet_pt', 2), ('Met', None))
    """
    found = _ELEMENT.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def names_within(text: str, option: str) -> set[str]:
    """Names in an expression, without their elements.

    Raises:
        BadExpression: It cannot be read.
    """
    return {one.name for one in find_names(parse(text, option))}


def with_elements(text: str, lists: Collection[str], element: int) -> str:
    """An expression over branches of lists as one over their elements of that number.

    >>> with_elements("Jet_pt * (1 + Met / Jet_pt[0])", {"Jet_pt"}, 2)
    '`Jet_pt`[2] * (1 + Met / Jet_pt[0])'
    """

    def numbered(word: re.Match[str]) -> str:
        name = word["quoted"] or word["plain"]
        return f"`{name}`[{element}]" if name in lists else word[0]

    return _WORD.sub(numbered, text)


def reached(shift: Shift, aliases: Mapping[str, str]) -> set[str]:
    """What a shift changes: what it names, and every alias that is made of that, however far."""
    found = set(shift)
    while grown := {a for a, text in aliases.items() if _is_made_of(text, a, found)} - found:
        found |= grown
    return found


def _is_made_of(text: str, alias: str, of: Collection[str]) -> bool:
    return any(one.column in of or one.name in of for one in find_names(parse(text, alias)))


def refuse_idle_shifts(
    shifts: Mapping[str, Shift], aliases: Mapping[str, str], variables: Sequence[str]
) -> None:
    """Refuse a shift that leaves all variables of a network as they are.

    Raises:
        OptionError: Naming the shift and the variables.
    """
    for name, shift in shifts.items():
        found = reached(shift, aliases)
        if not any(one in found or element_of(one)[0] in found for one in variables):
            listed = ", ".join(variables)
            raise OptionError(
                f"shift {name}",
                ", ".join(shift),
                f"a variable of the network, or what one is made of ({listed})",
            )


def shift_remarks(
    shifts: Mapping[str, Shift], aliases: Mapping[str, str], cut: str, kept: Sequence[str]
) -> Iterator[str]:
    """Sentences on what shifts do not do.

    Args:
        shifts: All shifts.
        aliases: All aliases.
        cut: The cut, which looks at columns as they are.
        kept: Columns that are copied as they are.
    """
    for name, shift in shifts.items():
        found = reached(shift, aliases)
        for column in shift:
            others = {key: text for key, text in shift.items() if key != column}
            if column in aliases and column in reached(others, aliases):
                yield (
                    f"the shift {name} names {column!r} and something that it is made of: "
                    f"{column!r} is what its own expression makes of unshifted values."
                )
        if cut and _is_made_of(cut, "cut", found):
            yield (
                f"the shift {name} changes columns that the cut asks for: the cut looks at unshifted "
                "columns, so the same events are scored, and none moves across the cut."
            )
        copied = [one for one in kept if one in found]
        if copied:
            yield (
                f"the shift {name} changes {', '.join(map(repr, copied))} too, which the file of "
                "scores holds unshifted."
            )
