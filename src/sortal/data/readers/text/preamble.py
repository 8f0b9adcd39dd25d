"""What stands before a table of text, and comments within it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sortal.data.readers.base import MISSING
from sortal.data.readers.text.lines import TextLayout, ends_inside, field_count, numbered_rows
from sortal.data.readers.text.number_format import is_plain_number

_SIGN = "#"
_SEPARATOR_LINE = re.compile(r"\"?sep=([\t !#-/:-@\[-^`{-~])\"?\s*", re.IGNORECASE)
_USUAL_BORDERS = ",;\t| "
"""Characters of which one is likely to separate fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """The lines before a table."""

    skipped: int = 0
    """Number of these lines."""

    separator: str = ""
    """Separator that a line `sep=;` names, as Excel writes it; empty without such a line."""

    sign: str = ""
    """What a comment begins with; empty if no line is a comment."""

    remarks: int = 0
    """Number of comments among these lines."""

    last_remark: str = ""
    """The comment right before the table; empty if there is none."""

    def is_remark(self, line: str) -> bool:
        """Tell whether a line of the table looks like a comment."""
        return bool(self.sign) and line.lstrip(" \t").startswith(self.sign)

    def names_in_remark(self, layout: TextLayout, body: Sequence[Sequence[str]]) -> list[str]:
        """Names that the last comment gives to the columns of a table without a header line.

        Args:
            layout: How the table is taken apart.
            body: Its first rows.

        Returns:
            The names; none if the first row is a header line or if the comment is only a comment.
        """
        text = self.last_remark.lstrip(" \t")[len(self.sign) :].strip()
        if not text or not body or not _is_example(body[0], body[1:]):
            return []
        ((_, row),) = numbered_rows([text], TextLayout(delimiter=layout.delimiter))
        names = [name.strip() for name in row]
        fits = len(names) == len(body[0]) and len({*names}) == len(names) and all(names)
        is_prose = len(names) == 1 and " " in names[0]
        return names if fits and not is_prose and not any(map(is_plain_number, names)) else []


def read_preamble(lines: Sequence[str], comment: str | None) -> Preamble:
    """Find the first line of a table.

    Args:
        lines: First lines of a file.
        comment: What comments begin with, empty for none; `#` if None.
    """
    sign = _SIGN if comment is None else comment
    separator = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    place = start = 1 if separator else 0
    remarks, last = 0, ""
    while place < len(lines):
        line = lines[place]
        is_remark = bool(sign) and line.lstrip(" \t").startswith(sign)
        if line.strip() and not is_remark:
            break
        remarks += is_remark
        last = line if is_remark else ""
        place += 1
    if comment is None and remarks and place == len(lines):
        # Every line begins with the sign, which therefore belongs to the values.
        place, remarks, last, sign = start, 0, "", ""
    return Preamble(
        skipped=place,
        separator=separator[1] if separator else "",
        sign=sign,
        remarks=remarks,
        last_remark=last,
    )


def find_comment_sign(
    table: Sequence[str], layout: TextLayout, opening: Preamble, *, is_given: bool
) -> str:
    """What comments between the rows of a table begin with; empty if there are none.

    A line that begins with the sign and has as many fields as the rows is a row.

    Args:
        table: First lines of the table.
        layout: How they are taken apart.
        opening: What stands before the table.
        is_given: True if the user says what a comment begins with.
    """
    if is_given:
        return opening.sign
    marked, others = _divided(table, opening, layout.borders)
    if not marked or not others:
        return ""
    width = field_count(others[0], layout)
    is_found = width > 1 and all(field_count(one, layout) != width for one in marked)
    return opening.sign if is_found else ""


def strip_comment_lines(
    table: Sequence[str], opening: Preamble, delimiter: str | None = None
) -> list[str]:
    """Lines of a table that do not begin with the sign of a comment, or do so inside quotes.

    Args:
        table: First lines of the table.
        opening: What stands before it.
        delimiter: Character between fields; None where it is not known yet.
    """
    borders = _USUAL_BORDERS if delimiter is None else TextLayout(delimiter=delimiter).borders
    return _divided(table, opening, borders)[1]


def _divided(table: Sequence[str], opening: Preamble, borders: str) -> tuple[list[str], list[str]]:
    """Lines that begin with the sign of a comment, not inside quotes, and the other lines."""
    marked, others, inside = list[str](), list[str](), False
    for line in table:
        if not inside and opening.is_remark(line):
            marked.append(line)
            continue
        others.append(line)
        if inside or '"' in line:
            inside = ends_inside(line, borders, is_padded=True, is_inside=inside)
    return marked, others


def _is_example(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """True if the first row holds numbers where the other rows do; some may be missing."""
    if not others:
        return all(map(is_plain_number, first))
    columns = list(zip(first, *others, strict=False))
    numeric = [held for held in columns if _are_numbers(held[1:])]
    # A column with gaps may hold numbers among names: if there are others, these decide.
    whole = [held for held in numeric if all(map(is_plain_number, held[1:]))] or numeric
    return any(is_plain_number(held[0]) for held in numeric) and all(
        is_plain_number(held[0]) or _is_gap(held[0]) for held in whole
    )


def _are_numbers(fields: Sequence[str]) -> bool:
    """True if all fields that are not missing are numbers, one at least."""
    known = [field for field in fields if not _is_gap(field)]
    return bool(known) and all(map(is_plain_number, known))


def _is_gap(field: str) -> bool:
    return field.strip() in MISSING
