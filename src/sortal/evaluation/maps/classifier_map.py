"""Classifiers as points on a plane: near each other if they behave alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sortal.errors import DataError, OptionError
from sortal.evaluation.maps.dissimilarity import ComparedBy, Dissimilarity
from sortal.evaluation.maps.embed import make_umap, run_tsne
from sortal.evaluation.maps.scaling import classical_scaling
from sortal.metrics.embedding import stress, trustworthiness

if TYPE_CHECKING:
    import polars as pl

FEWEST = 3
"""Classifiers that a map needs."""


class MapMethod(BaseModel):
    """Base of every way to draw a map: frozen, unknown names refused, docs under the fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )

    method: ClassVar[str]

    def meaning(self) -> dict[str, Any]:
        """The method and all that was chosen, as plain JSON."""
        return {"method": self.method, **self.model_dump(mode="json")}


class MapPca(MapMethod):
    """Principal components of the classifiers' errors, probabilities, agreements or figures."""

    method: ClassVar[str] = "pca"


class MapMds(MapMethod):
    """Classical scaling of the distances (Torgerson 1952).

    By probabilities and by scores, whose distances are Euclidean, the same as PCA.
    """

    method: ClassVar[str] = "mds"


class MapTsne(MapMethod):
    """t-SNE of the distances, begun from classical scaling."""

    method: ClassVar[str] = "tsne"

    random_state: int = Field(default=0, ge=0, le=100_000)
    """Seed of everything drawn."""

    perplexity: float | None = Field(default=None, ge=1, le=100, allow_inf_nan=False)
    """About how many neighbours each classifier looks at; if not given 20, or a third of the other
    classifiers if that is less."""


class MapUmap(MapMethod):
    """UMAP of the distances, begun from classical scaling; needs the extra `umap`."""

    method: ClassVar[str] = "umap"

    random_state: int = Field(default=0, ge=0, le=100_000)
    """Seed of everything drawn."""

    n_neighbors: int | None = Field(default=None, ge=2, le=1000)
    """Neighbours of each classifier; if not given 15, or all others if they are fewer."""

    min_dist: float = Field(default=0.1, ge=0, le=1, allow_inf_nan=False)
    """How close points may lie."""


MAP_METHODS: Mapping[str, type[MapMethod]] = {
    one.method: one for one in (MapPca, MapMds, MapTsne, MapUmap)
}
"""Every way to draw a map by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedClassifier:
    """One classifier of a map, before it is placed."""

    title: str

    family: str
    """Its method, by which it is coloured."""

    anchor: str = ""
    """`optimal` or `naive` for the two poles; empty for all others."""

    computed: bool = False
    """Whether nobody trained it: a pole computed from the labels."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClassifierMap:
    """Classifiers on a plane."""

    by: ComparedBy
    way: MapMethod

    classifiers: tuple[MappedClassifier, ...] = field(repr=False)

    coordinates: np.ndarray = field(repr=False)
    """Shape (classifiers, 2), float32; Optimal lies to the right of the middle."""

    from_optimal: np.ndarray = field(repr=False)
    """True distance from Optimal, shape (classifiers,), float32; NaN if there is no Optimal."""

    trustworthiness: float
    """Whether neighbours on the map are neighbours in truth, in [0, 1]."""

    stress: float
    """Kruskal's stress-1: relative error of the distances on the map, 0 for none."""

    notes: tuple[str, ...] = ()
    """What was left out or computed, in sentences."""

    @property
    def quality(self) -> str:
        """Trustworthiness and stress in words, for captions."""
        return f"trustworthiness {self.trustworthiness:.3f}, stress {self.stress:.3f}"

    def rows(self) -> list[dict[str, Any]]:
        """One row a classifier: title, method, anchor, computed, x, y, from_optimal."""
        return [
            {
                "title": one.title,
                "method": one.family,
                "anchor": one.anchor or None,
                "computed": one.computed,
                "x": float(x),
                "y": float(y),
                "from_optimal": None if np.isnan(away) else float(away),
            }
            for one, (x, y), away in zip(
                self.classifiers, self.coordinates, self.from_optimal, strict=True
            )
        ]

    def table(self) -> "pl.DataFrame":
        """The same rows as a data frame."""
        import polars as pl

        return pl.DataFrame(self.rows(), infer_schema_length=None)

    def _repr_html_(self) -> str:
        """Its table, for notebooks."""
        return f"<p>{self.quality}</p>\n{self.table()._repr_html_()}"


