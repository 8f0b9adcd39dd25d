"""What the curves of the losses say of a training: its best epoch, and which pitfalls occurred."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sortal.errors import DataError
from sortal.evaluation.diagnostics.loss_rise import LossRise
from sortal.evaluation.diagnostics.validation_below_training import (
    ValidationBelowTraining,
    reasons_below,
)
from sortal.evaluation.row import finite_or_none

FEW_UPDATES = 5
"""Fewer updates an epoch learn little from each pass over the examples."""

MANY_UPDATES = 100_000
"""More updates an epoch take long and are steered by few examples each."""

Row = Mapping[str, float | None]
"""One epoch: `loss`, the running average while weights changed; `training_loss` and
`validation_loss`, measured on the weights at its end; `epoch`, if it is known. None or absent
for what was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConditions:
    """What else is known of a training; says which causes are possible."""

    dropout: float = 0.0
    """Largest share of units dropped; acts on `loss` alone."""

    l1: float = 0.0
    """Strength of the penalty on absolute weights."""

    l2: float = 0.0
    """Strength of the penalty on squared weights."""

    penalty_in_loss: bool = False
    """Whether `loss` counts the penalties, as that of Keras does and that of Sortal does not."""

    updates: float | None = None
    """Updates of the weights in an epoch."""

    shared: int | None = None
    """How many examples of the validation part are in the training part too."""

    errors: tuple[float, float] | None = None
    """Statistical errors of `training_loss` and of `validation_loss` at the best epoch."""

    @property
    def in_training_only(self) -> tuple[str, ...]:
        """What raises `loss` and not the losses measured at the end of an epoch."""
        penalties = (("l1", self.l1), ("l2", self.l2)) if self.penalty_in_loss else ()
        return tuple(name for name, value in (("dropout", self.dropout), *penalties) if value > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """One training, as its losses tell it."""

    rows: int
    """How many epochs there are."""

    best_index: int
    """Place of the row with the least validation loss, the first of equals, counted from 0."""

    best_number: int
    """The same counted from 1."""

    best_epoch: float | None
    """What that row says of itself in `epoch`; None where it says nothing."""

    best_loss: float
    """Least validation loss."""

    training_at_best: float | None
    """`training_loss` in that row."""

    validation_rise: LossRise
    """How the validation loss went on after its minimum."""

    training_rise: LossRise | None
    """Likewise `training_loss`, else `loss`, after its own; None where neither was measured."""

    below: ValidationBelowTraining
    """Where validation was below training, and why."""

    updates: float | None
    """Updates in an epoch."""

    update_warning: str | None
    """A sentence if they are fewer than 5 or more than 100,000."""

    @property
    def best(self) -> str:
        """The best epoch in one sentence."""
        text = (
            f"The validation loss is least in epoch {self.best_number} of {self.rows} "
            f"(number {self.best_index} counted from 0): {self.best_loss:.5g}"
        )
        if self.training_at_best is not None:
            text += f", where the training loss is {self.training_at_best:.5g}"
        return text + "."

    @property
    def sentences(self) -> tuple[str, ...]:
        """All findings, each with its numbers."""
        warning = () if self.update_warning is None else (self.update_warning,)
        reasons = tuple(reason.sentence for reason in self.below.reasons)
        return (self.best, self._rising, self.below.sentence, *reasons, *warning)

    @property
    def _rising(self) -> str:
        text = f"After its minimum the validation loss {self.validation_rise.words}"
        if not self.validation_rise.clear or self.training_rise is None:
            return text + "."
        if self.training_rise.clear:
            return f"{text}, and the training loss {self.training_rise.words} too: the training itself came apart."
        return f"{text}, while the training loss {self.training_rise.words}: from there on it over-fits."


def report_losses(
    rows: Sequence[Row], circumstances: TrainingConditions | None = None
) -> LossReport:
    """Read off the curves which of the known pitfalls occurred.

    Args:
        rows: One an epoch, in order; rows without validation loss are passed over.
        circumstances: What is known besides.

    Raises:
        DataError: No row has a validation loss that is a number.
    """
    known = circumstances or TrainingConditions()
    curves = {name: _curve(rows, name) for name in ("loss", "training_loss", "validation_loss")}
    seen = np.isfinite(curves["validation_loss"])
    if not seen.any():
        raise DataError("history: expected a validation_loss in one row or more, got none.")
    best = int(np.nanargmin(np.where(seen, curves["validation_loss"], np.nan)))
    measured = np.isfinite(curves["training_loss"]).any()
    training = curves["training_loss" if measured else "loss"]
    return LossReport(
        rows=len(rows),
        best_index=best,
        best_number=best + 1,
        best_epoch=rows[best].get("epoch"),
        best_loss=float(curves["validation_loss"][best]),
        training_at_best=finite_or_none(curves["training_loss"][best]),
        validation_rise=LossRise.of(curves["validation_loss"]),
        training_rise=LossRise.of(training) if np.isfinite(training).any() else None,
        below=reasons_below(
            curves["loss"],
            curves["training_loss"],
            curves["validation_loss"],
            best=best,
            in_training_only=known.in_training_only,
            shared=known.shared,
            errors=known.errors,
        ),
        updates=known.updates,
        update_warning=warn_of_updates(known.updates),
    )


def warn_of_updates(updates: float | None) -> str | None:
    """Say so if an epoch has fewer than 5 updates or more than 100,000; else None."""
    if updates is None or FEW_UPDATES <= updates <= MANY_UPDATES:
        return None
    if updates < FEW_UPDATES:
        return (
            f"An epoch has {updates:g} updates, fewer than {FEW_UPDATES}: each pass over the "
            "examples changes the weights little; a smaller batch makes more of it."
        )
    return (
        f"An epoch has {updates:,.0f} updates, more than {MANY_UPDATES:,}: batches are small, "
        "so updates are noisy and epochs slow; a larger batch is steadier."
    )


def _curve(rows: Sequence[Row], name: str) -> np.ndarray:
    """Values by row, NaN where there is none, shape (rows,)."""
    values = (row.get(name) for row in rows)
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
