"""Classifiers, and examples, on a plane; each is computed once and kept in the store."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from sortal.evaluation.maps.dissimilarity import ComparedBy
from sortal.evaluation.maps.parameters import PROJECTIONS, parse_options
from sortal.evaluation.row import Row
from sortal.jobs.pictures.classifier_map import classifier_map, parse_map_method
from sortal.jobs.pictures.projections import (
    ProjectedExamples,
    projected_examples,
    stored_projections,
)
from sortal.store.files.json_lines import plain
from sortal.web.limited_lock import LimitedLock
from sortal.web.response_model import Parameters, ResponseModel
from sortal.web.routes.predictions import as_npy, exact_ids
from sortal.web.served_store import JobName, Limit, Offset, ServedStore, ShelfOf, Target

router = APIRouter(tags=["maps"])

_COMPUTING = LimitedLock("pictures", waiting=8)
"""One picture at a time: each may take gigabytes, and silences warnings of the whole process."""


class Options(BaseModel):
    """Parameters of a way to project; those that it does not have are refused."""

    random_state: int | None = Field(None, ge=0, le=100_000, description="Seed of what is drawn.")
    perplexity: float | None = Field(
        None, ge=1, le=100, allow_inf_nan=False, description="t-SNE: neighbours looked at."
    )
    n_neighbors: int | None = Field(None, ge=1, le=1000, description="Neighbours of each.")
    min_dist: float | None = Field(
        None, ge=0, le=1, allow_inf_nan=False, description="UMAP: how close points may lie."
    )


class MapPoint(ResponseModel):
    """A classifier on a map."""

    title: str
    method: str
    anchor: str | None
    """What it is where it is a fixed point of comparison; null for others."""

    computed: bool
    """Whether it is made for the map and no classifier of the job."""

    x: float | None
    y: float | None
    from_optimal: float | None
    """Its distance from Optimal; null where that is not known."""


class MapOut(ResponseModel):
    """A job's classifiers on a plane."""

    by: str
    way: Parameters
    """Method and its parameters."""

    trustworthiness: float | None
    """Whether neighbours on the map are neighbours in truth, in [0, 1]."""

    stress: float | None
    """Relative error of the distances on the map; 0 for none."""

    notes: list[str]
    classifiers: list[MapPoint]


class ProjectionRowOut(ResponseModel):
    """A projection of a job's examples, without them."""

    name: str
    """Of its artifact."""

    projection: Parameters
    """Method and its parameters."""

    trustworthiness: float | None
    notes: list[str]
    examples: int


class ProjectionOut(ProjectionRowOut):
    """A page of the examples of a projection."""

    rows: list[Row]
    """id, part, label (or `label_TARGET`), x, y."""


Chosen = Annotated[Options, Depends()]
Ways = Annotated[str, Query(description="mds, pca, tsne or umap.", max_length=40)]
Kinds = Annotated[str, Query(description="As `sortal project` names them.", max_length=40)]


@router.get("/jobs/{name}/classifier-map")
def show_map(
    *,
    shelf: ShelfOf,
    name: JobName,
    options: Chosen,
    by: ComparedBy = ComparedBy.ERRORS,
    method: Ways = "mds",
    target: Target = None,
    poles: bool = True,
) -> MapOut:
    """Place the classifiers of a job on a plane, near each other if they behave alike."""
    results = shelf.results(name).only(target)
    target = results.targets[0] if results.targets else None
    way = parse_map_method(method, **options.model_dump())
    drawn = classifier_map(results, by=by, way=way, target=target, poles=poles, alone=_COMPUTING)
    return MapOut(
        by=drawn.by.value,
        way=plain(drawn.way.meaning()),
        trustworthiness=plain(drawn.trustworthiness),
        stress=plain(drawn.stress),
        notes=list(drawn.notes),
        classifiers=[MapPoint(**plain(row)) for row in drawn.rows()],
    )


@router.get("/jobs/{name}/projections")
def list_projections(shelf: ShelfOf, name: JobName) -> list[ProjectionRowOut]:
    """List the projections of a job's examples that are kept."""
    return [_about(shown) for shown in stored_projections(shelf.results(name))]


@router.get("/jobs/{name}/projection")
def show_projection(
    *,
    shelf: ShelfOf,
    name: JobName,
    options: Chosen,
    method: Kinds = "pca",
    offset: Offset = 0,
    limit: Limit = 1000,
) -> ProjectionOut:
    """Place the examples of a job on a plane, training and test together: to be looked at alone."""
    shown = _projected(shelf, name, method, options)
    rows = exact_ids(shown.table()).slice(offset, limit).to_dicts()
    return ProjectionOut(**dict(_about(shown)), rows=plain(rows))


@router.get("/jobs/{name}/projection.npy", response_class=Response)
def projection_array(
    shelf: ShelfOf, name: JobName, options: Chosen, method: Kinds = "pca"
) -> Response:
    """All coordinates as a NumPy file: shape (examples, 2), in the order of the pages."""
    shown = _projected(shelf, name, method, options)
    return as_npy(shown.projected.coordinates, f"projection-{shown.name}")


def _projected(shelf: ServedStore, name: str, method: str, options: Options) -> ProjectedExamples:
    chosen = parse_options(PROJECTIONS, method, options.model_dump(), path="projection")
    return projected_examples(shelf.results(name), chosen, alone=_COMPUTING)


def _about(shown: ProjectedExamples) -> ProjectionRowOut:
    projected = shown.projected
    return ProjectionRowOut(
        name=shown.name,
        projection=plain(projected.projection.meaning()),
        trustworthiness=plain(projected.trustworthiness),
        notes=list(projected.notes),
        examples=len(shown.rows),
    )
