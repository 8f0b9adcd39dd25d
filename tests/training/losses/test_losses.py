import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from sortal.data.labels import Outputs
from sortal.errors import OptionError
from sortal.training.losses.choose import loss_of

F64 = torch.float64
SPARSE, SOFT, INDEPENDENT = "sparse", "soft", "independent"

options = st.fixed_dictionaries(
    {
        "label_smoothing": st.sampled_from([0.0, 0.1, 1.0]),
        "focal_gamma": st.sampled_from([0.0, 0.3, 1.0, 2.0]),
        "focal_alpha": st.sampled_from([None, 0.25, 1.0]),
    }
)


@st.composite
def cases(draw, kinds=(SPARSE, SOFT, INDEPENDENT), largest=5.0):
    kind = draw(st.sampled_from(kinds))
    members, rows = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    columns = draw(st.integers(1 if kind == INDEPENDENT else 2, 4))
    told = draw(st.sampled_from([1, members]))
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = noise.uniform(-largest, largest, (members, rows, columns))
    weights = noise.choice([-1.5, 0.0, 0.5, 1.0, 3.0], (told, rows, columns))
    if kind == INDEPENDENT:
        hard = draw(st.booleans())
        truth = noise.integers(0, 2, weights.shape) if hard else noise.random(weights.shape)
        return kind, x, truth.astype(float), weights
    if kind == SPARSE:
        return kind, x, noise.integers(0, columns, (told, rows)), weights[..., 0]
    return kind, x, noise.dirichlet(np.ones(columns), (told, rows)), weights[..., 0]


def expected(kind, x, truth, weights, *, label_smoothing, focal_gamma, focal_alpha):
    """The published formulas, one probability at a time."""
    columns = x.shape[2]
    if kind == INDEPENDENT:
        t = truth * (1 - label_smoothing) + label_smoothing / 2
        p = 1 / (1 + np.exp(-x))
        each = -(t * np.log(p) + (1 - t) * np.log(1 - p))
        each = each * (1 - (t * p + (1 - t) * (1 - p))) ** focal_gamma
        if focal_alpha is not None:
            each = each * (t * focal_alpha + (1 - t) * (1 - focal_alpha))
        return (each * weights).mean(2).sum(1)
    t = np.eye(columns)[truth] if kind == SPARSE else truth
    t = t * (1 - label_smoothing) + label_smoothing / columns
    p = np.exp(x) / np.exp(x).sum(2, keepdims=True)
    alpha = 1 if focal_alpha is None else focal_alpha
    each = -(t * np.log(p) * alpha * (1 - p) ** focal_gamma).sum(2)
    return (each * weights).sum(1)


def chosen(kind, **given_options):
    return loss_of(
        Outputs.INDEPENDENT if kind == INDEPENDENT else Outputs.EXCLUSIVE, **given_options
    )


