"""When one member's training ends by its own validation loss, as its user chooses it."""

from dataclasses import dataclass, replace

from sortal.training.schedules.span import Unit, check_number, check_unit, check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """When one member's training ends before its last epoch.

    A gain is a validation loss below the last gain's by more than
    max(`min_gain`, `relative_gain` * |last gain's loss|). What follows depends on `growth`:

    - 0, as Keras's EarlyStopping: training ends at the validation where `patience` units
      have passed since the last gain. Weights of gains are kept.
    - above 1, as in the LeNet tutorial of Theano and in Deep-HiTS (Cabrera-Vives et al.
      2017, doi:10.3847/1538-4357/836/1/97): patience is a length of the whole training. A gain
      after t units raises it to min(growth * t, t + longest_wait) if that is more.
      Training ends when it is used up, before a validation that would fall on that very
      update. The weights of every better loss are kept, gain or not.
    """

    patience: int = 0
    """Units to wait, or with `growth` the shortest training; 0 never stops for want of a gain."""

    min_gain: float = 0.0
    """Smallest fall of the validation loss that counts, 0 or more."""

    relative_gain: float = 0.0
    """The same as a share of the loss, in [0, 1): the tutorial's threshold 0.99 is 0.01 here."""

    growth: float = 0.0
    """What a gain makes of the training so far; above 1, or 0 for a wait that starts afresh."""

    longest_wait: int = 0
    """Units after a gain that `growth` can grant at most; 0 for no bound."""

    min_change: float = 0.0
    """Training ends when the weights w of a validation and v of the one before have
    |w - v| <= min_change * |v| in Euclidean norm; 0 for never."""

    keep_best: bool = False
    """Whether the weights of the best loss are kept even when `patience` is 0."""

    unit: Unit = "epochs"
    """What `patience` and `longest_wait` are counted in."""

    def __post_init__(self) -> None:
        check_whole("stopping", "patience", self.patience, least=1 if self.growth else 0)
        check_number("stopping", "min_gain", self.min_gain, least=0)
        check_number("stopping", "relative_gain", self.relative_gain, least=0, below=1)
        if self.growth != 0:
            check_number("stopping", "growth", self.growth, above=1)
        check_whole("stopping", "longest_wait", self.longest_wait, least=0)
        check_number("stopping", "min_change", self.min_change, least=0)
        check_unit("stopping", self.unit)

    def in_updates(self, updates_per_epoch: int) -> "StopRule":
        """The same rule counted in updates."""
        last = updates_per_epoch if self.unit == "epochs" else 1
        return replace(
            self,
            patience=self.patience * last,
            longest_wait=self.longest_wait * last,
            unit="updates",
        )
