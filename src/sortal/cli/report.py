"""What `run`, `check`, `show` and `list` print; every number comes from below."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sortal.cli.options import TableFormat
from sortal.console import Display, echo, print_frame
from sortal.data.labels import Outputs
from sortal.display import counted, duration
from sortal.jobs import draw
from sortal.jobs.find import find_job, find_result
from sortal.jobs.launch import launch, prepare
from sortal.jobs.results import Result, Results
from sortal.store.store import Store
from sortal.tables import Column, size

if TYPE_CHECKING:
    import polars as pl

RESULTS = Path("sortal-results")
_MOST_NAMED = 8
"""Titles that one sentence lists."""

_MOST_RANKED = 60
"""Rows of the ranking that a run prints; `sortal show` prints all."""


def run_and_report(
    job: Path,
    *,
    store: Path,
    cores: int | None,
    figures: Path | None,
    quiet: bool,
    newcomer: bool = False,
) -> int:
    """Run a job, print what it came to, write its figures; returns the exit code."""
    with Display(quiet=quiet) as display:
        launched = launch(job, store=store, cores=cores, listener=display)
    results, summary = launched.results, launched.summary
    if not summary.trained and not summary.failed and not summary.interrupted:
        echo(f"nothing to compute: all {summary.stored} results are in the store {store}.")
    if results.results:
        report(results, TableFormat.TABLE, most=_MOST_RANKED)
        for path in draw.write_figures(results, figures or RESULTS / results.name):
            echo(f"wrote {path}")
    report_failures(results)
    if summary.interrupted:
        echo(f"interrupted; what is finished is kept. Go on with: sortal run {job}")
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
        columns = [*(["target"] if results.targets != (None,) else []), *_columns(results)]
        print_frame(rows, form, columns=columns, title=_heading(results, None))
        return
    if not results.results:
        echo(f"{results.name}: nothing is computed yet.")
    for target in results.targets:
        ranked = results.ranking(target)
        shown = ranked if most is None else ranked.head(most)
        print_frame(shown, form, columns=_columns(results), title=_heading(results, target))
        if len(shown) < len(ranked):
            echo(f"and {len(ranked) - len(shown)} more: sortal show {results.name}")
        echo(_tied_sentence(results, target))


def _by_target(frames: Mapping[str | None, "pl.DataFrame"]) -> list[dict[str, Any]]:
    """Rows of several targets' frames, each with its target in front where it has one."""
    return [
        row if target is None else {"target": target, **row}
        for target, frame in frames.items()
        for row in frame.to_dicts()
    ]


def _heading(results: Results, target: str | None) -> str:
    examples = sum(len(split.rows(results.part)) for split in results.splits)
    weighted = ", weighted" if results.record["weighted"] else ""
    named = f"{target}: " if target else ""
    return f"{named}{results.name} on {examples} {results.part} examples{weighted}"


def _columns(results: Results) -> list[Column | str]:
    """The headline first, with its interval or spread; the other figure plain."""
    headline = Column(
        name=results.headline,
        header=f"{draw.WORDS[results.headline]} [95 %]",
        low="low",
        high="high",
        sd="sd",
    )
    columns: list[Column | str] = [
        "rank",
        "title",
        headline,
        Column(name="log_loss", header="log loss"),
        Column(name="macro_f1", header="macro F1"),
        Column(name="fit_seconds", header="fit [s]"),
        Column(name="score_seconds", header="score [s]"),
        Column(name="members", header="members"),
        Column(name="tied", header="tied"),
    ]
    if results.headline == "macro_f1":
        columns.pop(4)
    if all(len(result.members) == 1 for result in results.results):
        columns = [c for c in columns if not (isinstance(c, Column) and c.name == "members")]
    return columns


