from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sortal.tuning.rungs import budgets, halving, hyperband, promote

factors = st.integers(2, 5)


@given(st.integers(1, 50), st.integers(2, 500), factors)
def test_budgets_grow_by_the_factor_below_whole_training(lowest, highest, factor):
    found = budgets(lowest=lowest, highest=highest, factor=factor)
    assert all(b == a * factor for a, b in pairwise(found))
    assert all(lowest <= one < highest for one in found)
    assert not found or found[-1] * factor >= highest


@given(st.integers(1, 20), st.integers(21, 500), factors)
def test_brackets_trade_candidates_for_budget(lowest, highest, factor):
    brackets = hyperband(lowest=lowest, highest=highest, factor=factor)
    rungs = budgets(lowest=lowest, highest=highest, factor=factor)
    assert [len(one.budgets) for one in brackets] == list(range(len(rungs), -1, -1))
    assert all(one.budgets == rungs[len(rungs) - len(one.budgets) :] for one in brackets)
    assert brackets[0].candidates == factor ** len(rungs)
    assert brackets[-1].candidates == len(rungs) + 1


def test_the_brackets_are_those_of_the_paper():
    # Table 1 of Li et al.: R = 81, eta = 3 start 81, 34, 15, 8 and 5 candidates.
    brackets = hyperband(lowest=1, highest=81, factor=3)
    assert [one.candidates for one in brackets] == [81, 34, 15, 8, 5]


def test_halving_starts_everyone_at_the_lowest_rung():
    one = halving(lowest=2, highest=50, factor=3, candidates=12)
    assert (one.candidates, one.budgets, one.factor) == (12, (2, 6, 18), 3)


@given(st.lists(st.none() | st.floats(-1, 1), min_size=1, max_size=40), factors)
def test_none_that_stays_is_better_than_one_that_goes_on(values, factor):
    kept = promote(values, factor)
    assert list(kept) == sorted(set(kept))
    sound = [place for place, value in enumerate(values) if value is not None]
    assert len(kept) == min(len(sound), max(1, len(values) // factor))
    worst = min((values[place] for place in kept), default=0.0)
    assert all(values[place] <= worst for place in sound if place not in kept)
