"""`sortal methods`, `datasets` and `schema`: what a job may name."""

from typing import Annotated

import typer

from sortal.options import FormatOption, PluginsOption, TableFormat


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("methods", short_help="List the methods, or the parameters of one.")(methods)
    app.command("datasets", short_help="List the datasets that a job may name.")(datasets)
    app.command("schema", short_help="Print the JSON Schema of job files.")(schema)


def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A method: show its parameters.")
    ] = None,
    form: FormatOption = TableFormat.TABLE,
    plugins: PluginsOption = None,
) -> None:
    """List the methods, or the parameters of one with their ranges and defaults.

    Any scikit-learn classifier can be named by its import path, here as in a job:
    `sortal methods sklearn.linear_model.RidgeClassifier`.
    """
    from sortal.cli.describe import describe_method, list_methods
    from sortal.plugins.loading.known import with_plugins

    with with_plugins(plugins or ()):
        if name is None:
            list_methods(form)
        else:
            describe_method(name, form)


def datasets(form: FormatOption = TableFormat.TABLE) -> None:
    """List the datasets that a job may name instead of a file."""
    from sortal.cli.describe import list_datasets

    list_datasets(form)


def schema() -> None:
    """Print the JSON Schema of job files, for editors that check as you type."""
    import json

    from sortal.job.schema import schema as job_schema

    typer.echo(json.dumps(job_schema(), indent=2))
