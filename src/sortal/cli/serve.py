"""`sortal serve`: the store over HTTP."""

from typing import TYPE_CHECKING

import typer

from sortal.systems.registry import SYSTEMS
from sortal.web import command

if TYPE_CHECKING:
    from sortal.plugins.loading.load import Plugins
    from sortal.web.available_name import AvailableName


def mount(app: typer.Typer) -> None:
    """Add the command."""
    command.mount(app, _describe)


def _describe(plugins: "Plugins | None") -> "list[AvailableName]":
    """What jobs of every system can name."""
    return [named for system in SYSTEMS if system.describe for named in system.describe(plugins)]
