import pytest
import torch

from sortal.training.optimiser import Rates, build_optimiser, keep_members

CHOICES = [(0.01, 0.0, 0.9), (0.1, 0.05, 0.0), (0.003, 0.3, 0.5)]


def _reference(kind, rates, parameters):
    learning_rate, decay, momentum = rates
    if kind == "sgd":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=decay)
    build = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
    return build(parameters, lr=learning_rate, weight_decay=decay)


def _gradient(parameters, target):
    return (parameters - target).pow(3) + torch.sin(3 * parameters)


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_a_hundred_updates_equal_torchs(kind):
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, 40, dtype=torch.float64, generator=generator) * 0.5
    target = torch.randn(3, 40, dtype=torch.float64, generator=generator) * 0.5
    ours = start.clone()
    optimiser = build_optimiser(kind, Rates.of(CHOICES, ours), ours)
    theirs = [row.clone().requires_grad_() for row in start]
    references = [
        _reference(kind, rates, [row]) for rates, row in zip(CHOICES, theirs, strict=True)
    ]
    for _ in range(100):
        optimiser.step(ours, _gradient(ours, target))
        for row, goal, reference in zip(theirs, target, references, strict=True):
            row.grad = _gradient(row.detach(), goal)
            reference.step()
    torch.testing.assert_close(ours, torch.stack(theirs).detach(), rtol=0, atol=1e-6)
    assert (ours - start).abs().max() > 0.1


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_a_member_goes_on_alike_when_others_leave(kind):
    start = torch.randn(3, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    together, left = start.clone(), start.clone()
    whole = build_optimiser(kind, Rates.of(CHOICES, together), together)
    part = build_optimiser(kind, Rates.of(CHOICES, left), left)
    for update in range(10):
        if update == 4:
            rows = torch.tensor([2, 1])
            keep_members(part, rows)
            left = left[rows]
        whole.step(together, together.clone())
        part.step(left, left.clone())
    torch.testing.assert_close(left, together[[2, 1]], rtol=0, atol=1e-14)
