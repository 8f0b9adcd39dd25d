"""Expected events of processes, against sums by hand."""

import math

import numpy as np
import pytest

from sortal.errors import DataError, NotFound, OptionError
from sortal.evaluation.physics.cut_scan import scan
from sortal.evaluation.physics.yields import Scale, yields_at_cut

NAMES = ("Signal", "Wjets", "TTbar", "Z2nu")
PROCESSES = np.array([0, 1, 1, 2, 0, 2, 1])
SCORES = np.array([0.9, 0.8, 0.2, 0.8, 0.1, 1.0, 0.95])
WEIGHTS = np.array([1.0, 2.0, 4.0, -0.5, 0.25, 1.0, 3.0])


def test_each_process_keeps_what_passes_with_its_sign():
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8)
    assert found.expected.tolist() == [1.0, 5.0, 0.5, 0.0]
    assert found.errors == pytest.approx([1.0, math.sqrt(13), math.sqrt(1.25), 0.0])
    assert found.events.tolist() == [1, 2, 2, 0]
    assert found.totals.tolist() == [1.25, 9.0, 0.5, 0.0]
    assert found.efficiencies[:3] == pytest.approx([0.8, 5 / 9, 1.0])
    assert np.isnan(found.efficiencies[3])


def test_strict_cuts_leave_out_the_edge_and_the_top():
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8, strict=True)
    assert found.expected.tolist() == [1.0, 3.0, 0.0, 0.0]
    wider = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8, strict=True, upper=1.5)
    assert wider.expected.tolist() == [1.0, 3.0, 1.0, 0.0]


def test_only_eligible_events_are_selected_but_totals_have_all():
    eligible = PROCESSES != 1
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8, eligible=eligible)
    assert found.expected.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert found.totals[1] == 9.0


def test_processes_add_up_to_what_a_scan_of_cuts_sums():
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8)
    point = scan(SCORES, PROCESSES == 0, WEIGHTS, cuts=np.array([0.8])).at(0)
    signal, background = found.of("Signal"), found.of("Wjets", "TTbar", "Z2nu")
    assert (signal.expected, background.expected) == (point.signal, point.background)
    assert signal.error == pytest.approx(point.signal_error)
    assert background.error == pytest.approx(point.background_error)
    assert background.efficiency == pytest.approx(point.background_efficiency)
    assert (background.events, background.total) == (4, 9.5)
    assert found.of().expected == 6.5
    assert math.isnan(found.of("Z2nu").efficiency)


def test_a_process_that_is_not_there_is_named():
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 0.8)
    with pytest.raises(NotFound, match="Did you mean 'Wjets'"):
        found.of("Wjet")


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="one length"):
        yields_at_cut(PROCESSES[1:], NAMES, SCORES, WEIGHTS, 0.8)
    with pytest.raises(DataError, match="codes of 0 to 2"):
        yields_at_cut(PROCESSES + 1, NAMES[:3], SCORES, WEIGHTS, 0.8)


def test_a_cut_above_every_score_leaves_nothing():
    found = yields_at_cut(PROCESSES, NAMES, SCORES, WEIGHTS, 2.0)
    assert found.expected.tolist() == [0.0] * 4
    assert found.of().efficiency == 0.0


def test_weights_are_scaled_by_luminosity_and_share_of_the_part():
    scale = Scale(luminosity=100.0, split_factor=2.0, split_factors={"Signal": 4.0})
    assert scale.factors(np.array([0, 1, 3]), NAMES).tolist() == [400.0, 200.0, 200.0]
    assert Scale().factors(PROCESSES, NAMES).tolist() == [1.0] * 7


def test_split_factors_make_parts_agree_in_yield():
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 2, 40_000)
    quarter = rng.random(40_000) < np.where(samples == 0, 0.25, 0.5)
    scale = Scale(split_factors={"a": 4.0, "b": 2.0})
    factors = scale.factors(samples[quarter], ("a", "b"))
    found = np.bincount(samples[quarter], factors)
    assert found == pytest.approx(np.bincount(samples), rel=0.03)


def test_a_split_factor_of_no_sample_is_found_out():
    with pytest.raises(NotFound, match="no sample named 'Signl' in split_factors"):
        Scale(split_factors={"Signl": 4.0}).factors(PROCESSES, NAMES)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_impossible_scales_are_refused(wrong):
    with pytest.raises(OptionError, match="luminosity: expected"):
        Scale(luminosity=wrong)
    with pytest.raises(OptionError, match=r"split_factors\.Wjets: expected"):
        Scale(split_factors={"Wjets": wrong})
