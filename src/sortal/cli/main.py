"""The `sortal` command: its sub-commands, and what an error becomes."""

import sys

import typer

from sortal.cli import (
    catalogue,
    demo,
    ensemble,
    example,
    export,
    imports,
    jobs,
    maps,
    predict,
    serve,
    store,
    systems,
)
from sortal.engines.base import Engines
from sortal.errors import SortalError, UserError

app = typer.Typer(
    name="sortal",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def sortal(
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    """Train, compare, inspect and apply populations of classifiers on scientific data.

    Name data and classifiers in one YAML or JSON file, run it, and see which
    classifier to trust. Results are kept in a store (./.sortal), so nothing is
    ever computed twice.

    \b
    Begin with
      sortal demo               40 classifiers on real data, in a minute
      sortal methods            what can be trained
      sortal check job.yaml     every mistake of a job, or what it will take
      sortal run job.yaml       train and compare

    \b
    Exit codes
      0    all well
      1    some classifier failed; the rest is done and kept
      2    your input is wrong
      75   a batch system asked for an end; run again, it goes on
      130  interrupted; everything finished is kept
    """
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"sortal {installed('sortal')}")
        raise typer.Exit


jobs.mount(app)
maps.mount(app)
ensemble.mount(app)
imports.mount(app)
predict.mount(app)
export.mount(app)
catalogue.mount(app)
serve.mount(app)
demo.mount(app)
app.add_typer(example.app, name="example")
app.add_typer(store.app, name="store")
systems.mount(app)


def main(engines: Engines | None = None) -> None:
    """Run the command; what a user did wrong ends with exit code 2 and one clear text.

    Args:
        engines: What jobs train on; processes of this machine if not given.
    """
    try:
        app(prog_name="sortal", obj=engines)
    except (SortalError, OSError) as error:
        from sortal.views.console import report_error

        report_error(error)
        sys.exit(2 if isinstance(error, UserError) else 1)
