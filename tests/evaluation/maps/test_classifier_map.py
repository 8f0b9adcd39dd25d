"""Classifiers on a plane: the poles, the quality, and what is said of too few."""

import importlib.util
import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sortal.errors import DataError, MissingExtra, OptionError, UserError
from sortal.evaluation.maps.classifier_map import (
    MAP_METHODS,
    MapMds,
    MapPca,
    MappedClassifier,
    MapTsne,
    MapUmap,
    place_classifiers,
)
from sortal.evaluation.maps.dissimilarity import ComparedBy, Dissimilarity, by_errors
from sortal.jobs.pictures.classifier_map import parse_map_method

HAS_UMAP = importlib.util.find_spec("umap") is not None
METHODS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "umap" and not HAS_UMAP, reason="umap-learn is not installed (extra umap)"
        ),
    )
    for name in MAP_METHODS
]


@pytest.fixture(scope="module")
def right():
    """Two families of 12 that err on different halves, better and better; then the poles."""
    rng = np.random.default_rng(4)
    rows = []
    for half in (slice(0, 200), slice(200, 400)):
        for skill in np.linspace(0.5, 0.98, 12):
            row = np.ones(400, dtype=bool)
            row[half] = rng.random(200) < skill
            rows.append(row)
    return np.stack([*rows, np.ones(400, dtype=bool), np.arange(400) % 4 == 0])


@pytest.fixture(scope="module")
def classifiers():
    named = [
        MappedClassifier(title=f"{f} {n}", family=f) for f in ("tree", "knn") for n in range(12)
    ]
    poles = [
        MappedClassifier(title=pole.title(), family=pole, anchor=pole)
        for pole in ("optimal", "naive")
    ]
    return [*named, *poles]


@pytest.mark.parametrize("name", METHODS)
def test_families_and_skill_are_seen_on_every_map(name, right, classifiers):
    drawn = place_classifiers(by_errors([right]), classifiers, parse_map_method(name))
    again = place_classifiers(by_errors([right]), classifiers, parse_map_method(name))
    assert drawn.coordinates.tobytes() == again.coordinates.tobytes()
    assert drawn.coordinates.shape == (26, 2)
    optimal, naive = drawn.coordinates[24], drawn.coordinates[25]
    assert optimal[0] >= 0
    assert naive[1] <= 0
    assert drawn.trustworthiness > 0.7
    np.testing.assert_allclose(drawn.from_optimal, 1 - right.mean(axis=1), atol=1e-6)
    if name == "umap":
        return  # of so few it keeps who is near, and not how far the others are
    for family in (drawn.coordinates[:12], drawn.coordinates[12:24]):
        away = np.linalg.norm(family - optimal, axis=1)
        assert np.corrcoef(away, np.arange(12))[0, 1] < -0.8


def test_a_map_that_can_be_true_has_no_stress():
    right = np.tril(np.ones((6, 5), dtype=bool), -1)  # each has one more right
    titles = [MappedClassifier(title=str(n), family="x") for n in range(6)]
    drawn = place_classifiers(by_errors([right]), titles, MapMds())
    assert drawn.stress == pytest.approx(0.0, abs=1e-6)
    assert drawn.trustworthiness == pytest.approx(1.0)
    assert drawn.quality == "trustworthiness 1.000, stress 0.000"
    assert np.isnan(drawn.from_optimal).all()


def test_both_quality_numbers_are_of_the_distances_drawn():
    plane, other = np.random.default_rng(0).normal(size=(2, 30, 2))
    given = Dissimilarity(
        by=ComparedBy.AGREEMENT, distances=cdist(other, other), euclidean=cdist(plane, plane)
    )
    titles = [MappedClassifier(title=str(n), family="x") for n in range(30)]
    for way in (MapPca(), MapMds()):
        drawn = place_classifiers(given, titles, way)
        assert drawn.quality == "trustworthiness 1.000, stress 0.000"


def test_pca_is_the_classical_scaling_of_the_vectors(right, classifiers):
    drawn = place_classifiers(by_errors([right]), classifiers, MapPca())
    centred = right - right.mean(axis=0)
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * size[:2] / math.sqrt(400)
    np.testing.assert_allclose(np.abs(drawn.coordinates), np.abs(expected), atol=1e-4)


def test_three_classifiers_are_enough_and_two_are_told():
    right = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], dtype=bool)
    titles = [MappedClassifier(title=str(n), family="x") for n in range(3)]
    for way in (MapMds(), MapPca(), MapTsne()):
        assert np.isfinite(place_classifiers(by_errors([right]), titles, way).coordinates).all()
    with pytest.raises(DataError, match="a map needs 3 classifiers or more, got 2"):
        place_classifiers(by_errors([right[:2]]), titles[:2], MapMds())


def test_what_does_not_fit_the_number_of_classifiers_is_told(right, classifiers):
    with pytest.raises(
        OptionError, match=r"tsne\.perplexity: expected less than .* classifiers, 26, got 26"
    ):
        place_classifiers(by_errors([right]), classifiers, MapTsne(perplexity=26.0))
    with pytest.raises(OptionError, match=r"umap\.n_neighbors: expected less than"):
        place_classifiers(by_errors([right]), classifiers, MapUmap(n_neighbors=26))


def test_unknown_methods_and_parameters_get_the_nearest_name():
    with pytest.raises(UserError, match="Did you mean 'tsne'"):
        parse_map_method("t-sne")
    with pytest.raises(UserError, match="Did you mean 'perplexity'"):
        parse_map_method("tsne", perplexty=3.0)
    with pytest.raises(UserError, match="got 'perplexity'"):
        parse_map_method("mds", perplexity=3.0)


@pytest.mark.skipif(HAS_UMAP, reason="umap-learn is installed")
def test_umap_without_its_package_is_told(right, classifiers):
    with pytest.raises(MissingExtra, match="pip install"):
        place_classifiers(by_errors([right]), classifiers, MapUmap())


def test_a_row_tells_everything_of_a_classifier(right, classifiers):
    drawn = place_classifiers(by_errors([right]), classifiers, MapMds(), notes=["Told."])
    row = drawn.table().row(24, named=True)
    assert row["title"] == "Optimal"
    assert row["anchor"] == "optimal"
    assert row["from_optimal"] == 0.0
    assert drawn.table()["anchor"].null_count() == 24
    assert drawn.notes == ("Told.",)
