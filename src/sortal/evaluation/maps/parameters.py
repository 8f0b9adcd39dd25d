"""The ways to project examples to two dimensions, each with its parameters, their ranges and defaults."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sortal.errors import OptionError, UserError
from sortal.job.problems import JobError, Problem
from sortal.job.type_names import nearest
from sortal.job.validation import problems_of

MOST = 20_000
"""Examples up to which every example takes part in fitting, where the method itself allows it."""

LleMethod: TypeAlias = Literal["standard", "ltsa", "hessian", "modified"]

Metric: TypeAlias = Literal[
    "euclidean",
    "manhattan",
    "chebyshev",
    "minkowski",
    "canberra",
    "braycurtis",
    "haversine",
    "mahalanobis",
    "wminkowski",
    "seuclidean",
    "cosine",
    "correlation",
    "hamming",
    "jaccard",
    "dice",
    "russellrao",
    "kulsinski",
    "rogerstanimoto",
    "sokalmichener",
    "sokalsneath",
    "yule",
]


class ProjectionMethod(BaseModel):
    """Base of every way to project: frozen, unknown names refused, docs under the fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )

    method: ClassVar[str]
    summary: ClassVar[str]

    largest: ClassVar[int] = MOST
    """Examples that are fitted; of more a sample is, and the rest is placed."""

    random_state: int = Field(default=0, ge=0, le=100_000)
    """Seed of everything drawn: starting points, the sample that is fitted of many examples, the
    examples that trustworthiness is measured on."""

    def meaning(self) -> dict[str, Any]:
        """The method and all that was chosen, as plain JSON: equal for equal projections."""
        return {"method": self.method, **self.model_dump(mode="json")}

    def check(self, examples: int) -> None:
        """Hold the parameters against the number of examples that are fitted.

        Raises:
            OptionError: A parameter asks for more examples than there are.
        """

    def _below(self, name: str, examples: int) -> None:
        value = getattr(self, name)
        if value >= examples:
            raise OptionError(
                f"{self.method}.{name}", value, f"less than the number of examples, {examples}"
            )


class Pca(ProjectionMethod):
    """Principal components: the two directions of largest variance (Pearson 1901)."""

    method: ClassVar[str] = "pca"
    summary: ClassVar[str] = "principal components; linear and quick"


class Mds(ProjectionMethod):
    """Metric multidimensional scaling: distances kept as well as two dimensions allow.

    SMACOF (de Leeuw 1977) from the solution of classical scaling.
    """

    method: ClassVar[str] = "mds"
    summary: ClassVar[str] = "multidimensional scaling; keeps distances"
    largest: ClassVar[int] = 5_000


class _Neighbours(ProjectionMethod):
    """What ways over a graph of neighbours have in common."""

    n_neighbors: int = Field(default=10, ge=1, le=1000)
    """Neighbours of each example."""

    def check(self, examples: int) -> None:
        """Each example needs so many others."""
        self._below("n_neighbors", examples)


class Isomap(_Neighbours):
    """Distances along the graph of neighbours, kept (Tenenbaum, de Silva and Langford 2000)."""

    method: ClassVar[str] = "isomap"
    summary: ClassVar[str] = "keeps distances along the graph of neighbours"
    largest: ClassVar[int] = 5_000


class SpectralEmbedding(ProjectionMethod):
    """Laplacian eigenmaps of the graph of neighbours (Belkin and Niyogi 2003).

    A tenth of the examples, at least 2 and at most 100, are neighbours of each.
    """

    method: ClassVar[str] = "spectral_embedding"
    summary: ClassVar[str] = "Laplacian eigenmaps"


class Tsne(ProjectionMethod):
    """t-SNE: neighbourhoods kept, distances between groups not (van der Maaten and Hinton 2008)."""

    method: ClassVar[str] = "tsne"
    summary: ClassVar[str] = "t-SNE; keeps neighbourhoods"

    perplexity: float = Field(default=50.0, ge=1, le=100, allow_inf_nan=False)
    """About how many neighbours each example looks at; must be below the number of examples."""

    def check(self, examples: int) -> None:
        """The perplexity is a number of other examples."""
        self._below("perplexity", examples)


