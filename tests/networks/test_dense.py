import pytest
import torch
from torch.nn import functional

from sortal.networks.dense import dense


def _layer(members: int, inputs: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(members * 100 + inputs * 10 + outputs)
    weight = torch.randn(members, inputs, outputs, dtype=torch.float64, generator=generator)
    bias = torch.randn(members, outputs, dtype=torch.float64, generator=generator)
    return weight.requires_grad_(), bias.requires_grad_()


@pytest.mark.parametrize(("members", "rows", "inputs", "outputs"), [(1, 1, 1, 1), (3, 5, 4, 2)])
def test_each_member_applies_its_own_weights(members, rows, inputs, outputs):
    weight, bias = _layer(members, inputs, outputs)
    values = torch.randn(members, rows, inputs, dtype=torch.float64)
    stacked = dense(values, weight, bias)
    for member in range(members):
        alone = functional.linear(values[member], weight[member].T, bias[member])
        torch.testing.assert_close(stacked[member], alone)


def test_gradients_are_those_of_finite_differences():
    weight, bias = _layer(3, 4, 2)
    values = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(dense, (values, weight, bias))


def test_inputs_that_all_members_see_give_what_copies_would():
    weight, bias = _layer(3, 4, 2)
    shared = torch.randn(5, 4, dtype=torch.float64)
    of_shared = torch.autograd.grad(dense(shared, weight, bias).square().sum(), (weight, bias))
    copies = shared.repeat(3, 1, 1)
    of_copies = torch.autograd.grad(dense(copies, weight, bias).square().sum(), (weight, bias))
    for one, other in zip(of_shared, of_copies, strict=True):
        torch.testing.assert_close(one, other)
