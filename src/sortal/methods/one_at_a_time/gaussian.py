"""Classes as Gaussian clouds: naive Bayes, quadratic and linear discriminant analysis."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from sortal.methods.contract import base
from sortal.methods.one_at_a_time.one_by_one import OneByOne


class GaussianNBParameters(base.Parameters):
    """Parameters of Gaussian naive Bayes."""

    var_smoothing: float = Field(default=1e-9, ge=0, allow_inf_nan=False)
    """Share of the largest variance of any feature that is added to all variances."""


class GaussianNB(OneByOne):
    """Gaussian naive Bayes, as scikit-learn's `GaussianNB`."""

    name: ClassVar[str] = "gaussiannb"
    summary: ClassVar[str] = "naive Bayes: independent Gaussian features in each class"
    Parameters: ClassVar[type[base.Parameters]] = GaussianNBParameters
    weights_allowed: ClassVar[bool] = True
    estimator: ClassVar[str] = "sklearn.naive_bayes.GaussianNB"


class QDAParameters(base.Parameters):
    """Parameters of quadratic discriminant analysis."""

    reg_param: float = Field(default=0.0, ge=0, le=1)
    """How far each class's covariance is drawn towards the unit matrix."""

    tol: float = Field(default=1e-4, ge=0, allow_inf_nan=False)
    """Singular values below this count as missing rank, which is told in a note."""


class QDA(OneByOne):
    """Quadratic discriminant analysis, as scikit-learn's `QuadraticDiscriminantAnalysis`."""

    name: ClassVar[str] = "qda"
    summary: ClassVar[str] = (
        "quadratic discriminant analysis: a Gaussian with its own shape a class"
    )
    Parameters: ClassVar[type[base.Parameters]] = QDAParameters
    estimator: ClassVar[str] = "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"


class LDAParameters(base.Parameters):
    """Parameters of linear discriminant analysis."""

    solver: Literal["svd", "lsqr", "eigen"] = "svd"
    """How it is computed; `svd` needs no covariance matrix and takes no shrinkage."""

    shrinkage: Literal["auto"] | Annotated[float, Field(ge=0, le=1)] | None = None
    """How far the covariance is drawn towards a diagonal: a share, or `auto` for the share of
    Ledoit and Wolf; needs the solver lsqr or eigen."""

    @model_validator(mode="after")
    def _shrinkage_needs_a_covariance(self) -> "LDAParameters":
        if self.shrinkage is not None and self.solver == "svd":
            raise ValueError("shrinkage needs the solver lsqr or eigen, not svd")
        return self


class LDA(OneByOne):
    """Linear discriminant analysis, as scikit-learn's `LinearDiscriminantAnalysis`."""

    name: ClassVar[str] = "lda"
    summary: ClassVar[str] = "linear discriminant analysis: Gaussians of one common shape"
    Parameters: ClassVar[type[base.Parameters]] = LDAParameters
    estimator: ClassVar[str] = "sklearn.discriminant_analysis.LinearDiscriminantAnalysis"
