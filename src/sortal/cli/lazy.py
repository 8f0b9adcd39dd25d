"""Groups of commands that are imported when one of them is asked for: `sortal --help` stays fast."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


class LazyGroup(TyperGroup):
    """A group whose commands are those of the Typer app that its `source` names."""

    source = ""
    """Module and name of the app, as `sortal.systems.cms.commands:app`."""

    @property
    def commands(self) -> Any:
        """The app's commands; imported now."""
        module, name = self.source.split(":")
        app: typer.Typer = getattr(import_module(module), name)
        group = typer.main.get_group(app)
        return group.commands

    @commands.setter
    def commands(self, given: Any) -> None:
        """Keep nothing: what the group is made with are no commands."""


def lazy(source: str) -> type[LazyGroup]:
    """The group of one app."""
    return type("LazyGroup", (LazyGroup,), {"source": source})
