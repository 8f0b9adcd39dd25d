import torch

from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.scale import Scale


def test_it_starts_as_the_identity():
    network = Network(shape=(4,), layers=(Scale(),))
    state = network.start(0, "normal").unsqueeze(0)
    rows = torch.randn(5, 4, dtype=torch.float64)
    assert torch.equal(network.forward(rows, network.held(state), Pass(members=1))[0], rows)


def test_every_number_has_a_factor():
    network = Network(shape=(2,), layers=(Scale(pace=6),))
    held = network.held(torch.tensor([[2.0, -3.0], [1.0, 0.0]]))
    result = network.forward(torch.tensor([[1.0, 10.0]]), held, Pass(members=2))
    assert result.tolist() == [[[2.0, -30.0]], [[1.0, 0.0]]]
    assert network.paces.tolist() == [6.0, 6.0]
