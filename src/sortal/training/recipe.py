"""What a population of networks is trained with: what members share, and what each brings."""

from dataclasses import dataclass

from sortal.networks.names import Initialiser
from sortal.networks.network import Network
from sortal.training.losses.loss import Loss
from sortal.training.losses.normalisation import Normalisation
from sortal.training.measures.accuracy import Accuracy
from sortal.training.optimisers.choice import MemberRates, OptimiserKind
from sortal.training.schedules.decay import Constant
from sortal.training.schedules.plateau import Plateau
from sortal.training.schedules.span import Schedule
from sortal.training.stopping.rule import StopRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What members must have in common to step together."""

    network: Network
    loss: Loss
    optimiser: OptimiserKind
    batch_size: int
    """Examples an update; the last minibatch of an epoch may be shorter."""

    data_seed: int
    """Seed of the order of minibatches. It belongs to the data, not to a member, so that
    the order does not depend on who trains together."""

    precision: str = "float32"
    """`float32` or `float64`."""

    normalisation: Normalisation = Normalisation.ROWS
    """What a minibatch's sum of losses is divided by."""

    steps_per_epoch: int = 0
    """Updates of an epoch; 0 for those that one pass over the training examples takes."""

    validate_every: int = 0
    """Updates between validations; 0 for one at the end of every epoch."""

    measure_training: bool = True
    """Whether validations also take the loss of the training examples, on the same weights."""

    accuracy: Accuracy = Accuracy.NONE
    """Whether the share of right answers is noted beside every loss, and how they count."""


_CONSTANT, _TO_THE_END = Constant(), StopRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """What is a member's own."""

    key: str
    seed: int
    lesson: int
    """Which of the examples' truths and weights it learns from (`examples.Examples`)."""

    epochs: int
    rates: MemberRates
    """Learning rate and all else that the optimiser reads."""

    schedule: Schedule = _CONSTANT
    """What the learning rate is multiplied with, update by update."""

    plateau: Plateau | None = None
    """When the learning rate is cut because the validation loss stands still."""

    decay_schedule: Schedule = _CONSTANT
    """What the weight decay is multiplied with."""

    dropout: float = 0.0
    """Share of hidden units dropped in each update, in [0, 1)."""

    dropout_schedule: Schedule = _CONSTANT
    """What that share is multiplied with."""

    l1: float = 0.0
    """Penalty on absolute weights, added to the loss."""

    l2: float = 0.0
    """Penalty on squared weights, added to the loss."""

    initialiser: Initialiser = "glorot_uniform"
    output_initialiser: Initialiser | None = None
    """That of the last layer with weights; None for the same."""

    stop: StopRule = _TO_THE_END
    """When it ends before its last epoch, and whether its best weights are kept."""
