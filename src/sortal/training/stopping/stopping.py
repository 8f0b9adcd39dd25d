"""When each member's training ends by its own validation loss, and which weights it keeps."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sortal.training.stopping.rule import StopRule

_NEVER = torch.iinfo(torch.int64).max
_OPTIONS = (
    "patience",
    "min_gain",
    "relative_gain",
    "growth",
    "longest_wait",
    "min_change",
    "keeping",
)
_STATE = (
    "best",
    "previous",
    "best_loss",
    "best_epoch",
    "waited",
    "mark",
    "granted",
    "judged",
    "settled",
)


class Stopping:
    """Stopping rules of members, judged together at validations, and their best weights.

    Options and counters are on the CPU, weights where training is.
    """

    def __init__(
        self,
        patience: Sequence[int],
        min_gain: Sequence[float],
        like: Tensor,
        *,
        rules: Sequence[StopRule] = (),
        trained: int | None = None,
    ) -> None:
        """Begin training; `Stopping.of` is the way in with more than patience and gain.

        Args:
            patience: Each member's, in the unit that `judge` is told times in.
            min_gain: Each member's.
            like: What members hold at the start, shape (members, numbers).
            rules: The rest of each member's rule; none for the defaults.
            trained: How many of the numbers, from the first on, are weights whose change
                counts; None for all. The others (running means of a normalisation) are
                kept with them.
        """
        members, rules = len(patience), rules or [StopRule()] * len(patience)
        self.patience = _counts(patience)
        self.min_gain = _numbers(min_gain)
        self.relative_gain = _numbers([rule.relative_gain for rule in rules])
        self.growth = _numbers([rule.growth for rule in rules])
        self.longest_wait = _counts([rule.longest_wait or _NEVER for rule in rules])
        self.min_change = _numbers([rule.min_change for rule in rules])
        self.keeping = (self.patience > 0) | _counts([rule.keep_best for rule in rules]).bool()
        """Whose best weights are kept."""
        self.best_loss = torch.full((members,), torch.inf, dtype=torch.float64)
        self.best_epoch = torch.zeros(members, dtype=torch.int64)
        """When the best loss was, in the unit of `judge`."""
        self.waited = torch.zeros(members, dtype=torch.int64)
        """How long ago that is."""
        self.mark, self.granted = self.best_loss.clone(), self.patience.clone()
        """Loss of the last gain and the length of training granted, where patience grows."""
        self.judged = torch.zeros(members, dtype=torch.int64)
        """Validations so far."""
        self.settled = torch.zeros(members, dtype=torch.bool)
        """Whose weights hardly changed before the last validation."""
        none = like[:, :0]
        self.best = like.clone() if self.keeping.any() else none
        """Shape (members, numbers), or (members, 0) when nobody keeps any."""
        self._trained = slice(trained)
        self.previous = like[:, self._trained].clone() if self.min_change.any() else none
        """Weights of the last validation, or (members, 0) when nobody asks for their change."""

    @classmethod
    def of(
        cls,
        rules: Sequence[StopRule],
        like: Tensor,
        *,
        updates_per_epoch: int,
        trained: int | None = None,
    ) -> "Stopping":
        """Begin training by rules; `judge` is then told times in updates.

        Args:
            rules: Each member's.
            like: Weights at the start, shape (members, numbers).
            updates_per_epoch: Updates of one epoch, for patience in epochs.
            trained: See the constructor.
        """
        counted = [rule.in_updates(updates_per_epoch) for rule in rules]
        patience = [rule.patience for rule in counted]
        gains = [rule.min_gain for rule in counted]
        return cls(patience, gains, like, rules=counted, trained=trained)

    @property
    def expires(self) -> Tensor:
        """When each member's patience ends unless a gain comes before, shape (members,).

        Trainings with growing patience may be ended then without a validation.
        """
        ends = torch.where(self.growth > 0, self.granted, self.best_epoch + self.patience)
        return torch.where(self.patience > 0, ends, _NEVER)

    def update(self, losses: Tensor, parameters: Tensor, at: int) -> list[int]:
        """Take note of a validation.

        Args:
            losses: Validation loss of each member, float64 on the CPU; NaN is no gain.
            parameters: Weights that were validated, shape (members, numbers).
            at: How long the training has been, in the unit of patience; 0 for the start.

        Returns:
            Rows of the members that end now.
        """
        growing = self.growth > 0
        late = growing & (self.granted <= at)
        gain = (losses < self._bar()) & ~late
        better = torch.where(growing, (losses < self.best_loss) & ~late, gain) & self.keeping
        self._grant(gain & growing, losses, at)
        self.best_loss = torch.where(better, losses, self.best_loss)
        self.best_epoch = torch.where(better, at, self.best_epoch)
        self.waited = at - self.best_epoch
        self._copy(better, parameters)
        self._compare(parameters[:, self._trained])
        self.judged += 1
        waited_out = (self.patience > 0) & ~growing & (self.waited >= self.patience)
        return [int(row) for row in (waited_out | late | self.settled).nonzero()]

    def kept(self, row: int, parameters: Tensor) -> tuple[Tensor, int]:
        """Weights that a member ends with, shape (numbers,), and their time; 0 for the current."""
        chosen = self.best if self._has_best(row) else parameters
        return chosen[row].clone(), int(self.best_epoch[row])

    def keep(self, rows: Tensor) -> None:
        """Forget all members but some."""
        for name in (*_STATE, *_OPTIONS):
            held: Tensor = getattr(self, name)
            setattr(self, name, held[rows.to(held.device)])

    def state(self) -> dict[str, Tensor]:
        """What training changes, by name, members along the first axis."""
        return {name: getattr(self, name).clone() for name in _STATE}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from the `state` of the same members under the same rules."""
        for name in _STATE:
            held: Tensor = getattr(self, name)
            setattr(self, name, state[name].to(held.device, copy=True))

    def _has_best(self, row: int) -> bool:
        return bool(self.best_loss[row] < torch.inf)

    def _bar(self) -> Tensor:
        """What a loss must be below to be a gain."""
        mark = torch.where(self.growth > 0, self.mark, self.best_loss)
        least = torch.maximum(self.min_gain, self.relative_gain * mark.abs())
        # Before the first gain the mark is infinite, and less any share of itself no number.
        return torch.where(mark.isinf(), mark, mark - least)

    def _grant(self, gain: Tensor, losses: Tensor, at: int) -> None:
        """Lengthen patience where it grows."""
        bound = torch.where(self.longest_wait < _NEVER - at, self.longest_wait + at, _NEVER)
        length = torch.minimum((self.growth * at).to(torch.int64), bound)
        self.granted = torch.where(gain, torch.maximum(self.granted, length), self.granted)
        self.mark = torch.where(gain, losses, self.mark)

    def _copy(self, better: Tensor, parameters: Tensor) -> None:
        if not better.any():
            return
        rows = better.nonzero().squeeze(1).to(self.best.device)
        self.best[rows] = parameters[rows]

    def _compare(self, parameters: Tensor) -> None:
        """Find whose weights hardly changed since the last validation."""
        if not self.previous.numel():
            return
        change = (parameters - self.previous).norm(dim=1).cpu()
        small = change <= self.min_change * self.previous.norm(dim=1).cpu()
        self.settled = small & (self.min_change > 0) & (self.judged > 0)
        self.previous = parameters.clone()


def _numbers(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _counts(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)
