"""In which types parameters are kept and training multiplies."""

from functools import lru_cache
from pathlib import Path

import torch

_LEAST_BATCH, _LEAST_UNITS = 256, 128
"""Rows and units below which conversions cost more than faster products gain: of networks of two
hidden layers at batch 512 on 2 cores with AMX, those of 128 units and more took two thirds of
the time, those of 50 a third more; at batch 64 all took longer."""


def exact_type(precision: str) -> torch.dtype:
    """Type of parameters, optimisers, losses, validation and scores.

    >>> exact_type("bfloat16")
    torch.float32
    """
    return torch.float64 if precision == "float64" else torch.float32


def working_type(
    precision: str, *, batch_size: int, units: int, device: torch.device
) -> torch.dtype:
    """Type of the values and products of training passes.

    Args:
        precision: `float32`, `float64`, `bfloat16`, or `auto` for bfloat16 where the
            hardware multiplies it faster and minibatches are large enough to gain.
        batch_size: Examples an update.
        units: Units of the widest layer.
        device: Where training runs.
    """
    if precision == "auto":
        large = batch_size >= _LEAST_BATCH and units >= _LEAST_UNITS
        fast = large and _multiplies_bfloat16_faster(device.type)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else exact_type(precision)


@lru_cache
def _multiplies_bfloat16_faster(kind: str) -> bool:
    """Whether there is a matrix unit for it: AMX, or the tensor cores of a GPU."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and " amx_bf16" in cpuinfo.read_text(encoding="utf-8")
