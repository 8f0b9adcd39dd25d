"""`sortal run`: train and compare the classifiers of a job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sortal.cli.report import RESULTS, report, report_failures
from sortal.engines.base import Engines
from sortal.jobs.running.run_options import RunOptions
from sortal.options import (
    DEFAULT_STORE,
    JobArgument,
    PluginsOption,
    QuietOption,
    StoreOption,
    TableFormat,
    VerboseOption,
    engines_of,
    with_run_options,
)
from sortal.plugins.loading.provide import with_plugins
from sortal.views.console import Display, echo, warn
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.jobs.launch import Launched
    from sortal.jobs.results.results import JobResults
    from sortal.jobs.running.summary import RunSummary

_MOST_RANKED = 60
"""Rows of the ranking that a run prints; `sortal show --top` prints as many as asked for."""


@with_run_options
def run(
    context: typer.Context,
    job: JobArgument,
    store: StoreOption = DEFAULT_STORE,
    *,
    options: RunOptions,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures", help="Folder for figures (PNG); `sortal-results/NAME` if not given."
        ),
    ] = None,
    quiet: QuietOption = False,
    plugins: PluginsOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Train and compare the classifiers of a job.

    Only what the store lacks is computed. Ctrl-C stops cleanly and keeps all that is
    finished, and of networks in training their weights, best weights and history; run
    the same command again to go on. A second Ctrl-C leaves at once. SIGTERM and SIGUSR1
    stop as cleanly, with exit code 75: a batch system may run the command again.

    \b
    Examples
      sortal run job.yaml
      sortal run job.yaml --store /scratch/me/store --cores 8
      sortal run job.yaml --snapshot-seconds 300
      sortal run job.yaml --as-is
      sortal run job.yaml --plugins modules
    """
    with with_plugins(plugins or (), job):
        launched = run_and_report(
            job,
            store=store,
            options=options,
            figures=figures,
            quiet=quiet,
            verbose=verbose,
            engines=engines_of(context),
        )
    raise typer.Exit(launched.summary.exit_code)


def run_and_report(
    job: Path,
    *,
    store: Path,
    options: RunOptions,
    figures: Path | None,
    quiet: bool,
    verbose: bool = False,
    engines: Engines | None = None,
) -> "Launched":
    """Run a job, print what it came to, write its figures."""
    from sortal.jobs.launch import launch
    from sortal.jobs.pictures import draw

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
    return launched


def _tell_interrupted(summary: "RunSummary", job: Path, searched: "JobResults | None") -> None:
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
