import pytest
import torch

from sortal.errors import OptionError
from sortal.networks.branch import Branch
from sortal.networks.dense import Dense
from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.unflatten import Unflatten


def test_outputs_of_the_branch_precede_the_other_features():
    network = Network(shape=(5,), layers=(Branch(start=1, count=3, layers=(Dense(units=1),)),))
    state = torch.tensor([[1.0, 10.0, 100.0, 0.5]])
    rows = torch.tensor([[7.0, 1.0, 2.0, 3.0, 8.0]])
    result = network.forward(rows, network.held(state), Pass(members=1))
    assert result.tolist() == [[[321.5, 7.0, 8.0]]]
    assert [slot.name for slot in network.slots[0]] == ["layers.0.weight", "layers.0.bias"]


def test_layers_that_do_not_fit_are_told():
    with pytest.raises(OptionError, match="at least 7 features"):
        Branch(start=3, count=4, layers=(Dense(units=1),)).result_shape((6,))
    stamp = (Unflatten(channels=1, points=(2, 2)),)
    with pytest.raises(OptionError, match="end in one row of numbers"):
        Branch(start=0, count=4, layers=stamp).result_shape((6,))
