"""`sortal run`, `check`, `show` and `list`: jobs from file to figures."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.jobs.running.run_options import RunOptions
from sortal.options import (
    DEFAULT_STORE,
    CoresOption,
    FormatOption,
    PluginsOption,
    QuietOption,
    StoreOption,
    TableFormat,
    VerboseOption,
    engines_of,
    with_run_options,
)

JobArgument = Annotated[Path, typer.Argument(metavar="JOB", help="Job file, YAML or JSON.")]
FiguresOption = Annotated[
    Path | None,
    typer.Option("--figures", help="Folder for figures (PNG); `sortal-results/NAME` if not given."),
]


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("check", short_help="Tell every problem of a job, or what it will take.")(check)
    app.command("show", short_help="Show a job's ranking, or one of its classifiers.")(show)
    app.command("list", short_help="List the jobs of a store, each with its best.")(list_jobs)


@with_run_options
def run(
    context: typer.Context,
    job: JobArgument,
    store: StoreOption = DEFAULT_STORE,
    *,
    options: RunOptions,
    figures: FiguresOption = None,
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
    from sortal.cli.report import run_and_report
    from sortal.plugins.loading.known import with_plugins

    with with_plugins(plugins or (), job):
        code = run_and_report(
            job,
            store=store,
            options=options,
            figures=figures,
            quiet=quiet,
            verbose=verbose,
            engines=engines_of(context),
        )
    raise typer.Exit(code)


def check(
    job: JobArgument,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
    plugins: PluginsOption = None,
) -> None:
    """Tell every problem of a job, or what running it will take; nothing is run or written.

    Times, memory and disk are rough: right within a factor of a few.
    """
    from sortal.cli.report import report_plan
    from sortal.plugins.loading.known import with_plugins

    with with_plugins(plugins or (), job):
        report_plan(job, store=store, cores=cores)


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
    from sortal.cli.report import show as show_what
    from sortal.cli.report import show_history

    if log:
        from sortal.cli.printed import show_log

        show_log(what, store=store, target=target)
        return
    if history:
        show_history(what, store=store, form=form, target=target)
        return
    code = show_what(what, store=store, form=form, target=target, figures=figures, most=top or None)
    raise typer.Exit(code)


def list_jobs(store: StoreOption = DEFAULT_STORE, form: FormatOption = TableFormat.TABLE) -> None:
    """List the jobs of a store with their state and best classifier."""
    from sortal.cli.report import list_jobs as list_them

    list_them(store=store, form=form)
