"""Exported networks as safetensors: arrays by layer, and a JSON text beside them."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sortal.export.portable import Portable


def write_safetensors(portable: Portable, path: Path) -> None:
    """Write every tensor as `layers.NUMBER.NAME`, and the description as metadata `sortal`.

    Layers are numbered as in the description's network; imputation and scaling are the
    numbers of its `scaler`. Any network can be written.
    """
    tensors = {
        f"layers.{number}.{name}": np.ascontiguousarray(array)
        for number, own in enumerate(portable.tensors)
        for name, array in own.items()
    }
    save_file(tensors, path, metadata={"sortal": portable.json(scaler_inside=False)})
