"""Limits of axes for any values."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure

from sortal.evaluation.plots.drawing.axis_limits import (
    plain_ticks_within_a_decade,
    plot_limits,
    raise_top,
)

ANY = arrays(
    float, st.integers(0, 6), elements=st.floats(-1e100, 1e100) | st.just(np.inf) | st.just(np.nan)
)


@given(ANY, st.booleans())
@example(np.array([5e-324]), True)
def test_limits_are_finite_and_contain_every_drawable_value(values, log):
    low, high = plot_limits(values, log=log)
    assert np.isfinite([low, high]).all()
    assert low < high
    least = np.finfo(float).tiny if log else -np.inf
    drawable = values[np.isfinite(values) & (values >= least)]
    assert (drawable <= high).all()
    if log:
        assert low > 0
        drawable = drawable[drawable > 1e-11 * drawable.max(initial=0.0)]
    assert (drawable >= low).all()


@given(st.floats(1e-6, 1), st.floats(1.1, 1e6), st.floats(0.05, 0.6), st.booleans())
def test_the_room_for_a_legend_is_the_share_that_was_asked_for(low, factor, room, log):
    high = low * factor
    top = raise_top(low, high, room=room, log=log)
    place = np.log if log else float
    assert (place(top) - place(high)) / (place(top) - place(low)) == pytest.approx(room, rel=1e-3)


@pytest.mark.parametrize(("high", "plain"), [(0.7, True), (30.0, False)])
def test_an_axis_within_a_decade_has_plain_numbers(high, plain):
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(0.3, high)
    plain_ticks_within_a_decade(axes.yaxis)
    axes.figure.draw_without_rendering()
    shown = [label.get_text() for label in axes.get_yticklabels() if label.get_text()]
    assert len(shown) >= 2
    assert all("$" not in text for text in shown) is plain
