"""Rows as text: which columns a table has, what a cell says, and CSV, LaTeX, HTML and JSON of the same rows.

Nothing is computed here: numbers are only written down.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

if TYPE_CHECKING:
    import polars as pl

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Union["pl.DataFrame", Iterable[Row]]

ABSENT = "\u2013"
"""What a cell without a value says."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    ABSENT: "--",
    "±": r"$\pm$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column of a table, with what belongs into the same cell."""

    name: str
    header: str = ""
    """What stands above; the name with spaces for underscores if empty."""

    low: str = ""
    high: str = ""
    """Names of the ends of an interval: `0.953 [0.942, 0.963]`."""

    sd: str = ""
    """Name of a spread: `0.953 ± 0.004`. A row that has it shows no interval."""

    digits: int = 3
    """Decimals of its numbers; large numbers have fewer, tiny ones as many significant digits."""

    @property
    def title(self) -> str:
        """What stands above."""
        return self.header or self.name.replace("_", " ")


Columns: TypeAlias = Sequence[TableColumn | str]


def as_rows(rows: Rows) -> list[Row]:
    """Rows of a frame, or of any iterable of mappings, as a list."""
    to_dicts = getattr(rows, "to_dicts", None)  # asks the frame, so that polars is not loaded here
    return list(to_dicts() if to_dicts else cast("Iterable[Row]", rows))


def columns_of(rows: Sequence[Row]) -> tuple[TableColumn, ...]:
    """All columns, in order; `low`, `high` and `sd` belong to the column they follow.

    >>> columns_of([{"title": "svm", "f1": 0.5, "low": 0.4, "high": 0.6}])[1].high
    'high'
    """
    columns: list[TableColumn] = []
    extras: dict[str, str] = {}
    for name in [*_names(rows), ""]:
        if name in ("low", "high", "sd") and columns:
            extras[name] = name
            continue
        if extras:
            columns[-1] = TableColumn(name=columns[-1].name, **extras)  # type: ignore[arg-type]  # str fields only
            extras = {}
        if name:
            columns.append(TableColumn(name=name))
    return tuple(columns)


def choose_columns(columns: Columns | None, rows: Sequence[Row]) -> tuple[TableColumn, ...]:
    """The columns asked for, all if none are; a name alone stands for what `columns_of` says."""
    known = {column.name: column for column in columns_of(rows)}
    if columns is None:
        return tuple(known.values())
    return tuple(
        known.get(column, TableColumn(name=column)) if isinstance(column, str) else column
        for column in columns
    )


def is_numeric(column: TableColumn, rows: Sequence[Row]) -> bool:
    """Whether all values of a column are numbers; absent ones do not count."""
    values = [value for row in rows if (value := row.get(column.name)) is not None]
    return bool(values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def cell(row: Row, column: TableColumn) -> str:
    """What a cell says, with interval or spread.

    >>> cell({"f1": 0.5, "sd": 0.01}, Column(name="f1", sd="sd"))
    '0.500 ± 0.010'
    """
    text = _value(row.get(column.name), column.digits)
    if text == ABSENT:
        return text
    low, high, sd = (
        row.get(name) if name else None for name in (column.low, column.high, column.sd)
    )
    if sd is not None:
        return f"{text} ± {_value(sd, column.digits)}"
    if low is not None and high is not None:
        return f"{text} [{_value(low, column.digits)}, {_value(high, column.digits)}]"
    return text


def as_csv(rows: Rows) -> str:
    """All columns with their numbers in full; what is absent is empty."""
    listed = as_rows(rows)
    text = io.StringIO()
    names = _names(listed)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_raw(row.get(name)) for name in names] for row in listed)
    return text.getvalue()


def as_json(rows: Rows) -> str:
    """A list of objects with numbers in full; NaN and infinity are null."""
    return json.dumps([_finite(row) for row in as_rows(rows)], indent=2, ensure_ascii=False) + "\n"


def as_latex(rows: Rows, columns: Columns | None = None, *, caption: str = "") -> str:
    """A `tabular` as a paper shows it (needs the package booktabs), in a `table` if it has a caption."""
    listed = as_rows(rows)
    shown = choose_columns(columns, listed)
    alignment = "".join("r" if is_numeric(column, listed) else "l" for column in shown)
    lines = [
        f"\\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _latex_row(column.title for column in shown),
        r"\midrule",
        *(_latex_row(cell(row, column) for column in shown) for row in listed),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if caption:
        head = [r"\begin{table}", r"\centering", f"\\caption{{{escape_latex(caption)}}}"]
        lines = [*head, *lines, r"\end{table}"]
    return "\n".join(lines) + "\n"


def as_html(rows: Rows, columns: Columns | None = None, *, caption: str = "") -> str:
    """A table as a notebook shows it; every text is escaped."""
    listed = as_rows(rows)
    shown = choose_columns(columns, listed)
    sides = ["right" if is_numeric(column, listed) else "left" for column in shown]
    head = _html_row("th", zip((column.title for column in shown), sides, strict=True))
    body = [
        _html_row("td", zip((cell(row, column) for column in shown), sides, strict=True))
        for row in listed
    ]
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return "\n".join(
        [f"<table>{above}", f"<thead>{head}</thead>", "<tbody>", *body, "</tbody>", "</table>"]
    )


def _html_row(tag: str, cells: Iterable[tuple[str, str]]) -> str:
    inside = "".join(
        f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>' for text, side in cells
    )
    return f"<tr>{inside}</tr>"


def escape_latex(text: str) -> str:
    r"""Text that LaTeX sets as it reads here.

    >>> escape_latex("50 % of f_1")
    '50 \\% of f\\_1'
    """
    spaced = re.sub(r"\s+", " ", text)
    return "".join(_LATEX.get(character, character) for character in spaced)


def _latex_row(cells: Iterable[str]) -> str:
    # Braces: a cell that begins with [ would be read as the space asked for by the \\ above it.
    escaped = [escape_latex(text) for text in cells]
    return " & ".join(f"{{{text}}}" if text[:1] in "[*" else text for text in escaped) + r" \\"


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _value(value: Any, digits: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value, digits)
    return str(value)


def _number(value: float, digits: int) -> str:
    """A number with `digits` decimals, one less for every digit before the point but the first.

    >>> [_number(value, 3) for value in (0.5, 12.3456, 12345.6, 0.0000123)]
    ['0.500', '12.35', '12346', '1.23e-05']
    """
    tiny = 0 < abs(value) < 0.5 * 10**-digits
    if tiny or not abs(value) < 1e12:
        return f"{value:.{digits}g}"
    whole = len(str(int(abs(value))))
    return f"{value:.{max(0, digits + 1 - whole)}f}"


def _raw(value: Any) -> Any:
    """A value as CSV has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if isinstance(value, float) and math.isnan(value) else value


def _finite(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return {name: _finite(of) for name, of in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(of) for of in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def format_bytes(count: float) -> str:
    """Bytes in words.

    >>> size(1536)
    '1.5 kB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"
