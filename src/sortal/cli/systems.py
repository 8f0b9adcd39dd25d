"""`sortal cms` and others: the commands of each system, imported when one of them is asked for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from sortal.systems.registry import SYSTEMS


class LazyGroup(TyperGroup):
    """A group whose commands are those of the Typer app in its `source`."""

    source = ""
    """Module that has the app, as `sortal.systems.cms.commands`."""

    @property
    def commands(self) -> Any:
        """The app's commands; imported now, so that `sortal --help` stays fast."""
        app: typer.Typer = import_module(self.source).app
        return typer.main.get_group(app).commands

    @commands.setter
    def commands(self, given: Any) -> None:
        """Keep nothing: what the group is made with are no commands."""


def mount(app: typer.Typer) -> None:
    """Add a group of commands for each system, by name."""
    for name, summary in sorted((system.name, system.summary) for system in SYSTEMS):
        source = f"sortal.systems.{name}.commands"
        group = typer.Typer(
            cls=type("LazyGroup", (LazyGroup,), {"source": source}),
            no_args_is_help=True,
            rich_markup_mode=None,
            help=summary,
        )
        app.add_typer(group, name=name)
