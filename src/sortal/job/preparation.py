"""Scaling and imputation as a job names them, for all features or by column and input."""

from typing import Annotated, Literal

from pydantic import Field

from sortal.job.block import AnyColumn, Column, JobBlock
from sortal.job.type_names import TypeName


class ConstantImputation(JobBlock):
    """Missing values become one number."""

    kind: Literal["constant"]
    value: float
    """The number."""


class KnnImputation(JobBlock):
    """A missing value becomes the mean of the nearest training examples that have a value there."""

    kind: Literal["knn"]
    neighbours: Annotated[int, Field(ge=1)] = 5
    """How many of them."""
    columns: Annotated[list[Column], Field(min_length=1)] | None = None
    """Columns in which distances are measured; all features if not given."""


Scaling = Literal[
    "standard",
    "minmax",
    "minmax_symmetric",
    "robust",
    "median_std",
    "whiten",
    "each_minmax",
    "none",
]
Filling = Literal["median", "mean", "most_frequent", "zero", "drop", "none"]
Imputation = (
    Filling
    | Annotated[
        ConstantImputation | KnnImputation,
        Field(discriminator="kind"),
        TypeName("an imputation", "imputations"),
    ]
)

Scalings = (
    Scaling
    | Annotated[
        dict[AnyColumn, Scaling],
        Field(min_length=1),
        TypeName("a map of columns or inputs to scalings", "scalings"),
    ]
)
"""One for all, or one for each column or input that is named."""

Imputations = (
    Filling
    | Annotated[
        dict[AnyColumn, Imputation],
        Field(min_length=1),
        TypeName("a map of columns or inputs to imputations", "imputations"),
    ]
)
"""One for all, or one for each column or input that is named."""
