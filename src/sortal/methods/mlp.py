"""The multi-layer perceptron: populations of dense networks, trained together."""

from collections.abc import Hashable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.methods.base import (
    Axis,
    Control,
    Cost,
    Member,
    Model,
    Outcome,
    Parameters,
    Population,
    Shape,
)
from sortal.networks.names import ActivationName, Initialiser

if TYPE_CHECKING:
    from sortal.methods.stacked import StackedTraining
    from sortal.networks.network import Network

_MULTIPLICATIONS_PER_SECOND = 1e10
_SECONDS_PER_STEP = 1e-4


class MLPParameters(Parameters):
    """Parameters of `mlp`."""

    hidden_layer_sizes: tuple[Annotated[int, Field(ge=1)], ...] = (64, 64)
    """Units of each hidden layer; one number for a single layer, an empty list for none."""

    activation: ActivationName | Literal["maxout"] = "relu"
    """Activation of the hidden layers; `maxout` takes the larger of two pieces of each unit."""

    leaky_slope: float = Field(default=0.3, ge=0, allow_inf_nan=False)
    """Slope of `leaky_relu` below zero."""

    initialiser: Initialiser = "glorot_uniform"
    """Distribution of the starting weights, as Keras defines it; biases start at zero."""

    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    """Update rule; `sgd` is gradient descent with momentum."""

    learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    """Length of a step."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Momentum of `sgd`; the other optimisers have none."""

    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Pull of all parameters towards zero: added to the gradient, or apart from it with `adamw`."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of hidden units that is silenced in each update."""

    batch_size: int = Field(default=64, ge=1)
    """Examples an update."""

    epochs: int = Field(default=50, ge=1)
    """Passes over the training examples, at most."""

    early_stopping: int = Field(default=0, ge=0)
    """Epochs to wait for a better validation loss before stopping; the best weights are kept. 0
    trains all epochs and keeps the last weights. Where the split has no validation examples, a
    tenth of the training examples is held out for this, stratified by the labels of all targets,
    whole groups where the data has groups."""

    min_gain: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Smallest drop in validation loss that early stopping counts."""

    class_weight: Literal["none", "balanced"] = "none"
    """`balanced`: every class (of each target) weighs the same in training, however rare."""

    @field_validator("hidden_layer_sizes", mode="before")
    @classmethod
    def _one_layer(cls, value: object) -> object:
        return (value,) if isinstance(value, int) else value


class MLP:
    """Dense networks stacked along a member axis; a step updates a tile of them at once.

    All members see the same minibatches, whose order is a stream of the split, so that
    a member does not depend on its neighbours. Weighted losses are means over the
    minibatch's rows, with weights scaled to an absolute mean of 1 in the training part.
    """

    name: ClassVar[str] = "mlp"
    version: ClassVar[int] = 1
    library: ClassVar[str] = "torch"
    summary: ClassVar[str] = "Multi-layer perceptron; populations train together."
    Parameters: ClassVar[type[MLPParameters]] = MLPParameters
    shares: ClassVar[frozenset[Axis]] = frozenset({Axis.SEED, Axis.TARGET, Axis.WEIGHTS})
    missing_allowed: ClassVar[bool] = False
    weights_allowed: ClassVar[bool] = True
    outputs: ClassVar[frozenset[Outputs]] = frozenset(Outputs)
    divisible: ClassVar[bool] = False
    largest_population: ClassVar[int] = 64

    def __init__(
        self,
        *,
        snapshot_seconds: float = 20.0,
        precision: Literal["float32", "float64"] = "float32",
    ) -> None:
        """Args: pause between snapshots [s]; type of parameters and arithmetic."""
        self._snapshot_seconds, self._precision = snapshot_seconds, precision

    def probabilities(self, parameters: Any) -> bool:  # noqa: ARG002
        """Scores are softmax or sigmoid probabilities."""
        return True

    def group(self, member: Member) -> Hashable:
        """Shapes, minibatches and kind of updates; rates, epochs and weights are each member's own."""
        chosen: MLPParameters = _parameters(member)
        return (
            chosen.hidden_layer_sizes,
            (chosen.activation, chosen.leaky_slope),
            chosen.optimiser,
            chosen.batch_size,
            chosen.early_stopping > 0,
            chosen.dropout > 0,
            member.target is None,
        )

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Count multiplications and steps."""
        chosen = _parameters(member)
        sizes = (shape.features, *chosen.hidden_layer_sizes, shape.outputs)
        numbers = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        products = numbers * (3 * shape.examples * chosen.epochs + shape.scored)
        steps = chosen.epochs * -(-shape.examples // chosen.batch_size)
        return Cost(
            seconds=products / _MULTIPLICATIONS_PER_SECOND + steps * _SECONDS_PER_STEP,
            memory_bytes=12.0 * shape.features * (shape.examples + shape.scored) + 40.0 * numbers,
            disk_bytes=4.0 * numbers,
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train in tiles; pausing and resuming go through `population.resume`."""
        from sortal.methods.stacked import train_stacked

        return train_stacked(self._training(population, data), population, data, control)

    def load(self, folder: Path) -> Model:
        """Read stored networks.

        Raises:
            Damaged: A file is missing, cut short or of other shapes than it says.
        """
        from sortal.methods.stacked_model import TrainedStack

        return TrainedStack.load(folder)

    def _training(self, population: Population, data: Prepared) -> "StackedTraining":
        from sortal.methods.stacked import StackedTraining
        from sortal.networks.stream import stream_seed
        from sortal.training.examples import Lesson
        from sortal.training.recipe import Course, Recipe

        chosen = [_parameters(member) for member in population.members]
        first, labels = chosen[0], data.dataset.labels
        target = population.members[0].target or data.target
        features = data.inputs(Part.TRAIN).matrix().shape[1]
        tasks = [
            Lesson(member.target, bool(member.weights), own.class_weight == "balanced")
            for member, own in zip(population.members, chosen, strict=True)
        ]
        lessons = tuple(dict.fromkeys(tasks))
        return StackedTraining(
            recipe=Recipe(
                network=_network(features, first, len(labels.for_target(target).classes)),
                outputs=labels.outputs,
                optimiser=first.optimiser,
                batch_size=first.batch_size,
                data_seed=stream_seed(data.split.fingerprint),
                precision=self._precision,
            ),
            courses=tuple(
                Course(
                    key=member.key,
                    seed=member.seed,
                    lesson=lessons.index(task),
                    epochs=own.epochs,
                    learning_rate=own.learning_rate,
                    weight_decay=own.weight_decay,
                    momentum=own.momentum,
                    dropout=own.dropout,
                    initialiser=own.initialiser,
                    patience=own.early_stopping,
                    min_gain=own.min_gain,
                )
                for member, task, own in zip(population.members, tasks, chosen, strict=True)
            ),
            lessons=lessons,
            validated=first.early_stopping > 0,
            snapshot_seconds=self._snapshot_seconds,
        )


def _parameters(member: Member) -> MLPParameters:
    if not isinstance(member.parameters, MLPParameters):
        raise TypeError(f"member {member.key}: expected parameters of mlp.")
    return member.parameters


def _network(features: int, chosen: MLPParameters, outputs: int) -> "Network":
    """Dense layers, each but the last with its activation, and dropout where a member has it."""
    from sortal.networks.activation import Activation, Maxout
    from sortal.networks.dense import Dense
    from sortal.networks.dropout import Dropout
    from sortal.networks.network import AnyLayer, Network

    layers: list[AnyLayer] = []
    for units in chosen.hidden_layer_sizes:
        if chosen.activation == "maxout":
            layers += [Dense(units=2 * units), Maxout(pieces=2)]
        else:
            curve = Activation(name=chosen.activation, slope=chosen.leaky_slope)
            layers += [Dense(units=units), curve]
        if chosen.dropout:
            layers.append(Dropout())
    return Network(shape=(features,), layers=(*layers, Dense(units=outputs)))
