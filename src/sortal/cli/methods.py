"""`sortal methods`: what can be trained."""

from typing import Annotated

import typer

from sortal.options import FormatOption, PluginsOption, TableFormat
from sortal.plugins.loading.provide import with_plugins
from sortal.views.console import echo, print_frame


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
    from sortal.api import catalogue

    with with_plugins(plugins or ()):
        if name is None:
            print_frame(catalogue.list_methods(), form)
        else:
            _describe_method(name, form)


def _describe_method(name: str, form: TableFormat) -> None:
    """Print a method's summary, then one row a parameter."""
    from sortal.api import catalogue
    from sortal.methods import registry

    parameters = catalogue.list_parameters(name)
    if form is TableFormat.TABLE:
        method = registry.choose(name)
        echo(f"{method.name}: {method.summary}")
        echo()
    if form is TableFormat.TABLE and not len(parameters):
        echo("no parameters.")
    else:
        print_frame(parameters, form)