def _tied_sentence(results: Results, target: str | None) -> str:
    best = results.best(target)
    if best is None:
        return "there is no classifier beside the references."
    tied = results.tied(target) - {best.title}
    others = [r.title for r in results.ranked if r.target == target and r.title in tied]
    test = "McNemar's test with Holm's correction, 5 %"
    if not others:
        return f"{best.title} is best; no other is statistically tied with it ({test})."
    named = ", ".join(others[:_MOST_NAMED])
    more = len(others) - _MOST_NAMED
    rest = f" and {counted(more, 'other')}, marked in the table" if more > 0 else ""
    return f"{best.title} is best; statistically tied with it ({test}): {named}{rest}."


def report_failures(results: Results) -> None:
    """Print every failed member with its reason."""
    if results.failures:
        echo(f"{len(results.failures)} failed:")
    for place, failure in results.failures.items():
        echo(f"  {place}: {failure['reason']}")


def _point_onwards(results: Results, job: Path) -> None:
    best = results.best()
    title = best.title if best else "TITLE"
    echo("Next:")
    echo(f'  sortal show "{results.name}/{title}"      everything known of the best')
    echo(f'  sortal predict "{results.name}/{title}" FILE.csv --out classes.csv')
    echo(f"  sortal check {job}      change this job, check it, run it again")


def report_plan(job: Path, *, store: Path, cores: int | None) -> None:
    """Print what running a job will take, and how much of it the store holds already."""
    existing = Store.open(store, create=False) if store.is_dir() else None
    resolved, plan = prepare(job, cores=cores, store=existing)
    keys = {entry.member.key for entry in resolved.entries}
    stored = len(existing.find(keys)) if existing else 0
    dataset, shape, cost = resolved.dataset, resolved.shape, plan.cost
    echo(f"{resolved.name}: no problems.")
    echo(
        f"  data         {len(dataset)} examples, {shape.features} numbers each, "
        f"{len(dataset.labels.classes)} {'classes' if dataset.labels.outputs == 'exclusive' else 'targets'}"
    )
    for split in resolved.splits:
        fold = "" if split.fold is None else f" (fold {split.fold})"
        echo(
            f"  split        {len(split.train)} train, {len(split.validation)} validate, "
            f"{len(split.test)} test{fold}"
        )
    echo(f"  members      {len(keys)}, of which {stored} are in the store {store}")
    echo(f"  populations  {len(plan.tasks)}, on {plan.workers} workers of {plan.threads} threads")
    echo(
        f"  about        {duration(cost.seconds)}, {size(cost.memory_bytes)} of memory, "
        f"{size(cost.disk_bytes)} on disk, if nothing is stored and nothing shared"
    )
    for note in resolved.notes:
        echo(f"  note         {note}")


def show(
    what: str,
    *,
    store: Path,
    form: TableFormat,
    target: str | None,
    figures: Path | None,
) -> None:
    """Print a job's ranking, or everything known of one result."""
    opened = Store.open(store, create=False)
    results = find_job(opened, what)
    if results is not None:
        results = results.only(target)
        report(results, form)
        written = draw.write_figures(results, figures) if figures else []
        if form is TableFormat.TABLE:
            report_failures(results)
    else:
        results, found = find_result(opened, what, target)
        _show_results(results, found, form)
        drawn = found if figures and results.outputs is Outputs.EXCLUSIVE else ()
        written = [draw.write_confusion(results, one, figures or RESULTS) for one in drawn]
    if form is TableFormat.TABLE:
        for path in written:
            echo(f"wrote {path}")


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
    print_frame(result.class_table(), title="by class")
    print_frame(result.member_table(), title="members")
    echo(f"method      {result.method}")
    echo(
        "parameters  " + ", ".join(f"{name}={value!r}" for name, value in result.parameters.items())
    )
    for note in result.notes:
        echo(f"note        {note}")


def list_jobs(*, store: Path, form: TableFormat) -> None:
    """Print every job of a store with its state and best classifier."""
    opened = Store.open(store, create=False)
    rows = [Results.read(opened, name).outline() for name in opened.job_names()]
    if rows:
        print_frame(rows, form)
    else:
        echo(f"no jobs in {store} yet: sortal demo, or sortal run JOB.")
