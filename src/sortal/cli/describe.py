"""What `sortal methods` and `sortal datasets` print."""

from typing import Any

from sortal.cli.options import TableFormat
from sortal.console import echo, print_frame
from sortal.data.readers.named import named_datasets
from sortal.job.words import describe
from sortal.methods import registry


def list_methods(form: TableFormat) -> None:
    """One row a method."""
    rows = [
        {
            "method": method.name,
            "what": method.summary,
            "weights": method.weights_allowed,
            "missing values": method.missing_allowed,
            "shares": ", ".join(sorted(method.shares)),
        }
        for method in map(registry.find, registry.method_names())
    ]
    print_frame(rows, form)


def describe_method(name: str, form: TableFormat) -> None:
    """A method's summary, then one row a parameter."""
    method = registry.find(name)
    rows = [
        {
            "parameter": parameter,
            "values": describe(field.annotation, field.metadata),
            "default": _default(field.get_default(call_default_factory=True)),
            "meaning": " ".join((field.description or "").split()),
        }
        for parameter, field in method.Parameters.model_fields.items()
    ]
    if form is TableFormat.TABLE:
        echo(f"{method.name}: {method.summary}")
        echo()
    if rows:
        print_frame(rows, form)
    else:
        echo("no parameters.")


def _default(value: Any) -> str:
    return "-" if value is None else str(value)


def list_datasets(form: TableFormat) -> None:
    """One row a dataset."""
    rows = [
        {
            "dataset": about.name,
            "what": about.description,
            "examples": about.examples,
            "features": about.features,
            "classes": len(about.classes) if isinstance(about.classes, tuple) else about.classes,
        }
        for about in named_datasets()
    ]
    print_frame(rows, form)
