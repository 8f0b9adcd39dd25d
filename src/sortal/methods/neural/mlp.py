"""The multi-layer perceptron: populations of dense networks, trained together."""

from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from sortal.data.prepared import Prepared
from sortal.methods.contract.base import Control, Cost, Member, Outcome, Population, Shape
from sortal.methods.neural.method import AbstractNetworkMethod, estimate_cost
from sortal.methods.neural.warm_start_parameters import AbstractStartedParameters
from sortal.networks.names import MAXOUT_PIECES, ActivationName

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer, Network

_SECONDS_PER_STEP = 1e-4


class MLPParameters(AbstractStartedParameters):
    """Parameters of `mlp`."""

    hidden_layer_sizes: tuple[Annotated[int, Field(ge=1)], ...] = (64, 64)
    """Units of each hidden layer; one number for a single layer, an empty list for none."""

    activation: ActivationName | Literal["maxout"] = "relu"
    """Activation of the hidden layers; `maxout` takes the larger of two pieces of each unit."""

    leaky_slope: float = Field(default=0.3, ge=0, allow_inf_nan=False)
    """Slope of `leaky_relu` below zero."""

    batch_norm: bool = False
    """Whether hidden units are normalised over the minibatch before their activation."""

    @field_validator("hidden_layer_sizes", mode="before")
    @classmethod
    def _one_layer(cls, value: object) -> object:
        return (value,) if isinstance(value, int) else value


class MLP(AbstractNetworkMethod):
    """Dense networks stacked along a member axis; a step updates a tile of them at once.

    All members see the same minibatches, whose order is a stream of the split, so that
    a member does not depend on its neighbours. Weights are scaled to an absolute mean of
    1 in the training part, unless `weight_scale` is none.
    """

    name: ClassVar[str] = "mlp"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Multi-layer perceptron; populations train together."
    Parameters: ClassVar[type[MLPParameters]] = MLPParameters

    def group(self, member: Member) -> Hashable:
        """Shapes, minibatches and kind of updates; rates, epochs and weights are each member's own."""
        chosen = member.chosen(MLPParameters)
        shape = (chosen.hidden_layer_sizes, chosen.activation, chosen.leaky_slope)
        layers = (chosen.batch_norm, chosen.dropout > 0)
        return (*shape, *layers, chosen.apart(member))

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Count multiplications and steps."""
        chosen = member.chosen(MLPParameters)
        sizes = (shape.features, *chosen.hidden_layer_sizes, shape.outputs)
        numbers = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        return estimate_cost(chosen, numbers, shape, seconds_per_step=_SECONDS_PER_STEP)

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train in tiles; pausing and resuming go through `population.resume`."""
        from sortal.methods.neural.network_training import train_networks

        return train_networks(population, data, control, _network)


def _network(member: Member, features: int, outputs: int) -> "Network":
    """Dense layers, each but the last with its activation, and dropout where a member has it."""
    from sortal.networks.activation import Activation, Maxout
    from sortal.networks.dense import Dense
    from sortal.networks.dropout import Dropout
    from sortal.networks.network import Network
    from sortal.networks.normalise import BatchNorm

    chosen = member.chosen(MLPParameters)
    layers: list[AnyLayer] = []
    for units in chosen.hidden_layer_sizes:
        if chosen.activation == "maxout":
            layers.append(Dense(units=MAXOUT_PIECES * units))
        else:
            layers.append(Dense(units=units))
        if chosen.batch_norm:
            layers.append(BatchNorm())
        if chosen.activation == "maxout":
            layers.append(Maxout(pieces=MAXOUT_PIECES))
        else:
            layers.append(Activation(name=chosen.activation, slope=chosen.leaky_slope))
        if chosen.dropout:
            layers.append(Dropout())
    return Network(shape=(features,), layers=(*layers, Dense(units=outputs)))
