"""Jobs: all of them, one, and how its classifiers rank."""

from fastapi import APIRouter

from sortal.errors import Damaged, NotFound
from sortal.evaluation.row import Row
from sortal.jobs.results.results import JobResults
from sortal.store.files.json_lines import plain
from sortal.views.ranking import heading, tied_sentence
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import JobName, Limit, Offset, ServedStore, ShelfOf, Target

router = APIRouter(tags=["jobs"])


class JobRowOut(ResponseModel):
    """A job in one row."""

    job: str
    running: bool
    """Whether a process works on it now."""

    classifiers: int = 0
    members: int = 0
    done: int = 0
    failed: int = 0
    best: str | None = None
    """Title of its best classifier."""

    headline: str | None = None
    """The figure that ranks."""

    value: float | None = None
    """Of the best classifier."""

    updated: str | None = None
    problem: str | None = None
    """Why nothing is told of it, where it cannot be read."""


class JobsOut(ResponseModel):
    """A page of the jobs of a store."""

    total: int
    jobs: list[JobRowOut]


class FailureOut(ResponseModel):
    """A member that could not be trained."""

    member: str
    reason: str
    traceback: str


class RunOut(ResponseModel):
    """What one run came to, in members."""

    ended: str
    """When, ISO 8601 in UTC."""

    trained: int
    stored: int
    failed: int
    seconds: float
    interrupted: bool


class JobOut(ResponseModel):
    """Everything about a job but its classifiers."""

    outline: JobRowOut
    text: str
    """The file that it was run from; empty for one that came from Python."""

    classes: list[str]
    outputs: str
    """`exclusive` or `independent`."""

    part: str
    """Part of the examples that figures are reported on."""

    targets: list[str]
    """Independent targets; empty where there are none."""

    failures: list[FailureOut]
    runs: list[RunOut]
    """How often it was run, and what came of it."""


class RankingOut(ResponseModel):
    """Classifiers of one target, best first."""

    heading: str
    headline: str
    target: str | None
    total: int
    rows: list[Row]
    """The columns of `sortal show`."""

    tied: str
    """Which is best, and which cannot be told from it."""


@router.get("/jobs")
def list_jobs(shelf: ShelfOf, offset: Offset = 0, limit: Limit = 100) -> JobsOut:
    """List the jobs of the store, by name."""
    names, running = shelf.store().jobs.names(), shelf.running()
    shown = names[offset : offset + limit]
    return JobsOut(total=len(names), jobs=[_outline(shelf, name, running) for name in shown])


@router.get("/jobs/{name}")
def show_job(shelf: ShelfOf, name: JobName) -> JobOut:
    """Show a job: its file, its classes, its runs, its failures."""
    results = shelf.results(name)
    record = results.record
    return JobOut(
        outline=_told(results, running=name in shelf.running()),
        text=record.text,
        classes=list(record.classes),
        outputs=results.outputs.value,
        part=results.part.value,
        targets=[target for target in results.targets if target is not None],
        failures=[
            FailureOut(member=member, reason=of.reason, traceback=of.traceback)
            for member, of in results.failed.items()
        ],
        runs=[RunOut(**dict(run)) for run in record.runs],
    )


@router.get("/jobs/{name}/ranking")
def rank_classifiers(
    shelf: ShelfOf, name: JobName, target: Target = None, offset: Offset = 0, limit: Limit = 1000
) -> RankingOut:
    """Rank a job's classifiers on one target, best first."""
    results = shelf.results(name).only(target)
    target = results.targets[0] if results.targets else None
    frame = results.ranking(target)
    return RankingOut(
        heading=heading(results, target),
        headline=results.headline,
        target=target,
        total=len(frame),
        rows=plain(frame.slice(offset, limit).to_dicts()),
        tied=tied_sentence(results, target),
    )


def _outline(shelf: ServedStore, name: str, running: frozenset[str]) -> JobRowOut:
    """A job's row; one that is damaged, or was deleted this moment, says so in it."""
    try:
        return _told(shelf.results(name), running=name in running)
    except (Damaged, NotFound) as error:
        return JobRowOut(job=name, running=name in running, problem=str(error))


def _told(results: JobResults, *, running: bool) -> JobRowOut:
    outline = results.outline()
    return JobRowOut(
        job=outline.job,
        running=running,
        classifiers=outline.classifiers,
        members=outline.members,
        done=outline.done,
        failed=outline.failed,
        best=outline.best,
        headline=outline.headline,
        value=plain(outline.value),
        updated=outline.updated,
    )
