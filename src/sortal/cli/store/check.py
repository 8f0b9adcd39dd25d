"""`sortal store check`: whether every byte is as it was written."""

from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption


def check(
    store: StoreOption = DEFAULT_STORE,
    put_aside: Annotated[
        bool, typer.Option("--put-aside", help="Move what is damaged into quarantine/.")
    ] = False,
) -> None:
    """Read every byte of the store and name what is not as it was written.

    Exit code 1 if anything is damaged. A run puts damaged results aside by itself and
    computes them again; damaged data it reads anew from the source.
    """
    from sortal.store.store import Store
    from sortal.store.upkeep.verify import find_damages, quarantine

    opened = Store.open(store, create=False)
    damages = find_damages(opened)
    for damage in damages:
        typer.echo(str(damage))
        if put_aside:
            quarantine(opened, damage)
    typer.echo(f"{len(damages)} damaged file{'s' if len(damages) != 1 else ''} in {store}.")
    raise typer.Exit(1 if damages else 0)
