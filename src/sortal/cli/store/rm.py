"""`sortal store rm`: delete a job, a result, pictures, or all of a dataset."""

from typing import TYPE_CHECKING, Annotated

import typer

from sortal.errors import UserError
from sortal.options import DEFAULT_STORE, StoreOption
from sortal.views.progress import counted

if TYPE_CHECKING:
    from sortal.store.store import Store

_FREES = "`sortal store gc` frees the disk."


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
        StoredPicture,
        delete_classifier,
        delete_pictures,
        ensembles_of,
        find_item,
        jobs_that_share,
        stored_job,
    )
    from sortal.store.upkeep.remove import remove_job

    job, slash, name = what.partition("/")
    if pictures:
        count = delete_pictures(store, stored_job(store, job).pictures)
        return f"deleted {counted(count, 'picture')}."
    if not slash:
        return f"deleted job {what!r} and {remove_job(store, job)} results; {_FREES}"
    item = find_item(stored_job(store, job), name)
    if isinstance(item, StoredPicture):
        delete_pictures(store, [item])
        return f"deleted {item.title}."
    others, ensembles = jobs_that_share(store, job, item), ensembles_of(store, item)
    deleted = counted(delete_classifier(store, job, item), "member")
    shared = f", which {', '.join(map(repr, others))} had too" if others else ""
    told = [f"deleted {what!r}, {deleted}{shared}; {_FREES}"]
    told += [
        f"{one!r} averages it: it cannot be applied until it is there again."
        for one in dict.fromkeys(ensembles)
    ]
    return "\n".join(told)
