"""What several commands print of a job: its ranking, its failures, pictures that are missing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sortal.options import TableFormat
from sortal.views.console import ExitCode, echo, print_frame, warn

if TYPE_CHECKING:
    import polars as pl

    from sortal.jobs.results.results import JobResults

RESULTS = Path("sortal-results")
"""Folder that plots are written into where no other is named."""


def report(results: "JobResults", form: TableFormat, *, most: int | None = None) -> None:
    """Print the ranking of every target, and who is tied with the best.

    Args:
        results: The results.
        form: Other forms than tables are one document, with a column for the target.
        most: Rows of each table; all if not given.
    """
    from sortal.views import ranking

    if form is not TableFormat.TABLE:
        rows = rows_by_target({target: results.ranking(target) for target in results.targets})
        columns = [*(["target"] if results.targets != (None,) else []), *ranking.columns(results)]
        print_frame(rows, form, columns=columns, title=ranking.heading(results, None))
        return
    if not results.results:
        echo(f"{results.name}: nothing is computed yet.")
    for target in results.targets:
        ranked = results.ranking(target)
        shown = ranked if most is None else ranked.head(most)
        print_frame(
            shown, form, columns=ranking.columns(results), title=ranking.heading(results, target)
        )
        if len(shown) < len(ranked):
            echo(f"and {len(ranked) - len(shown)} more: sortal show {results.name} --top 0")
        echo(ranking.tied_sentence(results, target))
    if results.record.figures_alone:
        for remark in results.record.notes:
            echo(f"note: {remark}")
    if results.damage:
        echo(f"note: {results.damage} Run the job again to read it anew from the source.")
    if results.metrics_damage:
        echo(f"note: {results.metrics_damage} Run the job again to compute them anew.")


def rows_by_target(frames: Mapping[str | None, "pl.DataFrame"]) -> list[dict[str, Any]]:
    """Rows of several targets' frames, each with its target in front where it has one."""
    return [
        row if target is None else {"target": target, **row}
        for target, frame in frames.items()
        for row in frame.to_dicts()
    ]


def report_failures(results: "JobResults") -> None:
    """Print every failed member with its reason."""
    if results.failed:
        echo(f"{len(results.failed)} failed:")
    for place, failure in results.failed.items():
        echo(f"  {place}: {failure.reason}")


def report_pictures(written: Sequence[Path], failed: Sequence[str]) -> int:
    """Name the pictures that were written, and say why others are missing; returns the exit code."""
    for path in written:
        echo(f"wrote {path}")
    for sentence in failed:
        warn(sentence)
    return ExitCode.SOME_FAILED if failed else ExitCode.OK
