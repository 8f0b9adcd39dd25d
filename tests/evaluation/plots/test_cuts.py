"""What a figure of merit's figure shows: read off the drawn axes."""

from dataclasses import replace

import numpy as np
import pytest

from sortal.evaluation.physics.cut_scan import page_cuts, scan
from sortal.evaluation.physics.yields import yields_at_cut
from sortal.evaluation.plots.cuts import BestCut, merit_figure
from sortal.evaluation.plots.drawing.style import Look

NAMES = ("Signal", "Wjets", "TTbar", "Z2nu", "Other")


def _best(seed, cuts=None, weight=1.0, names=NAMES):
    random = np.random.default_rng(seed)
    processes = np.arange(500) % len(names)
    scores = random.random(500) ** np.where(processes == 0, 0.3, 1.5)
    weights = weight * (1 + random.random(500))
    found = scan(scores, processes == 0, weights, cuts=cuts, uncertainty=0.2)
    best = float(found.cuts[found.best])
    return BestCut(scan=found, yields=yields_at_cut(processes, names, scores, weights, best))


def _labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.fixture(scope="module")
def parts():
    return [_best(seed, page_cuts()) for seed in range(3)]


def _verticals(axes):
    return [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]


def test_the_upper_panel_has_three_curves_and_three_lines(parts):
    upper = merit_figure(*parts, test_merit=1.2345, heading="RUN 3").axes[0]
    top = [f"{part.scan.merit.max():.4f}" for part in parts]
    assert _labels(upper) == [
        "Validation data",
        "Test data",
        "Train data",
        f"Test FOM: 1.234\nMax Validation FOM: {top[0]}",
        f"Max Test FOM: {top[1]}",
        f"Max Train FOM: {top[2]}",
    ]
    for line, part in zip(upper.lines, parts, strict=False):
        kept = ~part.scan.guarded
        np.testing.assert_array_equal(line.get_ydata()[kept], part.scan.merit[kept])
    assert _verticals(upper) == [part.yields.cut for part in parts]
    assert upper.get_title(loc="left") == "RUN 3"


def test_the_lower_panel_tells_test_yields_at_each_line(parts):
    lower = merit_figure(*parts, test_merit=1.0).axes[1]
    s, w, t, z, o = parts[0].yields.expected
    told = f"S: {s:.1f} W: {w:.1f} T: {t:.1f} Z: {z:.1f} O: {o:.1f}"
    assert _labels(lower)[:3] == ["Signal efficiency", "Background efficiency", told]
    assert lower.get_yscale() == "log"
    efficiency = parts[0].scan.signal_efficiency
    drawn = lower.lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, np.where(efficiency > 0, efficiency, np.nan))
    assert _verticals(lower) == [part.yields.cut for part in parts]


def test_processes_with_the_same_first_letter_get_more_letters():
    best = _best(0, names=("Signal", "TTbar", "TTW"))
    label = _labels(merit_figure(best, best, test_merit=1.0).axes[1])[2]
    assert [word for word in label.split() if word.endswith(":")] == ["S:", "TTb:", "TTW:"]


def test_without_a_train_part_there_is_none(parts):
    upper = merit_figure(*parts[:2], test_merit=1.0).axes[0]
    assert not any("Train" in label for label in _labels(upper))


def test_scans_over_their_own_scores_may_differ_in_their_cuts():
    figure = merit_figure(_best(0), _best(1), _best(2), test_merit=1.0)
    figure.draw_without_rendering()
    assert np.isfinite(figure.axes[1].get_xlim()).all()


def test_legends_lie_beside_the_panels(parts):
    figure = merit_figure(*parts, test_merit=1.0, look=Look(style="hep", experiment="CMS"))
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_legend().get_window_extent().x0 > axes.get_window_extent().x1
        assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_the_figure_is_dashed_and_readable_without_yellow(parts):
    train = merit_figure(*parts, test_merit=1.0).axes[0].lines[2]
    assert train.get_linestyle() == "--"
    assert train.get_color() == "#E69F00"


@pytest.mark.parametrize("value", [np.inf, np.nan, 0.0, 1e12])
def test_a_merit_of_any_size_leaves_few_ticks_and_finite_limits(parts, value):
    broken = replace(parts[0].scan, merit=np.full_like(parts[0].scan.merit, value))
    best = replace(parts[0], scan=broken)
    figure = merit_figure(best, best, test_merit=value)
    figure.draw_without_rendering()
    upper = figure.axes[0]
    assert np.isfinite(upper.get_ylim()).all()
    assert len(upper.get_yticks()) < 15


def test_guarded_cuts_leave_gaps(parts):
    guarded = np.zeros(200, dtype=bool)
    guarded[150:] = True
    best = replace(parts[0], scan=replace(parts[0].scan, guarded=guarded))
    drawn = merit_figure(best, best, test_merit=1.0).axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(np.isnan(drawn), guarded)


def test_one_cut_without_any_event_above_it_can_be_drawn():
    best = _best(0, cuts=np.array([2.0]))
    figure = merit_figure(best, best, test_merit=0.0)
    figure.draw_without_rendering()
    assert np.isfinite([*figure.axes[1].get_ylim(), *figure.axes[1].get_xlim()]).all()
