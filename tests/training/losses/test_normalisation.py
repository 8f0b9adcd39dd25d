import torch

from sortal.training.losses.normalisation import Normalisation, divisors


def test_by_rows_counts_rows_whatever_they_weigh():
    found = divisors(torch.tensor([[2.0, 0.0], [5.0, 1.0]]), 2, Normalisation.ROWS)
    assert found.tolist() == [[[2.0]]]


def test_by_weights_adds_sizes_for_each_member():
    found = divisors(torch.tensor([[2.0, -1.0], [0.5, 0.0]]), 2, Normalisation.WEIGHTS)
    assert found.tolist() == [[[3.0]], [[0.5]]]


def test_by_weights_averages_over_targets_as_the_loss_does():
    weights = torch.tensor([[[1.0, -3.0], [2.0, 0.0]]])
    assert divisors(weights, 2, Normalisation.WEIGHTS).tolist() == [[[3.0]]]


def test_a_minibatch_without_weight_divides_by_one():
    assert divisors(torch.zeros(2, 3), 3, Normalisation.WEIGHTS).tolist() == [[[1.0]], [[1.0]]]


def test_half_precision_weights_are_added_in_single():
    found = divisors(torch.ones(1, 5000, dtype=torch.bfloat16), 5000, Normalisation.WEIGHTS)
    assert found.item() == 5000
