"""Fit one projection: coordinates of examples, and how further ones are placed among them."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np

from sortal.errors import DataError, MissingExtra
from sortal.evaluation.maps.parameters import (
    Isomap,
    Lle,
    Mds,
    Pca,
    ProjectionMethod,
    SpectralEmbedding,
    Tsne,
    Umap,
)
from sortal.evaluation.maps.scaling import classical_scaling, smacof

Place: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""Coordinates (examples, 2) of examples (examples, features)."""

_SPREAD_FROM = 5000
"""Points from which a second thread makes t-SNE quicker."""

_IDLE = "inverse_transform"
"""What a library warns that it cannot do, and nobody asks for."""

_MOST_DENSE = 3000
"""Examples up to which locally linear embedding may fall back to all eigenvectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A fitted projection."""

    coordinates: np.ndarray
    """Shape (examples, 2)."""

    place: Place | None = None
    """Places further examples; None for methods that cannot."""

    notes: tuple[str, ...] = field(default=())


def embed(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    """Fit a projection to examples.

    Args:
        matrix: Shape (examples, features), finite floats, 3 examples or more.
        projection: The method and its parameters, held against the number of examples before.

    Raises:
        MissingExtra: UMAP is asked for and not installed.
        DataError: The method cannot cope with these examples.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            found = _FITS[type(projection)](matrix, projection)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError, RuntimeError) as error:
            first = str(error).strip().split("\n")[0].rstrip(".")
            raise DataError(
                f"{projection.method} cannot project these {len(matrix)} examples of "
                f"{matrix.shape[1]} features: {first}."
            ) from error
    if not np.isfinite(found.coordinates).all():
        raise DataError(
            f"{projection.method} gave coordinates that are not finite for these "
            f"{len(matrix)} examples; another number of neighbours may help."
        )
    return Embedded(found.coordinates, found.place, (*found.notes, *_remarks(heard)))


def _remarks(heard: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """What a library warned of that its user can act on, each once."""
    texts = (" ".join(str(one.message).split()) for one in heard if one.category is UserWarning)
    return tuple(dict.fromkeys(text for text in texts if _IDLE not in text))


def _pca(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    from sklearn.decomposition import PCA

    axes = min(2, matrix.shape[1])
    fitted = PCA(axes, random_state=projection.random_state).fit(matrix)

    def place(others: np.ndarray) -> np.ndarray:
        return np.pad(fitted.transform(others), ((0, 0), (0, 2 - axes)))

    if axes == 2:
        share = 100 * fitted.explained_variance_ratio_
        about = f"The axes hold {share[0]:.1f} % and {share[1]:.1f} % of the variance."
    else:
        about = "There is one feature, so that the second axis is empty."
    return Embedded(place(matrix), place, (about,))


def _mds(matrix: np.ndarray, _: ProjectionMethod) -> Embedded:
    from sklearn.metrics import euclidean_distances

    distances = euclidean_distances(matrix).astype(np.float64, copy=False)
    return Embedded(smacof(distances, classical_scaling(distances)))


def _isomap(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    from sklearn import manifold

    wanted = cast("Isomap", projection)
    fitted = manifold.Isomap(n_neighbors=wanted.n_neighbors, n_components=2).fit(matrix)
    return Embedded(fitted.embedding_, fitted.transform)


def _spectral(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    from sklearn import manifold

    fitted = manifold.SpectralEmbedding(
        n_components=2,
        affinity="nearest_neighbors",
        n_neighbors=min(max(2, len(matrix) // 10), 100),
        random_state=projection.random_state,
    )
    return Embedded(fitted.fit_transform(matrix))


def _tsne(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    wanted = cast("Tsne", projection)
    init = "pca" if matrix.shape[1] > 1 else "random"
    return Embedded(
        run_tsne(matrix, perplexity=wanted.perplexity, seed=wanted.random_state, init=init)
    )


def run_tsne(
    matrix: np.ndarray,
    *,
    perplexity: float,
    seed: int,
    init: str | np.ndarray,
    metric: str = "euclidean",
) -> np.ndarray:
    """Coordinates by t-SNE, the same for the same seed.

    Args:
        matrix: Examples (examples, features), or distances (points, points).
        perplexity: Less than the number of examples.
        seed: Of everything drawn.
        init: `pca`, `random`, or where the points begin, shape (examples, 2).
        metric: `euclidean`, or `precomputed` for distances.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(_threads(len(matrix)), user_api="openmp"):
        found = TSNE(
            n_components=2,
            perplexity=perplexity,
            init=init,
            learning_rate="auto",
            random_state=seed,
            metric=metric,
        ).fit_transform(matrix)
    return np.asarray(found)


def _threads(points: int) -> int:
    """Threads for t-SNE: its steps are short, and sums of three come in an order that changes."""
    from threadpoolctl import threadpool_info

    allowed = (pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp")
    return 1 if points < _SPREAD_FROM else min([2, *allowed])


def _lle(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    from sklearn.manifold import LocallyLinearEmbedding

    wanted = cast("Lle", projection)
    kind = LocallyLinearEmbedding(
        n_neighbors=wanted.n_neighbors,
        n_components=2,
        method=wanted.lle_method,
        random_state=wanted.random_state,
    )
    try:
        fitted = kind.fit(matrix)
    except (ValueError, RuntimeError):
        # Equal examples make the sparse solver's matrix singular; the dense one copes.
        if len(matrix) > _MOST_DENSE:
            raise
        fitted = kind.set_params(eigen_solver="dense").fit(matrix)
    return Embedded(fitted.embedding_, fitted.transform)


def _umap(matrix: np.ndarray, projection: ProjectionMethod) -> Embedded:
    wanted = cast("Umap", projection)
    fitted = make_umap(
        n_neighbors=wanted.n_neighbors,
        min_dist=wanted.min_dist,
        spread=wanted.spread,
        metric=wanted.metric,
        seed=wanted.random_state,
    ).fit(matrix)
    return Embedded(fitted.embedding_, fitted.transform)


def make_umap(
    *,
    n_neighbors: int,
    min_dist: float,
    spread: float,
    metric: str,
    seed: int,
    init: Any = "spectral",
) -> Any:
    """An unfitted `umap.UMAP`, the same for the same seed.

    Raises:
        MissingExtra: umap-learn is not installed.
    """
    try:
        from umap import UMAP
    except ImportError:
        raise MissingExtra("the projection 'umap'", "umap") from None
    return UMAP(
        n_components=2,
        n_neighbors=n_neighbors,
        min_dist=min_dist,
        spread=spread,
        metric=metric,
        init=init,
        random_state=seed,
        # A seed allows one thread; to say so is to be spared a warning.
        n_jobs=1,
    )


_FITS: Mapping[type[ProjectionMethod], Callable[[np.ndarray, ProjectionMethod], Embedded]] = {
    Pca: _pca,
    Mds: _mds,
    Isomap: _isomap,
    SpectralEmbedding: _spectral,
    Tsne: _tsne,
    Lle: _lle,
    Umap: _umap,
}
