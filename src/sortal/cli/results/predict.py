"""`sortal predict`: apply a stored classifier to new data."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.errors import UserError
from sortal.options import DEFAULT_STORE, QuietOption, ResultArgument, StoreOption
from sortal.views.console import echo, note


def predict(
    result: ResultArgument,
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
    from sortal.jobs.applying.predict import Predictor
    from sortal.jobs.applying.prediction_file import check_suffix, open_prediction_file
    from sortal.jobs.results.lookup import find_result
    from sortal.store.store import Store

    check_suffix(out)
    if out.exists() and any(path.exists() and path.samefile(out) for path in data):
        raise UserError(
            f"--out: {out} is one of the files to classify; name another file to write."
        )
    opened = Store.open(store, create=False)
    found, results = find_result(opened, result)
    predictor = Predictor.load(opened, results, seed=seed, usual_id=found.record.data.id)
    for remark in predictor.spec.reading_notes(data):
        note(f"note: {remark}")
    with open_prediction_file(predictor, out) as file:
        for predicted in predictor.files(data, id_column=id_column, size=block, skip_bad=skip_bad):
            file.write(predicted)
    if not quiet:
        echo(f"wrote {file.examples} predictions of {results[0].title} to {out}")
    for sentence in predictor.seen.sentences():
        echo(f"note: {sentence}")
    if predictor.extrapolation:
        echo(f"warning: {predictor.extrapolation}")
