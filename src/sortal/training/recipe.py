"""What a population of networks is trained with: what members share, and what each brings."""

from dataclasses import dataclass

from sortal.data.labels import Outputs
from sortal.networks.names import Initialiser
from sortal.networks.network import Network
from sortal.training.optimiser import OptimiserKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What members must have in common to step together."""

    network: Network
    outputs: Outputs
    optimiser: OptimiserKind
    batch_size: int
    """Examples an update; the last minibatch of an epoch may be shorter."""

    data_seed: int
    """Seed of the order of minibatches. It belongs to the data, not to a member, so that
    the order does not depend on who trains together."""

    precision: str = "float32"
    """`float32` or `float64`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is a member's own."""

    key: str
    seed: int
    lesson: int
    """Which of the examples' truths and weights it learns from (`examples.Examples`)."""

    epochs: int
    learning_rate: float
    weight_decay: float = 0.0
    momentum: float = 0.0
    """Only used by `sgd`."""

    dropout: float = 0.0
    """Share of hidden units dropped in each update, in [0, 1)."""

    initialiser: Initialiser = "glorot_uniform"
    patience: int = 0
    """Epochs to wait for a better validation loss; 0 trains all epochs and keeps the last weights."""

    min_gain: float = 0.0
    """Smallest drop in validation loss that counts."""
