"""How a text file writes its numbers: the decimal mark, and what stands between thousands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPACES = " \u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_MARKS = {"": "", ",": ",", ".": r"\.", " ": f"[{_SPACES}]", "'": f"[{_APOSTROPHES}]"}
_NAMES = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes"}
_SPECIAL = re.compile(r"[+-]?(inf|infinity|nan|true|false)", re.IGNORECASE | re.ASCII)
# A mark between two digits is the evidence of another format than the plain one.
_EVIDENCE = re.compile(rf"\d[,{_SPACES}{_APOSTROPHES}]\d|\d\.\d+[.,]\d|^[+-]?,\d|\d,$", re.ASCII)


# The comma may stand between thousands or before a fraction of three digits.
_DOUBTFUL = re.compile(r"\s*[+-]?[1-9]\d*,\d{3}\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The marks in the numbers of a file."""

    decimal: str = "."
    """Mark before the fraction: a point or a comma."""

    thousands: str = ""
    """Mark between groups of three digits: a comma, a point, a space, an apostrophe or nothing."""

    @property
    def is_plain(self) -> bool:
        """True for a decimal point without marks between thousands."""
        return self == PLAIN_NUMBERS

    @property
    def pattern(self) -> str:
        """Regular expression of a whole field that is a number, blanks around it allowed."""
        mark = _MARKS[self.decimal]
        whole = r"\d+"
        if self.thousands:
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{_MARKS[self.thousands]}\d{{3}})+)"
        exponent = r"(?:[eE][+-]?\d+)?"
        return rf"^\s*[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+){exponent}\s*$"

    @property
    def grouping(self) -> str:
        """Regular expression of the marks between thousands; empty without any."""
        return _MARKS[self.thousands]

    def described(self) -> list[str]:
        """What a note says of it."""
        said = ["decimal commas"] if self.decimal == "," else []
        return [*said, f"{_NAMES[self.thousands]} between thousands"] if self.thousands else said


PLAIN_NUMBERS = NumberFormat()
_PLAIN_NUMBER = re.compile(PLAIN_NUMBERS.pattern, re.ASCII)


def is_plain_number(field: str) -> bool:
    """True for a number with a decimal point, blanks around it allowed."""
    return bool(_PLAIN_NUMBER.match(field))


_KNOWN = tuple(
    NumberFormat(decimal, thousands)
    for thousands in ("", ",", ".", "'", " ")
    for decimal in (".", ",")
    if decimal != thousands
)


@dataclass(frozen=True, slots=True)
class DetectedNumberFormat:
    """The format of a file's numbers, as its first rows show it."""

    numbers: NumberFormat
    columns: frozenset[int]
    """Places of the columns whose fields are all numbers, or missing, in the first rows."""

    doubtful: int | None = None
    """Place of a column that two formats read as different numbers; None if there is no such."""


def detect_number_format(
    columns: Sequence[Sequence[str] | None], decimal: str | None, thousands: str | None
) -> DetectedNumberFormat:
    """Find the format that makes numbers of the most columns; plain numbers win a tie.

    Args:
        columns: Fields of the first rows that are not missing, column by column; None for a column
            whose fields are names.
        decimal: The decimal mark, if it is known.
        thousands: The mark between thousands, if it is known; empty for none.
    """
    possible = [
        one
        for one in _KNOWN
        if decimal in (None, one.decimal) and thousands in (None, one.thousands)
    ]
    plain = _fitting(columns, possible[0])
    odd = [
        place
        for place, fields in enumerate(columns)
        if fields is not None and place not in plain and any(map(_EVIDENCE.search, fields))
    ]
    if not odd:
        return DetectedNumberFormat(possible[0], plain)
    fitting = {one: plain if one is possible[0] else _fitting(columns, one) for one in possible}
    most = max(map(len, fitting.values()))
    best = [one for one in possible if len(fitting[one]) == most]
    chosen = best[0]
    is_given = decimal is not None or thousands is not None
    doubtful = None if is_given or chosen != NumberFormat(",") else _doubtful(columns, odd)
    return DetectedNumberFormat(chosen, fitting[chosen], doubtful)


def _doubtful(columns: Sequence[Sequence[str] | None], odd: Sequence[int]) -> int | None:
    """The first column with commas, where each comma stands before three digits as in 1,234."""
    fields = {place: [one for one in columns[place] or () if "," in one] for place in odd}
    commas = [place for place, some in fields.items() if some]
    is_doubtful = all(_DOUBTFUL.fullmatch(one) for place in commas for one in fields[place])
    return commas[0] if commas and is_doubtful else None


def _fitting(columns: Sequence[Sequence[str] | None], numbers: NumberFormat) -> frozenset[int]:
    fits = re.compile(numbers.pattern, re.ASCII).match
    return frozenset(
        place
        for place, fields in enumerate(columns)
        if fields is not None
        and all(fits(field) or _SPECIAL.fullmatch(field.strip()) for field in fields)
    )
