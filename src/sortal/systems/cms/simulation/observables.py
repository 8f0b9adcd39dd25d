"""What is measured of an event, as a smooth invertible map of Gaussian latent variables.

Each measured value depends on its own latent and on values before it, so the map is
triangular: it can be undone one value after the other, and its Jacobian is the same for
every process. Three observables are counted instead and have no latent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sortal.systems.cms.simulation.densities import LEAST_JETS, STATES

NAMES = (
    "LepChg", "LepPt", "LepEta", "Dxy", "Dz", "RelIso", "Met", "mt", "Njet", "Jet1Pt", "Jet2Pt",
    "HT", "NbLoose", "JetHBpt", "JetHBCSV", "JetB2pt", "DrJetHBLep",
)  # fmt: skip
"""The 17 observables of the page's multiclass script, in its order."""

COUNTED = ("LepChg", "Njet", "NbLoose")
_EDGE = 1e-7

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """A monotone map of one latent, given the values before it."""

    forward: Callable[[np.ndarray, Values], np.ndarray]
    backward: Callable[[np.ndarray, Values], np.ndarray]


def _above(threshold: float, scale: float, stretch: float) -> _Map:
    """Falling spectrum above a threshold."""
    return _Map(
        forward=lambda z, _: threshold + scale * np.exp(stretch * z),
        backward=lambda x, _: np.log(_positive(x - threshold) / scale) / stretch,
    )


def _signed(scale: float) -> _Map:
    """Symmetric about zero with long tails, as impact parameters are."""
    return _Map(
        forward=lambda z, _: scale * np.sinh(z / 3), backward=lambda x, _: 3 * np.arcsinh(x / scale)
    )


def _between(
    low: float, high: Callable[[Values], np.ndarray | float], stretch: float = 1.0
) -> _Map:
    """Bounded on both sides; the upper bound may be made of values before."""

    def backward(x: np.ndarray, before: Values) -> np.ndarray:
        part = np.clip((x - low) / (high(before) - low), _EDGE, 1 - _EDGE)
        inverse: np.ndarray = np.log(part / (1 - part)) / stretch
        return inverse

    return _Map(
        forward=lambda z, before: low + (high(before) - low) / (1 + np.exp(-stretch * z)),
        backward=backward,
    )


def _positive(values: np.ndarray) -> np.ndarray:
    kept: np.ndarray = np.maximum(values, _EDGE)
    return kept


def _total_jets() -> _Map:
    """All jets together: the leading one, a second of 30 GeV or more, and the rest."""
    return _Map(
        forward=lambda z, before: before["Jet1Pt"] + 30 + 70 * np.exp(0.4 * z),
        backward=lambda x, before: np.log(_positive(x - before["Jet1Pt"] - 30) / 70) / 0.4,
    )


_MAPS: dict[str, _Map] = {
    "LepPt": _above(5.0, 12.0, 0.4),
    "LepEta": _between(-2.5, lambda _: 2.5),
    "Dxy": _signed(0.012),
    "Dz": _signed(0.024),
    "RelIso": _above(0.0, 0.04, 0.45),
    "Met": _above(200.0, 80.0, 0.4),
    "mt": _between(0.0, lambda before: 2 * np.sqrt(before["LepPt"] * before["Met"])),
    "Jet1Pt": _above(110.0, 100.0, 0.4),
    "HT": _total_jets(),
    "Jet2Pt": _between(
        30.0, lambda before: np.minimum(before["Jet1Pt"], before["HT"] - before["Jet1Pt"])
    ),
    "JetHBpt": _between(30.0, lambda before: before["Jet1Pt"]),
    "JetHBCSV": _between(0.0, lambda _: 1.0),
    "JetB2pt": _between(30.0, lambda before: before["Jet1Pt"]),
    "DrJetHBLep": _between(0.4, lambda _: 5.0),
}
"""In the order in which values are made; bounds and scales in GeV, cm and radians."""

LATENTS = tuple(_MAPS)


def latent_names(observables: Sequence[str]) -> tuple[str, ...]:
    """Those of the observables that have a latent, in the latents' order."""
    return tuple(name for name in LATENTS if name in observables)


def measure(latents: np.ndarray, states: np.ndarray, observables: Sequence[str]) -> np.ndarray:
    """Map latents and counted states to what is measured.

    Args:
        latents: Shape (examples, latents), in the order of `latent_names`.
        states: Flat index into the table of counted states, shape (examples,).
        observables: Names of the columns wanted.

    Returns:
        Shape (examples, observables), single precision as event files have it.
    """
    values: dict[str, np.ndarray] = {}
    for name, latent in zip(latent_names(observables), latents.T, strict=True):
        values[name] = _MAPS[name].forward(latent, values)
    charge, jets, tags = np.unravel_index(states, STATES)
    values |= {"LepChg": 2.0 * charge - 1, "Njet": jets + LEAST_JETS, "NbLoose": tags}
    return np.column_stack([values[name] for name in observables]).astype(np.float32)


def infer(values: np.ndarray, observables: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Undo `measure`, up to the rounding of single precision."""
    known = {name: values[:, at].astype(np.float64) for at, name in enumerate(observables)}
    latents = [_MAPS[name].backward(known[name], known) for name in latent_names(observables)]
    counted = (known["LepChg"] > 0, known["Njet"] - LEAST_JETS, known["NbLoose"])
    index = tuple(np.asarray(part).astype(np.intp) for part in counted)
    return np.column_stack(latents), np.ravel_multi_index(index, STATES)
