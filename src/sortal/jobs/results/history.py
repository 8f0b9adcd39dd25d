"""How members learnt, as data: one row per epoch, member and metric, and each course in one row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

AT = "epoch"
"""Name of the value that says when the others were measured."""

WATCHED = "validation_loss"
"""The metric whose least value tells the best epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHistory:
    """Values of one member, in the order they were measured."""

    seed: int | None
    fold: int | None
    rows: tuple[Mapping[str, float | None], ...]
    """Each with `epoch` and one value a metric; None for what was no number."""

    @property
    def best(self) -> Mapping[str, float | None] | None:
        """The row of the least validation loss; None where none was measured."""
        known = [row for row in self.rows if row.get(WATCHED) is not None]
        return min(known, key=lambda row: row[WATCHED] or 0.0, default=None)


def history_frame(courses: Iterable[MemberHistory]) -> "pl.DataFrame":
    """Lay courses out long: columns seed, fold, epoch, metric, value.

    `epoch` counts passes over the training examples, and is a fraction where validations
    fall between their ends.
    """
    import polars as pl

    types = {
        "seed": pl.Int64,
        "fold": pl.Int64,
        AT: pl.Float64,
        "metric": pl.String,
        "value": pl.Float64,
    }
    return pl.DataFrame(list(_long(courses)), schema=types, orient="row")


def _long(courses: Iterable[MemberHistory]) -> Iterator[tuple[Any, ...]]:
    for course in courses:
        for row in course.rows:
            for metric, value in row.items():
                if metric != AT:
                    yield course.seed, course.fold, row[AT], metric, value


def history_summary_frame(courses: Iterable[MemberHistory]) -> "pl.DataFrame":
    """One row a member: seed, fold, epochs trained, the best epoch, and the losses there.

    Where no validation loss was measured, the losses are those of the last epoch.
    """
    import polars as pl

    rows = []
    for course in courses:
        if course.rows:
            best = course.best
            shown = best or course.rows[-1]
            rows.append(
                {
                    "seed": course.seed,
                    "fold": course.fold,
                    "epochs": course.rows[-1][AT],
                    "best_epoch": best and best[AT],
                    **{metric: value for metric, value in shown.items() if metric != AT},
                }
            )
    frame = pl.DataFrame(rows, infer_schema_length=None)
    whole = [
        name
        for name in ("epochs", "best_epoch")
        if rows and all(float(row[name] or 0).is_integer() for row in rows)
    ]
    return frame.with_columns(pl.col(whole).cast(pl.Int64))
