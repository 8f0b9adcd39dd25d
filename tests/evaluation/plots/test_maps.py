"""What maps and projections show: read off the drawn axes."""

import numpy as np
import pytest

from sortal.evaluation.maps.classifier_map import (
    MapMds,
    MappedClassifier,
    MapTsne,
    place_classifiers,
)
from sortal.evaluation.maps.dissimilarity import by_errors
from sortal.evaluation.plots.classifier_map import map_figure
from sortal.evaluation.plots.projection import projection_figure


@pytest.fixture(scope="module")
def drawn():
    right = np.random.default_rng(0).random((30, 200)) < np.linspace(0.4, 0.95, 30)[:, None]
    right[-1] = True
    named = [
        MappedClassifier(title=f"tree {n}", family="tree" if n < 20 else "svm") for n in range(29)
    ]
    named.append(
        MappedClassifier(title="Optimal", family="optimal", anchor="optimal", computed=True)
    )
    return place_classifiers(by_errors([right]), named, MapMds())


def _texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def _legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_map_labels_the_poles_the_methods_and_chosen_titles(drawn):
    figure = map_figure(drawn, heading="stars", named=["tree 3", "unheard of"])
    assert _texts(figure)[:2] == ["Optimal", "tree 3"]
    assert {"tree", "svm"} <= set(_texts(figure))
    assert _legend(figure) == ["tree (20)", "svm (9)", "Optimal"]
    assert figure.axes[0].get_title(loc="left") == "stars"


def test_a_map_tells_what_its_distances_are_and_how_true_it_is(drawn):
    below = map_figure(drawn, heading="").axes[0].get_xlabel()
    assert below.startswith("distance: share of examples that one has right and the other wrong\n")
    assert drawn.quality in below


def test_a_map_by_tsne_claims_no_distances():
    right = np.random.default_rng(0).random((12, 60)) < 0.7
    named = [MappedClassifier(title=f"tree {n}", family="tree") for n in range(12)]
    figure = map_figure(place_classifiers(by_errors([right]), named, MapTsne()), heading="")
    assert "distances between groups mean nothing" in figure.axes[0].get_xlabel()
    assert not len(figure.axes[0].get_xticks())


def test_every_classifier_is_drawn_where_the_map_has_it(drawn):
    points = np.concatenate(
        [c.get_offsets() for c in map_figure(drawn, heading="").axes[0].collections]
    )
    assert sorted(map(tuple, points.round(5))) == sorted(
        map(tuple, drawn.coordinates.astype(float).round(5))
    )


def test_a_projection_marks_test_and_unlabelled_examples():
    coordinates = np.random.default_rng(0).normal(size=(9, 2))
    codes = np.array([0, 0, 1, 1, -1, 0, 1, 2, 2])
    figure = projection_figure(
        coordinates,
        codes,
        ["a", "b", "c"],
        tested=np.arange(9) > 5,
        heading="stars",
        about="trustworthiness 0.900",
    )
    assert _legend(figure) == ["not known", "a", "b", "c"]
    assert figure.axes[0].get_xlabel() == (
        "dots: training and validation; crosses: test\ntrustworthiness 0.900"
    )
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == 9


def test_many_classes_have_no_legend_that_would_not_fit():
    coordinates = np.random.default_rng(0).normal(size=(100, 2))
    figure = projection_figure(
        coordinates, np.arange(100) % 50, [str(n) for n in range(50)], heading=""
    )
    assert not figure.legends
    assert figure.axes[0].get_xlabel() == ""
