import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.training.optimisers.rates import Averaging, MemberRates, Rates

LIKE = torch.zeros(1)


def test_rates_are_one_column_by_member_in_the_parameters_dtype():
    like = torch.zeros(2, 5, dtype=torch.float64)
    rates = Rates.of([MemberRates(learning_rate=0.1), MemberRates(learning_rate=0.2)], like)
    assert rates.learning_rate.tolist() == [[0.1], [0.2]]
    assert rates.beta1.fresh.dtype == rates.epsilon.dtype == torch.float64


def test_what_no_member_has_is_none():
    rates = Rates.of([MemberRates(learning_rate=0.1)] * 2, LIKE)
    assert rates.weight_decay is None
    assert rates.momentum is None


def test_what_one_member_has_leaves_with_it():
    own = [
        MemberRates(learning_rate=0.1, weight_decay=0.5, momentum=0.5, beta1=0.25),
        MemberRates(learning_rate=0.2, beta1=0.75),
    ]
    rates = Rates.of(own, LIKE)
    assert rates.weight_decay is not None
    assert rates.weight_decay.tolist() == [[0.5], [0.0]]
    kept = rates.keep(torch.tensor([1]))
    assert kept.weight_decay is None
    assert kept.momentum is None
    assert kept.beta1.kept.tolist() == [[0.75]]
    assert rates.keep(torch.tensor([1, 0])).momentum.tolist() == [[0.0], [0.5]]


@given(kept=st.floats(0, 0.9999), steps=st.integers(1, 100_000))
def test_corrections_keep_their_digits_in_single_precision(kept, steps):
    averaging = Averaging.of([kept], LIKE)
    assert averaging.fresh.item() == pytest.approx(1 - kept, rel=1e-7)
    assert averaging.filled(steps).item() == pytest.approx(1 - kept**steps, rel=1e-6)
    assert averaging.left(steps).item() == pytest.approx(kept**steps, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"learning_rate": -1.0},
        {"weight_decay": float("nan")},
        {"momentum": 1.0},
        {"beta1": -0.1},
        {"beta2": 1.0},
        {"rho": 2},
        {"epsilon": 0.0},
    ],
)
def test_rates_out_of_range_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(OptionError, match=f"optimiser.{name}: expected a number"):
        MemberRates(**{"learning_rate": 0.1, **wrong})
