"""Examples on a plane: every method on real data, few examples and many, good ones and bad."""

import importlib.util

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA

from sortal.errors import DataError, MissingExtra, OptionError
from sortal.evaluation.maps.parameters import PROJECTIONS, Pca, Tsne, parse
from sortal.evaluation.maps.project import project

HAS_UMAP = importlib.util.find_spec("umap") is not None
METHODS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "umap" and not HAS_UMAP, reason="umap-learn is not installed (extra umap)"
        ),
    )
    for name in PROJECTIONS
]


@pytest.fixture(scope="module")
def digits():
    """160 of scikit-learn's digits of four kinds, and their classes."""
    matrix, classes = load_digits(n_class=4, return_X_y=True)
    return matrix[:160], classes[:160]


def _small(name):
    values = {"perplexity": 10.0} if name == "tsne" else {}
    return parse(name, values)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_neighbours_and_gives_the_same_twice(name, digits):
    matrix, _ = digits
    first, second = project(matrix, _small(name)), project(matrix, _small(name))
    assert first.coordinates.shape == (160, 2)
    assert first.coordinates.dtype == np.float32
    assert first.trustworthiness > 0.8
    assert first.coordinates.tobytes() == second.coordinates.tobytes()


@pytest.mark.parametrize("name", METHODS)
def test_of_many_examples_a_sample_is_fitted_the_rest_placed(name, digits, monkeypatch):
    """The rest lies among the examples that are like it."""
    matrix, classes = digits
    monkeypatch.setattr(PROJECTIONS[name], "largest", 120)
    found = project(matrix, _small(name))
    assert found.notes[0].startswith("Of 160 examples 120 drawn at random were fitted; the other")
    assert np.isfinite(found.coordinates).all()
    assert found.trustworthiness > 0.75
    gap = np.linalg.norm(found.coordinates[:, None] - found.coordinates, axis=2)
    np.fill_diagonal(gap, np.inf)
    assert (classes[gap.argmin(axis=1)] == classes).mean() > 0.7


def test_the_sample_depends_on_the_seed(digits, monkeypatch):
    matrix, _ = digits
    monkeypatch.setattr(Pca, "largest", 50)
    first, second = (project(matrix, Pca(random_state=seed)).coordinates for seed in (1, 2))
    assert not np.allclose(np.abs(first), np.abs(second), atol=1e-3)


def test_pca_is_that_of_scikit_learn_and_tells_the_variance(digits):
    matrix, _ = digits
    found = project(matrix, Pca())
    expected = PCA(2, svd_solver="full").fit(matrix)
    np.testing.assert_allclose(found.coordinates, expected.transform(matrix), atol=1e-2)
    share = 100 * expected.explained_variance_ratio_[0]
    assert found.notes[0].startswith(f"The axes hold {share:.1f} % and")


def test_examples_may_be_made_block_by_block(digits, monkeypatch):
    matrix, _ = digits
    monkeypatch.setattr(Pca, "largest", 100)

    class Lazy:
        asked = 0

        def __len__(self):
            return len(matrix)

        def __getitem__(self, rows):
            self.asked += 1
            return matrix[rows]

    lazy = Lazy()
    assert np.array_equal(project(lazy, Pca()).coordinates, project(matrix, Pca()).coordinates)
    assert lazy.asked > 2


def test_one_feature_leaves_the_second_axis_empty():
    found = project(np.arange(20.0)[:, None], Pca())
    assert (found.coordinates[:, 1] == 0).all()
    assert "one feature" in found.notes[0]


@pytest.mark.parametrize("name", ["lle", "isomap", "spectral_embedding", "mds"])
def test_equal_examples_are_projected_too(name):
    matrix = np.repeat(load_iris().data[::5], 3, axis=0)
    assert np.isfinite(project(matrix, parse(name)).coordinates).all()


def test_what_a_library_warns_of_is_a_note():
    apart = np.concatenate([load_iris().data[:20], load_iris().data[:20] + 1000])
    found = project(apart, parse("isomap", {"n_neighbors": 3}))
    assert any("connected components" in note for note in found.notes)


def test_missing_values_are_told_with_the_cure(digits):
    matrix = digits[0].astype(float)
    matrix[[3, 8], 5] = np.nan
    with pytest.raises(DataError, match=r"2 of 160 examples have others: give data\.imputation"):
        project(matrix, Pca())


def test_too_few_examples_are_told():
    with pytest.raises(DataError, match="needs 3 examples or more, got 2"):
        project(np.zeros((2, 4)), Pca())
    with pytest.raises(OptionError, match="less than the number of examples, 20"):
        project(np.zeros((20, 4)), Tsne())


def test_what_a_library_refuses_is_one_sentence(digits, monkeypatch):
    def refuse(*_):
        raise ValueError("Not this.\nNor that.")

    matrix = digits[0]
    monkeypatch.setattr("sklearn.manifold.Isomap.fit", refuse)
    with pytest.raises(
        DataError, match=r"^isomap cannot project these 160 examples .*: Not this\.$"
    ):
        project(matrix, parse("isomap"))


@pytest.mark.skipif(HAS_UMAP, reason="umap-learn is installed")
def test_umap_without_its_package_is_told_in_one_sentence(digits):
    with pytest.raises(MissingExtra, match=r"'umap' needs an optional package: .*sortal\[umap\]"):
        project(digits[0], parse("umap"))
