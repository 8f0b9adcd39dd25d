import pytest
import torch

from sortal.errors import OptionError
from sortal.networks.layer import Pass
from sortal.networks.lstm import LSTM
from sortal.networks.network import Network

POINTS, CHANNELS, UNITS, ROWS = 11, 3, 5, 4


def started(*, sequence, members=2):
    network = Network(shape=(CHANNELS, POINTS), layers=(LSTM(units=UNITS, sequence=sequence),))
    starts = [network.start(seed, "glorot_uniform") for seed in range(members)]
    return network, torch.stack(starts).float()


def of_torch(held, member):
    """Torch's own LSTM with the weights of a member."""
    built = torch.nn.LSTM(CHANNELS, UNITS, batch_first=True)
    with torch.no_grad():
        built.weight_ih_l0.copy_(held.slots["weight"][member])
        built.weight_hh_l0.copy_(held.slots["recurrent"][member])
        built.bias_ih_l0.copy_(held.slots["bias"][member].flatten())
        built.bias_hh_l0.zero_()
    return built


@pytest.mark.parametrize("sequence", [False, True])
def test_states_and_slopes_are_those_of_torchs_lstm(sequence):
    network, state = started(sequence=sequence)
    held, layer = network.held(state)[0], network.layers[0]
    values = torch.randn(2, ROWS, CHANNELS, POINTS, generator=torch.Generator().manual_seed(1))
    run = Pass(members=2, training=True)
    result, memory = layer.record(values, held, run, deep=True)
    into = torch.zeros(2, network.numbers)
    slope = torch.randn(result.shape, generator=torch.Generator().manual_seed(2))
    below = layer.backward(slope, memory, held, network.slot_views(into)[0], deep=True)
    sums = network.slot_views(into)[0]
    for member in range(2):
        built = of_torch(held, member)
        signals = values[member].transpose(1, 2).clone().requires_grad_()
        every, (last, _) = built(signals)
        expected = every.transpose(1, 2) if sequence else last[0]
        torch.testing.assert_close(result[member], expected, rtol=0, atol=1e-5)
        (expected * slope[member]).sum().backward()
        close = {"rtol": 1e-5, "atol": 1e-5}
        torch.testing.assert_close(sums["weight"][member], built.weight_ih_l0.grad, **close)
        torch.testing.assert_close(sums["recurrent"][member], built.weight_hh_l0.grad, **close)
        bias = built.bias_ih_l0.grad.view(4, UNITS)
        torch.testing.assert_close(sums["bias"][member], bias, **close)
        torch.testing.assert_close(below[member], signals.grad.transpose(1, 2), **close)


def test_it_starts_as_keras_starts_it():
    network, state = started(sequence=False)
    slots = network.held(state)[0].slots
    recurrent = slots["recurrent"][0]
    torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(UNITS), rtol=0, atol=1e-6)
    assert slots["bias"][0].tolist() == [[0.0] * 5, [1.0] * 5, [0.0] * 5, [0.0] * 5]
    limit = (6 / (CHANNELS + 4 * UNITS)) ** 0.5
    assert 0.9 * limit < slots["weight"].abs().max() < limit
    assert not torch.equal(slots["recurrent"][0], slots["recurrent"][1])


def test_only_signals_are_read():
    with pytest.raises(
        OptionError, match=r"lstm: expected signals \(channels, points\), got \(6,\)"
    ):
        LSTM(units=2).result_shape((6,))
    assert LSTM(units=2).result_shape((3, 7)) == (2,)
    assert LSTM(units=2, sequence=True).result_shape((3, 7)) == (2, 7)