@settings(max_examples=150)
@given(cases(), options)
def test_sums_are_the_published_formulas(case, given_options):
    kind, *arrays = case
    tensors = [torch.tensor(array) for array in arrays]
    loss = chosen(kind, **given_options)
    wanted = torch.tensor(expected(kind, *arrays, **given_options))
    torch.testing.assert_close(loss.sums(*tensors), wanted, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(loss.sums_and_slopes(*tensors)[0], wanted, rtol=1e-9, atol=1e-9)


@settings(max_examples=150)
@given(cases(largest=30.0), options)
def test_slopes_are_what_autograd_finds(case, given_options):
    kind, *arrays = case
    x, truth, weights = (torch.tensor(array) for array in arrays)
    loss = chosen(kind, **given_options)
    leaf = x.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(loss.sums(leaf, truth, weights).sum(), leaf)
    _, slopes = loss.sums_and_slopes(x, truth, weights)
    torch.testing.assert_close(slopes, wanted, rtol=1e-7, atol=1e-7)
    assert slopes.is_contiguous()


@settings(max_examples=60)
@given(cases(), options, st.data())
def test_slopes_are_finite_differences(case, given_options, data):
    kind, *arrays = case
    x, truth, weights = (torch.tensor(array) for array in arrays)
    loss = chosen(kind, **given_options)
    place = tuple(data.draw(st.integers(0, size - 1)) for size in x.shape)
    step = torch.zeros_like(x)
    step[place] = 1e-5
    up, down = (loss.sums(x + sign * step, truth, weights).sum() for sign in (1, -1))
    _, slopes = loss.sums_and_slopes(x, truth, weights)
    assert float(slopes[place]) == pytest.approx(float(up - down) / 2e-5, rel=1e-4, abs=1e-5)


@settings(max_examples=150)
@given(cases(largest=1e4), options, st.sampled_from([torch.float32, torch.bfloat16, torch.float64]))
def test_extreme_logits_stay_finite(case, given_options, precision):
    kind, *arrays = case
    x, truth, weights = (torch.tensor(array) for array in arrays)
    x, weights = x.to(precision), weights.to(precision)
    truth = truth if kind == SPARSE else truth.to(precision)
    loss = chosen(kind, **given_options)
    leaf = x.clone().requires_grad_()
    sums = loss.sums(leaf, truth, weights)
    (followed,) = torch.autograd.grad(sums.sum(), leaf)
    again, slopes = loss.sums_and_slopes(x, truth, weights)
    for values in (sums, followed, again, slopes):
        assert values.isfinite().all()
    assert again.dtype == slopes.dtype == torch.promote_types(precision, torch.float32)
    torch.testing.assert_close(slopes.to(precision), followed, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("logit", [95.0, 1e4])
def test_a_certain_and_right_output_has_no_focal_slope(gamma, logit):
    x, weights = torch.tensor([[[logit], [-logit]]]), torch.ones(1, 2, 1)
    loss = loss_of(Outputs.INDEPENDENT, focal_gamma=gamma, focal_alpha=0.5)
    sums, slopes = loss.sums_and_slopes(x, torch.tensor([[[1.0], [0.0]]]), weights)
    assert sums.tolist() == pytest.approx([0.0], abs=1e-30)
    assert slopes.flatten().tolist() == pytest.approx([0.0, 0.0], abs=1e-30)
    x, truth = torch.tensor([[[logit, 0.0], [0.0, logit]]]), torch.tensor([[0, 1]])
    loss = loss_of(Outputs.EXCLUSIVE, focal_gamma=gamma, focal_alpha=0.5)
    sums, slopes = loss.sums_and_slopes(x, truth, torch.ones(1, 2))
    assert sums.tolist() == pytest.approx([0.0], abs=1e-30)
    assert slopes.flatten().tolist() == pytest.approx([0.0] * 4, abs=1e-30)


@settings(max_examples=60)
@given(cases(), options)
def test_weight_zero_masks_and_what_comes_in_stays(case, given_options):
    kind, *arrays = case
    tensors = [torch.tensor(array) for array in arrays]
    before = [tensor.clone() for tensor in tensors]
    sums, slopes = chosen(kind, **given_options).sums_and_slopes(*tensors)
    masked = tensors[2] == 0
    masked = (masked if kind == INDEPENDENT else masked.unsqueeze(2)).expand_as(slopes)
    assert not slopes[masked].any()
    assert sums.shape == (len(tensors[0]),)
    for tensor, kept in zip(tensors, before, strict=True):
        assert torch.equal(tensor, kept)


@settings(max_examples=40)
@given(cases(), options)
def test_a_members_loss_does_not_depend_on_its_neighbours(case, given_options):
    kind, *arrays = case
    x, truth, weights = (torch.tensor(array) for array in arrays)
    loss = chosen(kind, **given_options)
    sums, slopes = loss.sums_and_slopes(x, truth, weights)
    for row in range(len(x)):
        own = [one[min(row, len(one) - 1)][None] for one in (truth, weights)]
        alone, slope = loss.sums_and_slopes(x[row : row + 1], *own)
        torch.testing.assert_close(sums[row : row + 1], alone)
        torch.testing.assert_close(slopes[row : row + 1], slope)


@settings(max_examples=40)
@given(cases(kinds=(SPARSE,)), options)
def test_class_numbers_are_certain_probabilities(case, given_options):
    _, x, truth, weights = case
    loss = chosen(SPARSE, **given_options)
    x, weights = torch.tensor(x), torch.tensor(weights)
    certain = functional.one_hot(torch.tensor(truth), x.shape[2]).to(F64)
    for sparse, soft in zip(
        loss.sums_and_slopes(x, torch.tensor(truth), weights),
        loss.sums_and_slopes(x, certain, weights),
        strict=True,
    ):
        torch.testing.assert_close(sparse, soft)


def test_torch_agrees_on_smoothed_cross_entropy():
    draw = torch.Generator().manual_seed(3)
    x = torch.randn(1, 6, 4, generator=draw, dtype=F64)
    truth = torch.tensor([[0, 1, 2, 3, 0, 1]])
    wanted = functional.cross_entropy(x[0], truth[0], label_smoothing=0.2, reduction="sum")
    loss = loss_of(Outputs.EXCLUSIVE, label_smoothing=0.2)
    torch.testing.assert_close(loss.sums(x, truth, torch.ones(1, 6, dtype=F64))[0], wanted)


@pytest.mark.parametrize("outputs", Outputs)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("label_smoothing", -0.1),
        ("label_smoothing", 1.1),
        ("label_smoothing", float("nan")),
        ("focal_gamma", -1.0),
        ("focal_gamma", float("inf")),
        ("focal_alpha", 2.0),
        ("focal_alpha", float("nan")),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(outputs, option, value):
    with pytest.raises(OptionError, match=rf"^{option}: expected"):
        loss_of(outputs, **{option: value})
