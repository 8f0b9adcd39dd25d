"""Forests against separately trained forests of scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from sortal.data.inputs import Inputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Failed, Verdict
from sortal.methods.ensembles.forest import ExtraTrees, RandomForest
from sortal.methods.model_files.tree_arrays import pack_trees, unpack_trees

SIZES = (1, 7, 30, 45)
KINDS = [(RandomForest, RandomForestClassifier), (ExtraTrees, ExtraTreesClassifier)]


def rows(matrix: np.ndarray) -> Inputs:
    return Inputs({"features": matrix}, np.arange(len(matrix)))


def members(**parameters: object) -> dict[str, dict[str, object]]:
    return {f"n{size}": {"n_estimators": size, **parameters} for size in SIZES}


@pytest.mark.parametrize(("kind", "library"), KINDS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"class_weight": "balanced", "max_features": 0.5, "min_samples_leaf": 3},
        {"class_weight": "balanced_subsample", "criterion": "entropy", "bootstrap": True},
        {"max_leaf_nodes": 9, "ccp_alpha": 0.01, "min_samples_split": 0.1},
    ],
)
def test_every_prefix_equals_a_forest_trained_alone(prepare, train, kind, library, parameters):
    matrix, codes = load_digits(return_X_y=True)
    matrix, codes = matrix[:500], codes[:500]
    data = prepare(matrix, codes)
    (trained,) = train(kind(), data, members(**parameters), threads=2)
    assert trained.notes == dict.fromkeys(members(), ())
    scores = trained.model.scores(rows(matrix))
    for place, size in enumerate(SIZES):
        alone = library(n_estimators=size, random_state=3, **parameters).fit(matrix, codes)
        np.testing.assert_allclose(scores[place], alone.predict_proba(matrix), atol=1e-12)


@pytest.mark.parametrize(("kind", "library"), KINDS)
def test_missing_values_and_weights_count_as_in_scikit_learn(
    prepare, train, noisy_classes, kind, library
):
    matrix, codes = noisy_classes
    rng = np.random.default_rng(0)
    matrix = np.where(rng.random(matrix.shape) < 0.1, np.nan, matrix)
    weights = rng.random(len(matrix))
    data = prepare(matrix, codes, weights=weights)
    for label, given in (("", None), ("physics", weights)):
        where = {key: {"weights": label} for key in members()}
        (trained,) = train(kind(), data, members(), where=where)
        alone = library(n_estimators=30, random_state=3).fit(matrix, codes, sample_weight=given)
        expected = alone.predict_proba(matrix)
        np.testing.assert_allclose(trained.model.scores(rows(matrix))[2], expected, atol=1e-12)


def test_independent_targets_are_learnt_together_or_one_alone(prepare, train, noisy_targets):
    matrix, codes = noisy_targets
    codes = codes.copy()
    codes[:, 1] = 1
    data = prepare(matrix, codes)
    (trained,) = train(RandomForest(), data, members(max_depth=3))
    alone = RandomForestClassifier(7, max_depth=3, random_state=3).fit(matrix, codes)
    expected = [part[:, -1] for part in alone.predict_proba(matrix)]
    scores = trained.model.scores(rows(matrix))[1]
    np.testing.assert_allclose(scores, np.column_stack(expected), atol=1e-12)
    assert (scores[:, 1] == 1).all()

    where = {"n7": {"target": "class2"}}
    (trained,) = train(RandomForest(), data, {"n7": {"n_estimators": 7}}, where=where)
    alone = RandomForestClassifier(7, random_state=3).fit(matrix, codes[:, 2])
    expected = alone.predict_proba(matrix)[:, [1]]
    np.testing.assert_allclose(trained.model.scores(rows(matrix))[0], expected, atol=1e-12)


def test_scores_do_not_depend_on_threads_or_blocks(prepare, train):
    matrix, codes = load_digits(return_X_y=True)
    data = prepare(matrix, codes)
    (one,) = train(RandomForest(), data, {"a": {"n_estimators": 9}})
    (two,) = train(RandomForest(), data, {"a": {"n_estimators": 9}}, threads=2)
    whole = one.model.scores(rows(matrix))
    np.testing.assert_array_equal(two.model.scores(rows(matrix)), whole)
    pieces = [one.model.scores(block) for block in rows(matrix).blocks(333)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


def test_a_class_never_seen_scores_zero(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    data = prepare(matrix, 2 * (codes > 0), classes=list("abcd"))
    (trained,) = train(RandomForest(), data, {"a": {"n_estimators": 5}})
    scores = trained.model.scores(rows(matrix))[0]
    assert not scores[:, [1, 3]].any()
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_a_stop_keeps_the_members_that_are_complete(prepare, train, driver, noisy_classes):
    control = driver(lambda progress: Verdict(stop_all=progress.done > 0.5))
    (trained,) = train(RandomForest(), prepare(*noisy_classes), members(), control=control)
    assert trained.model.members == ("n1", "n7")
    assert trained.notes["n7"] == ()
    shares = [progress.done for progress in control.progress]
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] < 0.6


def test_a_stop_before_any_member_is_complete_yields_nothing(prepare, train, driver, noisy_classes):
    control = driver(lambda _: Verdict(stop_all=True))
    many = {"a": {"n_estimators": 60}}
    assert train(RandomForest(), prepare(*noisy_classes), many, control=control) == []


def test_an_ended_member_keeps_the_trees_it_has(prepare, train, driver, noisy_classes):
    matrix, codes = noisy_classes
    control = driver(
        lambda progress: Verdict(stop=frozenset({"n45"} if progress.done > 0.5 else ()))
    )
    (trained,) = train(RandomForest(), prepare(matrix, codes), members(), control=control)
    assert trained.model.members == ("n1", "n7", "n30", "n45")
    (note,) = trained.notes["n45"]
    grown = int(note.removeprefix("ended by request after ").split(" ")[0])
    assert 20 < grown < 30
    alone = RandomForestClassifier(grown, random_state=3).fit(matrix, codes)
    expected = alone.predict_proba(matrix)
    np.testing.assert_allclose(trained.model.scores(rows(matrix))[3], expected, atol=1e-12)


def test_what_cannot_be_trained_is_a_failure(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    data = prepare(matrix.astype(np.float64) * 1e300, codes)
    with np.errstate(over="ignore"):
        outcomes = train(RandomForest(), data, members())
    assert [outcome.key for outcome in outcomes if isinstance(outcome, Failed)] == list(members())
    assert "infinity" in outcomes[0].reason


@pytest.mark.parametrize("kind", [RandomForest, ExtraTrees])
def test_stored_members_score_the_same_with_only_their_trees(
    prepare, train, noisy_classes, tmp_path, kind
):
    matrix, codes = noisy_classes
    (trained,) = train(kind(), prepare(matrix, codes), members())
    scores = trained.model.scores(rows(matrix))
    folders = {"all": trained.model, "few": trained.model.pick(("n7", "n1"))}
    for name, model in folders.items():
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    loaded = kind().load(tmp_path / "few")
    assert loaded.members == ("n7", "n1")
    np.testing.assert_array_equal(loaded.scores(rows(matrix)), scores[[1, 0]])
    whole = kind().load(tmp_path / "all")
    np.testing.assert_array_equal(whole.scores(rows(matrix)), scores)
    sizes = {name: (tmp_path / name / "arrays.npz").stat().st_size for name in folders}
    assert sizes["few"] < sizes["all"] / 4


def test_damaged_files_are_refused(prepare, train, noisy_classes, tmp_path):
    (trained,) = train(RandomForest(), prepare(*noisy_classes), {"a": {"n_estimators": 3}})
    trained.model.save(tmp_path)
    path = tmp_path / "arrays.npz"
    content = path.read_bytes()
    middle = len(content) // 2
    for broken in (content[:middle], content[:middle] + b"###" + content[middle + 3 :], b""):
        path.write_bytes(broken)
        with pytest.raises(Damaged):
            RandomForest().load(tmp_path)
    path.unlink()
    with pytest.raises(Damaged):
        RandomForest().load(tmp_path)
    with pytest.raises(Damaged, match="extratrees"):
        ExtraTrees().load(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("left_child", 10_000, "outside its tree"),
        ("right_child", 0, "outside its tree"),
        ("right_child", -1, "one child"),
        ("feature", 6, "beyond the 6"),
        ("feature", -7, "beyond the 6"),
    ],
)
def test_trees_that_would_lead_astray_are_refused(noisy_classes, field, value, complaint):
    forest = RandomForestClassifier(2, random_state=0).fit(*noisy_classes)
    arrays = pack_trees([tree.tree_ for tree in forest.estimators_])
    assert len(unpack_trees(arrays, 6, [3])) == 2
    arrays["nodes"][field][0] = value
    with pytest.raises(Damaged, match=complaint):
        unpack_trees(arrays, 6, [3])


def test_groups_are_families_of_one_seed():
    from sortal.methods.contract.base import Member

    method = RandomForest()

    def group(seed: int = 0, **parameters: object) -> object:
        chosen = method.Parameters(**parameters)
        return method.group(Member(key="a", method=method.name, parameters=chosen, seed=seed))

    assert group(n_estimators=5) == group(n_estimators=500)
    assert group(n_estimators=5) != group(n_estimators=5, seed=1)
    assert group(n_estimators=5) != group(n_estimators=5, max_depth=3)
    assert hash(group()) == hash(group())
