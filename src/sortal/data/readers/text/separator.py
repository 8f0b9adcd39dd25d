"""Which character separates the fields of a text file, as its first lines show it.

Own code, because `csv.Sniffer` takes letters for separators and knows no comments.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sortal.data.readers.base import MISSING
from sortal.data.readers.text.lines import BLANKS, TextLayout, has_padded_quotes, numbered_rows

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", BLANKS: "spaces"}
"""What notes call a separator."""

_CANDIDATES = tuple(NAMES)
_LIKE_A_NUMBER = re.compile(
    r"[+-]?(\d[\d.,'\u2019]*|[.,]\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """What the first lines look like, taken apart at one character."""

    delimiter: str
    rows: list[list[str]]
    """Without the header."""

    header: list[str] | None
    width: int
    """Number of fields that most rows have."""

    share: float
    """Share of the rows that have so many."""

    @property
    def is_even(self) -> bool:
        """True if header and rows have the same number of fields, at least two."""
        return self.share == 1 and self.width > 1 and self._header_is(self.width)

    @property
    def lacks_a_name(self) -> bool:
        """True if all rows have the same number of fields, and the header has one name less."""
        return self.share == 1 and self.width > 2 and self._header_is(self.width - 1)

    @property
    def is_likely(self) -> bool:
        """True if most rows have the fields that the header names."""
        return self.share > 0.5 and self.width > 1 and self._header_is(self.width)

    def _header_is(self, width: int) -> bool:
        return self.header is None or len(self.header) == width

    @property
    def numeric_share(self) -> float:
        """Share of the columns that hold numbers in some format."""
        columns = zip(*self.rows, strict=False)
        return sum(map(_holds_numbers, columns)) / max(1, self.width)


def find_delimiter(
    lines: Sequence[str], usual: str | None, *, has_header: bool, width: int | None = None
) -> str:
    """Find the separator of a table.

    Args:
        lines: Its first lines, without comments.
        usual: The separator that the ending of the file's name stands for; it wins where it fits.
        has_header: True if the first line names the columns.
        width: Number of columns, where it is known.
    """
    fits = [
        fit
        for delimiter in _CANDIDATES
        if (fit := _fit(lines, delimiter, has_header=has_header)) is not None
        and width in (None, fit.width)
    ]
    fitting = [fit for fit in fits if fit.is_even] or [fit for fit in fits if fit.lacks_a_name]
    if fitting:
        return _best(fitting, usual, has_header=has_header)
    likely = [fit for fit in fits if fit.is_likely and fit.delimiter != BLANKS]
    own = [fit for fit in likely if fit.delimiter == usual]
    if likely and not own:
        return max(likely, key=lambda fit: fit.share).delimiter
    return usual or ","


def _best(fitting: list[_Fit], usual: str | None, *, has_header: bool) -> str:
    own = next((fit for fit in fitting if fit.delimiter == usual), None)
    if own is not None:
        rivals = [] if has_header else [fit for fit in fitting if _displaces(fit, own)]
        return (rivals[0] if rivals else own).delimiter
    tight = [fit for fit in fitting if fit.delimiter != BLANKS or fit.numeric_share > 0]
    if not tight and usual is not None:
        # Lines of so many words each are one column of text.
        return usual
    return max(tight or fitting, key=lambda fit: fit.numeric_share).delimiter


def _displaces(rival: _Fit, own: _Fit) -> bool:
    """True if the usual separator only stands inside numbers, as a decimal comma does.

    `0,5;1,5` without a header has two columns and not three.
    """
    if rival.delimiter == BLANKS and own.numeric_share == 1:
        return False
    columns = list(zip(*rival.rows, strict=False))
    held = [any(own.delimiter in field for field in fields) for fields in columns]
    return any(held) and all(
        not holds or _holds_numbers(fields) for holds, fields in zip(held, columns, strict=True)
    )


def _fit(lines: Sequence[str], delimiter: str, *, has_header: bool) -> _Fit | None:
    layout = TextLayout(delimiter=delimiter, has_padded_quotes=has_padded_quotes(lines, delimiter))
    try:
        rows = [row for _, row in numbered_rows(lines, layout) if row]
    except csv.Error:
        return None
    if not rows:
        return None
    header, body = (rows[0], rows[1:]) if has_header else (None, rows)
    counted = Counter(map(len, body or rows)).most_common(1)
    width, count = counted[0]
    return _Fit(
        delimiter=delimiter,
        rows=body,
        header=header,
        width=width,
        share=count / len(body or rows),
    )


def _holds_numbers(fields: Sequence[str]) -> bool:
    known = [stripped for field in fields if (stripped := field.strip()) not in MISSING]
    return bool(known) and all(map(_LIKE_A_NUMBER.fullmatch, known))
