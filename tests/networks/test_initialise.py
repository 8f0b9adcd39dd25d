import math

import pytest
import torch

from sortal.networks.initialise import initial_parameters, uniform_limit
from sortal.networks.stack import Stack

STACK = Stack((30, 40, 5), "relu")


@pytest.mark.parametrize(
    ("initialiser", "limits"),
    [
        ("glorot_uniform", (math.sqrt(6 / 70), math.sqrt(6 / 45))),
        ("he_uniform", (math.sqrt(6 / 30), math.sqrt(6 / 40))),
    ],
)
def test_weights_fill_the_range_that_keras_defines(initialiser, limits):
    flat = initial_parameters(STACK, 5, initialiser)
    for (weight, bias), limit in zip(STACK.layers(flat[None]), limits, strict=True):
        assert weight.abs().max() <= limit
        assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)
        assert not bias.any()


def test_a_start_depends_on_the_seed_alone():
    first, again = (initial_parameters(STACK, 5, "glorot_uniform") for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, initial_parameters(STACK, 6, "glorot_uniform"))


def test_a_start_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    initial_parameters(STACK, 5, "he_uniform")
    assert torch.equal(before, torch.get_rng_state())


def test_he_looks_at_the_inputs_alone():
    assert uniform_limit("he_uniform", 6, 100) == 1.0
