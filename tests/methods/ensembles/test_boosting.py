"""AdaBoost and histogram gradient boosting against separately trained ones of scikit-learn."""

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier, HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from sortal.data.inputs import Inputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Failed, Verdict
from sortal.methods.ensembles.boosting import AdaBoost, HistGradientBoosting

SIZES = (1, 6, 15, 34)
TOLERANCE = 1e-12


def rows(matrix: np.ndarray) -> Inputs:
    return Inputs({"features": matrix}, np.arange(len(matrix)))


def members(rounds: str, **parameters: object) -> dict[str, dict[str, object]]:
    return {f"n{size}": {rounds: size, **parameters} for size in SIZES}


def adaboost(size: int, depth: int = 1, rate: float = 1.0) -> AdaBoostClassifier:
    tree = DecisionTreeClassifier(max_depth=depth)
    return AdaBoostClassifier(tree, n_estimators=size, learning_rate=rate, random_state=3)


@pytest.mark.parametrize(("depth", "rate", "classes"), [(1, 1.0, 2), (1, 1.0, 3), (3, 0.5, 3)])
def test_adaboost_stages_equal_ones_trained_alone(  # noqa: PLR0917 - fixtures
    prepare, train, noisy_classes, depth, rate, classes
):
    matrix, codes = noisy_classes
    codes = codes % classes
    chosen = members("n_estimators", max_depth=depth, learning_rate=rate)
    (trained,) = train(AdaBoost(), prepare(matrix, codes), chosen)
    scores = trained.model.scores(rows(matrix))
    for place, size in enumerate(SIZES):
        expected = adaboost(size, depth, rate).fit(matrix, codes).predict_proba(matrix)
        np.testing.assert_allclose(scores[place], expected, atol=TOLERANCE)


def test_adaboost_ends_by_itself_when_the_fit_is_perfect(prepare, train):
    matrix, codes = np.arange(40.0)[:, None], (np.arange(40) >= 20).astype(np.int64)
    (trained,) = train(AdaBoost(), prepare(matrix, codes), members("n_estimators"))
    assert trained.notes["n1"] == ()
    assert trained.notes["n34"] == ("training ended by itself after 1 of 34 rounds.",)
    expected = adaboost(34).fit(matrix, codes).predict_proba(matrix)
    for scores in trained.model.scores(rows(matrix)):
        np.testing.assert_allclose(scores, expected, atol=TOLERANCE)


