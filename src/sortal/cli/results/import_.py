"""`sortal import`: put classifiers that were trained elsewhere beside those of a job."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.cli.report import report
from sortal.options import DEFAULT_STORE, FormatOption, StoreOption, TableFormat
from sortal.views.console import echo, note
from sortal.views.progress import counted


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Table of predictions: CSV, TSV, Parquet, ROOT."),
    ],
    job: Annotated[
        str, typer.Option("--job", help="Job of the store that lists them, made if need be.")
    ],
    title: Annotated[
        str | None,
        typer.Option("--title", "-t", help="Title of a single file; its name if not given."),
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="Column that names each example; `id` if not given.")
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option("--label", help="Column of true classes; `label` if not given."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = TableFormat.TABLE,
) -> None:
    """Compare classifiers that were trained elsewhere, from files of their predictions.

    A file holds an example a row: its id, its true class, and a score of each class in a
    column CLASS or score_CLASS, or the predicted class in a column `class`. Each file becomes
    a classifier of the job, with all figures, intervals and comparisons. Of a job that is in
    the store, ids and labels must be those of its reported examples; of a new one they become
    its data, without features. What was imported cannot predict.

    \b
    Examples
      sortal import theirs.csv --job wines --title theirs
      sortal import svm.csv tree.parquet --job contest --id name --label truth
    """
    from sortal.jobs.imports.predictions import import_predictions
    from sortal.store.store import Store

    made = import_predictions(
        Store.open(store),
        files,
        job=job,
        title=title,
        id_column=id_column,
        label_column=label_column,
    )
    for said in made.notes:
        note(f"note: {said}")
    report(made.results, form)
    if form is not TableFormat.TABLE:
        return
    if made.new:
        home = "the new job" if made.is_new_job else "the job"
        echo(f"imported {counted(len(made.new), 'classifier')} into {home} {job}.")
    else:
        echo(f"nothing to import: {', '.join(made.titles)} of {job} is in the store already.")
