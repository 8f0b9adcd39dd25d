import torch

from sortal.networks.dense import Dense
from sortal.networks.dropout import Dropout
from sortal.networks.embedding import PeriodicEmbedding
from sortal.networks.fitted_network import FittedNetwork
from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.parametric import ParametricActivation
from sortal.networks.robust_clip import RobustClip
from sortal.networks.scale import Scale
from sortal.networks.tangent import TangentDense

EXAMPLES = torch.randn(60, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
PLAIN = Network(
    shape=(4,),
    layers=(
        RobustClip.fitted(EXAMPLES.numpy()),
        PeriodicEmbedding(),
        Scale(),
        TangentDense(units=8),
        ParametricActivation(name="selu"),
        Dropout(),
        TangentDense(units=3),
    ),
)
FITTED = FittedNetwork.of(PLAIN, EXAMPLES)


def values_behind(count, state):
    network = Network(shape=(4,), layers=PLAIN.layers[:count])
    held = network.held(state[: network.size].unsqueeze(0))
    return network.forward(EXAMPLES, held, Pass(members=1))[0]


def test_the_same_seed_and_examples_start_the_same():
    again = FittedNetwork.of(PLAIN, EXAMPLES.clone())
    assert torch.equal(FITTED.start(5, "normal"), again.start(5, "normal"))
    assert not torch.equal(FITTED.start(5, "normal"), FITTED.start(6, "normal"))


def test_each_layer_is_fitted_behind_the_layers_before_it():
    state = FITTED.start(2, "normal")
    for count in (4, 7):
        made = values_behind(count, state)
        torch.testing.assert_close(made.std(0, correction=0), torch.ones_like(made[0]))


def test_layers_without_statistics_start_as_in_a_plain_network():
    layers = (Dense(units=3),)
    plain = Network(shape=(4,), layers=layers)
    fitted = FittedNetwork.of(plain, EXAMPLES)
    assert torch.equal(plain.start(1, "he_normal"), fitted.start(1, "he_normal"))


def test_its_description_is_a_network_without_examples():
    assert Network.model_validate_json(FITTED.model_dump_json()) == PLAIN
    assert "EXAMPLES" not in repr(FITTED)
    assert repr(FITTED).removeprefix("Fitted") == repr(PLAIN)
