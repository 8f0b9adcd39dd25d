"""`sortal store`: look after the results on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sortal.errors import UserError
from sortal.options import DEFAULT_STORE, StoreOption
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.store.records.job_record import JobRecord
    from sortal.store.store import Store

_FREES = "`sortal store gc` frees the disk."

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    short_help="List, check, merge and clean the store.",
    help="""Look after the store: what it holds, whether it is sound, what may go.

    A store is a folder. It may be copied, and several may be merged into one.""",
)


@app.command("ls", short_help="List the store's jobs, or the items of one, with sizes and hashes.")
def list_contents(
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="Name of a job.", show_default=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """List what the store holds, in numbers and bytes, and its jobs with sizes and hashes.

    Of a job: its classifiers, projections and maps, each with its size and hash. Several
    may share a folder, whose size then stands with each.
    """
    from sortal.jobs.store_contents import stored_job, stored_jobs
    from sortal.store.store import Store
    from sortal.views.console import print_rows
    from sortal.views.contents import print_items, print_jobs
    from sortal.views.tables import size

    opened = Store.open(store, create=False)
    if job is not None:
        found = stored_job(opened, job)
        print_items([*found.classifiers, *found.pictures], title=job)
        return
    usage = opened.usage()
    print_rows(
        [{"kind": kind, "count": of.count, "size": size(of.bytes)} for kind, of in usage.items()]
    )
    jobs, unreadable = stored_jobs(opened)
    if jobs:
        print_jobs(jobs, title="jobs")
    for sentence in unreadable:
        typer.echo(sentence)


@app.command(short_help="Show a job's file, its runs, its failures, or one of its results.")
def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|RESULT",
            help="Name of a job, or JOB/TITLE for one of its classifiers, JOB/HASH for a picture.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Show a job as it was run: its file, its runs, ensembles and imports, its failures.

    Of a classifier: arguments, scores, confusion matrix, members.
    """
    from sortal.jobs.store_contents import item_of, stored_job
    from sortal.store.store import Store
    from sortal.views.contents import print_item

    opened = Store.open(store, create=False)
    job, slash, name = what.partition("/")
    if slash:
        print_item(opened, job, item_of(stored_job(opened, job), name))
    else:
        _show_job(opened.read_job(job))


def _show_job(record: "JobRecord") -> None:
    typer.echo(record.text.rstrip() or "(this job came from Python)")
    for run in record.runs:
        typer.echo(
            f"\n{run.ended}  {run.trained} trained, {run.stored} found in the store, "
            f"{run.failed} failed, {run.seconds:.1f} s"
            + (", interrupted" if run.interrupted else "")
        )
    for title, members in _ensembles(record).items():
        typer.echo(f"\nensemble {title} of {', '.join(members)}")
    listed = record.imported
    if record.figures_alone:
        titles = {entry.title for entry in listed}
        typer.echo(f"\nimported {counted(len(titles), 'classifier')} as figures alone")
        listed = ()
    for entry in listed:
        fold = "" if entry.fold is None else f", fold {entry.fold}"
        typer.echo(f"\nimported {entry.title}{fold} from {entry.parameters['file']}")
    for key, failure in record.failures.items():
        typer.echo(f"\nfailed {key}: {failure.reason}\n{failure.traceback}")


def _ensembles(record: "JobRecord") -> dict[str, list[str]]:
    """The classifiers that each ensemble of a job averages, by title."""
    return {
        entry.title: list(dict.fromkeys(share.name for share in entry.members))
        for entry in record.ensembles
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
    computes them again; damaged data it reads anew from the source.
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


@app.command(short_help="Delete a job, one of its results, its pictures, or all of a dataset.")
def rm(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[JOB|RESULT]",
            help="Name of a job, or JOB/TITLE for one of its classifiers, JOB/HASH for a picture.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Of the job, only its projections and maps.")
    ] = False,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="HASH",
            help="All jobs, projections and maps of a dataset, by the hash that `ls` tells.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Delete a job and those of its results that no other job shares or averages.

    A classifier that the job trained is deleted from every job that shares it, and trained
    anew when one of them is run. The disk is freed by `sortal store gc`.
    """
    from sortal.store.store import Store

    if (what is None) == (dataset is None) or (pictures and (what is None or "/" in what)):
        raise UserError(
            "store rm: expected a job, or JOB/TITLE, or a job with --pictures, or --dataset HASH; "
            "one of them."
        )
    opened = Store.open(store, create=False)
    if dataset is not None:
        typer.echo(_without_dataset(opened, dataset))
    elif what is not None:
        typer.echo(_without(opened, what, pictures=pictures))


def _without_dataset(store: "Store", fingerprint: str) -> str:
    from sortal.jobs.store_contents import delete_dataset

    jobs, pictures = delete_dataset(store, fingerprint)
    named = ", ".join(map(repr, jobs))
    return f"deleted {named} and {counted(pictures, 'picture')}; {_FREES}"


def _without(store: "Store", what: str, *, pictures: bool) -> str:
    """Delete a job, its pictures or one of its items; returns what was done."""
    from sortal.jobs.store_contents import (
        Picture,
        averaged_by,
        delete_classifier,
        delete_pictures,
        item_of,
        sharers,
        stored_job,
    )

    job, slash, name = what.partition("/")
    if pictures:
        count = delete_pictures(store, stored_job(store, job).pictures)
        return f"deleted {counted(count, 'picture')}."
    if not slash:
        return f"deleted job {what!r} and {store.remove_job(job)} results; {_FREES}"
    item = item_of(stored_job(store, job), name)
    if isinstance(item, Picture):
        delete_pictures(store, [item])
        return f"deleted {item.title}."
    others, ensembles = sharers(store, job, item), averaged_by(store, item)
    deleted = counted(delete_classifier(store, job, item), "member")
    shared = f", which {', '.join(map(repr, others))} had too" if others else ""
    told = [f"deleted {what!r}, {deleted}{shared}; {_FREES}"]
    told += [
        f"{one!r} averages it: it cannot be applied until it is there again."
        for one in dict.fromkeys(ensembles)
    ]
    return "\n".join(told)


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
    from sortal.views.tables import size

    freed = Store.open(store, create=False).gc(snapshot_days=snapshot_days)
    typer.echo(
        f"freed {size(freed.bytes)}: {freed.segments} segments, {freed.datasets} datasets, "
        f"{freed.artifacts} artifacts, {freed.snapshots} snapshots, {freed.submitted} runs, "
        f"{freed.leftovers} leftovers."
    )
