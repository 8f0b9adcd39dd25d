"""What a figure over epochs shows: read off the drawn axes."""

import numpy as np
import pytest

from sortal.evaluation.plots.curves import loss_figure

SERIES = {"Training loss": [0.7, 0.5, 0.4], "Validation loss": [0.7, 0.55, 0.6]}


def _labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_every_series_is_a_line_over_epochs_from_0():
    axes = loss_figure(SERIES).axes[0]
    assert _labels(axes) == list(SERIES)
    for line, values in zip(axes.lines, SERIES.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), list(enumerate(values)))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Loss")


def test_the_best_epoch_is_marked_on_every_series():
    axes = loss_figure(SERIES, best_epoch=1).axes[0]
    assert _labels(axes)[-1] == "Best epoch: 1"
    dots = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[[1, 0.5]], [[1, 0.55]]]


def test_accuracies_have_a_logarithmic_axis_where_wanted():
    axes = loss_figure({"Training accuracy": [0.4, 0.69]}, ylabel="Accuracy", log_y=True).axes[0]
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "Accuracy"


@pytest.mark.parametrize(
    "series",
    [
        {},
        {"Training loss": []},
        {"Training loss": [0.5]},
        {"Training loss": [np.nan, np.inf]},
        {"Training loss": [0.5, np.inf, -1.0, 0.0]},
        {"Training loss": [0.5, 0.5], "Validation loss": []},
    ],
    ids=["nothing", "no-epoch", "one-epoch", "no-number", "not-positive", "constant"],
)
@pytest.mark.parametrize("log_y", [False, True])
def test_any_series_can_be_drawn_within_finite_limits(series, log_y):
    figure = loss_figure(series, best_epoch=0, log_y=log_y)
    figure.draw_without_rendering()
    limits = [*figure.axes[0].get_xlim(), *figure.axes[0].get_ylim()]
    assert np.isfinite(limits).all()


def test_one_epoch_is_a_dot_that_can_be_seen():
    axes = loss_figure({"Training loss": [0.5]}).axes[0]
    assert axes.lines[0].get_marker() == "o"
