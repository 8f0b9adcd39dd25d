"""The one place that prints for a person: tables, errors, exit codes, and the live display.

Results go to stdout, progress and errors to stderr. Titles and reasons are printed as they
are: nothing in them is taken for markup.
"""

import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from sortal.errors import Damaged, Interrupted, NotSavable, SortalError, TaskError, UserError
from sortal.job.problems import JobError, Problem
from sortal.views.progress import Display
from sortal.views.tables import (
    Columns,
    Row,
    Rows,
    TableColumn,
    as_csv,
    as_json,
    as_latex,
    as_rows,
    cell,
    choose_columns,
    is_numeric,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "Display",
    "ExitCode",
    "TableColumn",
    "echo",
    "layout",
    "note",
    "print_frame",
    "print_rows",
    "report_error",
    "table",
    "warn",
]

_PIPED_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""

_GAP = 2
"""Characters between two columns."""

_READABLE = 16
"""Characters that a folded column of text keeps at least."""

_HINTS = {
    Damaged: "Run the job again: what is damaged is put aside and computed anew. If this was such a run, "
    "type `sortal store check --put-aside` first.",
    NotSavable: "Its scores are kept; only applying it to new data is impossible.",
    TaskError: "What is finished is kept: run the same command again to go on.",
    Interrupted: "What is finished is kept: run the same command again to go on.",
}


class ExitCode(IntEnum):
    """What the `sortal` command ends with."""

    OK = 0
    SOME_FAILED = 1
    WRONG_INPUT = 2
    REQUEUE = 75
    INTERRUPTED = 130


def echo(text: str = "") -> None:
    """Print a line to stdout as it is."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line to stderr as it is: what is announced beside a result."""
    sys.stderr.write(f"{text}\n")


def warn(text: str) -> None:
    """Print a warning to stderr: something beside the result is missing."""
    note(f"warning: {text}")


def print_rows(rows: Rows, columns: Columns | None = None, *, title: str = "") -> None:
    """Print rows as a table for reading, as wide as the terminal."""
    console = _console()
    console.print(table(rows, columns, title=title, width=console.width))


def print_frame(
    frame: Rows, form: str = "table", *, columns: Columns | None = None, title: str = ""
) -> None:
    """Print rows in one of the forms that the command offers.

    Args:
        frame: The rows.
        form: `table`, `csv`, `latex` or `json`; CSV and JSON hold every column in full.
        columns: Columns to show in tables, all if not given.
        title: Stands above a table.

    Raises:
        ValueError: There is no such form.
    """
    match str(form):
        case "table":
            print_rows(frame, columns, title=title)
        case "csv":
            sys.stdout.write(as_csv(frame))
        case "latex":
            sys.stdout.write(as_latex(frame, columns, caption=title))
        case "json":
            sys.stdout.write(as_json(frame))
        case _:
            raise ValueError(f"form: expected table, csv, latex or json, got {form!r}")


def table(
    rows: Rows, columns: Columns | None = None, *, title: str = "", width: int = 80
) -> "Table":
    """Lay rows out for reading: numbers whole and to the right, text folded rather than cut.

    Args:
        rows: The rows.
        columns: Columns to show, all if not given.
        title: Stands above.
        width: Characters of a line. Where that is not enough the last columns are left
            out, and a line below names them.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    listed = as_rows(rows)
    shown, widths = layout(choose_columns(columns, listed), listed, width)
    laid = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False)
    laid.title, laid.title_justify = (Text(title, style="bold") if title else None), "left"
    for column, characters in zip(shown, widths, strict=True):
        justify: Literal["left", "right"] = "right" if is_numeric(column, listed) else "left"
        laid.add_column(Text(column.title), justify=justify, overflow="fold", width=characters)
    for row in listed:
        laid.add_row(*(Text(cell(row, column)) for column in shown))
    if left_out := [column.title for column in choose_columns(columns, listed)[len(shown) :]]:
        laid.caption, laid.caption_justify = Text(f"no room for: {', '.join(left_out)}"), "left"
    return laid


def layout(
    columns: tuple[TableColumn, ...], rows: Sequence[Row], width: int
) -> tuple[tuple[TableColumn, ...], list[int]]:
    """Choose the columns that fit and how wide each is, in characters.

    Headers fold first, then text, down to a width that still reads; then the last
    columns go.
    """
    for kept in range(len(columns), 0, -1):
        shown = columns[:kept]
        room = width - _GAP * (kept - 1)
        roomy, narrow, least = zip(*(_sizes(column, rows) for column in shown), strict=True)
        if sum(roomy) <= room:
            return shown, list(roomy)
        if sum(least) <= room or kept == 1:
            return shown, _shrunk(narrow, least, room)
    return columns, []


def _sizes(column: TableColumn, rows: Sequence[Row]) -> tuple[int, int, int]:
    """Characters that a column takes on one line, with its header folded, and at the least."""
    from rich.cells import cell_len

    body = max((cell_len(cell(row, column)) for row in rows), default=0)
    word = max(map(cell_len, column.title.split()), default=1)
    narrow = max(body, word)
    least = narrow if is_numeric(column, rows) else max(word, min(body, _READABLE))
    return max(body, cell_len(column.title)), narrow, least


def _shrunk(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Take from the widest until all fits, or nothing more can go."""
    fitted = list(widths)
    while sum(fitted) > room:
        spare = [i for i, size in enumerate(fitted) if size > least[i]]
        if not spare:
            break
        fitted[max(spare, key=fitted.__getitem__)] -= 1
    return fitted


def report_error(error: BaseException) -> None:
    """Print an error to stderr: what is wrong, and what helps."""
    console = _console(stderr=True)
    if isinstance(error, JobError):
        _print_problems(console, error)
        return
    text = str(error) or type(error).__name__
    if not isinstance(error, SortalError):
        text = f"{type(error).__name__}: {text}"
    _print(console, f"error: {text}", style="red")
    if hint := _hint(error):
        _print(console, hint)


def _hint(error: BaseException) -> str:
    if isinstance(error, UserError):
        return ""
    for kind, hint in _HINTS.items():
        if isinstance(error, kind):
            return hint
    return "" if isinstance(error, OSError) else "This is a fault of Sortal: please report it."


def _print_problems(console: "Console", error: JobError) -> None:
    count = len(error.problems)
    head = f"{error.file or 'the job'}: {count} problem{'s' if count != 1 else ''}"
    _print(console, f"error: {head}", style="red")
    for problem in error.problems:
        _print(console, f"  {_place(problem)}", style="bold")
        hint = f" Did you mean {problem.nearest!r}?" if problem.nearest else ""
        _print(console, f"      expected {problem.expected}, got {problem.got}.{hint}")


def _place(problem: Problem) -> str:
    line = f"line {problem.line}" if problem.line else ""
    return ", ".join(part for part in (line, problem.path) if part) or "the whole job"


def _print(console: "Console", text: str, *, style: str = "") -> None:
    from rich.text import Text

    # Folded by the terminal, not by us: a path or a name stays one word for copying and grep.
    console.print(Text(text, style=style), soft_wrap=True)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in console._environ:
        console.width = _PIPED_WIDTH
    return console
