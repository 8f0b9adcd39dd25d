"""What is done to inputs before any classifier sees them, fitted on training examples alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from sortal.data.inputs import Inputs

Scaling: TypeAlias = Literal["standard", "minmax", "minmax_symmetric", "robust", "none"]
Imputation: TypeAlias = Literal["median", "mean", "most_frequent", "zero", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The recipe, before it is fitted."""

    scaling: Scaling = "none"
    imputation: Imputation = "none"

    @property
    def fingerprint(self) -> str:
        """A short text that is equal for equal recipes."""
        return f"{self.scaling}+{self.imputation}"


@dataclass(frozen=True, slots=True, eq=False)
class Preparer:
    """Imputer and scaler fitted on training examples; needs nothing else to be applied."""

    preparation: Preparation

    @classmethod
    def fit(
        cls,
        inputs: Inputs,
        names: Mapping[str, tuple[str, ...]],
        rows: np.ndarray,
        preparation: Preparation,
    ) -> "Preparer":
        """Fit on `rows` of `inputs`."""
        raise NotImplementedError

    def apply(self, inputs: Inputs) -> Inputs:
        """Impute and scale; the result is a new array, NaN stays where nothing was imputed."""
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write into an existing folder."""

    @classmethod
    def load(cls, folder: Path) -> "Preparer":
        """Read what `save` wrote."""
        raise NotImplementedError
