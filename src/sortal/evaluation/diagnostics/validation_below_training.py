"""Why a validation loss lies below the training loss, if it does."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sortal.evaluation.row import finite_or_none

Cause = Literal["regularisation", "running_average", "easier", "chance", "shared"]

SIGMAS = 2.0
"""A difference of losses on the same weights counts beyond so many of its errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason that applies."""

    cause: Cause
    """`regularisation` acts in training alone; `running_average` is taken while weights change;
    `easier` is the validation part itself, `chance` the same within statistical errors;
    `shared` are examples of both parts."""

    sentence: str
    """The same with its numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationBelowTraining:
    """Where the validation loss was below the training loss."""

    share_running: float | None
    """Share of the epochs in which it was below `loss`, the running average; None if unknown."""

    share_measured: float | None
    """Share of the epochs in which it was below `training_loss`, on the same weights."""

    best_running: float | None
    """`loss` less `validation_loss` at the best epoch: above zero where validation is below."""

    best_measured: float | None
    """Likewise `training_loss` less `validation_loss`."""

    reasons: tuple[Reason, ...]
    """Those that apply; where validation was not below, none but `shared`, which matters anyway."""

    @property
    def occurred(self) -> bool:
        """Whether it was below either loss at the best epoch, or in more than half of all."""
        return self.running or self.measured

    @property
    def running(self) -> bool:
        """Whether so for the running average."""
        return _is_below(self.share_running, self.best_running)

    @property
    def measured(self) -> bool:
        """Whether so for the loss on the same weights."""
        return _is_below(self.share_measured, self.best_measured)

    @property
    def sentence(self) -> str:
        """How often it was, and at the best epoch."""
        pairs = (
            ("the running average of training", self.share_running, self.best_running),
            ("the training loss on the same weights", self.share_measured, self.best_measured),
        )
        told = [
            f"below {name} in {share:.0%} of the epochs{_at_best(best)}"
            for name, share, best in pairs
            if share is not None
        ]
        if not told:
            return "Without a training loss the validation loss has nothing to compare with."
        return f"The validation loss is {' and '.join(told)}."


def reasons_below(
    running: np.ndarray,
    measured: np.ndarray,
    validation: np.ndarray,
    *,
    best: int,
    in_training_only: tuple[str, ...] = (),
    shared: int | None = None,
    errors: tuple[float, float] | None = None,
) -> ValidationBelowTraining:
    """Find out which reasons apply.

    Regularisation and running average both act on `loss` and not on `training_loss`: what
    lies between these two is theirs, and what lies between `training_loss` and
    `validation_loss` is of the parts.

    Args:
        running: `loss` by epoch, shape (epochs,), NaN where unknown; so are the next two.
        measured: `training_loss`.
        validation: `validation_loss`.
        best: Place of the best epoch.
        in_training_only: What raises `running` alone, such as dropout.
        shared: How many examples are in both parts.
        errors: Statistical errors of `measured` and `validation` at the best epoch.
    """
    below = ValidationBelowTraining(
        share_running=_share(running - validation),
        share_measured=_share(measured - validation),
        best_running=finite_or_none(running[best] - validation[best]),
        best_measured=finite_or_none(measured[best] - validation[best]),
        reasons=(),
    )
    reasons: list[Reason] = []
    if below.running:
        reasons += _of_running(running - measured, validation < running, in_training_only)
    if below.measured:
        reasons.append(_of_parts(below.best_measured, errors))
    if shared:
        reasons.append(_of_shared(shared))
    return replace(below, reasons=tuple(reasons))


def _of_running(
    above: np.ndarray, where: np.ndarray, in_training_only: tuple[str, ...]
) -> list[Reason]:
    """Reasons that act on the running average alone, if it is above the measured loss."""
    known = above[where & np.isfinite(above)]
    excess = float(np.median(known)) if len(known) else math.nan
    if excess <= 0:
        return []
    size = (
        "the training loss on the same weights was not measured, so how much is unknown"
        if math.isnan(excess)
        else f"the running average is {excess:.3g} above the training loss on the same weights"
    )
    causes = []
    if in_training_only:
        named = " and ".join(in_training_only)
        verb = "act" if len(in_training_only) > 1 else "acts"
        causes.append(
            Reason(
                cause="regularisation",
                sentence=f"Regularisation: {named} {verb} in training only; {size}.",
            )
        )
    also = ", part of which is regularisation" if in_training_only and excess > 0 else ""
    causes.append(
        Reason(
            cause="running_average",
            sentence=f"Running average: training is averaged while weights still improve; {size}{also}.",
        )
    )
    return causes


def _of_parts(apart: float | None, errors: tuple[float, float] | None) -> Reason:
    """The validation part is easier, or seems so."""
    lead = "The validation part is easier than the training part on the same weights"
    if apart is None or apart <= 0:
        return Reason(cause="easier", sentence=f"{lead}, in most epochs but not in the best one.")
    size = f"by {apart:.3g} at the best epoch"
    if errors is None:
        return Reason(
            cause="easier", sentence=f"{lead}, {size}; without errors chance is not ruled out."
        )
    error = math.hypot(*errors)
    told = f"{size}, {apart / error:.1f} errors of {error:.2g}" if error > 0 else size
    if error > 0 and apart < SIGMAS * error:
        return Reason(
            cause="chance",
            sentence=f"The validation loss is lower on the same weights {told}: that may be chance.",
        )
    return Reason(cause="easier", sentence=f"{lead} {told}: the parts are not alike.")


def _of_shared(shared: int) -> Reason:
    noun = "example" if shared == 1 else "examples"
    return Reason(
        cause="shared",
        sentence=f"{shared:,} {noun} of the validation part {'is' if shared == 1 else 'are'} in the training part too.",
    )


def _share(apart: np.ndarray) -> float | None:
    known = apart[np.isfinite(apart)]
    return float((known > 0).mean()) if len(known) else None


def _is_below(share: float | None, at_best: float | None) -> bool:
    return (share is not None and share > 0.5) or (at_best is not None and at_best > 0)


def _at_best(apart: float | None) -> str:
    if apart is None:
        return ""
    return f" ({abs(apart):.3g} {'below' if apart > 0 else 'above'} it at the best one)"
