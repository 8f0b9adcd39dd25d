"""torch's optimiser for each of ours, and gradients to follow."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

from sortal.training.optimisers.choice import MemberRates, OptimiserKind, usual_rates


@pytest.fixture
def reference() -> Callable[..., torch.optim.Optimizer]:
    """torch's optimiser of one member."""

    def reference(
        kind: OptimiserKind, choice: MemberRates, parameters: Iterable[Any]
    ) -> torch.optim.Optimizer:
        shared = {"lr": choice.learning_rate, "weight_decay": choice.weight_decay}
        adam = {**shared, "betas": (choice.beta1, choice.beta2), "eps": choice.epsilon}
        momentum, rho = choice.momentum, choice.rho
        builders: dict[str, Callable[[], torch.optim.Optimizer]] = {
            "sgd": lambda: torch.optim.SGD(parameters, momentum=momentum, **shared),
            # torch refuses Nesterov's momentum of 0, which is none.
            "nesterov": lambda: torch.optim.SGD(
                parameters, momentum=momentum, nesterov=momentum > 0, **shared
            ),
            "adam": lambda: torch.optim.Adam(parameters, **adam),
            "amsgrad": lambda: torch.optim.Adam(parameters, amsgrad=True, **adam),
            "adamw": lambda: torch.optim.AdamW(parameters, **adam),
            "nadam": lambda: torch.optim.NAdam(parameters, **adam),
            "adamax": lambda: torch.optim.Adamax(parameters, **adam),
            "rmsprop": lambda: torch.optim.RMSprop(
                parameters, alpha=rho, momentum=momentum, eps=choice.epsilon, **shared
            ),
            "adagrad": lambda: torch.optim.Adagrad(parameters, eps=choice.epsilon, **shared),
            "adadelta": lambda: torch.optim.Adadelta(
                parameters, rho=rho, eps=choice.epsilon, **shared
            ),
        }
        return builders[kind]()

    return reference


@pytest.fixture
def choices() -> Callable[[OptimiserKind], list[MemberRates]]:
    """Rates of three members that differ in all that the optimiser reads."""

    def choices(kind: OptimiserKind) -> list[MemberRates]:
        pace = 100.0 if kind == "adadelta" else 1.0
        differing: list[dict[str, float]] = [
            {"momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "rho": 0.9, "epsilon": 1e-8},
            {"momentum": 0.0, "beta1": 0.5, "beta2": 0.9, "rho": 0.99, "epsilon": 1e-3},
            {"momentum": 0.6, "beta1": 0.0, "beta2": 0.99, "rho": 0.5, "epsilon": 1e-6},
        ]
        return [
            MemberRates(
                learning_rate=pace * learning_rate,
                weight_decay=decay,
                **{name: rate for name, rate in own.items() if name in usual_rates(kind)},
            )
            for learning_rate, decay, own in zip(
                (0.01, 0.05, 0.003), (0.0, 0.3, 0.05), differing, strict=True
            )
        ]

    return choices


@pytest.fixture
def slope() -> Callable[[Tensor, int], Tensor]:
    """Gradient at an update: a pull to zero, and a push that is its own for every parameter.

    The push never fades: where gradients vanish, their signs, and so the steps of some
    optimisers, are rounding alone.
    """

    def slope(parameters: Tensor, update: int) -> Tensor:
        places = torch.arange(parameters.shape[-1], dtype=parameters.dtype)
        return 0.1 * parameters + torch.sin((places + 1) * (update + 1)) + 0.5 * torch.cos(places)

    return slope


@pytest.fixture
def start() -> Tensor:
    """Parameters of three members, float64."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 40, dtype=torch.float64, generator=generator)