class Lle(_Neighbours):
    """Locally linear embedding (Roweis and Saul 2000) and its variants."""

    method: ClassVar[str] = "lle"
    summary: ClassVar[str] = "locally linear embedding"

    lle_method: LleMethod = "standard"
    """The original, or a variant that is more stable: `ltsa`, `hessian`, `modified`."""

    def check(self, examples: int) -> None:
        """Variants need enough neighbours to fit what they fit."""
        super().check(examples)
        least = {"hessian": 6, "modified": 2, "ltsa": 2}.get(self.lle_method, 1)
        if self.n_neighbors < least:
            raise OptionError(
                "lle.n_neighbors",
                self.n_neighbors,
                f"{least} or more with lle_method {self.lle_method}",
            )


class Umap(ProjectionMethod):
    """UMAP (McInnes, Healy and Melville 2018); needs the extra `umap`."""

    method: ClassVar[str] = "umap"
    summary: ClassVar[str] = "UMAP; keeps neighbourhoods, some of the distances between groups"

    n_neighbors: int = Field(default=15, ge=2, le=1000)
    """Neighbours of each example: few for detail, many for the whole."""

    min_dist: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    """How close points may lie, at most `spread`."""

    spread: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Scale of the picture."""

    metric: Metric = "euclidean"
    """How examples are compared."""

    def check(self, examples: int) -> None:
        """Each example needs so many others, and `min_dist` is a part of `spread`."""
        self._below("n_neighbors", examples)
        if self.min_dist > self.spread:
            raise OptionError(
                "umap.min_dist", self.min_dist, f"at most the spread, {self.spread:g}"
            )


PROJECTIONS: Mapping[str, type[ProjectionMethod]] = {
    one.method: one for one in (Pca, Mds, Isomap, SpectralEmbedding, Tsne, Lle, Umap)
}
"""Every way to project by its name, from plain to intricate."""

P = TypeVar("P", bound=BaseModel)


def parse(
    method: str, values: Mapping[str, Any] | None = None, *, path: str = "projection"
) -> ProjectionMethod:
    """Make a projection of a name and parameters, as they come from a file.

    Args:
        method: A name in `PROJECTIONS`.
        values: Parameters; what is not given has its default.
        path: Where they stand, for messages, such as `projections[2]`.

    Raises:
        JobError: There is no such method, or a parameter is unknown or out of its range; carries
            all problems, each with the nearest valid name.
    """
    return parse_among(PROJECTIONS, method, values or {}, path=path)


def parse_options(
    kinds: Mapping[str, type[P]], method: str, options: Mapping[str, Any], *, path: str
) -> P:
    """Make one of several kinds of parameters of options, of which those that are None count for nothing.

    Raises:
        UserError: There is no such method, or a parameter is unknown or out of its range.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return parse_among(kinds, method, given, path=path)
    except JobError as error:
        raise UserError(" ".join(map(str, error.problems))) from error


def parse_among(
    kinds: Mapping[str, type[P]], method: str, values: Mapping[str, Any], *, path: str
) -> P:
    """Make one of several kinds of parameters by its name; see `parse`."""
    if method not in kinds:
        known = f"one of {', '.join(kinds)}"
        near = nearest(str(method), kinds) or ""
        where = f"{path}.method"
        raise JobError([Problem(path=where, expected=known, got=repr(method), nearest=near)])
    kind = kinds[method]
    if values and not kind.model_fields:
        none = f"no parameters, for {method} has none"
        raise JobError([Problem(path=path, expected=none, got=", ".join(map(repr, values)))])
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise JobError(problems_of(error, dict(values), kind, path=path)) from error
