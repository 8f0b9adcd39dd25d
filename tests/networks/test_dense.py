import pytest
import torch
from torch.nn import functional

from sortal.errors import OptionError
from sortal.networks.dense import Dense
from sortal.networks.layer import Held, Pass


@pytest.mark.parametrize(("members", "rows", "inputs", "outputs"), [(1, 1, 1, 1), (3, 5, 4, 2)])
@pytest.mark.parametrize("bias", [False, True])
def test_each_member_applies_its_own_weights(*, members, rows, inputs, outputs, bias):
    weight, values = torch.randn(members, inputs, outputs), torch.randn(members, rows, inputs)
    slots = {"weight": weight, **({"bias": torch.randn(members, outputs)} if bias else {})}
    layer = Dense(units=outputs, bias=bias)
    stacked = layer.forward(values, Held(slots), Pass(members=members))
    for member in range(members):
        own = slots["bias"][member] if bias else None
        alone = functional.linear(values[member], weight[member].T, own)
        torch.testing.assert_close(stacked[member], alone)


def test_inputs_that_all_members_see_give_what_copies_would():
    weight, shared = torch.randn(3, 4, 2), torch.randn(1, 5, 4)
    held, run = Held({"weight": weight, "bias": torch.randn(3, 2)}), Pass(members=3)
    of_shared = Dense(units=2).forward(shared, held, run)
    torch.testing.assert_close(of_shared, Dense(units=2).forward(shared.repeat(3, 1, 1), held, run))


def test_stamps_are_to_be_flattened_first():
    with pytest.raises(OptionError, match="flatten it first"):
        Dense(units=2).result_shape((3, 21, 21))
