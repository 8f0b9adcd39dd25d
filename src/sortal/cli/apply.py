"""What `sortal predict` does and prints."""

from collections.abc import Sequence
from pathlib import Path

from sortal.errors import UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.prediction_file import check_suffix, writing
from sortal.jobs.results.lookup import find_result
from sortal.store.store import Store
from sortal.views.console import echo, note


def predict_files(
    what: str,
    files: Sequence[Path],
    *,
    out: Path,
    store: Path,
    id_column: str | None,
    seed: int | None,
    block: int,
    quiet: bool,
    skip_bad: bool = False,
) -> None:
    """Classify files with a stored classifier and write one file."""
    check_suffix(out)
    if out.exists() and any(path.exists() and path.samefile(out) for path in files):
        raise UserError(
            f"--out: {out} is one of the files to classify; name another file to write."
        )
    opened = Store.open(store, create=False)
    found, results = find_result(opened, what)
    usual_id = found.record.data.id
    predictor = Predictor.load(opened, results, seed=seed, usual_id=usual_id)
    for remark in predictor.spec.reading_notes(files):
        note(f"note: {remark}")
    with writing(predictor, out) as file:
        for predicted in predictor.files(files, id_column=id_column, size=block, skip_bad=skip_bad):
            file.write(predicted)
    if not quiet:
        echo(f"wrote {file.examples} predictions of {results[0].title} to {out}")
    for sentence in predictor.seen.sentences():
        echo(f"note: {sentence}")
    if predictor.extrapolation:
        echo(f"warning: {predictor.extrapolation}")
