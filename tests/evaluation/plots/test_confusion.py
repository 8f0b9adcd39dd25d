"""What confusion matrices show: read off the drawn axes."""

import numpy as np
import pytest

from sortal.evaluation.plots.confusion import confusion_figure, weighted_confusion_figure
from sortal.evaluation.plots.drawing.style import Look
from sortal.metrics.ratio import ratio
from sortal.metrics.uncertainty import ConfusionShares


def test_a_confusion_matrix_prints_every_count_that_is_not_zero():
    figure = confusion_figure(np.array([[40, 2], [0.5, 30]]), ("real", "bogus"), heading="svm")
    printed = {text.get_text() for text in figure.axes[0].texts}
    assert printed == {"40", "2", "0.5", "30"}


def test_mistakes_have_a_colour_scale_of_their_own():
    figure = confusion_figure(np.array([[98, 2], [1, 99]]), ("real", "bogus"), heading="svm")
    right, wrong = figure.axes[0].images
    assert (right.norm.vmax, wrong.norm.vmax) == (1.0, 0.05)
    assert right.get_array().mask.tolist() == [[False, True], [True, False]]
    assert wrong.get_array().mask.tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("classes", [1, 2, 30])
def test_a_confusion_matrix_of_any_size_can_be_drawn(classes):
    names = tuple(f"class {number}" for number in range(classes))
    figure = confusion_figure(np.eye(classes), names, heading="perfect")
    figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(names)


def test_a_class_without_examples_leaves_its_row_empty():
    figure = confusion_figure(np.array([[0, 0], [1, 3]]), ("none", "some"), heading="svm")
    assert {text.get_text() for text in figure.axes[0].texts} == {"1", "3"}


YIELDS = np.array([[30.0, 10.0], [12000.0, 36000.0]])


def shares_of(yields):
    """Yields with the shares of their rows, no errors known."""
    unknown = np.full(yields.shape, np.nan)
    shares = ratio(yields, yields.sum(axis=1, keepdims=True))
    return ConfusionShares(yields=yields, yield_errors=unknown, shares=shares, share_errors=unknown)


def test_weighted_cells_show_percent_and_the_yield_below():
    axes = weighted_confusion_figure(shares_of(YIELDS), ("Signal", "Wjets"), heading="RUN 3").axes[
        0
    ]
    printed = {text.get_position(): text.get_text() for text in axes.texts}
    assert printed == {
        (0, 0): "75.00",
        (0, 0.28): "30.0",
        (1, 0): "25.00",
        (1, 0.28): "10.0",
        (0, 1): "25.00",
        (0, 1.28): "12,000",
        (1, 1): "75.00",
        (1, 1.28): "36,000",
    }


def test_a_row_without_weight_has_yields_and_no_percentages():
    held = shares_of(np.array([[1.0, -1.0], [1, 3]]))
    axes = weighted_confusion_figure(held, ("a", "b")).axes[0]
    first_row = [text.get_text() for text in axes.texts if text.get_position()[1] < 0.5]
    assert first_row == ["1", "-1"]


@pytest.mark.parametrize("style", ["plain", "hep"])
@pytest.mark.parametrize("classes", [1, 5, 30])
def test_a_weighted_matrix_of_any_size_can_be_drawn(style, classes):
    names = tuple(f"class {number}" for number in range(classes))
    look = Look(style=style, experiment="CMS", status="Simulation")
    held = shares_of(np.eye(classes))
    figure = weighted_confusion_figure(held, names, look=look)
    figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(names)
