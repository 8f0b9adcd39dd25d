"""Scores of one member of a classifier on the reported examples: pages of JSON, or an array."""

import io
from typing import TYPE_CHECKING, Annotated

import numpy as np
from fastapi import APIRouter, Query, Response

from sortal.evaluation.row import Row
from sortal.store.files.json_lines import plain
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import (
    JobName,
    Limit,
    Offset,
    ServedStore,
    ShelfOf,
    Target,
    Title,
    one_result,
)

if TYPE_CHECKING:
    import polars as pl

_EXACT = 2**53
"""Above this, numbers in JavaScript are not the only whole numbers that are written as they are."""

router = APIRouter(tags=["predictions"])

Member = Annotated[
    str | None, Query(description="Key of a member; the first if not given.", max_length=200)
]


class PredictionsOut(ResponseModel):
    """A page of predictions."""

    member: str
    """Key of the member that made them."""

    classes: list[str]
    """In the order of the scores."""

    total: int
    rows: list[Row]
    """`id`, `label` (or `label_TARGET`), and `score_CLASS` for each class or target."""


@router.get("/jobs/{name}/predictions")
def list_predictions(
    *,
    shelf: ShelfOf,
    name: JobName,
    title: Title,
    target: Target = None,
    member: Member = None,
    offset: Offset = 0,
    limit: Limit = 1000,
) -> PredictionsOut:
    """List what a member says of the reported examples, and what they are."""
    frame, key, classes = _scored(shelf, name, title, target, member)
    return PredictionsOut(
        member=key,
        classes=classes,
        total=len(frame),
        rows=plain(exact_ids(frame).slice(offset, limit).to_dicts()),
    )


@router.get("/jobs/{name}/predictions.npy", response_class=Response)
def predictions_array(
    shelf: ShelfOf, name: JobName, title: Title, target: Target = None, member: Member = None
) -> Response:
    """All scores of a member as a NumPy file: shape (examples, classes), in the order of the pages."""
    frame, key, _ = _scored(shelf, name, title, target, member)
    scores = frame.select([one for one in frame.columns if one.startswith("score_")]).to_numpy()
    return as_npy(scores, f"scores-{key}")


def as_npy(array: np.ndarray, stem: str) -> Response:
    """An array as a file to keep; `stem` is of our own making, never a user's."""
    written = io.BytesIO()
    np.save(written, np.ascontiguousarray(array), allow_pickle=False)
    return Response(
        written.getvalue(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{stem}.npy"'},
    )


def _scored(
    shelf: ServedStore, name: str, title: str, target: str | None, key: str | None
) -> tuple["pl.DataFrame", str, list[str]]:
    """Scores of one member as rows, its key, and the classes."""
    results = shelf.results(name)
    result = one_result(results, title, target)
    classes = list(results.labels.for_target(result.target).classes)
    chosen = result.members[0].entry.key if key is None else key
    return results.scores(title, result.target, member=chosen), chosen, classes


def exact_ids(frame: "pl.DataFrame") -> "pl.DataFrame":
    """A table whose ids are text if some is a whole number that browsers would round."""
    import polars as pl

    ids = frame["id"]
    if ids.dtype.is_integer() and len(ids):
        least, most = ids.min(), ids.max()
        if isinstance(least, int) and isinstance(most, int) and max(-least, most) > _EXACT:
            return frame.with_columns(pl.col("id").cast(pl.String))
    return frame
