"""`sortal cms`: the commands of each published system, imported when they are asked for."""

import typer

from sortal.cli.lazy import lazy

_SYSTEMS = {
    "clavis": "Many classifiers on any table, compared: batch jobs and plugins.",
    "cms": "Weighted signal against background, to the figure of merit.",
}


def mount(app: typer.Typer) -> None:
    """Add a group of commands for each system."""
    for name, text in _SYSTEMS.items():
        group = typer.Typer(
            cls=lazy(f"sortal.systems.{name}.commands:app"),
            no_args_is_help=True,
            rich_markup_mode=None,
            help=text,
        )
        app.add_typer(group, name=name)
