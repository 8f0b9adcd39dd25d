"""Methods by name, and classifiers by import path."""

import sys

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.linear_model import RidgeClassifier, SGDClassifier

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.errors import NotFound, OptionError
from sortal.methods import registry
from sortal.methods.contract.base import Cost, Shape
from sortal.testing.data import make_members, make_prepared
from sortal.testing.training import train_completely

SHAPE = Shape(examples=1000, scored=500, features=20, outputs=4)


@pytest.mark.parametrize("name", registry.method_names())
def test_every_name_finds_a_method_of_that_name(name):
    method = registry.find(name)
    assert method.name == name
    assert len(method.summary) < 80
    (member,) = make_members(method, [{}])
    assert isinstance(method.cost(member, SHAPE), Cost)


@pytest.mark.parametrize("name", registry.method_names())
def test_every_parameter_says_what_it_does(name):
    for field, about in registry.find(name).Parameters.model_fields.items():
        assert about.description, field


def test_references_are_methods():
    assert set(registry.method_names()) >= registry.REFERENCES


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(NotFound, match="Did you mean 'kneighbors'"):
        registry.find("kneighbours")


def test_an_unknown_calibration_names_those_there_are():
    with pytest.raises(OptionError, match="sigmoid or isotonic"):
        registry.find("svm", "platt")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sklearn.linear_model.RidgeClasifier", "such as 'RidgeClassifier'"),
        ("sklearn.linear_model.Ridge", "a class with fit and predict"),
        ("sklearn.linear_model", "expected a classifier of sklearn|class with fit"),
        ("sklearn.no_such.Thing", "No module named"),
        ("subprocess.Popen", "an installed package"),
        ("skleran.svm.SVC", "such as 'sklearn'"),
    ],
)
def test_paths_to_anything_but_a_classifier_are_refused(path, text):
    with pytest.raises(OptionError, match=text):
        registry.find(path)


def test_a_module_of_the_working_directory_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "mine_only.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OptionError, match="an installed package"):
        registry.find("mine_only.Classifier")
    assert "mine_only" not in sys.modules


def test_imported_classifiers_equal_their_own_fit():
    data = make_prepared()
    method = registry.find("sklearn.linear_model.SGDClassifier")
    (member,) = make_members(method, [{"alpha": 0.01}], seeds=(9,))
    scores = train_completely(method, [member], data).scores(member.key, data.inputs(Part.TEST))
    peer = SGDClassifier(alpha=0.01, random_state=9)
    peer.fit(data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes)
    expected = peer.decision_function(data.inputs(Part.TEST).matrix())
    np.testing.assert_array_equal(scores, expected)


def test_a_given_random_state_outranks_the_seed():
    method = registry.find("sklearn.linear_model.SGDClassifier")
    parameters = method.Parameters(random_state=3)
    assert method.build(parameters, 9).random_state == 3
    assert method.build(method.Parameters(), 9).random_state == 9


def test_imported_classifiers_tell_what_they_can():
    ridge = registry.find("sklearn.linear_model.RidgeClassifier")
    assert (ridge.weights_allowed, ridge.missing_allowed) == (True, False)
    assert ridge.library == "scikit-learn"
    assert registry.find("sklearn.neighbors.KNeighborsClassifier").weights_allowed is False
    assert registry.find("sklearn.ensemble.HistGradientBoostingClassifier").missing_allowed is True
    sgd = registry.find("sklearn.linear_model.SGDClassifier")
    assert not sgd.probabilities(sgd.Parameters())
    assert sgd.probabilities(sgd.Parameters(loss="log_loss"))


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"alpha": -1.0}, "alpha", r"range \[0.0, inf\)"),
        ({"solver": "magic"}, "solver", "must be a str among"),
        ({"alpah": 1.0}, "alpah", "Extra inputs"),
        ({"alpha": float("inf")}, "alpha", "a finite number"),
        ({"alpha": RidgeClassifier()}, "alpha", "a finite number, a text"),
    ],
)
def test_parameters_are_checked_before_training_as_by_the_class(given, field, text):
    method = registry.find("sklearn.linear_model.RidgeClassifier")
    with pytest.raises(ValidationError, match=text) as caught:
        method.Parameters(**given)
    assert caught.value.errors()[0]["loc"] == (field,)


def test_scores_of_pairs_of_classes_are_refused():
    with pytest.raises(ValidationError, match="expected ovr"):
        registry.find("sklearn.svm.NuSVC").Parameters(decision_function_shape="ovo")


def test_parameters_survive_the_way_through_json():
    method = registry.find("xgboost.XGBClassifier")
    parameters = method.Parameters(n_estimators=3, max_depth=2)
    again = method.Parameters.model_validate(parameters.model_dump(mode="json"))
    assert again == parameters
    assert method.options(again, 4) == {"n_estimators": 3, "max_depth": 2, "random_state": 4}


def test_a_classifier_that_only_predicts_gives_one_and_zero(monkeypatch):
    method = registry.find("sklearn.neighbors.NearestCentroid")
    estimator = type(method.build(method.Parameters(), 0))
    for name in ("decision_function", "predict_proba"):
        monkeypatch.delattr(estimator, name, raising=False)
        monkeypatch.delattr(estimator.__mro__[1], name, raising=False)
    assert not method.probabilities(method.Parameters())
    for outputs in Outputs:
        data = make_prepared(outputs)
        (member,) = make_members(method, [{}])
        scores = train_completely(method, [member], data).scores(member.key, data.inputs(Part.TEST))
        if outputs is Outputs.EXCLUSIVE:
            assert (np.sort(scores, axis=1) == [0, 0, 1]).all()
        else:
            assert set(np.unique(scores)) == {-1.0, 1.0}
