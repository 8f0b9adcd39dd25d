"""What `sortal ensemble` does and prints."""

from collections.abc import Sequence
from pathlib import Path

from sortal.errors import OptionError
from sortal.jobs.ensembles.ensemble import Ensemble, ensemble
from sortal.metrics.registry import title_of
from sortal.options import TableFormat
from sortal.store.store import Store
from sortal.views.console import Column, echo, print_frame
from sortal.views.progress import counted


def combine(
    names: Sequence[str],
    *,
    title: str,
    job: str | None,
    weights: str | None,
    best: int | None,
    store: Path,
    form: TableFormat,
) -> None:
    """Make an ensemble, and print its figures beside those of its members."""
    opened = Store.open(store, create=False)
    made = ensemble(opened, names, title=title, job=job, weights=_numbers(weights), best=best)
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


def _print_table(made: Ensemble, form: TableFormat) -> None:
    headline, rows = made.results.headline, made.table()
    shown = Column(
        name=headline, header=f"{title_of(headline)} [95 %]", low="low", high="high", sd="sd"
    )
    columns = [
        shown if name == headline else name
        for name in rows.columns
        if name not in ("low", "high", "sd")
    ]
    title = f"{made.title} on {made.results.part} examples"
    print_frame(rows, form, columns=columns, title=title)


def _print_end(made: Ensemble) -> None:
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
