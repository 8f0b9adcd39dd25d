"""`sortal demo`: the main job on real data, for a first look."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sortal.cli.jobs.run import run_and_report
from sortal.jobs.running.run_options import RunOptions
from sortal.options import DEFAULT_STORE, CoresOption, QuietOption, StoreOption, engines_of
from sortal.views.console import echo

if TYPE_CHECKING:
    from sortal.jobs.results.results import JobResults

JOB_NAME = "digits-demo.yaml"


def demo(
    context: typer.Context,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train and compare more than 40 classifiers on 1,797 real handwritten digits.

    The job is written to `digits-demo.yaml` for you to read and change, and is run as
    `sortal run digits-demo.yaml` would. A second call computes nothing again.
    """
    from importlib.resources import files

    job = Path(JOB_NAME)
    if not job.exists():
        job.write_text(
            files("sortal.cli.jobs").joinpath(JOB_NAME).read_text(encoding="utf-8"),
            encoding="utf-8",
        )
    launched = run_and_report(
        job,
        store=store,
        options=RunOptions(cores=cores),
        figures=None,
        quiet=quiet,
        engines=engines_of(context),
    )
    if launched.summary.exit_code == 0:
        _point_onwards(launched.results, job)
    raise typer.Exit(launched.summary.exit_code)


def _point_onwards(results: "JobResults", job: Path) -> None:
    best = results.best()
    title = best.title if best else "TITLE"
    echo("Next:")
    echo(f'  sortal show "{results.name}/{title}"      everything known of the best')
    echo(f'  sortal predict "{results.name}/{title}" FILE.csv --out classes.csv')
    echo(f"  sortal check {job}      change this job, check it, run it again")
