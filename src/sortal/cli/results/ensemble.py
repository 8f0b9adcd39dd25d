"""`sortal ensemble`: average stored classifiers into one."""

from typing import TYPE_CHECKING, Annotated

import typer

from sortal.errors import OptionError
from sortal.metrics.registry import title_of
from sortal.options import DEFAULT_STORE, FormatOption, StoreOption, TableFormat
from sortal.views.console import TableColumn, echo, print_frame
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.jobs.ensembles.ensemble import Ensemble


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
    from sortal.jobs.ensembles.ensemble import ensemble as average
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    made = average(opened, results, title=title, job=job, weights=_numbers(weights), best=best)
    _print_table(made, form)
    if form is TableFormat.TABLE:
        _print_end(made)


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise OptionError(
            "--weights", text, "numbers with commas between, such as 2,1,1"
        ) from error


def _print_table(made: "Ensemble", form: TableFormat) -> None:
    headline, rows = made.results.headline, made.table()
    shown = TableColumn(
        name=headline, header=f"{title_of(headline)} [95 %]", low="low", high="high", sd="sd"
    )
    columns = [
        shown if name == headline else name
        for name in rows.columns
        if name not in ("low", "high", "sd")
    ]
    title = f"{made.title} on {made.results.part} examples"
    print_frame(rows, form, columns=columns, title=title)


def _print_end(made: "Ensemble") -> None:
    for phrase in made.left_out:
        echo(f"left out: {phrase}.")
    name = f"{made.results.name}/{made.title}"
    if made.is_new:
        echo(
            f"{name} averages {counted(made.members, 'member')} of "
            f"{counted(len(made.averaged), 'classifier')}."
        )
    else:
        echo(f"nothing to compute: {name} is in the store {made.results.store.folder} already.")
