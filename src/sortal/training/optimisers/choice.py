"""Every optimiser by its name, and the rates that a member may choose; loads nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sortal.errors import NotFound
from sortal.training.schedules.span import check_number

OptimiserKind: TypeAlias = Literal[
    "sgd",
    "nesterov",
    "adam",
    "amsgrad",
    "adamw",
    "nadam",
    "adamax",
    "rmsprop",
    "adagrad",
    "adadelta",
]

EpsilonPlace: TypeAlias = Literal["corrected", "uncorrected"]
"""Root of which average square epsilon is added to: corrected for its start at 0, or as it is."""

EPSILON_PLACED: frozenset[OptimiserKind] = frozenset({"adam", "amsgrad", "adamw"})
"""Optimisers that read where epsilon is added. Keras and TensorFlow add it to the uncorrected root
in these alone: their nadam corrects first, and adamax has no square to correct."""

_BETAS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


@dataclass(frozen=True, slots=True)
class OptimiserEntry:
    """Where the update rule of an optimiser is, and what its user may set."""

    rule: str
    """Module and class in this folder, imported when the optimiser is built."""

    rates: Mapping[str, float]
    """Rates that it reads beside learning rate and weight decay, with their usual values."""

    variant: Mapping[str, bool] = field(default_factory=dict)
    """Arguments of the class; empty for its plain form."""


PLACES: dict[OptimiserKind, OptimiserEntry] = {
    "sgd": OptimiserEntry("descent:Descent", {"momentum": 0.0}),
    "nesterov": OptimiserEntry("descent:Descent", {"momentum": 0.9}, {"ahead": True}),
    "adam": OptimiserEntry("adam:Adam", _BETAS),
    "amsgrad": OptimiserEntry("adam:Adam", _BETAS, {"largest": True}),
    "adamw": OptimiserEntry("adam:Adam", _BETAS, {"decoupled": True}),
    "nadam": OptimiserEntry("nadam:Nadam", _BETAS),
    "adamax": OptimiserEntry("adamax:Adamax", _BETAS),
    "rmsprop": OptimiserEntry("rmsprop:RMSprop", {"momentum": 0.0, "rho": 0.99, "epsilon": 1e-8}),
    "adagrad": OptimiserEntry("adagrad:Adagrad", {"epsilon": 1e-10}),
    "adadelta": OptimiserEntry("adadelta:Adadelta", {"rho": 0.9, "epsilon": 1e-6}),
}
"""Every optimiser by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRates:
    """One member's rates; what its optimiser does not read stays without effect.

    `usual_rates` tells what an optimiser reads, and the values it is usually given.
    """

    learning_rate: float
    """At least 0."""

    weight_decay: float = 0.0
    """At least 0."""

    momentum: float = 0.0
    """Share of the last step that is made again, in [0, 1)."""

    beta1: float = 0.9
    """Share of the average gradient that an update keeps, in [0, 1)."""

    beta2: float = 0.999
    """Share of the average squared (adamax: largest) gradient that an update keeps, in [0, 1)."""

    rho: float = 0.9
    """Share of the averages of rmsprop and adadelta that an update keeps, in [0, 1)."""

    epsilon: float = 1e-8
    """Least divisor, above 0."""

    epsilon_added_to: EpsilonPlace = "corrected"
    """Which root of Adam, AMSGrad and AdamW it is added to."""

    def __post_init__(self) -> None:
        for name in ("learning_rate", "weight_decay"):
            check_number("optimiser", name, getattr(self, name), least=0)
        for name in ("momentum", "beta1", "beta2", "rho"):
            check_number("optimiser", name, getattr(self, name), least=0, below=1)
        check_number("optimiser", "epsilon", self.epsilon, above=0)


def usual_rates(kind: OptimiserKind) -> dict[str, float]:
    """What an optimiser reads beside learning rate and weight decay, at torch's defaults.

    Nesterov's momentum, which torch leaves at 0, is at 0.9.

    Raises:
        NotFound: No optimiser has that name.

    >>> usual_rates("adadelta")
    {'rho': 0.9, 'epsilon': 1e-06}
    """
    if kind not in PLACES:
        raise NotFound("optimiser", kind, PLACES)
    return dict(PLACES[kind].rates)
