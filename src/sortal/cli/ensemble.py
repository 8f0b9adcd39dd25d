"""`sortal ensemble`: average stored classifiers into one."""

from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, FormatOption, StoreOption, TableFormat


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ensemble", short_help="Average stored classifiers into one.")(ensemble)


def ensemble(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULT...",
            help="JOB/TITLE, a title that only one job has, or a job for all of its classifiers.",
        ),
    ],
    title: Annotated[str, typer.Option("--title", "-t", help="Title of the ensemble.")],
    job: Annotated[
        str | None,
        typer.Option("--job", help="Job that lists it; that of the first RESULT if not given."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="W,W,...",
            help="What each RESULT counts, shared by its seeds; all members alike if not given.",
        ),
    ] = None,
    best: Annotated[
        int | None,
        typer.Option("--best", min=1, help="Average so many: the best on validation examples."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = TableFormat.TABLE,
) -> None:
    """Average stored classifiers into one: the mean of their probabilities, class by class.

    Nothing is trained. The ensemble is listed by `sortal show`, compared and applied like
    any other classifier; `sortal predict` tells besides how far its members disagree on
    each example. Members must be of the same data and split; of folds and targets each is
    averaged for itself.

    \b
    Examples
      sortal ensemble "wines/svm" "wines/lda" --title both
      sortal ensemble digits-demo --title everything
      sortal predict "wines/both" new.csv --out classes.csv
    """
    from sortal.cli.combine import combine

    combine(results, title=title, job=job, weights=weights, best=best, store=store, form=form)
