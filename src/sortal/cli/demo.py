"""`sortal demo`: the main job on real data, for a first look."""

from pathlib import Path

import typer

from sortal.options import DEFAULT_STORE, CoresOption, QuietOption, StoreOption, engines_of

JOB_NAME = "digits-demo.yaml"


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", short_help="Compare 50 classifiers on handwritten digits.")(demo)


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

    from sortal.cli.report import run_and_report
    from sortal.jobs.running.run_options import RunOptions

    job = Path(JOB_NAME)
    if not job.exists():
        job.write_text(
            files("sortal.cli").joinpath(JOB_NAME).read_text(encoding="utf-8"), encoding="utf-8"
        )
    raise typer.Exit(
        run_and_report(
            job,
            store=store,
            options=RunOptions(cores=cores),
            figures=None,
            quiet=quiet,
            newcomer=True,
            engines=engines_of(context),
        )
    )
