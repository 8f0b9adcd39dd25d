"""What members choose for their updates, stacked: learning rate, decay, averages."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sortal.training.optimisers.choice import MemberRates

_NUMBERS = ("learning_rate", "weight_decay", "momentum", "beta1", "beta2", "rho", "epsilon")


@dataclass(frozen=True, slots=True)
class Averaging:
    """Shares of exponential averages, each of shape (members, 1).

    All three are rounded from double precision: in float32, 1 - 0.999 has lost four of
    its digits, and 1 - 0.999**t at small t as many.
    """

    kept: Tensor
    """What an update keeps of the average (beta)."""

    fresh: Tensor
    """What an update takes from the gradient, 1 - beta."""

    log_kept: Tensor

    @classmethod
    def of(cls, kept: Sequence[float], like: Tensor) -> "Averaging":
        """Stack the shares of all members."""
        exact = torch.tensor(kept, dtype=torch.float64).reshape(-1, 1)
        return cls(*(one.to(like) for one in (exact, 1 - exact, exact.log())))

    def left(self, steps: int) -> Tensor:
        """Share of its start that an average still has after updates, beta**steps."""
        return (self.log_kept * steps).exp_()

    def filled(self, steps: int) -> Tensor:
        """Sum of the shares that gradients have in an average, 1 - beta**steps.

        >>> average = Averaging.of([0.999], torch.zeros(1))
        >>> naive = 1 - average.left(1)
        >>> f"{average.filled(1).item():.9f}, not {naive.item():.9f}"
        '0.001000000, not 0.000999987'
        """
        return (self.log_kept * steps).expm1_().neg_()

    def keep(self, rows: Tensor) -> "Averaging":
        """Shares of some members alone."""
        return Averaging(self.kept[rows], self.fresh[rows], self.log_kept[rows])


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of all members, in the parameters' dtype and on their device.

    Tensors have shape (members, 1). Learning rate and weight decay may have shape
    (members, numbers) instead: factors for single parameters, or a decay that is 0 for
    biases. A schedule gives every update its own by
    `dataclasses.replace(rates, learning_rate=...)`.
    """

    learning_rate: Tensor
    weight_decay: Tensor | None
    """None if no member decays: what is 0 everywhere need not be added."""

    momentum: Tensor | None
    """None if no member has any."""

    beta1: Averaging
    beta2: Averaging
    rho: Averaging
    epsilon: Tensor
    uncorrected: Tensor | None = None
    """Who adds epsilon to the root of the uncorrected average square, bool; None if no member does."""

    @classmethod
    def of(cls, choices: Sequence[MemberRates], like: Tensor) -> "Rates":
        """Stack the rates of every member, for parameters like these."""
        columns = {name: [float(getattr(one, name)) for one in choices] for name in _NUMBERS}
        uncorrected = [[one.epsilon_added_to == "uncorrected"] for one in choices]

        def stack(name: str) -> Tensor:
            return torch.tensor(columns[name], dtype=like.dtype, device=like.device).reshape(-1, 1)

        return cls(
            learning_rate=stack("learning_rate"),
            weight_decay=_unless_zero(stack("weight_decay")),
            momentum=_unless_zero(stack("momentum")),
            beta1=Averaging.of(columns["beta1"], like),
            beta2=Averaging.of(columns["beta2"], like),
            rho=Averaging.of(columns["rho"], like),
            epsilon=stack("epsilon"),
            uncorrected=_unless_zero(torch.tensor(uncorrected, device=like.device)),
        )

    def added(self, filled: Tensor) -> Tensor:
        """What Adam adds to the root of its uncorrected average square, shape (members, 1).

        Kingma & Ba 2015 (arXiv:1412.6980): epsilon times the root of the correction in their
        algorithm 1, epsilon itself in the form at the end of their section 2.

        Args:
            filled: Root of the correction, sqrt(1 - beta2**t), shape (members, 1).
        """
        if self.uncorrected is None:
            return self.epsilon * filled
        return self.epsilon * torch.where(self.uncorrected, 1, filled)

    def keep(self, rows: Tensor) -> "Rates":
        """Rates of some members alone; waits for the device."""
        return Rates(
            learning_rate=self.learning_rate[rows],
            weight_decay=None
            if self.weight_decay is None
            else _unless_zero(self.weight_decay[rows]),
            momentum=None if self.momentum is None else _unless_zero(self.momentum[rows]),
            beta1=self.beta1.keep(rows),
            beta2=self.beta2.keep(rows),
            rho=self.rho.keep(rows),
            epsilon=self.epsilon[rows],
            uncorrected=None if self.uncorrected is None else _unless_zero(self.uncorrected[rows]),
        )


def _unless_zero(rate: Tensor) -> Tensor | None:
    return rate if rate.any() else None
