import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sortal.networks.activation import ACTIVATIONS
from sortal.networks.stack import Stack

KERAS_LIKE = {
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "elu": nn.ELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "sigmoid": nn.Sigmoid(),
    "linear": nn.Identity(),
}


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(1, 3))
def test_layers_cover_every_parameter_once(sizes, members):
    stack = Stack(tuple(sizes), "relu")
    flat = torch.zeros(members, stack.numbers)
    for weight, bias in stack.layers(flat):
        weight.add_(1)
        bias.add_(1)
    assert torch.equal(flat, torch.ones_like(flat))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_equals_a_sequence_of_torch_layers(activation):
    stack = Stack((3, 5, 4, 2), activation)
    flat = torch.randn(2, stack.numbers, generator=torch.Generator().manual_seed(1))
    inputs = torch.randn(7, 3)
    outputs = stack.forward(stack.layers(flat), inputs)
    for member in range(2):
        values = inputs
        for number, (weight, bias) in enumerate(stack.layers(flat)):
            values = values @ weight[member] + bias[member]
            if number < 2:
                values = KERAS_LIKE[activation](values)
        torch.testing.assert_close(outputs[member], values)


def test_masks_silence_hidden_units():
    stack = Stack((3, 4, 2), "relu")
    flat = torch.randn(1, stack.numbers)
    silent = stack.forward(stack.layers(flat), torch.randn(5, 3), [torch.zeros(1, 5, 4)])
    bias = stack.layers(flat)[-1][1]
    torch.testing.assert_close(silent, bias[:, None].expand(1, 5, 2))


def test_a_stack_without_hidden_layers_is_linear():
    stack = Stack((3, 2), "relu")
    assert stack.hidden == ()
    assert stack.numbers == 8
