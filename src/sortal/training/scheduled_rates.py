"""Learning rate, weight decay, dropout and penalties of every member, update by update."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sortal.training.optimisers.penalty import penalise
from sortal.training.optimisers.rates import Rates
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.schedules.decay import Constant
from sortal.training.schedules.plateaus import Plateaus
from sortal.training.schedules.span import Schedule, Span
from sortal.training.schedules.table import factor_table

_TABLE_UPDATES = 1024
"""Updates whose factors are laid out at once."""


class ScheduledRates:
    """Base rates of all members, and what schedules and plateaus make of them at an update."""

    def __init__(
        self, recipe: Recipe, courses: Sequence[MemberPlan], like: Tensor, *, updates_per_epoch: int
    ) -> None:
        """Begin.

        Args:
            recipe: What the members share.
            courses: The members.
            like: Parameters of all members, shape (members, numbers).
            updates_per_epoch: Minibatches of an epoch.
        """
        self._like, self._per_epoch = like.new_empty(0), updates_per_epoch
        self._rates = _with_slots(Rates.of([one.rates for one in courses], like), recipe)
        self._decayed = recipe.network.drawn.to(like.device)
        self.plateaus = Plateaus([one.plateau for one in courses])
        self._lay(courses)

    def _lay(self, courses: Sequence[MemberPlan]) -> None:
        self._courses = list(courses)
        self._tables = {
            name: self._table(name)
            for name in ("schedule", "decay_schedule", "dropout_schedule")
            if any(getattr(one, name) != Constant() for one in courses)
        }
        self._kept = self._column([1.0 - one.dropout for one in courses])[:, 0]
        self._dropped = 1 - self._kept
        self._l1 = self._penalty([one.l1 for one in courses])
        self._l2 = self._penalty([one.l2 for one in courses])
        self._cuts = self._column(self.plateaus.factors.tolist())
        self._waits = any(one.plateau for one in courses)

    def rates(self, update: int) -> Rates:
        """Rates of the update about to be made, numbered from 0."""
        rates = self._rates
        if "schedule" in self._tables:
            factors = self._tables["schedule"](update)
            rates = replace(rates, learning_rate=rates.learning_rate * factors)
        if self._waits:
            rates = replace(rates, learning_rate=rates.learning_rate * self._cuts)
        if "decay_schedule" in self._tables and rates.weight_decay is not None:
            factors = self._tables["decay_schedule"](update)
            rates = replace(rates, weight_decay=rates.weight_decay * factors)
        return rates

    def kept(self, update: int) -> Tensor:
        """Share of units that each member keeps in dropout, shape (members,)."""
        if "dropout_schedule" not in self._tables:
            return self._kept
        return 1 - self._dropped * self._tables["dropout_schedule"](update)[:, 0]

    def penalise(self, gradient: Tensor, parameters: Tensor) -> None:
        """Add the slopes of the penalties on weights, in place."""
        penalise(gradient, parameters, self._l1, self._l2, self._decayed)

    def update(self, losses: Tensor) -> None:
        """Take note of validation losses, float64 on the CPU, shape (members,)."""
        if self._waits:
            self.plateaus.update(losses)
            self._cuts = self._column(self.plateaus.factors.tolist())

    def keep(self, rows: Tensor, courses: Sequence[MemberPlan]) -> None:
        """Forget all members but some."""
        self._rates = self._rates.keep(rows)
        self.plateaus.keep(rows)
        self._lay(courses)

    def state(self) -> dict[str, Tensor]:
        """What training changes, by name."""
        return self.plateaus.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from the `state` of the same members."""
        self.plateaus.restore(state)
        self._cuts = self._column(self.plateaus.factors.tolist())

    def _table(self, name: str) -> Callable[[int], Tensor]:
        """Look factors up by update, shape (members, 1); laid out a stretch at a time."""
        schedules: list[Schedule] = [getattr(one, name) for one in self._courses]
        spans = [Span(self._per_epoch, max(1, one.epochs)) for one in self._courses]
        laid: tuple[int, Tensor] = (0, self._like.new_empty(0, len(schedules), 1))

        def at(update: int) -> Tensor:
            nonlocal laid
            start, table = laid
            if not start <= update < start + len(table):
                start = update
                factors = factor_table(schedules, start, start + _TABLE_UPDATES, spans)
                table = torch.from_numpy(factors).to(self._like).unsqueeze(2)
                laid = (start, table)
            return table[update - start]

        return at

    def _column(self, values: Sequence[float]) -> Tensor:
        like = self._like
        return torch.tensor(values, dtype=like.dtype, device=like.device).unsqueeze(1)

    def _penalty(self, values: Sequence[float]) -> Tensor | None:
        return self._column(values) if any(values) else None


def _with_slots(rates: Rates, recipe: Recipe) -> Rates:
    """Spread rates over single parameters where slots of the network ask for their own."""
    device = rates.learning_rate.device
    paces, decayed = recipe.network.paces.to(device), recipe.network.decayed.to(device)
    if (paces != 1).any():
        rates = replace(rates, learning_rate=rates.learning_rate * paces.to(rates.learning_rate))
    if rates.weight_decay is not None and not decayed.all():
        rates = replace(rates, weight_decay=rates.weight_decay * decayed.to(rates.weight_decay))
    return rates
