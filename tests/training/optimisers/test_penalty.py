import pytest
import torch

from sortal.training.optimisers.penalty import penalise

GENERATOR = torch.Generator().manual_seed(0)
WEIGHTS = torch.randn(3, 20, generator=GENERATOR, dtype=torch.float64)
DECAYED = torch.arange(20) % 3 > 0
L1 = torch.tensor([[0.0], [0.1], [0.3]], dtype=torch.float64)
L2 = torch.tensor([[0.2], [0.0], [0.01]], dtype=torch.float64)


@pytest.mark.parametrize(("l1", "l2"), [(L1, L2), (L1, None), (None, L2), (None, None)])
def test_it_adds_the_gradient_of_the_penalised_loss(l1, l2):
    gradient = torch.ones_like(WEIGHTS)
    penalise(gradient, WEIGHTS, l1, l2, DECAYED)
    weights = WEIGHTS.clone().requires_grad_()
    loss = weights.sum()
    if l1 is not None:
        loss = loss + (l1 * weights[:, DECAYED].abs()).sum()
    if l2 is not None:
        loss = loss + (l2 * weights[:, DECAYED].square()).sum()
    loss.backward()
    torch.testing.assert_close(gradient, weights.grad)


def test_parameters_stay_and_a_weight_of_zero_is_not_pushed():
    weights = WEIGHTS.clone()
    weights[:, 1] = 0.0
    before, gradient = weights.clone(), torch.zeros_like(weights)
    penalise(gradient, weights, L1, L2, DECAYED)
    assert torch.equal(weights, before)
    assert (gradient[:, 1] == 0).all()
