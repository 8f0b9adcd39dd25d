"""A cut for each fold is chosen without that fold's events, so that noise does not flatter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.evaluation.physics.cross_fitted import choose_by_fold, fit_cuts
from sortal.evaluation.physics.cut_rule import CutRule, ScoredEvents
from sortal.evaluation.physics.cut_scan import apply_cut, scan_events
from sortal.evaluation.physics.significance import FigureOfMerit

RULE = CutRule(
    figure=FigureOfMerit.ASIMOV,
    uncertainty=0.2,
    regularisation=10.0,
    minimum_background=0.0,
    minimum_effective_background=5.0,
    strict=False,
    upper=1.0,
)
FOLDS = 4


def drawn(seed, *, rows=400, gain=0.0):
    """Events whose scores tell signal by `gain`, or nothing, and their folds."""
    generator = np.random.default_rng(seed)
    signal = generator.random(rows) < 0.3
    logits = generator.normal(size=rows) + gain * signal
    events = ScoredEvents(
        scores=1 / (1 + np.exp(-logits)), is_signal=signal, weights=generator.gamma(2, 0.5, rows)
    )
    return events, np.arange(rows) % FOLDS


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_of_a_fold_is_the_best_of_the_others(seed):
    events, folds = drawn(seed, gain=1.0)
    fitted = fit_cuts(events, folds, RULE)
    for fold in range(FOLDS):
        others = folds != fold
        weights = events.weights.copy()
        for kind in (events.is_signal, ~events.is_signal):
            weights[kind] *= kind.sum() / (kind & others).sum()
        held = ScoredEvents(
            scores=events.scores[others],
            is_signal=events.is_signal[others],
            weights=weights[others],
        )
        figures = {
            cut: point.merit
            for cut in np.unique(held.scores)
            if not (point := apply_cut(held, cut, RULE)).guarded
        }
        assert figures[fitted.cuts[fold]] == pytest.approx(max(figures.values()), rel=1e-12)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_scores_of_a_fold_have_no_part_in_its_cut(fold):
    events, folds = drawn(7, gain=1.0)
    mine = folds == fold
    other = replace(events, scores=np.where(mine, 1 - events.scores, events.scores))
    before, after = fit_cuts(events, folds, RULE), fit_cuts(other, folds, RULE)
    assert before.cuts[fold] == after.cuts[fold]
    assert before.cuts != after.cuts


def test_events_above_their_own_cut_are_selected():
    events, folds = drawn(1, gain=1.0)
    fitted = fit_cuts(events, folds, RULE)
    found = apply_cut(fitted.events, 0.0, RULE)
    chosen = events.scores >= np.array(fitted.cuts)[folds]
    assert found.signal == pytest.approx(events.weights[chosen & events.is_signal].sum())
    assert found.background == pytest.approx(events.weights[chosen & ~events.is_signal].sum())


def test_scores_without_information_gain_nothing_by_choosing():
    gaps, cheats = [], []
    for seed in range(40):
        events, folds = drawn(seed)
        whole = scan_events(events, RULE)
        found = choose_by_fold(whole, fit_cuts(events, folds, RULE), resamples=1, seed=0)
        honest = apply_cut(events, 0.0, RULE).merit
        gaps.append(found.test.merit - honest)
        cheats.append(found.validation.merit - honest)
    assert np.mean(cheats) > 0.1
    assert np.mean(gaps) < 0.1 * np.mean(cheats)


def test_the_cut_for_new_events_is_the_best_of_all():
    events, folds = drawn(2, gain=1.0)
    whole = scan_events(events, RULE)
    found = choose_by_fold(whole, fit_cuts(events, folds, RULE), resamples=50, seed=0)
    assert found.cut == whole.cuts[whole.best]
    assert found.oracle.merit == found.validation.merit == whole.merit.max()
    low, high = found.test_interval
    assert low < found.test.merit < high
    assert found.test_spread > 0


def test_folds_without_enough_background_have_no_cut():
    events, folds = drawn(3)
    assert fit_cuts(events, folds, replace(RULE, minimum_background=1e9)) is None


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_with_one_cut_to_try_every_fold_has_it(seed, folds):
    events, _ = drawn(seed, rows=100, gain=1.0)
    cut = float(np.median(events.scores))
    numbers = np.arange(100) % folds
    anything = replace(RULE, minimum_effective_background=0.0)
    fitted = fit_cuts(events, numbers, anything, np.array([cut]))
    assert fitted.cuts == (cut,) * folds
    one, many = apply_cut(events, cut, RULE), apply_cut(fitted.events, 0.0, RULE)
    assert (one.signal, one.background) == pytest.approx((many.signal, many.background))
