"""RealMLP: a perceptron with the tricks that make it good on tables without tuning."""

from collections.abc import Hashable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.methods.contract.base import Control, Cost, Key, Member, Outcome, Population, Shape
from sortal.methods.neural.method import AbstractNetworkMethod, estimate_cost
from sortal.methods.neural.parameters import AbstractTrainedParameters, Length, Share
from sortal.networks.names import ActivationName, Initialiser
from sortal.training.optimisers.choice import OptimiserKind
from sortal.training.schedules.names import ScheduleName

if TYPE_CHECKING:
    from sortal.networks.network import AnyLayer, Network
    from sortal.training.optimisers.choice import MemberRates

_SECONDS_PER_STEP = 1e-3
_CLIPPED_BY, _STARTED_FROM = 1 << 16, 1 << 12
"""Training examples that scaling and start are fitted to, at most."""

_BETA2 = 0.95


class RealMLPParameters(AbstractTrainedParameters):
    """Parameters of `realmlp`."""

    hidden_layer_sizes: tuple[Annotated[int, Field(ge=1)], ...] = (256, 256, 256)
    """Units of each hidden layer; one number for a single layer, an empty list for none."""

    activation: ActivationName = "selu"
    """Activation of the hidden layers, which every unit has to a degree of its own."""

    waves: int = Field(default=16, ge=1)
    """Cosines of each feature in the numerical embedding."""

    embedding_size: int = Field(default=4, ge=1)
    """Numbers that each feature becomes, itself among them; 1 for no embedding."""

    wave_spread: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    """Standard deviation of the cosines' frequencies at the start, per quartile distance."""

    embedding_pace: Length = 0.1
    """Factor on the learning rate of the embedding."""

    scale_pace: Length = 6.0
    """Factor on the learning rate of the scaling layer behind the embedding."""

    bias_pace: Length = 0.1
    """Factor on the learning rate of biases."""

    activation_pace: Length = 0.1
    """Factor on the learning rate of the degrees of activation."""

    optimiser: OptimiserKind = "adamw"
    """Update rule, as torch defines it; `sgd` and `nesterov` are gradient descent with momentum."""

    learning_rate: float = Field(default=0.04, gt=0, allow_inf_nan=False)
    """Length of a step."""

    beta2: Share | None = None
    """Share of the average squared gradient that an update of the Adam family keeps; by default 0.95."""

    weight_decay: Length = 0.02
    """Pull of all parameters but biases towards zero: apart from the gradient with `adamw`, else
    added to it."""

    schedule: ScheduleName = "coslog4"
    """How the learning rate changes during training."""

    weight_decay_change: Literal["constant", "cosine", "flat_cos"] = "flat_cos"
    """How weight decay changes during training."""

    dropout: Share = 0.15
    """Share of hidden units that is silenced in each update."""

    dropout_change: Literal["constant", "cosine", "flat_cos"] = "flat_cos"
    """How dropout changes during training."""

    initialiser: Initialiser = "normal"
    """Distribution of the starting weights of dense layers; each unit's are then scaled so that its
    sums over the training examples have standard deviation 1."""

    batch_size: int = Field(default=256, ge=1)
    """Examples an update."""

    epochs: int = Field(default=256, ge=1)
    """Passes over the training examples, at most."""

    keep_best: bool = True
    """Whether the weights of the best validation loss are kept though nothing stops early."""

    label_smoothing: float = Field(default=0.1, ge=0, le=1)
    """Share of the truth that is spread evenly over the classes in training."""

    fit_temperature: bool = True
    """Whether outputs are finally divided by the temperature that makes the validation loss least,
    which gives probabilities back what label smoothing takes from them."""

    @field_validator("hidden_layer_sizes", mode="before")
    @classmethod
    def _one_layer(cls, value: object) -> object:
        return (value,) if isinstance(value, int) else value

    @property
    def watches(self) -> bool:
        """Whether a validation loss decides anything."""
        return self.fit_temperature or super().watches

    def choice(self) -> "MemberRates":
        """Rates, those not given at the optimiser's usual values but beta2."""
        from dataclasses import replace

        usual = super().choice()
        return usual if self.beta2 is not None else replace(usual, beta2=_BETA2)


