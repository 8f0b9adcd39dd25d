"""What a figure of scores by process shows: read off the drawn axes."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sortal.errors import DataError
from sortal.evaluation.plots.distributions import ProcessDistribution, score_figure
from sortal.evaluation.plots.drawing.lower_panel import LowerPanel
from sortal.metrics.histogram import Histogram

EDGES = np.linspace(0, 1, 5)


def _process(label, sums, squares=None, **more):
    sums = np.array(sums, dtype=float)
    squares = np.abs(sums) if squares is None else np.array(squares, dtype=float)
    return ProcessDistribution(
        label=label, histogram=Histogram(edges=EDGES, sums=sums, squares=squares), **more
    )


BACKGROUNDS = [_process("Other", [4, 3, 2, 1]), _process("Wjets", [40, 30, 20, 10])]


def _steps(axes):
    return {step.get_label(): step.get_data() for step in axes.patches if hasattr(step, "get_data")}


def test_backgrounds_are_stacked_in_their_order():
    steps = _steps(score_figure(BACKGROUNDS).axes[0])
    np.testing.assert_array_equal(steps["Other"].values, [4, 3, 2, 1])
    np.testing.assert_array_equal(steps["Wjets"].baseline, [4, 3, 2, 1])
    np.testing.assert_array_equal(steps["Wjets"].values, [44, 33, 22, 11])


def test_the_band_is_the_error_of_the_sum_of_all_weights():
    band = _steps(score_figure(BACKGROUNDS).axes[0])["Statistical error"]
    total, error = np.array([44, 33, 22, 11]), np.sqrt([44, 33, 22, 11])
    np.testing.assert_allclose(band.values, total + error)
    np.testing.assert_allclose(band.baseline, total - error)


def test_a_scaled_signal_says_so():
    signal = _process("Signal", [0, 1, 2, 3], scale=50.0)
    steps = _steps(score_figure(BACKGROUNDS, signals=[signal]).axes[0])
    np.testing.assert_array_equal(steps["Signal (times 50)"].values, [0, 50, 100, 150])


def test_points_outside_the_lower_panel_become_arrows():
    ratio = LowerPanel(label="ratio", values=np.array([1.0, 3.0, -1.0, 1.0]), limits=(0.5, 1.5))
    lower = score_figure(BACKGROUNDS, lower=ratio).axes[1]
    arrows = {line.get_marker(): line.get_xydata().tolist() for line in lower.lines}
    assert arrows["^"] == [[0.375, 1.5]]
    assert arrows["v"] == [[0.625, 0.5]]
    assert lower.get_ylim() == (0.5, 1.5)


def test_the_lower_panel_leaves_no_empty_strip_below():
    lower = LowerPanel(label="Test / validation", values=np.ones(4), limits=(0.5, 1.5))
    figure = score_figure(BACKGROUNDS, lower=lower)
    FigureCanvasAgg(figure).draw()
    labels = figure.axes[-1].xaxis.get_tightbbox()
    assert labels.y0 < 0.02 * figure.bbox.height


def test_the_axis_tells_the_width_of_bins():
    assert score_figure(BACKGROUNDS).axes[0].get_ylabel() == "Events / 0.25"


def test_legend_and_stack_do_not_meet():
    processes = [_process(f"process {number}", [40, 40, 40, 40]) for number in range(9)]
    figure = score_figure(processes)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    top = axes.transData.transform((0.5, 360 + np.sqrt(360)))[1]
    assert axes.get_legend().get_window_extent().y0 > top


@pytest.mark.parametrize(
    "sums", [[0, 0, 0, 0], [-1, 2, -3, 4], [-1, -1, -1, -1], [1e-9, 0, 1e9, np.nan]]
)
def test_any_bins_can_be_drawn_within_finite_limits(sums):
    processes = [_process("one", sums), _process("two", sums)]
    empty = LowerPanel(label="ratio", values=np.full(4, np.nan))
    figure = score_figure(processes, signals=processes[:1], lower=empty)
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()
    assert figure.axes[0].get_ylim()[0] > 0


def test_different_bins_are_refused_by_name():
    odd = ProcessDistribution(
        label="odd",
        histogram=Histogram(edges=np.array([0, 0.5, 1]), sums=np.ones(2), squares=np.ones(2)),
    )
    with pytest.raises(DataError, match="'odd'"):
        score_figure([*BACKGROUNDS, odd])


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match="at least one process"):
        score_figure([])
