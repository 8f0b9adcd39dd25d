"""What `run`, `check`, `show` and `list` print; every number comes from below."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sortal.data.labels import Outputs
from sortal.engines.base import Engines
from sortal.errors import Damaged, UserError
from sortal.jobs.pictures import draw
from sortal.jobs.results.lookup import find_job, find_place, names_file
from sortal.jobs.results.result import Result
from sortal.jobs.results.results import Results
from sortal.jobs.results.similar_names import Place
from sortal.jobs.running.run_options import RunOptions
from sortal.options import TableFormat
from sortal.store.store import Store
from sortal.views import ranking
from sortal.views.console import Display, ExitCode, echo, note, print_frame, warn
from sortal.views.progress import counted

if TYPE_CHECKING:
    import polars as pl

    from sortal.jobs.running.summary import Summary

RESULTS = Path("sortal-results")
_MOST_RANKED = 60
"""Rows of the ranking that a run prints; `sortal show --top` prints as many as asked for."""


def run_and_report(
    job: Path,
    *,
    store: Path,
    options: RunOptions,
    figures: Path | None,
    quiet: bool,
    newcomer: bool = False,
    verbose: bool = False,
    engines: Engines | None = None,
) -> int:
    """Run a job, print what it came to, write its figures; returns the exit code."""
    from sortal.jobs.launch import launch  # readers of data: only those who run wait for them

    with Display(quiet=quiet, verbose=verbose) as display:
        launched = launch(job, store=store, options=options, listener=display, engines=engines)
    results, summary = launched.results, launched.summary
    if options.as_is and not summary.trained:
        echo("no other network of this job is in mid-training.")
    elif not summary.trained and not summary.failed and not summary.interrupted:
        echo(f"nothing to compute: all {summary.stored} results are in the store {store}.")
    if results.results:
        report(results, TableFormat.TABLE, most=_MOST_RANKED)
    report_failures(results)
    if results.results:
        for path in draw.write_figures(results, figures or RESULTS / results.name, warn=warn):
            echo(f"wrote {path}")
    if summary.interrupted:
        _tell_interrupted(summary, job, results if launched.searched else None)
    if newcomer and summary.exit_code == 0:
        _point_onwards(results, job)
    return summary.exit_code


def report(results: Results, form: TableFormat, *, most: int | None = None) -> None:
    """Print the ranking of every target, and who is tied with the best.

    Args:
        results: The results.
        form: Other forms than tables are one document, with a column for the target.
        most: Rows of each table; all if not given.
    """
    if form is not TableFormat.TABLE:
        rows = _by_target({target: results.ranking(target) for target in results.targets})
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


def _by_target(frames: Mapping[str | None, "pl.DataFrame"]) -> list[dict[str, Any]]:
    """Rows of several targets' frames, each with its target in front where it has one."""
    return [
        row if target is None else {"target": target, **row}
        for target, frame in frames.items()
        for row in frame.to_dicts()
    ]


def report_failures(results: Results) -> None:
    """Print every failed member with its reason."""
    if results.failed:
        echo(f"{len(results.failed)} failed:")
    for place, failure in results.failed.items():
        echo(f"  {place}: {failure.reason}")


def _tell_interrupted(summary: "Summary", job: Path, searched: Results | None) -> None:
    """Say what an interrupted run keeps, and how to go on.

    Args:
        summary: What the run came to.
        job: Its file.
        searched: The candidates so far, where the job searches.
    """
    kept = [f"{counted(summary.trained + summary.stored, 'finished member')}"]
    if summary.paused:
        kept.append(f"weights, best weights and history of {summary.paused} in training")
    why = "stopped by the batch system" if summary.requeue else "interrupted"
    echo(f"{why}; kept: {', and '.join(kept)}. Go on with: sortal run {job}")
    if searched:
        echo(f"What was found so far: sortal show {searched.name!r}")
    elif summary.paused:
        echo(f"How far those in training are: sortal show {job}")
        echo(f"To use them as they are: sortal run {job} --as-is")


def _point_onwards(results: Results, job: Path) -> None:
    best = results.best()
    title = best.title if best else "TITLE"
    echo("Next:")
    echo(f'  sortal show "{results.name}/{title}"      everything known of the best')
    echo(f'  sortal predict "{results.name}/{title}" FILE.csv --out classes.csv')
    echo(f"  sortal check {job}      change this job, check it, run it again")


def report_plan(job: Path, *, store: Path, cores: int | None) -> None:
    """Print what running a job will take, and how much of it the store holds already."""
    from sortal.api.notebook import check

    echo(str(check(job, store=store, cores=cores)))