def place_classifiers(
    dissimilarity: Dissimilarity,
    classifiers: Sequence[MappedClassifier],
    way: MapMethod,
    *,
    notes: Sequence[str] = (),
) -> ClassifierMap:
    """Place classifiers on a plane by their distances.

    Poles are placed like all others. The picture is mirrored, never turned, so that Optimal
    lies to the right of the middle, and Naive not above it.

    Args:
        dissimilarity: All pairs, in the order of `classifiers`.
        classifiers: What is placed.
        way: How.
        notes: What is to stand in front of the notes of the map.

    Raises:
        DataError: There are fewer than three classifiers.
        OptionError: A parameter is too large for so many classifiers.
        MissingExtra: UMAP is asked for and not installed.
    """
    count = len(classifiers)
    if count < FEWEST:
        raise DataError(f"a map needs {FEWEST} classifiers or more, got {count}.")
    placed = np.asarray(_WAYS[type(way)](dissimilarity, way), dtype=np.float64)
    placed = _turned(placed - placed.mean(axis=0), classifiers)
    distances = dissimilarity.distances
    optimal = [row for row, one in enumerate(classifiers) if one.anchor == "optimal"]
    away = distances[optimal[0]] if optimal else np.full(count, np.nan)
    true = dissimilarity.euclidean if isinstance(way, MapPca) else distances
    return ClassifierMap(
        by=dissimilarity.by,
        way=way,
        classifiers=tuple(classifiers),
        coordinates=placed.astype(np.float32),
        from_optimal=away.astype(np.float32),
        trustworthiness=trustworthiness(true, placed),
        stress=stress(true, placed),
        notes=(*notes, *dissimilarity.notes),
    )


def _turned(placed: np.ndarray, classifiers: Sequence[MappedClassifier]) -> np.ndarray:
    """Mirror the axes by where the poles lie."""
    for anchor, axis, side in (("naive", 1, -1.0), ("optimal", 0, 1.0)):
        rows = [row for row, one in enumerate(classifiers) if one.anchor == anchor]
        if rows and placed[rows[0], axis] * side < 0:
            placed[:, axis] *= -1.0
    return placed


def _by_tsne(dissimilarity: Dissimilarity, way: MapMethod) -> np.ndarray:
    wanted, distances = cast("MapTsne", way), dissimilarity.distances
    others = len(distances) - 1
    perplexity = wanted.perplexity or max(1.0, min(20.0, others / 3))
    if perplexity > others:
        raise OptionError(
            "tsne.perplexity", perplexity, f"less than the number of classifiers, {len(distances)}"
        )
    init = _start(distances, 1e-4).astype(np.float32)
    return run_tsne(
        distances, perplexity=perplexity, seed=wanted.random_state, init=init, metric="precomputed"
    )


def _by_umap(dissimilarity: Dissimilarity, way: MapMethod) -> np.ndarray:
    import warnings

    wanted, distances = cast("MapUmap", way), dissimilarity.distances
    others = len(distances) - 1
    neighbours = wanted.n_neighbors or min(15, others)
    if neighbours > others:
        raise OptionError(
            "umap.n_neighbors", neighbours, f"less than the number of classifiers, {len(distances)}"
        )
    kind = make_umap(
        n_neighbors=neighbours,
        min_dist=wanted.min_dist,
        spread=1.0,
        metric="precomputed",
        seed=wanted.random_state,
        init=_start(distances, 10.0).astype(np.float32),
    )
    with warnings.catch_warnings():
        # It warns that given distances allow no inverse, which nobody asks for.
        warnings.simplefilter("ignore")
        return np.asarray(kind.fit_transform(distances))


def _start(distances: np.ndarray, scale: float) -> np.ndarray:
    """Classical scaling in a size that a method wants to begin from."""
    placed = classical_scaling(distances)
    return placed * (scale / (placed[:, 0].std() or 1.0))


_WAYS: Mapping[type[MapMethod], Callable[[Dissimilarity, MapMethod], np.ndarray]] = {
    MapPca: lambda unlike, _: classical_scaling(unlike.euclidean),
    MapMds: lambda unlike, _: classical_scaling(unlike.distances),
    MapTsne: _by_tsne,
    MapUmap: _by_umap,
}
