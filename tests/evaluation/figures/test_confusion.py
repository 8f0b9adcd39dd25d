"""What confusion matrices show: read off the drawn axes."""

import numpy as np
import pytest

from sortal.evaluation.figures.confusion import confusion_figure


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


def test_a_class_without_examples_leaves_its_row_empty():
    figure = confusion_figure(np.array([[0, 0], [1, 3]]), ("none", "some"), heading="svm")
    assert {text.get_text() for text in figure.axes[0].texts} == {"1", "3"}
