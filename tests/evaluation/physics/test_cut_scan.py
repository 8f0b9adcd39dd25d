"""Scans of cuts against sums taken one cut at a time."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sortal.errors import DataError, OptionError
from sortal.evaluation.physics.cut_rule import ScoredEvents
from sortal.evaluation.physics.cut_scan import apply_cut, page_cuts, scan, scan_events
from sortal.evaluation.physics.significance import FigureOfMerit, asimov
from sortal.evaluation.physics.significance_error import standard_error


def script_of_the_guide(scores, is_signal, weights, predicted, uncertainty):
    """Select, sum and judge cut by cut, as the guide does; returns cuts, S, B and figures."""
    cuts, rows = np.zeros(200) + 0.7, []
    epsilon = (1.0 - 0.7) / 200
    for place in range(200):
        cuts[place] += place * epsilon
        chosen = predicted & (scores > cuts[place]) & (scores < 1.0)
        s, b = (weights[chosen & kind].sum() for kind in (is_signal, ~is_signal))
        variance = uncertainty**2 * b * b
        with np.errstate(all="ignore"):
            events = (s + b) * np.log((s + b) * (b + variance) / (b * b + (s + b) * variance))
            nuisance = np.log(1 + variance * s / (b * (b + variance))) / uncertainty**2
        rows.append((s, b, np.sqrt(2 * (events - nuisance)) if events > nuisance else 0.0))
    return cuts, *np.array(rows).T


@pytest.fixture
def events():
    rng = np.random.default_rng(5)
    is_signal = rng.random(5000) < 0.4
    scores = rng.beta(1 + 5 * is_signal, 2).astype(np.float32)
    scores[:3] = 1.0
    return ScoredEvents(
        scores=scores,
        is_signal=is_signal,
        weights=np.where(is_signal, 0.02, 0.1) * rng.uniform(0.5, 1.5, 5000),
        eligible=scores + rng.normal(0, 0.1, 5000) > 0.6,
    )


def columns(events):
    return events.scores, events.is_signal, events.weights


def test_the_cuts_of_the_guide_are_its_own_to_the_last_bit(events):
    expected, *_ = script_of_the_guide(*columns(events), events.eligible, 0.2)
    assert np.array_equal(page_cuts(), expected)
    assert page_cuts()[[0, -1]] == pytest.approx([0.7, 0.9985])


def test_a_strict_scan_of_the_script_s_cuts_gives_its_numbers(events):
    _, signal, background, figures = script_of_the_guide(*columns(events), events.eligible, 0.2)
    found = scan(
        *columns(events), cuts=page_cuts(), eligible=events.eligible, uncertainty=0.2, strict=True
    )
    assert found.signal == pytest.approx(signal)
    assert found.background == pytest.approx(background)
    assert found.merit == pytest.approx(figures)
    assert found.best == np.argmax(figures)
    whole = events.weights[events.is_signal].sum()
    assert found.signal_efficiency == pytest.approx(signal / whole)
    whole = events.weights[~events.is_signal].sum()
    assert found.background_efficiency == pytest.approx(background / whole)


WEIGHTS = st.floats(-1, 3).map(lambda weight: round(weight, 3))


@given(
    arrays(np.float64, 30, elements=st.integers(0, 8).map(lambda place: place / 8)),
    arrays(bool, 30),
    arrays(np.float64, 30, elements=WEIGHTS),
    arrays(bool, 30, fill=st.just(True)),
    st.tuples(st.booleans(), st.booleans()),
)
def test_every_cut_sums_what_passes_it(scores, is_signal, weights, eligible, ways):
    strict, every = ways
    eligible[0], scores[0] = True, 0.5
    cuts = None if every else np.array([0.9, 0.25, -1.0, 0.6, 2.0, 0.25])
    found = scan(scores, is_signal, weights, cuts=cuts, eligible=eligible, strict=strict)
    allowed = eligible & (scores < 1.0) if strict else eligible
    expected = np.unique(scores[allowed]) if every else np.sort(cuts)
    assert np.array_equal(found.cuts, expected)
    for place, cut in enumerate(found.cuts):
        chosen = allowed & ((scores > cut) if strict else (scores >= cut))
        signal, background = chosen & is_signal, chosen & ~is_signal
        assert found.signal[place] == pytest.approx(weights[signal].sum(), abs=1e-12)
        assert found.background[place] == pytest.approx(weights[background].sum(), abs=1e-12)
        squares = (weights[signal] ** 2).sum(), (weights[background] ** 2).sum()
        assert found.signal_squares[place] == pytest.approx(squares[0], abs=1e-12)
        assert found.background_squares[place] == pytest.approx(squares[1], abs=1e-12)
    assert np.all(found.merit[found.guarded] == 0)
    assert np.all(np.isfinite(found.merit))
    assert np.all(found.guarded[found.background <= 0])


def test_a_scan_of_every_score_finds_the_best_selection_of_all(events):
    found = scan(*columns(events), uncertainty=0.1, minimum_effective_background=10)
    coarse = scan(
        *columns(events), cuts=page_cuts(), uncertainty=0.1, minimum_effective_background=10
    )
    assert len(found.cuts) == len(np.unique(events.scores))
    assert found.merit.max() >= coarse.merit.max()


def test_an_event_of_score_one_is_lost_to_a_strict_scan_only(events):
    kept, lost = (scan(*columns(events), cuts=[0.7], strict=one) for one in (False, True))
    top = events.scores == 1.0
    assert top.sum() == 3
    assert kept.signal - lost.signal == pytest.approx(events.weights[top & events.is_signal].sum())
    higher = scan(*columns(events), cuts=[0.7], strict=True, upper=1.1)
    assert higher.signal == pytest.approx(kept.signal)


def test_cuts_with_too_little_background_are_guarded():
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    is_signal = np.array([False, False, False, True, True])
    weights = np.array([3.0, 1.0, 0.5, 1.0, 1.0])
    free = scan(scores, is_signal, weights)
    assert free.guarded.tolist() == [False, False, False, True, True]
    assert free.best == 2
    by_yield = scan(scores, is_signal, weights, minimum_background=1.0)
    assert by_yield.guarded.tolist() == [False, False, True, True, True]
    assert free.effective_background == pytest.approx([4.5**2 / 10.25, 1.5**2 / 1.25, 1, 0, 0])
    by_events = scan(scores, is_signal, weights, minimum_effective_background=2.0)
    assert by_events.guarded.tolist() == [True, True, True, True, True]
    by_events = scan(scores, is_signal, weights, minimum_effective_background=1.5)
    assert by_events.guarded.tolist() == [False, False, True, True, True]
    assert by_events.best == 1


def test_negative_weights_keep_their_sign_and_never_win():
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    is_signal = np.array([False, False, False, True])
    found = scan(scores, is_signal, np.array([3.0, 1.0, -1.5, 2.0]))
    assert found.background == pytest.approx([2.5, -0.5, -1.5, 0.0])
    assert found.guarded.tolist() == [False, True, True, True]
    assert found.background_efficiency == pytest.approx([1.0, -0.2, -0.6, 0.0])
    cancelled = scan(scores, is_signal, np.array([0.1, 0.2, -0.3 + 1e-15, 2.0]))
    assert 0 < cancelled.background[0] < 1e-14
    assert not cancelled.guarded[0]
    safe = scan(
        scores,
        is_signal,
        np.array([0.1, 0.2, -0.3 + 1e-15, 2.0]),
        minimum_effective_background=1e-6,
    )
    assert safe.guarded.all()


def test_of_equal_maxima_the_lowest_cut_is_taken(events):
    assert scan(*columns(events), cuts=np.full(4, 0.8)).best == 0
    empty = scan(*columns(events), cuts=[2.0, 3.0])
    assert (empty.best, empty.guarded.all()) == (0, True)


@pytest.mark.parametrize("figure", FigureOfMerit)
def test_a_working_point_has_errors_of_the_simulation(events, figure):
    found = scan(*columns(events), cuts=[0.6, 0.8], figure=figure, uncertainty=0.3)
    point = found.at(1)
    chosen = events.scores >= 0.8
    weights = events.weights[chosen & events.is_signal]
    others = events.weights[chosen & ~events.is_signal]
    assert (point.cut, point.guarded) == (0.8, False)
    assert point.signal_error == pytest.approx(np.sqrt((weights**2).sum()))
    assert point.background_error == pytest.approx(np.sqrt((others**2).sum()))
    assert point.effective_background == pytest.approx(others.sum() ** 2 / (others**2).sum())
    expected = standard_error(
        figure,
        weights.sum(),
        others.sum(),
        (weights**2).sum(),
        (others**2).sum(),
        uncertainty=0.3,
    )
    assert point.merit_error == pytest.approx(float(expected))
    assert point.merit == pytest.approx(
        float(figure.of(weights.sum(), others.sum(), uncertainty=0.3))
    )


def test_a_cut_chosen_elsewhere_is_applied_by_the_same_rule(events):
    found = scan(*columns(events), uncertainty=0.2, strict=True, eligible=events.eligible)
    assert asdict(apply_cut(events, found.cuts[77], found.rule)) == pytest.approx(
        asdict(found.at(77))
    )
    beyond = apply_cut(events, 5.0, found.rule)
    assert (beyond.guarded, beyond.merit, beyond.signal) == (True, 0.0, 0.0)
    assert np.isnan(beyond.merit_error)


def test_luminosity_scales_yields_and_its_root_the_merit(events):
    scores, is_signal, weights = columns(events)
    once, fourfold = (scan(scores, is_signal, factor * weights) for factor in (1, 4))
    assert fourfold.signal == pytest.approx(4 * once.signal)
    assert fourfold.merit == pytest.approx(2 * once.merit)
    assert fourfold.effective_background == pytest.approx(once.effective_background)


def test_the_order_of_events_does_not_matter(events):
    order = np.random.default_rng(0).permutation(len(events.scores))
    mixed = ScoredEvents(
        scores=events.scores[order],
        is_signal=events.is_signal[order],
        weights=events.weights[order],
        eligible=events.eligible[order],
    )
    rule = scan(*columns(events)).rule
    one, other = scan_events(events, rule), scan_events(mixed, rule)
    assert np.array_equal(one.cuts, other.cuts)
    assert one.merit == pytest.approx(other.merit)
    assert one.merit == pytest.approx(np.where(one.guarded, 0, asimov(one.signal, one.background)))


def test_efficiencies_of_a_kind_that_is_absent_are_not_defined():
    found = scan(np.array([0.5]), np.array([False]), np.array([1.0]))
    assert np.isnan(found.signal_efficiency).all()
    assert found.merit.tolist() == [0.0]


def test_events_that_cannot_be_summed_are_refused(events):
    scores, is_signal, weights = columns(events)
    with pytest.raises(DataError, match="one length"):
        scan(scores[1:], is_signal, weights)
    with pytest.raises(DataError, match="one length"):
        replace(events, eligible=events.eligible[1:])
    with pytest.raises(DataError, match="1 NaN"):
        scan(np.where(np.arange(5000) == 7, np.nan, scores), is_signal, weights)
    with pytest.raises(DataError, match="finite"):
        scan(scores, is_signal, np.where(np.arange(5000) == 7, np.inf, weights))
    with pytest.raises(DataError, match="at least one cut"):
        scan(scores, is_signal, weights, eligible=np.zeros(5000, dtype=bool))
    with pytest.raises(DataError, match="at least one cut"):
        scan(scores, is_signal, weights, cuts=np.array([]))
    with pytest.raises(DataError, match="cuts: expected numbers, got 1 NaN"):
        scan(scores, is_signal, weights, cuts=np.array([0.5, np.nan]))


@pytest.mark.parametrize(
    "name",
    ["uncertainty", "regularisation", "minimum_background", "minimum_effective_background"],
)
def test_options_below_zero_are_refused(events, name):
    with pytest.raises(OptionError, match=f"{name}: expected"):
        scan(*columns(events), **{name: -1.0})
