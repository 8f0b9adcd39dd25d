"""What can be asked of projections, and what is said of the rest."""

import pytest
from pydantic import ValidationError

from sortal.errors import OptionError
from sortal.evaluation.maps.parameters import PROJECTIONS, Tsne, parse
from sortal.job.problems import JobError


def test_defaults_are_those_of_the_original():
    assert list(PROJECTIONS) == [
        "pca",
        "mds",
        "isomap",
        "spectral_embedding",
        "tsne",
        "lle",
        "umap",
    ]
    assert parse("tsne").meaning() == {"method": "tsne", "random_state": 0, "perplexity": 50.0}
    assert parse("isomap").n_neighbors == parse("lle").n_neighbors == 10
    assert parse("umap").model_dump() == {
        "random_state": 0,
        "n_neighbors": 15,
        "min_dist": 0.1,
        "spread": 1.0,
        "metric": "euclidean",
    }


@pytest.mark.parametrize(
    ("method", "values", "told"),
    [
        ("t-sne", {}, "got 't-sne'. Did you mean 'tsne'"),
        ("tsne", {"perplexty": 30}, "Did you mean 'perplexity'"),
        ("tsne", {"perplexity": 101}, "expected a number from 1 to 100, got 101"),
        ("tsne", {"perplexity": "30"}, "expected a number from 1 to 100, got '30'"),
        ("pca", {"random_state": 100_001}, "from 0 to 100000, got 100001"),
        ("pca", {"n_neighbors": 3}, "got 'n_neighbors'"),
        ("isomap", {"n_neighbors": 0}, "from 1 to 1000, got 0"),
        ("lle", {"lle_method": "hesian"}, "Did you mean 'hessian'"),
        ("umap", {"metric": "cosin"}, "Did you mean 'cosine'"),
    ],
)
def test_a_wrong_name_or_value_is_told_with_what_was_expected(method, values, told):
    with pytest.raises(JobError) as caught:
        parse(method, values, path="projections[1]")
    assert "projections[1]." in str(caught.value)
    assert told in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(JobError) as caught:
        parse("tsne", {"perplexity": 0, "random_state": -1, "colour": "red"})
    assert len(caught.value.problems) == 3


def test_parameters_are_frozen():
    with pytest.raises(ValidationError):
        Tsne().perplexity = 3.0


@pytest.mark.parametrize(
    ("method", "values", "examples", "told"),
    [
        ("tsne", {}, 50, "tsne.perplexity: expected less than the number of examples, 50, got 50"),
        ("lle", {}, 10, "lle.n_neighbors: expected less than the number of examples, 10, got 10"),
        ("lle", {"lle_method": "hessian", "n_neighbors": 5}, 99, "6 or more with lle_method hess"),
        ("umap", {}, 15, "umap.n_neighbors: expected less"),
        ("umap", {"min_dist": 2.0}, 99, "umap.min_dist: expected at most the spread, 1, got 2"),
    ],
)
def test_what_does_not_fit_the_examples_is_one_sentence(method, values, examples, told):
    with pytest.raises(OptionError, match=told):
        parse(method, values).check(examples)
