"""The simulated processes, read from `processes.yaml`, and the two problems made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from sortal.systems.cms.simulation import observables as observed
from sortal.systems.cms.simulation.densities import Component, SimulatedProcess, states_table

SIGNAL = "Signal"
SIGNAL_POINT = "T2DegStop_550_520.root"
"""The signal point that figures of merit are of."""

Kind = Literal["binary", "multiclass"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedProblem:
    """Observables and the processes to be told apart by them."""

    kind: Kind

    observables: tuple[str, ...]
    """Columns of the events."""

    processes: tuple[SimulatedProcess, ...]
    """Those of signal first."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the page's output nodes."""
        return tuple(dict.fromkeys(process.kind for process in self.processes))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the processes, `Name.root`."""
        return tuple(process.name for process in self.processes)

    @cached_property
    def is_signal(self) -> np.ndarray:
        """Whether each process is signal, shape (processes,)."""
        return np.array([process.kind == SIGNAL for process in self.processes])


@cache
def make_problem(kind: Kind) -> SimulatedProblem:
    """Make the problem of the page's binary or multiclass script."""
    text = (
        files("sortal.systems.cms.simulation")
        .joinpath("processes.yaml")
        .read_text(encoding="utf-8")
    )
    described = _parse(text)
    chosen = described["problems"][kind]
    columns = tuple(chosen["observables"])
    latents = observed.latent_names(columns)
    by_name = {one["name"]: one for one in described["processes"]}
    return SimulatedProblem(
        kind=kind,
        observables=columns,
        processes=tuple(
            _process(by_name[name], latents, generated)
            for name, generated in chosen["processes"].items()
        ),
    )


def _parse(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML

    parsed: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return parsed


def _process(
    described: Mapping[str, Any], latents: Sequence[str], generated: float
) -> SimulatedProcess:
    return SimulatedProcess(
        name=described["name"],
        kind=described["class"],
        cross_section=described["cross_section"],
        generated=generated,
        spread=described["spread"],
        tilt=_vector(described["tilt"], latents, otherwise=0.0),
        components=tuple(_component(one, latents) for one in described["components"]),
    )


def _component(described: Mapping[str, Any], latents: Sequence[str]) -> Component:
    widths = _vector(described.get("width", {}), latents, otherwise=1.0)
    correlation = np.eye(len(latents))
    for pair, value in described.get("correlation", {}).items():
        first, second = pair.split()
        # Observables that a problem leaves out are integrated over: their rows just fall away.
        if first in latents and second in latents:
            row, column = latents.index(first), latents.index(second)
            correlation[row, column] = correlation[column, row] = value
    return Component(
        share=described["share"],
        negative=described.get("negative", 0.0),
        mean=_vector(described.get("mean", {}), latents, otherwise=0.0),
        covariance=correlation * np.outer(widths, widths),
        states=states_table(
            plus=described["plus"], jets=described["jets"], b_rate=described["b_rate"]
        ),
    )


def _vector(
    by_name: Mapping[str, float], latents: Sequence[str], *, otherwise: float
) -> np.ndarray:
    return np.array([by_name.get(name, otherwise) for name in latents], dtype=np.float64)
