"""Handing in jobs: each is kept in the store and runs as a process of its own."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from sortal.store.submitted import Run
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import ShelfOf

router = APIRouter(tags=["runs"])


class Submission(BaseModel):
    """A job to run."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=500_000, description="What a job's file says.")
    form: Literal["yaml", "json"] = Field("yaml", description="What it is written in.")
    cores: int | None = Field(None, ge=1, le=4096, description="Cores to use; all if not given.")


class SubmittedOut(ResponseModel):
    """A job that was handed in."""

    id: str
    job: str
    """Its name, for all other routes."""

    created: str
    running: bool
    exit_code: int | None
    """As of `sortal run`; null while it runs, and where no server saw its end."""


class SubmittedWithOutputOut(SubmittedOut):
    """The same, with what its process said."""

    output: str
    """The end of what it printed."""


@router.post("/runs", status_code=202)
def submit_job(shelf: ShelfOf, submission: Submission) -> SubmittedOut:
    """Start a job. Paths in it are those of the machine that serves."""
    run = shelf.runs.start(submission.text, submission.form, submission.cores)
    return _handed(run)


@router.get("/runs")
def list_runs(
    shelf: ShelfOf, limit: Annotated[int, Query(ge=1, le=1000, description="At most.")] = 100
) -> list[SubmittedOut]:
    """List the jobs that were handed in, the latest first."""
    return [_handed(run) for run in shelf.runs.listed()[:limit]]


@router.get("/runs/{run}")
def show_run(shelf: ShelfOf, run: str) -> SubmittedWithOutputOut:
    """Show how a job that was handed in is doing."""
    found = shelf.runs.find(run)
    return SubmittedWithOutputOut(**_handed(found).model_dump(), output=shelf.runs.output(found))


def _handed(run: Run) -> SubmittedOut:
    return SubmittedOut(
        id=run.id, job=run.job, created=run.created, running=run.running, exit_code=run.exit_code
    )
