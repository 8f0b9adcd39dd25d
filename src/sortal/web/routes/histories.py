"""How classifiers learnt: a row per member, epoch and metric."""

from fastapi import APIRouter

from sortal.evaluation.row import Row
from sortal.store.files.json_lines import plain
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import JobName, Limit, Offset, ShelfOf, Target, Title, one_result

router = APIRouter(tags=["histories"])


class Point(ResponseModel):
    """One value of one member."""

    seed: int | None
    fold: int | None
    epoch: float | None
    metric: str
    value: float | None


class History(ResponseModel):
    """The course of a classifier's training; empty for methods without one."""

    total: int
    rows: list[Point]
    courses: list[Row]
    """A row a member: epochs trained, the best one, the losses then."""


@router.get("/jobs/{name}/history")
def show_history(
    *,
    shelf: ShelfOf,
    name: JobName,
    title: Title,
    target: Target = None,
    offset: Offset = 0,
    limit: Limit = 1000,
) -> History:
    """Show how a classifier learnt."""
    result = one_result(shelf.results(name), title, target)
    frame = result.history
    return History(
        total=len(frame),
        rows=[Point(**plain(row)) for row in frame.slice(offset, limit).to_dicts()],
        courses=plain(result.course_table().to_dicts()) if result.courses else [],
    )
