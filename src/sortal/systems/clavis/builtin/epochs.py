"""What classifiers that train by epochs print of it, and where their networks are saved."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

_NAMES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "validation_loss": "val_loss",
    "validation_accuracy": "val_accuracy",
}
"""Keras's names, which the page's histories have, by ours."""

_LONGEST = 200
"""Bytes of a name: with the digits and the ending it is below the 255 of Linux."""

_FORBIDDEN = '/\\:*?"<>|'


def epoch_lines(rows: Sequence[Mapping[str, float | None]], verbose: int) -> Iterator[str]:
    """What is printed of a training.

    Args:
        rows: The history, a row an epoch; None for what was no number.
        verbose: 0 for nothing, 1 for the last epoch, 2 or more for every one.
    """
    first = {0: len(rows), 1: max(0, len(rows) - 1)}.get(verbose, 0)
    for number, row in enumerate(rows[first:], start=first + 1):
        named = {keras: row[ours] for ours, keras in _NAMES.items() if ours in row}
        shown = (f"{k} nan" if v is None else f"{k} {v:.4f}" for k, v in named.items())
        yield f"epoch {number}/{len(rows)}: {', '.join(shown)}"


def saved_model(folder: Path, job_title: str, title: str) -> Path:
    """Where the network of a configuration is saved: saved_models/<job>/<title>.h5.

    Args:
        folder: Where the batch runs.
        job_title: Of the job.
        title: Title of the configuration; what no file name can hold is written as %2F and the like, and
            one that is too long for any file is cut, with some digits that are computed from it.
    """
    return folder / "saved_models" / _file_name(job_title) / f"{_file_name(title)}.h5"


def _file_name(title: str) -> str:
    escaped = "".join(
        f"%{ord(letter):02X}" if letter in _FORBIDDEN or ord(letter) < 32 else letter
        for letter in title
    )
    escaped = f"%2E{escaped[1:]}" if escaped.startswith(".") else escaped
    written = escaped.encode(errors="replace")
    if len(written) <= _LONGEST:
        return escaped
    digits = blake2b(title.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return f"{written[:_LONGEST].decode(errors='ignore')}-{digits}"
