"""k nearest neighbours against scikit-learn, and the rule that no member sees another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.neighbors import KNeighborsClassifier

from sortal.data.inputs import Inputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Failed, Trained
from sortal.methods.neighbours.method import KNeighbors
from sortal.methods.neighbours.search import NeighbourSearch

DEPTHS = (1, 2, 5, 17, 60)


def queries(matrix: np.ndarray) -> Inputs:
    rng = np.random.default_rng(5)
    return Inputs(
        {"features": matrix[::3] + 0.3 * rng.normal(size=matrix[::3].shape)},
        np.arange(len(matrix[::3])),
    )


def same_rows(matrix: np.ndarray) -> Inputs:
    return Inputs({"features": matrix}, np.arange(len(matrix)))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize(
    ("metric", "p"),
    [
        ("minkowski", 2.0),
        ("minkowski", 3.0),
        ("euclidean", 2.0),
        ("manhattan", 2.0),
        ("chebyshev", 2.0),
        ("cosine", 2.0),
    ],
)
def test_scores_equal_scikit_learn(  # noqa: PLR0917 - fixtures
    prepare, train, noisy_classes, weights, metric, p
):
    matrix, codes = noisy_classes
    members = {
        f"k{k}": {"n_neighbors": k, "weights": weights, "metric": metric, "p": p} for k in DEPTHS
    }
    (trained,) = train(KNeighbors(), prepare(matrix, codes), members)
    inputs = queries(matrix)
    scores = trained.model.scores(inputs)
    for place, k in enumerate(DEPTHS):
        alone = KNeighborsClassifier(k, weights=weights, metric=metric, p=p).fit(matrix, codes)
        expected = alone.predict_proba(inputs.matrix())
        np.testing.assert_allclose(scores[place], expected, atol=1e-12)


def test_many_features_far_from_the_origin_equal_scikit_learn(prepare, train):
    rng = np.random.default_rng(0)
    matrix, codes = 1e3 + rng.normal(size=(300, 64)), rng.integers(0, 4, 300)
    (trained,) = train(KNeighbors(), prepare(matrix, codes), {"k": {"n_neighbors": 9}})
    expected = KNeighborsClassifier(9).fit(matrix, codes).predict_proba(queries(matrix).matrix())
    np.testing.assert_allclose(trained.model.scores(queries(matrix))[0], expected, atol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine"])
def test_members_equal_themselves_alone_bit_by_bit_despite_ties(prepare, train, metric):
    rng = np.random.default_rng(1)
    matrix = rng.integers(0, 3, size=(200, 4)).astype(np.float64)
    data = prepare(matrix, rng.integers(0, 3, 200))
    members = {
        f"{weights}{k}": {"n_neighbors": k, "weights": weights, "metric": metric}
        for k in (1, 3, 8, 40, 200)
        for weights in ("uniform", "distance")
    }
    (together,) = train(KNeighbors(), data, members)
    scores = together.model.scores(same_rows(matrix))
    for place, (key, parameters) in enumerate(members.items()):
        (alone,) = train(KNeighbors(), data, {key: parameters})
        np.testing.assert_array_equal(alone.model.scores(same_rows(matrix))[0], scores[place])


def test_scores_do_not_depend_on_blocks(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    members = {"a": {"n_neighbors": 7, "weights": "distance"}}
    (trained,) = train(KNeighbors(), prepare(matrix, codes), members)
    inputs = queries(matrix)
    pieces = [trained.model.scores(block) for block in inputs.blocks(1)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), trained.model.scores(inputs))


@given(
    points=npst.arrays(
        np.float64,
        st.tuples(st.integers(2, 40), st.integers(1, 3)),
        elements=st.integers(-2, 2).map(float),
    ),
    k=st.integers(1, 40),
    algorithm=st.sampled_from(["auto", "brute", "kd_tree", "ball_tree"]),
)
@settings(max_examples=60)
def test_search_sorts_by_distance_and_then_by_training_row(points, k, algorithm):
    k = min(k, len(points))
    distances, rows = NeighbourSearch(points, "euclidean", 2.0, algorithm).search(points, k)
    gaps = points[:, None] - points[None]
    squares = (gaps**2).sum(axis=-1)
    numbers = np.broadcast_to(np.arange(len(points)), squares.shape)
    expected = np.lexsort((numbers, squares), axis=-1)[:, :k]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, np.sqrt(np.take_along_axis(squares, expected, 1)))


def test_examples_at_distance_zero_outvote_all_others(prepare, train):
    matrix = np.array([[0.0, 1e8], [0.0, 1e8], [1.0, 1e8], [2.0, 1e8]])
    data = prepare(matrix, np.array([0, 1, 1, 1]))
    (trained,) = train(KNeighbors(), data, {"a": {"n_neighbors": 4, "weights": "distance"}})
    np.testing.assert_array_equal(trained.model.scores(same_rows(matrix[:1]))[0], [[0.5, 0.5]])


def test_a_zero_vector_has_cosine_distance_one(prepare):
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    distances, _ = NeighbourSearch(points, "cosine", 2.0).search(
        np.array([[0.0, 0.0], [3.0, 0.0]]), 3
    )
    np.testing.assert_allclose(distances, [[1, 1, 1], [0, 1, 1]], atol=1e-15)


def test_too_many_neighbours_fail_alone(prepare, train, noisy_classes):
    data = prepare(*noisy_classes)
    outcomes = train(KNeighbors(), data, {"a": {"n_neighbors": 241}, "b": {"n_neighbors": 240}})
    failed = next(outcome for outcome in outcomes if isinstance(outcome, Failed))
    trained = next(outcome for outcome in outcomes if isinstance(outcome, Trained))
    assert failed.key == "a"
    assert failed.reason == "n_neighbors is 241, but there are 240 training examples."
    assert trained.model.members == ("b",)


def test_missing_values_are_a_failure_and_not_an_exception(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    matrix = np.where(np.arange(6) == 2, np.nan, matrix)
    (outcome,) = train(KNeighbors(), prepare(matrix, codes), {"a": {}})
    assert isinstance(outcome, Failed)
    assert "NaN" in outcome.reason


def test_targets_share_one_search(prepare, train, noisy_targets):
    matrix, codes = noisy_targets
    members = {f"{t}-{k}": {"n_neighbors": k} for t in (2, 0) for k in (4, 15)}
    where = {key: {"target": f"class{key[0]}"} for key in members}
    (trained,) = train(KNeighbors(), prepare(matrix, codes), members, where=where)
    scores = trained.model.scores(queries(matrix))
    assert scores.shape == (4, 80, 1)
    for place, key in enumerate(members):
        target, k = map(int, key.split("-"))
        alone = KNeighborsClassifier(k).fit(matrix, codes[:, target])
        expected = alone.predict_proba(queries(matrix).matrix())[:, [1]]
        np.testing.assert_allclose(scores[place], expected, atol=1e-12)


def test_all_targets_at_once_and_classes_never_seen(prepare, train, noisy_targets, noisy_classes):
    matrix, codes = noisy_targets
    (trained,) = train(KNeighbors(), prepare(matrix, codes), {"a": {"n_neighbors": 3}})
    expected = KNeighborsClassifier(3).fit(matrix, codes).predict_proba(matrix)
    positive = np.column_stack([part[:, 1] for part in expected])
    np.testing.assert_allclose(trained.model.scores(same_rows(matrix))[0], positive, atol=1e-12)

    matrix, codes = noisy_classes
    data = prepare(matrix, codes + 1, classes=list("abcd"))
    (trained,) = train(KNeighbors(), data, {"a": {"n_neighbors": 3}})
    scores = trained.model.scores(same_rows(matrix))[0]
    assert scores.shape == (240, 4)
    assert not scores[:, 0].any()


def test_groups_divide_members_that_search_otherwise():
    def group(**parameters: object) -> object:
        from sortal.methods.contract.base import Member

        method = KNeighbors()
        chosen = method.Parameters(**parameters)
        return method.group(Member(key="a", method=method.name, parameters=chosen, seed=0))

    assert group(n_neighbors=3) == group(n_neighbors=5, weights="distance")
    assert group(metric="euclidean") == group(metric="minkowski", p=2)
    assert group(metric="manhattan", p=7) == group(metric="minkowski", p=1)
    assert group(metric="euclidean") != group(metric="cosine")
    assert group(metric="minkowski", p=3) != group(metric="minkowski", p=4)


def test_stored_members_score_the_same(prepare, train, noisy_classes, tmp_path):
    matrix, codes = noisy_classes
    members = {f"k{k}": {"n_neighbors": k, "weights": "distance"} for k in DEPTHS}
    (trained,) = train(KNeighbors(), prepare(matrix.astype(np.float32), codes), members)
    picked = trained.model.pick(("k17", "k2"))
    picked.save(tmp_path)
    loaded = KNeighbors().load(tmp_path)
    assert loaded.members == ("k17", "k2")
    expected = trained.model.scores(queries(matrix))[[3, 1]]
    np.testing.assert_array_equal(loaded.scores(queries(matrix)), expected)


@pytest.mark.parametrize("name", ["arrays.npz", "model.json"])
def test_damaged_files_are_refused(prepare, train, noisy_classes, tmp_path, name):
    (trained,) = train(KNeighbors(), prepare(*noisy_classes), {"a": {}})
    trained.model.save(tmp_path)
    content = (tmp_path / name).read_bytes()
    for broken in (content[: len(content) // 2], content[:200] + b"#" + content[201:], b""):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(Damaged):
            KNeighbors().load(tmp_path)
