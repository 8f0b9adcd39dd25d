import pytest
import torch

from sortal.networks.activation import Activation
from sortal.networks.layer import Held, Pass
from sortal.networks.names import ActivationName
from sortal.networks.network import Network
from sortal.networks.parametric import ParametricActivation

VALUES = torch.linspace(-3, 3, 24, dtype=torch.float64).view(1, 6, 4)


@pytest.mark.parametrize("name", ActivationName.__args__)
def test_shares_lead_from_the_identity_to_the_activation(name):
    layer = ParametricActivation(name=name)
    bent = Activation(name=name).forward(VALUES, Held(), Pass(members=1))
    shares = torch.tensor([[0.0, 1.0, 0.5, 2.0]], dtype=torch.float64)
    result = layer.forward(VALUES, Held({"share": shares}), Pass(members=1))
    expected = VALUES + (bent - VALUES) * shares
    torch.testing.assert_close(result, expected)
    assert torch.equal(result[..., 0], VALUES[..., 0])


@pytest.mark.parametrize("name", ActivationName.__args__)
def test_slopes_by_hand_are_those_of_autograd(name):
    layer = ParametricActivation(name=name)
    shares = torch.tensor([[0.3, 1.0, 0.5, 2.0]], dtype=torch.float64, requires_grad=True)
    values = (VALUES + 0.01).requires_grad_()
    layer.forward(values, Held({"share": shares}), Pass(members=1)).sin().sum().backward()
    held = Held({"share": shares.detach()})
    result, memory = layer.record(values.detach(), held, Pass(members=1), deep=True)
    into = {"share": torch.zeros_like(shares)}
    below = layer.backward(result.cos(), memory, held, into, deep=True)
    torch.testing.assert_close(below, values.grad)
    torch.testing.assert_close(into["share"], shares.grad)


def test_it_starts_as_the_activation_itself():
    network = Network(shape=(4,), layers=(ParametricActivation(name="selu", pace=0.1),))
    assert network.start(3, "normal").tolist() == [1.0] * 4
    assert torch.equal(network.paces, torch.full((4,), 0.1))
