"""What all methods that train networks have in common under the contract of `base`."""

from pathlib import Path
from typing import ClassVar

from sortal.methods.contract.base import AbstractMethod, Axis, Cost, Model, Shape
from sortal.methods.neural.parameters import AbstractTrainedParameters

_MULTIPLICATIONS_PER_SECOND = 1e10


class AbstractNetworkMethod(AbstractMethod):
    """Networks stacked along a member axis, stored and read back in one way."""

    library: ClassVar[str] = "torch"
    shares: ClassVar[frozenset[Axis]] = frozenset({Axis.SEED, Axis.TARGET, Axis.WEIGHTS})
    weights_allowed: ClassVar[bool] = True
    largest_population: ClassVar[int] = 64

    def load(self, folder: Path) -> Model:
        """Read stored networks.

        Raises:
            Damaged: A file is missing, cut short or of other shapes than it says.
        """
        from sortal.methods.neural.model import TrainedStack

        return TrainedStack.load(folder)


def estimate_cost(
    chosen: AbstractTrainedParameters,
    numbers: int,
    shape: Shape,
    *,
    seconds_per_step: float,
    held: int | None = None,
) -> Cost:
    """Count multiplications and steps of one network.

    Args:
        chosen: How it is trained.
        numbers: Multiplications that one example takes on its way forward.
        shape: Sizes of the data.
        seconds_per_step: What an update takes however few the examples.
        held: Parameters; None where each is multiplied with once.
    """
    held = numbers if held is None else held
    updates = chosen.steps_per_epoch or -(-shape.examples // chosen.batch_size)
    seen = chosen.steps_per_epoch * chosen.batch_size or shape.examples
    products = numbers * (3 * seen * chosen.epochs + shape.scored)
    steps = chosen.epochs * updates
    return Cost(
        seconds=products / _MULTIPLICATIONS_PER_SECOND + steps * seconds_per_step,
        memory_bytes=12.0 * shape.features * (shape.examples + shape.scored) + 40.0 * held,
        disk_bytes=4.0 * held,
    )
