"""The command that serves a store; it knows plugins only through what it is given."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, PluginsOption, StoreOption
from sortal.web.settings import LOOPBACK, PORT

Provide = Callable[[Sequence[Path]], AbstractContextManager[None]]
"""Makes the classifiers of users' folders known while a block runs."""


def mount(app: typer.Typer, provide: Callable[[], Provide]) -> None:
    """Add `serve` to an app.

    Args:
        app: The app.
        provide: Finds what makes plugins known; called when it is needed.
    """

    @app.command("serve", short_help="Serve the store to browsers and programs.")
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
        """Serve the store: a page for browsers, a REST interface for programs.

        Jobs can be looked at, run and deleted. Jobs that are run here are processes of their
        own: they go on when the server ends. Code is loaded only from the folders of --plugins.

        \b
        Examples
          sortal serve
          sortal serve --store /scratch/me/store --port 9000
          SORTAL_TOKEN=... sortal serve --host 0.0.0.0 --name lab.example.org
        """
        from sortal.web.serve import serve as run
        from sortal.web.settings import Settings

        folders = tuple(folder.absolute() for folder in plugins or ())
        settings = Settings(
            store=store.absolute(),
            host=host,
            port=port,
            token=token,
            plugins=folders,
            names=tuple(name or ()),
        )
        with provide()(folders):
            run(settings)
