"""Deleting: by POST, and only for the server's own pages or with its token."""

from fastapi import APIRouter

from sortal.store.upkeep.remove import remove_job, remove_result
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import JobName, ShelfOf, Title

router = APIRouter(tags=["deletion"])


class Deleted(ResponseModel):
    """What is gone; the disk is freed by `sortal store gc`."""

    members: int
    """Results that no other job shares or averages."""


@router.post("/jobs/{name}/delete")
def delete_job(shelf: ShelfOf, name: JobName) -> Deleted:
    """Delete a job, and those of its results that no other job shares."""
    return Deleted(members=remove_job(shelf.store(), name))


@router.post("/jobs/{name}/classifiers/delete")
def delete_classifier(shelf: ShelfOf, name: JobName, title: Title) -> Deleted:
    """Delete an ensemble or an imported classifier of a job; those that it trained are the job's."""
    return Deleted(members=remove_result(shelf.store(), name, title))
