"""The `sortal` command: its sub-commands, and what an error becomes."""

import sys

import typer

from sortal.cli import example, serve, systems
from sortal.cli.datasets import datasets
from sortal.cli.jobs.check import check
from sortal.cli.jobs.demo import demo
from sortal.cli.jobs.list import list_jobs
from sortal.cli.jobs.run import run
from sortal.cli.jobs.show import show
from sortal.cli.methods import methods
from sortal.cli.results.ensemble import ensemble
from sortal.cli.results.export import export
from sortal.cli.results.import_ import import_files
from sortal.cli.results.map import draw_map
from sortal.cli.results.predict import predict
from sortal.cli.results.project import project
from sortal.cli.schema import schema
from sortal.cli.store.commands import app as store
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


# Help lists commands in this order, each with this text.
app.command("run", short_help="Train and compare the classifiers of a job.")(run)
app.command("check", short_help="Tell every problem of a job, or what it will take.")(check)
app.command("show", short_help="Show a job's ranking, or one of its classifiers.")(show)
app.command("list", short_help="List the jobs of a store, each with its best.")(list_jobs)
app.command("map", short_help="Draw a job's classifiers on a plane, alike ones together.")(draw_map)
app.command("project", short_help="Draw a job's examples on a plane, by class.")(project)
app.command("ensemble", short_help="Average stored classifiers into one.")(ensemble)
app.command("import", short_help="Compare classifiers that were trained elsewhere.")(import_files)
app.command("predict", short_help="Classify new data with a stored classifier.")(predict)
app.command("export", short_help="Write a stored network for other programs.")(export)
app.command("methods", short_help="List the methods, or the parameters of one.")(methods)
app.command("datasets", short_help="List the datasets that a job may name.")(datasets)
app.command("schema", short_help="Print the JSON Schema of job files.")(schema)
serve.mount(app)
app.command("demo", short_help="Compare 50 classifiers on handwritten digits.")(demo)
app.add_typer(example.app, name="example")
app.add_typer(store, name="store")
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
