"""Options that several commands share, each defined once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

StoreOption = Annotated[
    Path,
    typer.Option("--store", help="Folder of the store.", envvar="SORTAL_STORE", show_default=True),
]
CoresOption = Annotated[
    int | None,
    typer.Option("--cores", min=1, help="Cores to use; all that are available if not given."),
]
PluginsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins",
        metavar="DIR",
        help="Folder with classifiers/, datasets/ and metrics/ of your own, as the manual shows; "
        "may be given several times.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]

DEFAULT_STORE = Path(".sortal")


class TableFormat(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    LATEX = "latex"
    JSON = "json"


FormatOption = Annotated[
    TableFormat,
    typer.Option("--format", "-f", help="Print tables for reading, or as CSV, LaTeX or JSON."),
]

VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Also show what classifiers print while they train."),
]
