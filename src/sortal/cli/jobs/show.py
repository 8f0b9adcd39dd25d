"""`sortal show`: a job's ranking, everything known of a classifier, how it learnt, what it printed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sortal.cli.report import report, report_failures, report_pictures, rows_by_target
from sortal.errors import UserError
from sortal.options import DEFAULT_STORE, FormatOption, StoreOption, TableFormat
from sortal.views.console import echo, note, print_frame
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.jobs.results.result import Result
    from sortal.jobs.results.results import JobResults
    from sortal.store.records.job_record import Failure, MemberEntry
    from sortal.store.store import Store


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|RESULT", help="A job's name or file, or JOB/TITLE for one classifier."
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = TableFormat.TABLE,
    target: Annotated[
        str | None,
        typer.Option("--target", help="The independent target to show; all if not given."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", help="Also write figures (PNG) into this folder.")
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=0, help="Rows of a ranking to print as a table; 0 for all.")
    ] = 100,
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="Print how a classifier learnt: a row per member, epoch and metric."
        ),
    ] = False,
    log: Annotated[
        bool,
        typer.Option("--log", help="Print what a classifier printed while it was trained."),
    ] = False,
) -> None:
    """Show a job's ranking, or everything known of one of its classifiers.

    \b
    Examples
      sortal show digits-demo
      sortal show digits-demo --top 10
      sortal show digits-demo --format latex > table.tex
      sortal show "digits-demo/svm C=10" --figures figures
      sortal show "digits-demo/mlp" --history --format csv > history.csv
      sortal show "digits-demo/mlp" --log
    """
    from sortal.jobs.results.lookup import find_job, find_named, names_file
    from sortal.jobs.results.results import JobResults
    from sortal.jobs.results.similar_names import NamedThing
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    if log or history:
        place = find_named(opened, what, note)
        if place.title is None:
            raise UserError(
                f"{what!r} is a job: name one of its classifiers, as '{place.job}/TITLE'."
            )
        if log:
            _show_log(opened, place.job, place.title, target)
        else:
            _show_history(JobResults.read(opened, place.job), place.title, target, form)
        return
    results = find_job(opened, what) if names_file(what) else None
    place = NamedThing(results.name) if results else find_named(opened, what, note)
    results = results or JobResults.read(opened, place.job)
    if place.title is None:
        code = _show_job(results.only(target), form, figures, most=top or None)
    else:
        code = _show_classifier(results, place.title, target, form, figures)
    raise typer.Exit(code)


def _show_job(
    results: "JobResults", form: TableFormat, figures: Path | None, *, most: int | None
) -> int:
    """Print a job's ranking, failures and members in mid-training; returns the exit code."""
    from sortal.jobs.pictures import draw

    failed: list[str] = []
    report(results, form, most=most)
    written = draw.write_figures(results, figures, warn=failed.append) if figures else []
    if form is TableFormat.TABLE:
        report_failures(results)
        rows = results.unfinished()
        if len(rows):
            shown = rows if most is None else rows.head(most)
            print_frame(shown, title=f"{counted(len(rows), 'member')} in mid-training")
    return report_pictures(written if form is TableFormat.TABLE else (), failed)


def _show_classifier(
    results: "JobResults", title: str, target: str | None, form: TableFormat, figures: Path | None
) -> int:
    """Print everything known of one classifier, target by target; returns the exit code."""
    from sortal.data.labels import Outputs
    from sortal.jobs.pictures import draw

    failed: list[str] = []
    written: list[Path] = []
    _refuse_without_result(results, title)
    found = results.titled(title, target)
    if form is TableFormat.TABLE:
        for result in found:
            _print_result(results, result)
    else:
        rows = rows_by_target({result.target: result.table() for result in found})
        print_frame(rows, form, title=f"{found[0].title} on {results.part} examples")
    if figures and results.outputs is Outputs.EXCLUSIVE:
        for one in found:
            written += draw.write_confusion(results, one, figures, warn=failed.append)
    if figures:
        for one in found:
            if one.courses:
                written += draw.write_learning_curves(results, one, figures, warn=failed.append)
    return report_pictures(written if form is TableFormat.TABLE else (), failed)


def _refuse_without_result(results: "JobResults", title: str) -> None:
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


def _print_result(results: "JobResults", result: "Result") -> None:
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


def _show_history(results: "JobResults", title: str, target: str | None, form: TableFormat) -> None:
    """Print how one classifier learnt, target by target.

    Raises:
        UserError: Nothing is kept of how it learnt.
    """
    found = results.titled(title, target)
    if results.record.figures_alone:
        raise UserError(
            f"{found[0].title} of {results.name} was imported: how it learnt is not known."
        )
    if not any(result.courses for result in found):
        raise UserError(
            f"{found[0].title} of {results.name}: {found[0].method} keeps no history of training."
        )
    rows = rows_by_target({result.target: result.history for result in found})
    print_frame(rows, form, title=f"how {found[0].title} learnt")


def _show_log(store: "Store", job: str, title: str, target: str | None) -> None:
    """Print what each member of a classifier printed, also of those that failed.

    Raises:
        UserError: No member is stored.
    """
    record = store.jobs.read(job)
    entries = [entry for entry in record.titled(title) if target in (None, entry.target)]
    kept = list(_printed(store, entries, record.failures))
    if not kept:
        raise UserError(f"nothing is stored of '{job}/{title}' yet: run its job first.")
    if not any(text for _, text in kept):
        echo(f"{title} of {job}: nothing is kept of what it printed.")
        return
    for entry, text in kept:
        if len(kept) > 1:
            echo(f"--- {_named(entry)}")
        echo(text)


def _printed(
    store: "Store", entries: Sequence["MemberEntry"], failures: Mapping[str, "Failure"]
) -> Iterator[tuple["MemberEntry", str]]:
    """What each stored or failed member printed."""
    stored = store.members.find([entry.key for entry in entries])
    for entry in entries:
        key = entry.key
        if key in stored:
            yield entry, store.members.printed([key])[key]
        elif key in failures:
            yield entry, failures[key].printed


def _named(entry: "MemberEntry") -> str:
    places = {"fold": entry.fold, "target": entry.target}
    named = [f"{name} {value}" for name, value in places.items() if value is not None]
    return ", ".join([entry.title, f"seed {entry.seed}", *named])
