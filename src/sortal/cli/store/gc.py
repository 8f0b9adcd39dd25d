"""`sortal store gc`: free the disk of what nothing needs."""

from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption
from sortal.views.tables import format_bytes


def gc(
    store: StoreOption = DEFAULT_STORE,
    snapshot_days: Annotated[
        float,
        typer.Option(
            min=0,
            help="Delete snapshots of unfinished training, and ended runs of a server, older than "
            "this.",
        ),
    ] = 30.0,
) -> None:
    """Free the disk of deleted results, what no job has, old snapshots and runs, leftovers."""
    from sortal.store.store import Store
    from sortal.store.upkeep.collect import free_disk

    freed = free_disk(Store.open(store, create=False), snapshot_days=snapshot_days)
    typer.echo(
        f"freed {format_bytes(freed.bytes)}: {freed.segments} segments, {freed.datasets} datasets, "
        f"{freed.artifacts} artifacts, {freed.snapshots} snapshots, {freed.submitted} runs, "
        f"{freed.leftovers} leftovers."
    )
