"""Where and with what this process trains: machine, processor, versions. For records, never part of a key."""

import platform
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np


@cache
def device(library: str) -> str:
    """Name of what computes: the graphics card where networks find one, else the processor."""
    if library == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
    return _processor()


def _processor() -> str:
    """Name of the processor, its kind where the system does not tell more."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where and with what a process trains; for records, never part of a key."""

    host: str
    """Name of the machine."""

    sortal: str
    """Version of Sortal."""

    python: str
    """Version of Python."""

    numpy: str
    """Version of NumPy."""

    machine: str
    """Kind of processor."""


@cache
def environment() -> Environment:
    """The environment of this process."""
    return Environment(
        host=platform.node(),
        sortal=version("sortal"),
        python=platform.python_version(),
        numpy=np.__version__,
        machine=platform.machine(),
    )
