"""XGBoost on shared bins against separate training on bins of its own."""

import sys

import numpy as np
import pytest
import xgboost

from sortal.data.inputs import Inputs
from sortal.errors import Damaged, UserError
from sortal.methods.contract.base import Failed, Trained, Verdict
from sortal.methods.ensembles.xgboost import XGBoost

SIZES = (2, 9, 20)
DRAWS = {"subsample": 0.7, "colsample_bytree": 0.6}


def rows(matrix: np.ndarray) -> Inputs:
    return Inputs({"features": matrix}, np.arange(len(matrix)))


def alone(matrix, codes, rounds, *, weights=None, classes=2, seed=3, **options):
    """Scores of one booster trained on its own bins, which are made without weights."""
    bins = xgboost.QuantileDMatrix(matrix, max_bin=options.get("max_bin", 256))
    bins.set_info(label=codes)
    if weights is not None:
        bins.set_info(weight=weights)
    goal = {"objective": "binary:logistic"}
    if classes > 2:
        goal = {"objective": "multi:softprob", "num_class": classes}
    given = {"tree_method": "hist", "seed": seed, "nthread": 1, **goal, **options}
    return xgboost.train(given, bins, rounds).predict(xgboost.DMatrix(matrix))


def by_key(outcomes: list[Trained], inputs: Inputs) -> dict[str, np.ndarray]:
    return {
        key: scores
        for outcome in outcomes
        for key, scores in zip(outcome.model.members, outcome.model.scores(inputs), strict=True)
    }


def test_members_that_share_bins_equal_separate_training(prepare, train, noisy_targets):
    """Targets, weights and seeds differ."""
    matrix, codes = noisy_targets
    rng = np.random.default_rng(0)
    matrix = np.where(rng.random(matrix.shape) < 0.1, np.nan, matrix)
    weights = rng.random(len(matrix))
    parameters = {"max_depth": 3, "max_bin": 32, "scale_pos_weight": 2.0, **DRAWS}
    wanted = [
        (target, label, seed, size)
        for target, label, seed in ((2, "", 1), (0, "physics", 1), (0, "", 1), (0, "", 2))
        for size in SIZES
    ]
    members = {str(w): {"n_estimators": w[3], **parameters} for w in wanted}
    where = {str(w): {"target": f"class{w[0]}", "weights": w[1], "seed": w[2]} for w in wanted}
    data = prepare(matrix, codes, weights=weights)
    outcomes = train(XGBoost(), data, members, where=where)
    assert len(outcomes) == 4
    scores = by_key(outcomes, rows(matrix))
    for target, label, seed, size in wanted:
        given = weights if label else None
        expected = alone(matrix, codes[:, target], size, weights=given, seed=seed, **parameters)
        found = scores[str((target, label, seed, size))][:, 0]
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_exclusive_classes_equal_separate_training(prepare, train, noisy_classes, classes):
    matrix, codes = noisy_classes
    codes = codes % classes
    members = {f"n{size}": {"n_estimators": size, **DRAWS} for size in SIZES}
    (trained,) = train(XGBoost(), prepare(matrix, codes), members)
    for size, scores in zip(SIZES, trained.model.scores(rows(matrix)), strict=True):
        expected = alone(matrix, codes, size, classes=classes, **DRAWS)
        expected = np.column_stack([1 - expected, expected]) if classes == 2 else expected
        np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_a_member_is_the_same_alone_and_in_a_population(prepare, train, noisy_targets):
    matrix, codes = noisy_targets
    data = prepare(matrix, codes, weights=np.linspace(0.1, 3, len(matrix)))
    members = {
        f"{t}{d}": {"n_estimators": 8, "max_depth": d, **DRAWS} for t in (0, 1) for d in (2, 5)
    }
    where = {
        key: {"target": f"class{key[0]}", "weights": "w" if key[1] == "2" else ""}
        for key in members
    }
    together = by_key(train(XGBoost(), data, members, where=where), rows(matrix))
    for key, parameters in members.items():
        (lonely,) = train(XGBoost(), data, {key: parameters}, where=where)
        np.testing.assert_array_equal(lonely.model.scores(rows(matrix))[0], together[key])


def test_targets_in_lanes_of_their_own_equal_one_lane(prepare, train, driver, noisy_targets):
    data, control = prepare(*noisy_targets), driver()
    members = {f"{t}-{n}": {"n_estimators": n, **DRAWS} for t in (0, 1, 2) for n in (3, 8)}
    where = {key: {"target": f"class{key[0]}"} for key in members}
    one, two = (
        by_key(
            train(XGBoost(), data, members, where=where, threads=threads, control=control),
            rows(noisy_targets[0]),
        )
        for threads in (1, 2)
    )
    assert one.keys() == two.keys() == members.keys()
    for key, scores in one.items():
        np.testing.assert_allclose(two[key], scores, atol=1e-6)
    assert max(progress.done for progress in control.progress) == pytest.approx(1.0)


