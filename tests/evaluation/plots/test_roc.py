"""What a figure of ROC curves shows: read off the drawn axes."""

import math

import numpy as np
import pytest

from sortal.evaluation.plots.roc import LabelledRocCurve, roc_figure


def _curve(label, area=0.75):
    return LabelledRocCurve(
        label=label, fpr=np.array([0, 0.001, 0.1, 1]), tpr=np.array([0, 0.2, 0.7, 1]), area=area
    )


def _labels(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_labels_tell_the_areas_as_the_guide_does():
    axes = roc_figure([_curve("Training ROC"), _curve("Validation ROC", 0.7468)]).axes[0]
    assert _labels(axes.get_legend()) == [
        "Guessing",
        "Training ROC (area = 0.75)",
        "Validation ROC (area = 0.75)",
    ]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), _curve("").tpr)


def test_curves_that_lie_on_each_other_differ_in_their_dashes():
    axes = roc_figure([_curve("Training ROC"), _curve("Validation ROC")]).axes[0]
    assert axes.lines[1].get_linestyle() != axes.lines[2].get_linestyle()


def test_an_unknown_area_is_not_told():
    axes = roc_figure([_curve("Training ROC", math.nan)]).axes[0]
    assert "Training ROC" in _labels(axes.get_legend())


@pytest.mark.parametrize("points", [[], [0.0], [np.nan], [0.0, 0.0, 1.0], [-0.1, 1.2]])
def test_any_curve_can_be_drawn_within_finite_limits(points):
    rates = np.array(points)
    curve = LabelledRocCurve(label="ROC", fpr=rates, tpr=rates, area=math.nan)
    figure = roc_figure([curve])
    figure.draw_without_rendering()
    assert np.isfinite(figure.axes[0].get_xlim()).all()
