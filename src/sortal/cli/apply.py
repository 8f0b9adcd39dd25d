"""What `sortal predict` does and prints."""

from collections.abc import Sequence
from pathlib import Path

from sortal.console import echo, note
from sortal.jobs.applying.predict import Predictor, outside_sentence
from sortal.jobs.applying.prediction_file import check_suffix, writing
from sortal.jobs.find import find_result
from sortal.store.store import Store


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
) -> None:
    """Classify files with a stored classifier and write one file."""
    check_suffix(out)
    opened = Store.open(store, create=False)
    _, results = find_result(opened, what)
    predictor = Predictor.load(opened, results, seed=seed)
    for said in predictor.spec.reading_notes(files):
        note(f"note: {said}")
    with writing(predictor, out) as file:
        for predicted in predictor.files(files, id_column=id_column, size=block):
            file.write(predicted)
    if not quiet:
        echo(f"wrote {file.examples} predictions of {results[0].title} to {out}")
    if predictor.outside:
        echo("warning: " + outside_sentence(predictor.outside, file.examples))
