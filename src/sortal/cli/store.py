"""`sortal store`: look after the results on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sortal.options import DEFAULT_STORE, StoreOption

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    short_help="List, check, merge and clean the store.",
    help="""Look after the store: what it holds, whether it is sound, what may go.

    A store is a folder. It may be copied, and several may be merged into one.""",
)


@app.command("ls")
def list_contents(store: StoreOption = DEFAULT_STORE) -> None:
    """List what the store holds, in numbers and bytes."""
    from sortal.console import print_rows
    from sortal.store.store import Store
    from sortal.tables import size

    usage = Store.open(store, create=False).usage()
    print_rows(
        [{"kind": kind, "count": of.count, "size": size(of.bytes)} for kind, of in usage.items()]
    )


@app.command(short_help="Show a job's file, its runs, its failures.")
def show(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of a job.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Show a job as it was run: its file, its runs, ensembles and imports, its failures."""
    from sortal.store.store import Store

    record = Store.open(store, create=False).read_job(job)
    typer.echo(record["text"].rstrip() or "(this job came from Python)")
    for run in record["runs"]:
        typer.echo(
            f"\n{run['ended']}  {run['trained']} trained, {run['stored']} found in the store, "
            f"{run['failed']} failed, {run['seconds']:.1f} s"
            + (", interrupted" if run["interrupted"] else "")
        )
    for title, members in _ensembles(record).items():
        typer.echo(f"\nensemble {title} of {', '.join(members)}")
    for entry in record.get("imported", ()):
        fold = "" if entry["fold"] is None else f", fold {entry['fold']}"
        typer.echo(f"\nimported {entry['title']}{fold} from {entry['parameters']['file']}")
    for key, failure in record["failures"].items():
        typer.echo(f"\nfailed {key}: {failure['reason']}\n{failure['traceback']}")


def _ensembles(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """The classifiers that each ensemble of a job averages, by title."""
    return {
        entry["title"]: list(dict.fromkeys(one["name"] for one in entry["members"]))
        for entry in record.get("ensembles", ())
    }


@app.command(short_help="Read every byte, and name what is damaged.")
def check(
    store: StoreOption = DEFAULT_STORE,
    put_aside: Annotated[
        bool, typer.Option("--put-aside", help="Move what is damaged into quarantine/.")
    ] = False,
) -> None:
    """Read every byte of the store and name what is not as it was written.

    Exit code 1 if anything is damaged. A run puts damaged results aside by itself and
    computes them again.
    """
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    damages = opened.verify()
    for damage in damages:
        typer.echo(str(damage))
        if put_aside:
            opened.quarantine(damage)
    typer.echo(f"{len(damages)} damaged file{'s' if len(damages) != 1 else ''} in {store}.")
    raise typer.Exit(1 if damages else 0)


@app.command(short_help="Delete a job and what no other job shares.")
def rm(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|RESULT",
            help="Name of a job, or JOB/TITLE for one of its ensembles or imported classifiers.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Delete a job, and those of its results that no other job shares or averages.

    The disk is freed by `sortal store gc`.
    """
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    job, slash, title = what.partition("/")
    deleted = opened.remove_result(job, title) if slash else opened.remove_job(job)
    typer.echo(
        f"deleted {'result' if slash else 'job'} {what!r} and {deleted} results; "
        "`sortal store gc` frees their bytes."
    )


@app.command(short_help="Copy what another store holds.")
def merge(
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="Folder of another store.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Copy into this store what another holds and this one lacks.

    The other store is not changed. Exit code 1 if something there was damaged.
    """
    from sortal.store.store import Store

    merged = Store.open(store).merge(Store.open(other, create=False))
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


@app.command(short_help="Free the disk of what nothing needs.")
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
    from sortal.tables import size

    freed = Store.open(store, create=False).gc(snapshot_days=snapshot_days)
    typer.echo(
        f"freed {size(freed.bytes)}: {freed.segments} segments, {freed.datasets} datasets, "
        f"{freed.artifacts} artifacts, {freed.snapshots} snapshots, {freed.submitted} runs, "
        f"{freed.leftovers} leftovers."
    )
