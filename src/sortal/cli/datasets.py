"""`sortal datasets`: datasets that a job may name instead of a file."""

from sortal.options import FormatOption, TableFormat
from sortal.views.console import print_frame


def datasets(form: FormatOption = TableFormat.TABLE) -> None:
    """List the datasets that a job may name instead of a file."""
    from sortal.api import catalogue

    print_frame(catalogue.list_datasets(), form)
