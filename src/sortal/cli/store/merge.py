"""`sortal store merge`: copy what another store holds."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption


def merge(
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="Folder of another store.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Copy into this store what another holds and this one lacks.

    The other store is not changed. Exit code 1 if something there was damaged.
    """
    from sortal.store.store import Store
    from sortal.store.upkeep.merge import merge_stores

    merged = merge_stores(Store.open(store), Store.open(other, create=False))
    typer.echo(
        f"copied {merged.segments} segments, {merged.datasets} datasets, {merged.jobs} jobs, "
        f"{merged.artifacts} artifacts."
    )
    if merged.timings:
        typer.echo(
            f"kept the times of {merged.timings} segments that are here from another machine."
        )
    for name, new in merged.renamed.items():
        typer.echo(f"job {name!r} is another job here: the copy is named {new!r}.")
    for name in merged.kept:
        typer.echo(f"artifact {name} is here already and stays.")
    for damage in merged.damaged:
        typer.echo(f"skipped, damaged: {damage}")
    raise typer.Exit(1 if merged.damaged else 0)
