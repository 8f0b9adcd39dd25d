import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.tuning.evolution import Evolution, change_value
from sortal.tuning.space import Choices, EvaluatedCandidate, Range, Space

SVM = Space(
    {
        "kernel": Choices(values=("linear", "rbf"), initial="rbf"),
        "C": Range(low=0.001, high=10, initial=1, sigma=2),
        "degree": Range(low=1, high=5, initial=3, whole=True, sigma=1),
    }
)
FIXED = Space()


def judged(candidates, value):
    return [EvaluatedCandidate(candidate=one, value=value(one)) for one in candidates]


def test_the_first_round_is_initial_values_and_their_offspring():
    evolution = Evolution([SVM, FIXED], population=3, offspring=4, seed=1)
    asked = evolution.ask(0)
    assert [one.values for one in asked[:2]] == [SVM.initial, {}]
    assert all(one.parent == asked[0].identity for one in asked[2:])
    assert len(asked) == len(set(asked)) <= 2 + 4


def test_the_best_of_all_classifiers_survive_and_are_varied():
    evolution = Evolution([SVM, SVM], population=2, offspring=3, seed=1)
    first = evolution.ask(0)
    evolution.tell(judged(first, lambda one: one.values["C"] + 100 * one.kind))
    assert [one.kind for one in evolution.survivors] == [1, 1]
    second = evolution.ask(0)
    assert second[:2] == evolution.survivors
    parents = {one.identity for one in evolution.survivors}
    assert {one.parent for one in second[2:]} <= parents


def test_of_equals_the_first_survives():
    evolution = Evolution([SVM], population=1, offspring=5, seed=3)
    first = evolution.ask(0)
    evolution.tell(judged(first, lambda _: 0.5))
    assert evolution.survivors == first[:1]


def test_failed_and_pruned_ones_drop_out_of_the_survivors():
    """A round in which all fail changes nothing."""
    evolution = Evolution([SVM], population=9, offspring=5, seed=3)
    first = evolution.ask(0)
    evolution.tell([EvaluatedCandidate(candidate=one, value=None) for one in first])
    assert evolution.survivors == first[:1]
    told = [
        EvaluatedCandidate(candidate=first[0], value=0.1),
        EvaluatedCandidate(candidate=first[1], value=None),
    ]
    told += [EvaluatedCandidate(candidate=one, value=0.9, pruned_at=2) for one in first[2:]]
    evolution.tell(told)
    assert evolution.survivors == first[:1]


def test_equal_seeds_evolve_alike_and_others_do_not():
    def course(seed):
        evolution = Evolution([SVM], population=3, offspring=4, seed=seed)
        rounds = []
        for _ in range(4):
            rounds.append([one.identity for one in evolution.ask(0)])
            evolution.tell(judged(evolution.survivors, lambda one: one.values["C"]))
        return rounds

    assert course(7) == course(7)
    assert course(7) != course(8)


@given(st.integers(0, 2**32 - 1))
def test_every_variant_lies_in_the_space(seed):
    evolution = Evolution([SVM], population=3, offspring=6, seed=seed)
    for _ in range(3):
        asked = evolution.ask(0)
        assert all(SVM.holds(one.values) for one in asked)
        evolution.tell(judged(asked, lambda one: one.values["C"]))


def test_parameters_change_as_often_and_as_far_as_the_rule_says():
    generator = np.random.default_rng(0)
    wide = Range(low=0, high=1000, initial=500, sigma=1)
    values = np.array([change_value(wide, 500, generator) for _ in range(8000)])
    near = np.abs(values - 500) < 10
    assert near.mean() == pytest.approx(0.5 + 0.5 * 0.02, abs=0.02)
    assert np.std(values[near] - 500) == pytest.approx(1.2, abs=0.3)
    assert values[~near].mean() == pytest.approx(500, abs=15)
    evolution = Evolution([Space({"x": wide})], population=1, offspring=4000, seed=5)
    kept = 4000 - (len(evolution.ask(0)) - 1)
    assert kept / 4000 == pytest.approx(0.2, abs=0.02)


def test_steps_beyond_an_end_are_moved_to_it():
    generator = np.random.default_rng(0)
    narrow = Range(low=0, high=1, initial=0.5, sigma=100)
    values = [change_value(narrow, 0.5, generator) for _ in range(400)]
    assert sum(one in (0, 1) for one in values) > 150
    assert all(0 <= one <= 1 for one in values)
