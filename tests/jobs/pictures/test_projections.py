"""Projections of a job's examples: of all its parts, prepared as for training, stored once."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.evaluation.maps.parameters import Isomap, Pca, Tsne
from sortal.jobs.pictures import projections
from sortal.jobs.pictures.projections import KIND, projected_examples, stored_projections

IRIS = {
    "title": "iris",
    "data": {"source": "iris", "scaling": "standard"},
    "classifiers": [{"method": "gaussiannb"}],
    "bootstrap": 0,
}


@pytest.fixture
def results(inline, run):
    return run(IRIS).results


@pytest.fixture
def counted(monkeypatch):
    calls = []

    def project(*given):
        calls.append(given)
        return before(*given)

    before = projections.project
    monkeypatch.setattr(projections, "project", project)
    return calls


def test_all_examples_are_projected_scaled_by_training(results):
    shown = projected_examples(results, Pca())
    assert len(shown.rows) == 150
    matrix = load_iris().data
    scaled = StandardScaler().fit(matrix[results.splits[0].train]).transform(matrix)
    expected = PCA(2).fit_transform(scaled)
    np.testing.assert_allclose(
        np.abs(shown.projected.coordinates), np.abs(expected[shown.rows]), atol=1e-4
    )
    for code, part in enumerate(Part):
        assert np.array_equal(shown.rows[shown.parts == code], results.splits[0].rows(part))


def test_a_projection_is_computed_once_for_all_jobs_of_its_data(results, inline, run, counted):
    first = projected_examples(results, Tsne(perplexity=10.0))
    other = run({**IRIS, "title": "other", "classifiers": [{"method": "lda"}]}).results
    again = projected_examples(other, Tsne(perplexity=10.0))
    assert (first.found, again.found) == (False, True)
    assert len(counted) == 1
    assert first.projected.coordinates.tobytes() == again.projected.coordinates.tobytes()
    assert first.projected.trustworthiness == again.projected.trustworthiness
    assert [one.name for one in stored_projections(other)] == [first.name]


def test_other_parameters_and_other_preparation_make_another(results, inline, run, counted):
    projected_examples(results, Pca())
    projected_examples(results, Pca(random_state=1))
    projected_examples(results, Isomap())
    bare = run({**IRIS, "title": "bare", "data": {"source": "iris"}}).results
    projected_examples(bare, Pca())
    assert len(counted) == len(results.store.artifacts.names(KIND)) == 4
    assert len(list(stored_projections(results))) == 3
    assert len(list(stored_projections(bare))) == 1


def test_a_damaged_projection_is_made_again(results, counted):
    shown = projected_examples(results, Pca())
    (results.store.artifacts.get(KIND, shown.name).folder / "coordinates.npy").unlink()
    assert not projected_examples(results, Pca()).found
    assert len(counted) == 2


def test_a_table_has_a_row_an_example(results):
    table = projected_examples(results, Pca()).table()
    assert table.columns == ["id", "part", "label", "x", "y"]
    assert len(table) == 150
    assert table["part"].value_counts().sort("part")["count"].to_list() == [38, 112]
    assert set(table["label"]) == set(results.labels.classes)


def test_missing_values_without_imputation_are_told(inline, run, survey_block):
    data = {**survey_block, "imputation": "none", "scaling": "none"}
    classifiers = [{"method": "histgradientboosting"}]
    results = run({"data": data, "classifiers": classifiers, "bootstrap": 0}).results
    with pytest.raises(DataError, match=r"have others: give data\.imputation"):
        projected_examples(results, Pca())
