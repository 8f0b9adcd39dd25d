"""Robust scaling and smooth clipping of features, fixed before training."""

from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from sortal.errors import OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape

_QUARTILES = (0.25, 0.5, 0.75)
_FLAT = float(np.finfo(np.float32).tiny)
"""Spread that counts as none: one over it would be infinite in float32."""

_RANGE = {
    dtype: (torch.finfo(dtype).min, torch.finfo(dtype).max)
    for dtype in (torch.float64, torch.float32, torch.bfloat16)
}
_Number = Annotated[float, Field(allow_inf_nan=False)]


class RobustClip(AbstractLayer):
    """Every feature x becomes z / sqrt(1 + (z/3)^2) with z = factor * (x - centre).

    Preprocessing of RealMLP (Holzmüller et al. 2024, arXiv:2407.04491, section 3). The
    result lies between -3 and 3, and is near z where z is small. Centre and factor belong
    to the description, not to what members hold: nothing trains them.
    """

    kind: Literal["robust_clip"] = "robust_clip"
    centre: tuple[_Number, ...]
    """Of each feature."""

    factor: tuple[_Number, ...]
    """Of each feature; 0 silences it."""

    @classmethod
    def fitted(cls, features: np.ndarray) -> "RobustClip":
        """Take centre and factor from training examples.

        The centre is the median. The factor is 1 over the distance of the quartiles or,
        where they coincide, over half the distance of least and largest value; 0 for a
        feature that is constant (to 1e-38). Quantiles are interpolated linearly.

        Args:
            features: Finite, shape (rows, features), at least one row.

        >>> RobustClip.fitted(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])).factor
        (1.0, 0.0)
        """
        numbers = features.astype(np.float64)
        low, centre, high = np.quantile(numbers, _QUARTILES, axis=0)
        spread = np.where(high - low > _FLAT, high - low, np.ptp(numbers, axis=0) / 2)
        factor = np.divide(1.0, spread, out=np.zeros_like(centre), where=spread > _FLAT)
        return cls(centre=tuple(centre.tolist()), factor=tuple(factor.tolist()))

    def result_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        if shape != (len(self.centre),) or len(self.factor) != len(self.centre):
            raise OptionError("robust_clip", shape, f"{len(self.centre)} features an example")
        return shape

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Centre, scale, clip."""
        centre, factor = self._numbers.to(values)
        # Beyond the largest float, as where squares overflow, 3 would become 0 or NaN.
        scaled = ((values - centre) * factor).clamp(*_RANGE[values.dtype])
        clipped: Tensor = scaled / torch.hypot(scaled / 3, torch.ones_like(scaled))
        return clipped

    @cached_property
    def _numbers(self) -> Tensor:
        return torch.tensor([self.centre, self.factor], dtype=torch.float64)
