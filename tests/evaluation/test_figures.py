"""What figures show: read off the drawn axes."""

import math

import numpy as np
import pytest

from sortal.evaluation.figures import RankedBar, confusion_figure, ranking_figure


def _bar(title, value, *, tied=False, reference=False):
    return RankedBar(
        title=title,
        method=title.split()[0],
        value=value,
        low=math.nan if reference else value - 0.02,
        high=math.nan if reference else value + 0.02,
        tied=tied,
        reference=reference,
    )


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


def test_the_ranking_spans_those_that_compete_and_not_the_references():
    rows = [_bar("optimal", 1.0, reference=True), _bar("svm", 0.8), _bar("lda", 0.75)]
    low, high = ranking_figure(rows, heading="", quantity="").axes[0].get_xlim()
    assert 0.72 < low < 0.73
    assert 0.82 < high < 0.83


def test_the_ranking_tells_how_many_are_left_out():
    rows = [_bar(f"knn {number}", 0.9 - number / 100) for number in range(5)]
    figure = ranking_figure(rows, heading="stars", quantity="accuracy", most=3)
    assert figure.axes[0].get_title(loc="left") == "stars (best 3 of 5)"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "knn 0",
        "knn 1",
        "knn 2",
    ]
