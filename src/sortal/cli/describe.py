"""What `sortal methods` and `sortal datasets` print."""

from sortal.api import catalogue
from sortal.methods import registry
from sortal.options import TableFormat
from sortal.views.console import echo, print_frame


def list_methods(form: TableFormat) -> None:
    """One row a method."""
    print_frame(catalogue.list_methods(), form)


def describe_method(name: str, form: TableFormat) -> None:
    """A method's summary, then one row a parameter."""
    parameters = catalogue.list_parameters(name)
    if form is TableFormat.TABLE:
        method = registry.choose(name)
        echo(f"{method.name}: {method.summary}")
        echo()
    if form is TableFormat.TABLE and not len(parameters):
        echo("no parameters.")
    else:
        print_frame(parameters, form)


def list_datasets(form: TableFormat) -> None:
    """One row a dataset."""
    print_frame(catalogue.list_datasets(), form)