def test_negative_weights_fail_with_scikit_learns_reason(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    data = prepare(matrix, codes, weights=np.linspace(-1, 1, len(codes)))
    (outcome,) = train(AdaBoost(), data, {"a": {}}, where={"a": {"weights": "physics"}})
    assert isinstance(outcome, Failed)
    assert "egative" in outcome.reason


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_gradient_boosting_stages_equal_ones_trained_alone(
    prepare, train, noisy_classes, early, classes
):
    matrix, codes = noisy_classes
    codes = codes % classes
    matrix = np.where(np.random.default_rng(0).random(matrix.shape) < 0.1, np.nan, matrix)
    options = {"early_stopping": early, "n_iter_no_change": 3, "class_weight": "balanced"}
    chosen = members("max_iter", **options)
    (trained,) = train(HistGradientBoosting(), prepare(matrix, codes), chosen)
    scores = trained.model.scores(rows(matrix))
    for place, size in enumerate(SIZES):
        alone = HistGradientBoostingClassifier(max_iter=size, random_state=3, **options)
        expected = alone.fit(matrix, codes).predict_proba(matrix)
        np.testing.assert_allclose(scores[place], expected, atol=TOLERANCE)
    assert (trained.notes["n34"] != ()) == early


def test_gradient_boosting_in_chunks_equals_training_at_once(prepare, train, driver, noisy_classes):
    matrix, codes = noisy_classes
    control = driver()
    chosen = {"a": {"max_iter": 120, "max_leaf_nodes": 4, "l2_regularization": 0.1}}
    (trained,) = train(HistGradientBoosting(), prepare(matrix, codes), chosen, control=control)
    assert len(control.progress) > 5
    alone = HistGradientBoostingClassifier(
        max_iter=120, max_leaf_nodes=4, l2_regularization=0.1, random_state=3
    ).fit(matrix, codes)
    scores = trained.model.scores(rows(matrix))[0]
    np.testing.assert_allclose(scores, alone.predict_proba(matrix), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("method", "rounds", "library"),
    [
        (AdaBoost, "n_estimators", adaboost),
        (
            HistGradientBoosting,
            "max_iter",
            lambda size: HistGradientBoostingClassifier(max_iter=size, random_state=3),
        ),
    ],
)
def test_independent_targets_get_an_ensemble_each(  # noqa: PLR0917 - fixtures
    prepare, train, noisy_targets, method, rounds, library
):
    matrix, codes = noisy_targets
    codes = codes.copy()
    codes[:, 1] = 0
    weights = np.random.default_rng(1).random(len(matrix))
    where = {key: {"weights": "physics"} for key in members(rounds)}
    data = prepare(matrix, codes, weights=weights)
    (trained,) = train(method(), data, members(rounds), where=where)
    scores = trained.model.scores(rows(matrix))
    assert not scores[:, :, 1].any()
    for target in (0, 2):
        alone = library(15).fit(matrix, codes[:, target], sample_weight=weights)
        expected = alone.predict_proba(matrix)[:, 1]
        np.testing.assert_allclose(scores[2, :, target], expected, atol=TOLERANCE)


def test_a_stop_keeps_the_members_that_are_complete(prepare, train, driver, noisy_classes):
    control = driver(lambda progress: Verdict(stop_all=progress.done > 0.4))
    data = prepare(*noisy_classes)
    (trained,) = train(HistGradientBoosting(), data, members("max_iter"), control=control)
    assert trained.model.members == ("n1", "n6", "n15")


def test_a_stop_between_targets_keeps_no_incomplete_member(prepare, train, driver, noisy_targets):
    control = driver(lambda progress: Verdict(stop_all=progress.done > 0.4))
    data = prepare(*noisy_targets)
    assert train(AdaBoost(), data, members("n_estimators"), control=control) == []


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("method", "rounds"), [(AdaBoost, "n_estimators"), (HistGradientBoosting, "max_iter")]
)
def test_stored_members_score_the_same_with_only_their_rounds(  # noqa: PLR0917 - fixtures
    prepare, train, noisy_classes, tmp_path, method, rounds, classes
):
    matrix, codes = noisy_classes
    (trained,) = train(method(), prepare(matrix, codes % classes), members(rounds))
    scores = trained.model.scores(rows(matrix))
    folders = {"all": trained.model, "few": trained.model.pick(("n6", "n1"))}
    for name, model in folders.items():
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    np.testing.assert_array_equal(method().load(tmp_path / "all").scores(rows(matrix)), scores)
    few = method().load(tmp_path / "few")
    assert few.members == ("n6", "n1")
    np.testing.assert_array_equal(few.scores(rows(matrix)), scores[[1, 0]])
    sizes = {name: (tmp_path / name / "arrays.npz").stat().st_size for name in folders}
    assert sizes["few"] < sizes["all"] / 2
    path = tmp_path / "all" / "arrays.npz"
    content = path.read_bytes()
    path.write_bytes(content[:600] + b"##" + content[602:])
    with pytest.raises(Damaged):
        method().load(tmp_path / "all")


def test_stored_targets_that_never_vary_are_read_back(prepare, train, noisy_targets, tmp_path):
    matrix, codes = noisy_targets
    codes = codes.copy()
    codes[:, 0] = 1
    (trained,) = train(AdaBoost(), prepare(matrix, codes), members("n_estimators"))
    trained.model.save(tmp_path)
    scores = AdaBoost().load(tmp_path).scores(rows(matrix))
    assert (scores[:, :, 0] == 1).all()
    np.testing.assert_array_equal(scores, trained.model.scores(rows(matrix)))