class RealMLP(AbstractNetworkMethod):
    """RealMLP-TD for classification, stacked along a member axis like `mlp`.

    Features are centred at their median, divided by the distance of their quartiles and
    clipped smoothly to (-3, 3), so it needs no `data.scaling`, and any linear one changes
    nothing but rounding (they are taken from at most 65,536 training examples). Then come
    periodic embeddings, a scaling layer and dense layers in the neural tangent
    parametrisation with parametric activations and dropout. Weights and biases start fitted
    to at most 4096 training examples.

    It differs from the paper in this: the best epoch is that of the lowest validation loss,
    not of the fewest validation errors; outputs are then divided by a temperature fitted to
    the same validation examples (`fit_temperature`), because label smoothing, good for
    accuracy, spoils probabilities; an epoch's last minibatch is used though it may be
    short; parameters decay by learning rate times decay, as in AdamW. Features are numbers
    here: categories have to be encoded before. With `precision: bfloat16` features are
    rounded before they are clipped, and data.scaling is worth its while.
    """

    name: ClassVar[str] = "realmlp"
    summary: ClassVar[str] = (
        "Perceptron with tuned defaults for tables; populations train together."
    )
    Parameters: ClassVar[type[RealMLPParameters]] = RealMLPParameters

    def group(self, member: Member) -> Hashable:
        """Shapes, minibatches, kind of updates and paces; rates, epochs and weights are own."""
        chosen = member.chosen(RealMLPParameters)
        shape = (chosen.hidden_layer_sizes, chosen.activation, chosen.dropout > 0)
        embedding = (chosen.waves, chosen.embedding_size, chosen.wave_spread)
        paces = (chosen.embedding_pace, chosen.scale_pace, chosen.bias_pace, chosen.activation_pace)
        return (*shape, embedding, paces, chosen.shared(member.seed), member.target is None)

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Count multiplications and steps."""
        chosen = member.chosen(RealMLPParameters)
        embedded = shape.features * chosen.embedding_size
        sizes = (embedded, *chosen.hidden_layer_sizes, shape.outputs)
        dense = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        # A cosine takes as long as some ten multiplications of a matrix product.
        waved = shape.features * chosen.waves * (chosen.embedding_size + 10)
        numbers = dense + waved
        return estimate_cost(chosen, numbers, shape, seconds_per_step=_SECONDS_PER_STEP)

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train in tiles; pausing and resuming go through `population.resume`."""
        from sortal.methods.neural.temperature import with_temperature
        from sortal.methods.neural.training import train_stacked
        from sortal.methods.neural.training_setup import stacked_training

        training = stacked_training(
            population,
            data,
            partial(_network, data),
            scales_features=True,
        )
        outcomes = train_stacked(training, population, data, control)
        return with_temperature(
            outcomes, training, data, _wanted(population), threads=population.threads
        )


def _wanted(population: Population) -> frozenset[Key]:
    return frozenset(
        one.key for one in population.members if one.chosen(RealMLPParameters).fit_temperature
    )


def _network(data: Prepared, member: Member, features: int, outputs: int) -> "Network":
    """Layers of a member, clipping fitted to training examples, and the sample to start from."""
    import torch

    from sortal.networks.fitted_network import FittedNetwork
    from sortal.networks.network import Network
    from sortal.networks.robust_clip import RobustClip

    sample = _sample(data)
    layers = (
        RobustClip.fitted(sample),
        *_trained_layers(member.chosen(RealMLPParameters), outputs),
    )
    network = Network(shape=(features,), layers=layers)
    return FittedNetwork.of(network, torch.from_numpy(sample[:_STARTED_FROM]))


def _sample(data: Prepared) -> np.ndarray:
    """Some training examples in random order, the same for all members, float64."""
    from sortal.networks.stream import stream_seed

    random = np.random.default_rng(stream_seed(data.split.fingerprint, "start"))
    drawn = random.permutation(len(data.split.train))[:_CLIPPED_BY]
    matrix = data.block(Part.TRAIN, drawn).matrix().astype(np.float64)
    # Missing and infinite features are refused later; here they must not be in the way.
    return np.nan_to_num(matrix, posinf=0.0, neginf=0.0)


def _trained_layers(chosen: RealMLPParameters, outputs: int) -> Iterator["AnyLayer"]:
    from sortal.networks.dropout import Dropout
    from sortal.networks.embedding import PeriodicEmbedding
    from sortal.networks.parametric import ParametricActivation
    from sortal.networks.scale import Scale
    from sortal.networks.tangent import TangentDense

    if chosen.embedding_size > 1:
        yield PeriodicEmbedding(
            waves=chosen.waves,
            size=chosen.embedding_size,
            spread=chosen.wave_spread,
            pace=chosen.embedding_pace,
        )
    yield Scale(pace=chosen.scale_pace)
    for units in chosen.hidden_layer_sizes:
        yield TangentDense(units=units, bias_pace=chosen.bias_pace)
        yield ParametricActivation(name=chosen.activation, pace=chosen.activation_pace)
        if chosen.dropout:
            yield Dropout()
    yield TangentDense(units=outputs, bias_pace=chosen.bias_pace)
