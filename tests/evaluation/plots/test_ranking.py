"""What a ranking shows: read off the drawn axes."""

import math

from sortal.evaluation.plots.ranking import RankedBar, ranking_figure


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


def test_the_ranking_spans_competitors_without_references():
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