def show(
    what: str,
    *,
    store: Path,
    form: TableFormat,
    target: str | None,
    figures: Path | None,
    most: int | None,
) -> int:
    """Print a job's ranking, or everything known of one result.

    Returns:
        The exit code: 1 if a picture that was asked for could not be drawn or written.
    """
    failed: list[str] = []
    opened = Store.open(store, create=False)
    results = find_job(opened, what) if names_file(what) else None
    place = Place(results.name) if results else find_place(opened, what, note)
    if place.title is None:
        results = (results or Results.read(opened, place.job)).only(target)
        report(results, form, most=most)
        written = draw.write_figures(results, figures, warn=failed.append) if figures else []
        if form is TableFormat.TABLE:
            report_failures(results)
            _show_unfinished(results, most)
    else:
        results = Results.read(opened, place.job)
        _refuse_without_result(results, place.title)
        found = results.titled(place.title, target)
        _show_results(results, found, form)
        drawn = found if figures and results.outputs is Outputs.EXCLUSIVE else ()
        learnt = [one for one in found if figures and one.courses]
        folder, written = figures or RESULTS, list[Path]()
        for one in drawn:
            written += draw.write_confusion(results, one, folder, warn=failed.append)
        for one in learnt:
            written += draw.write_learning_curves(results, one, folder, warn=failed.append)
    if form is TableFormat.TABLE:
        for path in written:
            echo(f"wrote {path}")
    return warn_of_all(failed)


def warn_of_all(failed: Sequence[str]) -> int:
    """Print why pictures that were asked for are missing; returns the exit code."""
    for sentence in failed:
        warn(sentence)
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _show_unfinished(results: Results, most: int | None) -> None:
    rows = results.unfinished()
    if len(rows):
        shown = rows if most is None else rows.head(most)
        print_frame(shown, title=f"{counted(len(rows), 'member')} in mid-training")


def _refuse_without_result(results: Results, title: str) -> None:
    """Say why a classifier has no results.

    Raises:
        UserError: It failed or was not trained yet, and nothing of it is stored.
    """
    if any(result.title == title for result in results.results):
        return
    for entry in results.record.entries:
        failure = results.record.failures.get(entry.key)
        if entry.title == title and failure:
            raise UserError(
                f"{title} of {results.name} failed: {failure.reason} What it printed: "
                f"sortal show '{results.name}/{title}' --log"
            )
    raise UserError(f"{title} of {results.name} is not trained yet: run its job again.")


def show_history(what: str, *, store: Path, form: TableFormat, target: str | None) -> None:
    """Print how one classifier learnt, target by target.

    Raises:
        UserError: Nothing is kept of how it learnt.
    """
    opened = Store.open(store, create=False)
    place = find_place(opened, what, note)
    if place.title is None:
        raise UserError(f"{what!r} is a job: name one of its classifiers, as '{place.job}/TITLE'.")
    results = Results.read(opened, place.job)
    found = results.titled(place.title, target)
    if results.record.figures_alone:
        raise UserError(
            f"{found[0].title} of {results.name} was imported: how it learnt is not known."
        )
    if not any(result.courses for result in found):
        raise UserError(
            f"{found[0].title} of {results.name}: {found[0].method} keeps no history of training."
        )
    rows = _by_target({result.target: result.history for result in found})
    print_frame(rows, form, title=f"how {found[0].title} learnt")


def _show_results(results: Results, found: Sequence[Result], form: TableFormat) -> None:
    """Everything known of one classifier, target by target."""
    if form is not TableFormat.TABLE:
        rows = _by_target({result.target: result.table() for result in found})
        print_frame(rows, form, title=f"{found[0].title} on {results.part} examples")
        return
    for result in found:
        _show_result(results, result)


def _show_result(results: Results, result: Result) -> None:
    """Figures, figures by class, and where and how its members were trained."""
    named = f"{result.title}, {result.target}" if result.target else result.title
    print_frame(result.table(), title=f"{named} on {results.part} examples")
    by_class = result.class_table()
    if len(by_class):
        print_frame(by_class, title="by class")
    print_frame(result.member_table(), title="members")
    machines = result.timing_table()
    if len(machines) > 1:
        print_frame(machines, title="seconds on each machine")
    if result.courses:
        print_frame(result.course_table(), title="training")
    echo(f"method      {result.method}")
    echo(
        "parameters  " + ", ".join(f"{name}={value!r}" for name, value in result.parameters.items())
    )
    for remark in result.notes:
        echo(f"note        {remark}")


def list_jobs(*, store: Path, form: TableFormat) -> None:
    """Print every job of a store with its state and best classifier.

    Raises:
        Damaged: The record of a job cannot be read; the other jobs are printed first.
    """
    opened = Store.open(store, create=False)
    rows, damaged = [], None
    for name in opened.job_names():
        try:
            rows.append(Results.read(opened, name).outline().row)
        except Damaged as error:
            damaged = damaged or error
    if damaged and not rows:
        raise damaged
    if form is TableFormat.TABLE and not rows:
        echo(f"no jobs in {store} yet: sortal demo, or sortal run JOB.")
    else:
        print_frame(rows, form)
    if damaged:
        raise damaged