def test_all_targets_at_once_get_a_booster_each(prepare, train, noisy_targets):
    matrix, codes = noisy_targets
    codes = codes.copy()
    codes[:, 1] = 1
    (trained,) = train(XGBoost(), prepare(matrix, codes), {"a": {"n_estimators": 5}})
    (scores,) = trained.model.scores(rows(matrix))
    assert (scores[:, 1] == 1).all()
    for target in (0, 2):
        expected = alone(matrix, codes[:, target], 5)
        np.testing.assert_allclose(scores[:, target], expected, atol=1e-6)


def test_classes_never_seen(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    few = {"a": {"n_estimators": 5}}
    (trained,) = train(XGBoost(), prepare(matrix, codes, classes=list("abcd")), few)
    (scores,) = trained.model.scores(rows(matrix))
    assert scores.shape == (240, 4)
    np.testing.assert_allclose(scores, alone(matrix, codes, 5, classes=4), atol=1e-6)
    (trained,) = train(XGBoost(), prepare(matrix, 0 * codes, classes=["no", "yes"]), few)
    np.testing.assert_array_equal(trained.model.scores(rows(matrix))[0], [[1.0, 0.0]] * 240)


def test_one_bad_member_fails_alone(prepare, train, noisy_targets):
    matrix, codes = noisy_targets
    data = prepare(matrix, codes, weights=np.linspace(-1, 1, len(matrix)))
    members = {"good": {"n_estimators": 3}, "bad": {"n_estimators": 3}}
    where = {"good": {"target": "class0"}, "bad": {"target": "class0", "weights": "physics"}}
    outcomes = train(XGBoost(), data, members, where=where)
    assert [outcome.key for outcome in outcomes if isinstance(outcome, Failed)] == ["bad"]
    scores = by_key([o for o in outcomes if isinstance(o, Trained)], rows(matrix))
    np.testing.assert_allclose(scores["good"][:, 0], alone(matrix, codes[:, 0], 3), atol=1e-6)


def test_a_stop_keeps_what_is_complete_and_skips_the_rest(prepare, train, driver, noisy_targets):
    control = driver(lambda progress: Verdict(stop_all=progress.done > 0.75))
    members = {f"{t}-{n}": {"n_estimators": n} for t in (0, 1) for n in (2, 10)}
    where = {key: {"target": f"class{key[0]}"} for key in members}
    outcomes = train(XGBoost(), prepare(*noisy_targets), members, where=where, control=control)
    assert [o.model.members for o in outcomes] == [("0-2", "0-10"), ("1-2",)]
    shares = [progress.done for progress in control.progress]
    assert shares == sorted(shares)


def test_a_stopped_member_keeps_its_rounds_or_fails_without_any(
    prepare, train, driver, noisy_targets
):
    matrix, codes = noisy_targets
    ended = frozenset({"early", "later"})
    control = driver(lambda p: Verdict(stop=ended if p.done >= 0.2 else frozenset()))
    members = {key: {"n_estimators": 10} for key in ("early", "later")}
    where = {"early": {"target": "class0"}, "later": {"target": "class1"}}
    outcomes = train(XGBoost(), prepare(matrix, codes), members, where=where, control=control)
    trained, failed = outcomes
    assert trained.notes["early"] == ("ended by request after 4 of 10 rounds.",)
    expected = alone(matrix, codes[:, 0], 4)
    np.testing.assert_allclose(trained.model.scores(rows(matrix))[0, :, 0], expected, atol=1e-6)
    assert failed == Failed("later", "ended by request before its training began.")


def test_stored_members_score_the_same_with_only_their_rounds(
    prepare, train, noisy_classes, tmp_path
):
    matrix, codes = noisy_classes
    members = {f"n{size}": {"n_estimators": size, **DRAWS} for size in SIZES}
    (trained,) = train(XGBoost(), prepare(matrix, codes), members)
    scores = trained.model.scores(rows(matrix))
    folders = {"all": trained.model, "few": trained.model.pick(("n9", "n2"))}
    for name, model in folders.items():
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    np.testing.assert_array_equal(XGBoost().load(tmp_path / "all").scores(rows(matrix)), scores)
    few = XGBoost().load(tmp_path / "few")
    assert few.members == ("n9", "n2")
    np.testing.assert_array_equal(few.scores(rows(matrix)), scores[[1, 0]])
    sizes = {name: (tmp_path / name / "booster-0.json").stat().st_size for name in folders}
    assert sizes["few"] < 0.7 * sizes["all"]


def test_damaged_files_never_reach_the_library(prepare, train, noisy_targets, tmp_path):
    (trained,) = train(XGBoost(), prepare(*noisy_targets), {"a": {"n_estimators": 2}})
    trained.model.save(tmp_path)
    path = tmp_path / "booster-1.json"
    content = path.read_bytes()
    for broken in (content[:100], content.replace(b"0", b"9", 5), b""):
        path.write_bytes(broken)
        with pytest.raises(Damaged):
            XGBoost().load(tmp_path)


def test_the_absence_of_the_library_is_said_plainly(prepare, train, noisy_classes, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(UserError, match="pip install xgboost-cpu"):
        train(XGBoost(), prepare(*noisy_classes), {"a": {}})
