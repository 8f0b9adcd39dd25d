import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.training.loss import binary_cross_entropy, cross_entropy

DRAW = torch.Generator().manual_seed(3)


def test_cross_entropy_is_the_weighted_log_probability_of_the_truth():
    logits = torch.randn(2, 4, 3, generator=DRAW, dtype=torch.float64)
    truth = torch.tensor([[0, 2, 1, 1]])
    weights = torch.tensor([[1.0, 2.0, -0.5, 0.0]], dtype=torch.float64)
    picked = logits.log_softmax(-1).gather(2, truth.expand(2, 4)[..., None])[..., 0]
    torch.testing.assert_close(cross_entropy(logits, truth, weights), -(picked * weights).sum(1))


def test_members_may_have_their_own_truth():
    logits = torch.randn(2, 4, 3, generator=DRAW)
    truth = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]])
    weights = torch.ones(2, 4)
    whole = cross_entropy(logits, truth, weights)
    for row in range(2):
        one = slice(row, row + 1)
        torch.testing.assert_close(whole[one], cross_entropy(logits[one], truth[one], weights[one]))


def test_an_unknown_target_has_no_say():
    logits = torch.randn(1, 3, 2, generator=DRAW, requires_grad=True)
    truth = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]])
    weights = torch.tensor([[[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]]])
    (slope,) = torch.autograd.grad(binary_cross_entropy(logits, truth, weights).sum(), logits)
    assert slope[0, 1, 0] == 0
    assert slope.count_nonzero() == 5


@given(st.floats(-700, 700), st.sampled_from([0.0, 1.0]))
def test_binary_cross_entropy_never_overflows(logit, truth):
    loss = binary_cross_entropy(
        torch.tensor([[[logit]]]), torch.tensor([[[truth]]]), torch.ones(1, 1, 1)
    )
    assert loss.isfinite().all()
    assert loss >= 0
