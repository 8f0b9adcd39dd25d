"""Choosing a cut on validation: nothing of test leaks in, and resampling tells the truth."""

from dataclasses import replace

import numpy as np
import pytest

from sortal.errors import DataError
from sortal.evaluation.physics.cut_choice import choose, resampled_merit, reselect
from sortal.evaluation.physics.cut_rule import CutRule, ScoredEvents
from sortal.evaluation.physics.cut_scan import apply_cut, scan_events
from sortal.evaluation.physics.significance import FigureOfMerit

RULE = CutRule(
    figure=FigureOfMerit.ASIMOV,
    uncertainty=0.2,
    regularisation=10.0,
    minimum_background=0.0,
    minimum_effective_background=10.0,
    strict=False,
    upper=1.0,
)
GRID = np.linspace(0.0, 0.99, 100)


def drawn_events(seed, size=4000, light=0.01, heavy=0.05):
    """A part whose number of events fluctuates as that of a simulation does."""
    rng = np.random.default_rng(seed)
    is_signal = np.repeat([True, False], rng.poisson([size // 4, size]))
    scores = np.where(is_signal, rng.beta(4, 1.5, len(is_signal)), rng.beta(1.5, 3, len(is_signal)))
    weights = np.where(is_signal, light, heavy) * rng.uniform(0.5, 1.5, len(is_signal))
    return ScoredEvents(scores=scores, is_signal=is_signal, weights=weights)


def test_the_cut_comes_from_validation_and_the_result_from_test():
    validation, test = drawn_events(0), drawn_events(1)
    scanned = scan_events(validation, RULE, GRID)
    found = choose(scanned, test, resamples=300, seed=1)
    assert found.cut == scanned.cuts[scanned.best]
    assert found.validation == scanned.at(scanned.best)
    assert found.test == apply_cut(test, found.cut, RULE)
    assert found.oracle.merit == scan_events(test, RULE, GRID).merit.max()
    assert found.oracle.merit >= found.test.merit
    low, high = found.test_interval
    assert low < found.test.merit < high


def test_the_labels_of_test_do_not_move_the_cut():
    scanned, test = scan_events(drawn_events(0), RULE, GRID), drawn_events(1)
    turned = replace(test, is_signal=~test.is_signal)
    one, other = (choose(scanned, part, resamples=10) for part in (test, turned))
    assert one.cut == other.cut
    assert one.oracle.cut != other.oracle.cut


def test_resampling_spreads_as_new_samples_do_and_as_errors_say():
    figures = [apply_cut(drawn_events(seed), 0.7, RULE).merit for seed in range(300)]
    part = drawn_events(400)
    drawn = resampled_merit(part, 0.7, RULE, resamples=2000, seed=0)
    assert drawn.std() == pytest.approx(np.std(figures), rel=0.15)
    assert drawn.std() == pytest.approx(apply_cut(part, 0.7, RULE).merit_error, rel=0.1)


def test_the_resampled_interval_covers_the_truth_at_its_level():
    truth = apply_cut(drawn_events(0, size=400_000, light=1e-4, heavy=5e-4), 0.7, RULE).merit
    scanned = scan_events(drawn_events(0), RULE, np.array([0.7]))
    held = 0
    for seed in range(1, 151):
        low, high = choose(
            scanned, drawn_events(seed), resamples=200, seed=seed, level=0.8
        ).test_interval
        held += low <= truth <= high
    assert 0.7 <= held / 150 <= 0.9


@pytest.mark.parametrize("size", [40, 30_000])
def test_resamples_do_not_depend_on_events_that_no_cut_selects(size):
    part = drawn_events(3, size=size)
    chosen = part.scores >= 0.5
    rest = ScoredEvents(
        scores=part.scores[chosen],
        is_signal=part.is_signal[chosen],
        weights=part.weights[chosen],
    )
    one, other = (
        resampled_merit(events, 0.5, RULE, resamples=50, seed=2) for events in (part, rest)
    )
    assert np.array_equal(one, other, equal_nan=True)


def test_tiny_weights_survive_resampling():
    part = drawn_events(3)
    small = replace(part, weights=part.weights * 1e-30)
    rule = replace(RULE, figure=FigureOfMerit.S_OVER_B)
    one = resampled_merit(part, 0.5, rule, resamples=50, seed=2)
    other = resampled_merit(small, 0.5, rule, resamples=50, seed=2)
    assert other == pytest.approx(one)


def test_a_maximum_is_flattered_by_its_own_fluctuations():
    rule = replace(RULE, uncertainty=0.05, minimum_effective_background=2.0)
    truth = scan_events(drawn_events(0, size=400_000, light=1e-4, heavy=5e-4), rule, GRID)
    gaps, guesses = [], []
    for seed in range(1, 41):
        part = drawn_events(seed, size=400, light=0.1, heavy=0.5)
        scanned = scan_events(part, rule, GRID)
        gaps.append(scanned.merit.max() - truth.merit[scanned.best])
        guesses.append(reselect(scanned, part, resamples=100, seed=seed).optimism)
    assert np.mean(gaps) > 3 * np.std(gaps) / np.sqrt(len(gaps))
    assert min(guesses) > 0
    assert np.mean(guesses) == pytest.approx(np.mean(gaps), rel=0.6)


def test_reselection_tries_a_few_cuts_of_a_scan_and_its_best():
    part = drawn_events(5)
    scanned = scan_events(part, RULE)
    found = reselect(scanned, part, resamples=30, seed=0, most=7)
    tried = np.unique(found.cuts)
    assert len(tried) <= 8
    assert np.isin(tried, scanned.cuts).all()
    assert np.all(found.figures <= scanned.merit.max())
    only = reselect(scanned, part, resamples=30, seed=0, most=1)
    assert set(only.cuts[~np.isnan(only.cuts)]) <= {scanned.cuts[0], scanned.cuts[scanned.best]}


def test_a_guard_that_a_resample_evades_is_no_optimism():
    part = drawn_events(6)
    rule = replace(RULE, uncertainty=0.0, minimum_effective_background=400.0)
    scanned = scan_events(part, rule, GRID)
    found = reselect(scanned, part, resamples=200, seed=0)
    evaded = scanned.guarded[np.searchsorted(scanned.cuts, found.cuts)]
    assert evaded.any()
    assert found.figures.min() > 0
    assert abs(found.optimism) < scanned.at(scanned.best).merit_error


def test_equal_seeds_resample_alike():
    part = drawn_events(5)
    one, other, third = (
        resampled_merit(part, 0.5, RULE, resamples=20, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


def test_a_scan_without_a_trusted_cut_chooses_none():
    scanned = scan_events(drawn_events(0, size=8), RULE, np.array([0.95]))
    with pytest.raises(DataError, match="all 1 are guarded"):
        choose(scanned, drawn_events(1))


def test_where_no_background_is_left_resamples_have_no_figure():
    part = drawn_events(0)
    drawn = resampled_merit(part, 2.0, RULE, resamples=5, seed=0)
    assert np.isnan(drawn).all()
    lost = reselect(scan_events(part, RULE, np.array([2.0])), part, resamples=5, seed=0)
    assert np.isnan(lost.maxima).all()
    assert np.isnan(lost.optimism)
