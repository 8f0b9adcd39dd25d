"""The command that serves a store; it knows what jobs of systems can name only as it is told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sortal.options import DEFAULT_STORE, PluginsOption, StoreOption
from sortal.plugins.loading.provide import with_plugins
from sortal.web.settings import LOOPBACK, PORT

if TYPE_CHECKING:
    from sortal.plugins.loading.load import Plugins
    from sortal.web.available_name import AvailableName

Describe: TypeAlias = "Callable[[Plugins | None], Sequence[AvailableName]]"
"""Tells what jobs can name: of users' plugins, if there are any, and built in."""

_ABOUT = """Serve the store: a page for browsers, a REST interface for programs.

Jobs can be looked at, run and deleted. Jobs that are run here are processes of their
own: they go on when the server ends. Code is loaded only from the folders of --plugins.

\b
Examples
  {spelt}
  {spelt} --store /scratch/me/store --port 9000
  SORTAL_TOKEN=... {spelt} --host 0.0.0.0 --name lab.example.org
"""


def mount(app: typer.Typer, describe: Describe, *, spelt: str = "sortal serve") -> None:
    """Add `serve` to an app.

    Args:
        app: The app.
        describe: Tells what jobs can name; called when the server starts.
        spelt: How the command is called.
    """

    @app.command(
        "serve",
        short_help="Serve the store to browsers and programs.",
        help=_ABOUT.format(spelt=spelt),
    )
    def serve(
        store: StoreOption = DEFAULT_STORE,
        host: Annotated[
            str,
            typer.Option("--host", help="Address to listen on; any but loopback needs --token."),
        ] = LOOPBACK,
        port: Annotated[
            int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")
        ] = PORT,
        token: Annotated[
            str | None,
            typer.Option(
                "--token",
                envvar="SORTAL_TOKEN",
                help="What callers must know, 8 characters or more; better set in the environment, "
                "where no list of processes shows it.",
            ),
        ] = None,
        name: Annotated[
            list[str] | None,
            typer.Option(
                "--name",
                metavar="HOST",
                help="Host name by which browsers reach the server, beside localhost, this machine's "
                "name and addresses; may be given several times.",
            ),
        ] = None,
        plugins: PluginsOption = None,
    ) -> None:
        from sortal.web.serve import serve as run
        from sortal.web.settings import ServerSettings

        folders = tuple(folder.absolute() for folder in plugins or ())
        # Settings are checked before any code of plugins is loaded.
        settings = ServerSettings(
            store=store.absolute(),
            host=host,
            port=port,
            token=token,
            plugins=folders,
            names=tuple(name or ()),
        )
        with with_plugins(folders) as found:
            run(replace(settings, named=tuple(describe(found))))
