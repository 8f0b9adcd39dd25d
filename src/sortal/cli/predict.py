"""`sortal predict`: apply a stored classifier to new data."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, QuietOption, StoreOption


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict", short_help="Classify new data with a stored classifier.")(predict)


def predict(
    result: Annotated[
        str, typer.Argument(metavar="RESULT", help="JOB/TITLE, or a title that only one job has.")
    ],
    data: Annotated[list[Path], typer.Argument(metavar="DATA", help="Files to classify.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .csv or .parquet.")],
    store: StoreOption = DEFAULT_STORE,
    id_column: Annotated[
        str | None,
        typer.Option(
            "--id",
            help="Column that names each example, '' for the one without a name (row numbers where "
            "a file has none); if not given, the job's `id`, or row numbers where a file lacks it.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Of several seeds, the one to use; their mean if not given."),
    ] = None,
    block: Annotated[
        int, typer.Option("--block", min=1, help="Examples held in memory at a time.")
    ] = 50_000,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad",
            help="Leave class and scores blank where a value is missing that the method needs, is "
            "no number, or is infinite; without this, such a value is an error.",
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Classify new data with a stored classifier: id, class and a score per class.

    Columns are found by name, in any order; others are ignored. Data is read, scored
    and written block by block, so files may be larger than memory. Features outside
    the range seen in training are counted and warned of. A file that ends in an error
    leaves an earlier output as it was.

    \b
    Example
      sortal predict "digits-demo/svm C=10" new.csv --out classes.csv
    """
    from sortal.cli.apply import predict_files

    predict_files(
        result,
        data,
        out=out,
        store=store,
        id_column=id_column,
        seed=seed,
        block=block,
        quiet=quiet,
        skip_bad=skip_bad,
    )
