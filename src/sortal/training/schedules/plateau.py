"""When the learning rate is cut because the validation loss no longer falls."""

from dataclasses import dataclass

from sortal.training.schedules.span import check_number, check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """Cut the learning rate after validations without a gain.

    The rules of Keras's ReduceLROnPlateau. PyTorch's scheduler of that name waits for
    one validation more at the same patience, and counts its cooldown one longer.
    """

    factor: float = 0.1
    """What the learning rate is multiplied with, above 0 and below 1."""

    patience: int = 10
    """Validations in a row without a gain before a cut, at least 1."""

    min_gain: float = 1e-4
    """The validation loss must fall by more than this to count as a gain, 0 or more."""

    cooldown: int = 0
    """Validations after a cut until losses without a gain count again, the first of those
    included: 0 and 1 are alike."""

    min_factor: float = 0.0
    """The product of all cuts falls no lower than this, in [0, 1]."""

    def __post_init__(self) -> None:
        check_number("plateau", "factor", self.factor, above=0, below=1)
        check_whole("plateau", "patience", self.patience)
        check_number("plateau", "min_gain", self.min_gain, least=0)
        check_whole("plateau", "cooldown", self.cooldown, least=0)
        check_number("plateau", "min_factor", self.min_factor, least=0, most=1)
