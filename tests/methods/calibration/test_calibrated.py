"""Probabilities by maps fitted on folds, against scikit-learn's own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.calibration import CalibratedClassifierCV, _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import Damaged
from sortal.methods import registry
from sortal.methods.calibration.calibrated import OutputMaps
from sortal.methods.calibration.held_out import FOLDS, fold_numbers
from sortal.methods.calibration.score_map import (
    ConstantMap,
    Sigmoid,
    fit_map,
    fit_sigmoid,
    read_map,
)
from sortal.methods.contract.base import Failed, Paused, Population
from sortal.testing.data import make_members, make_prepared
from sortal.testing.training import Driver, train_completely


def _folds(data: Prepared) -> list[tuple[np.ndarray, np.ndarray]]:
    numbers = fold_numbers(data.dataset, data.split.train)
    return [(np.flatnonzero(numbers != k), np.flatnonzero(numbers == k)) for k in range(FOLDS)]


def _scores(name: str, kind: str, data: Prepared, **options: Any) -> np.ndarray:
    method = registry.find(name, kind)
    (member,) = make_members(method, [{}], **options)
    return train_completely(method, [member], data).scores(member.key, data.inputs(Part.TEST))


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
@pytest.mark.parametrize(("name", "peer"), [("svm", SVC()), ("gaussiannb", GaussianNB())])
@pytest.mark.parametrize("absent", [None, 1], ids=["three classes", "two classes"])
def test_probabilities_equal_scikit_learn_given_the_same_folds(name, peer, kind, absent):
    data = make_prepared(absent=absent)
    reference = CalibratedClassifierCV(peer, method=kind, cv=_folds(data), ensemble=False)
    reference.fit(data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes)
    expected = np.zeros((14, 3))
    expected[:, reference.classes_] = reference.predict_proba(data.inputs(Part.TEST).matrix())
    np.testing.assert_allclose(_scores(name, kind, data), expected, atol=2e-5)


def test_weights_count_in_training_and_in_the_map():
    weights = np.random.default_rng(3).uniform(0.5, 3.0, 80)
    data = make_prepared(weights=weights)
    reference = CalibratedClassifierCV(GaussianNB(), cv=_folds(data), ensemble=False)
    reference.fit(
        data.inputs(Part.TRAIN).matrix(),
        data.labels(Part.TRAIN).codes,
        sample_weight=weights[data.split.train],
    )
    expected = reference.predict_proba(data.inputs(Part.TEST).matrix())
    scores = _scores("gaussiannb", "sigmoid", data, weights="given")
    np.testing.assert_allclose(scores, expected, atol=2e-5)


def test_independent_targets_are_calibrated_each_for_itself():
    data = make_prepared(Outputs.INDEPENDENT)
    scores = _scores("svm", "sigmoid", data)
    for column in range(3):
        codes = data.labels(Part.TRAIN).codes[:, column]
        reference = CalibratedClassifierCV(SVC(), cv=_folds(data), ensemble=False)
        reference.fit(data.inputs(Part.TRAIN).matrix(), codes)
        expected = reference.predict_proba(data.inputs(Part.TEST).matrix())[:, 1]
        np.testing.assert_allclose(scores[:, column], expected, atol=2e-5)


def test_folds_spread_every_class_evenly_and_reproducibly():
    data = make_prepared()
    numbers = fold_numbers(data.dataset, data.split.train)
    codes = data.labels(Part.TRAIN).codes
    counts = np.array([np.bincount(numbers[codes == code], minlength=FOLDS) for code in range(3)])
    assert np.ptp(counts, axis=1).max() <= 1
    np.testing.assert_array_equal(numbers, fold_numbers(data.dataset, data.split.train))


def test_groups_are_not_divided_between_folds():
    data = make_prepared()
    groups = np.arange(80) // 4
    dataset = replace(data.dataset, groups=groups, fingerprint="")
    numbers = fold_numbers(dataset, data.split.train)
    assert len(np.unique(numbers)) == FOLDS
    for group in np.unique(groups[data.split.train]):
        assert len(np.unique(numbers[groups[data.split.train] == group])) == 1


def test_a_class_with_one_example_is_told(train, prepare):
    rng = np.random.default_rng(0)
    data = prepare(
        rng.normal(size=(21, 2)), np.array([0, 1] * 10 + [2]), classes=("a", "b", "rare")
    )
    (outcome,) = train(registry.find("gaussiannb", "sigmoid"), data, {"m": {}})
    assert isinstance(outcome, Failed)
    assert "of class 'rare' there is one" in outcome.reason


def test_a_class_with_fewer_examples_than_folds_is_calibrated(train, prepare):
    rng = np.random.default_rng(0)
    data = prepare(rng.normal(size=(42, 2)), np.array([0, 1] * 20 + [2, 2]))
    (outcome,) = train(registry.find("svm", "sigmoid"), data, {"m": {}})
    scores = outcome.model.scores(data.inputs(Part.TRAIN))
    np.testing.assert_allclose(scores.sum(axis=2), 1.0)


def test_a_budget_is_refused_in_a_sentence():
    method = registry.find("svm", "sigmoid")
    population = Population(members=make_members(method, [{}]), budget=3.0)
    (outcome,) = method.train(population, make_prepared(), Driver())
    assert isinstance(outcome, Failed)
    assert "budget" in outcome.reason


def test_progress_rises_through_all_folds_and_the_last_training():
    method = registry.find("gaussiannb", "sigmoid")
    driver = Driver()
    list(method.train(Population(members=make_members(method, [{}])), make_prepared(), driver))
    done = [progress.done for progress in driver.reports]
    assert done == sorted(done)
    assert sorted(set(done)) == pytest.approx([step / (FOLDS + 1) for step in range(FOLDS + 2)])


def test_members_that_fail_in_a_fold_fail_alone(train):
    # Enough examples for the whole, too few for a fold.
    members = {"deep": {"n_neighbors": 50}, "near": {"n_neighbors": 3}}
    outcomes = train(registry.find("kneighbors", "isotonic"), make_prepared(), members)
    failures = [one.key for one in outcomes if isinstance(one, Failed)]
    trained = [one.model.members for one in outcomes if not isinstance(one, Failed)]
    assert (failures, trained) == (["deep"], [("near",)])


def test_a_calibrated_method_is_another_version_of_its_own():
    plain, wrapped = registry.find("svm"), registry.find("svm", "isotonic")
    assert wrapped.name == plain.name
    assert wrapped.version != plain.version
    assert not plain.probabilities(plain.Parameters())
    assert wrapped.probabilities(plain.Parameters())


finite = st.floats(-50, 50, allow_nan=False).map(lambda value: round(value, 3))


@given(
    npst.arrays(float, st.integers(6, 40), elements=finite),
    st.randoms(use_true_random=False),
)
def test_the_sigmoid_fits_no_worse_than_scikit_learns(scores, random):
    true = np.array([random.random() < 0.5 for _ in scores])
    true[:2] = True, False
    weights = np.array([random.uniform(0.1, 3.0) for _ in scores])
    found = fit_sigmoid(scores, true, weights)
    peer = _SigmoidCalibration().fit(scores, true.astype(float), weights)
    goal = np.where(
        true,
        (weights[true].sum() + 1) / (weights[true].sum() + 2),
        1 / (weights[~true].sum() + 2),
    )

    def loss(slope: float, intercept: float) -> float:
        values = slope * scores + intercept
        return float(weights @ (np.logaddexp(0, values) - (1 - goal) * values))

    assert loss(found.slope, found.intercept) <= loss(peer.a_, peer.b_) + 1e-6


def test_isotonic_maps_equal_scikit_learn_s_at_any_score():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=60).round(1)
    true = rng.random(60) < 1 / (1 + np.exp(-2 * scores))
    found = fit_map("isotonic", scores, true, None)
    peer = IsotonicRegression(out_of_bounds="clip").fit(scores, true.astype(float))
    asked = np.linspace(-5, 5, 201)
    np.testing.assert_allclose(found(asked), peer.predict(asked), atol=1e-12)


def test_examples_without_positive_weight_take_no_part():
    rng = np.random.default_rng(1)
    scores, true = rng.normal(size=40), rng.random(40) < 0.5
    weights = np.where(np.arange(40) < 20, 1.0, -3.0)
    assert fit_map("sigmoid", scores, true, weights) == fit_map(
        "sigmoid", scores[:20], true[:20], np.ones(20)
    )


def test_a_single_answer_is_certain():
    assert fit_map("sigmoid", np.zeros(3), np.ones(3, dtype=bool), None) == ConstantMap(1.0)
    assert fit_map("isotonic", np.zeros(3), np.zeros(3, dtype=bool), None) == ConstantMap(0.0)


@pytest.mark.parametrize(
    "one",
    [
        Sigmoid(-1.5, 0.25),
        ConstantMap(1.0),
        fit_map("isotonic", np.arange(4.0), np.array([False, True, False, True]), None),
    ],
)
def test_maps_survive_the_way_through_json(one):
    assert read_map(one.describe()) == one


@pytest.mark.parametrize(
    "described",
    [
        {"kind": "certain", "probability": 2.0},
        {"kind": "isotonic", "scores": [1.0, 0.0], "probabilities": [0.0, 1.0]},
        {"kind": "isotonic", "scores": [0.0], "probabilities": [0.0, 1.0]},
        {"kind": "oracle"},
    ],
)
def test_what_maps_to_no_probability_is_refused(described):
    with pytest.raises(Damaged, match="no map to probabilities"):
        read_map(described)


def test_labels_of_other_targets_do_not_change_a_member_s_folds():
    data = make_prepared(Outputs.INDEPENDENT)
    narrowed = make_prepared(Outputs.INDEPENDENT, target="green")
    assert isinstance(narrowed.labels(Part.TRAIN), Labels)
    np.testing.assert_array_equal(
        fold_numbers(data.dataset, data.split.train),
        fold_numbers(narrowed.dataset, narrowed.split.train),
    )


def test_members_paused_in_a_fold_go_on_from_there(tmp_path):
    method, data = registry.find("mlp", "sigmoid"), make_prepared()
    members = make_members(method, [{"epochs": 5}, {"epochs": 8}])
    whole = train_completely(method, members, data)
    population = Population(members=members, resume=tmp_path)
    (paused,) = method.train(population, data, Driver(stop_at=3))
    assert isinstance(paused, Paused)
    assert set(paused.keys) == {"member0", "member1"}
    (trained,) = method.train(population, data, Driver())
    inputs = data.inputs(Part.TEST)
    for key, scores in zip(trained.model.members, trained.model.scores(inputs), strict=True):
        np.testing.assert_allclose(scores, whole.scores(key, inputs), atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_score_that_is_lost_gives_no_probability(classes):
    random = np.random.default_rng(4)
    codes = np.arange(60) % classes
    scores = random.normal(size=(60, classes)) + np.eye(classes)[codes]
    labels = Labels(codes, tuple("abc"[:classes]))
    maps = OutputMaps.fit("isotonic", scores, labels, None)
    scores[7, 0] = np.nan
    found = maps(scores)
    assert np.isnan(found).any(axis=1).nonzero()[0].tolist() == [7]
    assert np.isnan(found[7]).all()
