"""`sortal serve`: the store over HTTP."""

import typer

from sortal.web import command


def mount(app: typer.Typer) -> None:
    """Add the command."""
    command.mount(app, _find_provider)


def _find_provider() -> command.Provide:
    from sortal.systems.clavis.described import with_described

    return with_described
