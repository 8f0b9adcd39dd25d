"""Each translated classifier against the plain scikit-learn script that it stands for."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from sortal.errors import NotFound, UserError
from sortal.plugins.declaration import RESERVED, resolve_arguments
from sortal.systems.clavis.builtin import classifiers, datasets, plain
from sortal.systems.clavis.builtin.classifiers import BUILT_IN

IRIS = datasets.find("sklearn_iris").read(None)
DIGITS = datasets.find("sklearn_digits").read(None)
SEVERAL = datasets.find("multi_label_test").read(None)


def _svc(**options):
    return SVC(gamma="scale", random_state=0, break_ties=True, **options)


SCRIPTS = [
    ("kneighbors", {}, KNeighborsClassifier()),
    ("kneighbors", {"n_neighbors": 1}, KNeighborsClassifier(1)),
    ("gaussiannb", {}, GaussianNB()),
    ("decisiontree", {}, DecisionTreeClassifier(random_state=0)),
    ("decisiontree", {"random_state": 7}, DecisionTreeClassifier(random_state=7)),
    ("adaboost", {"n_estimators": 30}, AdaBoostClassifier(n_estimators=30, random_state=0)),
    ("randomforest", {"n_estimators": 40}, RandomForestClassifier(40, random_state=0)),
    ("randomforest", {"random_state": 42}, RandomForestClassifier(random_state=42)),
    ("svm", {}, _svc()),
    ("svm", {"kernel": "linear", "C": 3}, _svc(kernel="linear", C=3)),
    ("svm", {"kernel": "poly", "degree": 2}, _svc(kernel="poly", degree=2)),
    ("svm", {"kernel": "sigmoid", "C": 0.5}, _svc(kernel="sigmoid", C=0.5)),
]


@pytest.mark.parametrize("source", [IRIS, DIGITS], ids=lambda source: source.name)
@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: f"{case[0]} {case[1]}")
def test_every_answer_is_that_of_the_script(learn, halves, source, case):
    (name, arguments, script), (train, test) = case, halves(source)
    script.fit(source.X_train[train], source.y_train[train])
    expected = script.predict(source.X_train[test])
    assert learn(name, source, arguments).answers.tolist() == expected.tolist()


def test_only_tied_pairwise_votes_differ_from_the_plain_script(learn, halves):
    train, test = halves(DIGITS)
    script = SVC(gamma="scale").fit(DIGITS.X_train[train], DIGITS.y_train[train])
    plain = script.predict(DIGITS.X_train[test])
    votes = np.round(script.decision_function(DIGITS.X_train[test]))
    tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
    answers = learn("svm", DIGITS).answers
    assert 0 < tied.sum() < 0.02 * len(test)
    assert answers[~tied].tolist() == plain[~tied].tolist()


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("qda", QuadraticDiscriminantAnalysis()),
        ("gaussianprocess", GaussianProcessClassifier(random_state=0)),
    ],
)
def test_classifiers_for_small_data_answer_as_their_scripts(learn, halves, name, script):
    train, test = halves(IRIS)
    expected = script.fit(IRIS.X_train[train], IRIS.y_train[train]).predict(IRIS.X_train[test])
    assert learn(name, IRIS).answers.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        (DIGITS, {"random_state": 42}),
        (DIGITS, {"hidden_layer_sizes": [20, 10], "activation": "tanh"}),
        (IRIS, {"solver": "lbfgs", "hidden_layer_sizes": [5], "activation": "logistic"}),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_page_s_perceptron_is_that_of_scikit_learn(learn, halves, source, arguments):
    train, test = halves(source)
    script = MLPClassifier(**{"random_state": 0, **arguments})
    expected = script.fit(source.X_train[train], source.y_train[train]).predict(
        source.X_train[test]
    )
    assert learn("mlpc", source, arguments).answers.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("name", "arguments", "script"),
    [
        ("random_forest_multi_label", {"n_estimators": 25}, RandomForestClassifier(25, random_state=0)),
        ("random_forest_multi_label", {"random_state": 3}, RandomForestClassifier(random_state=3)),
        ("svm_multi_label", {}, SVC(gamma="scale")),
        ("svm_multi_label", {"kernel": "poly", "degree": 2, "C": 2.0}, SVC(kernel="poly", degree=2, C=2.0)),
    ],
)  # fmt: skip
def test_several_labels_are_learnt_one_against_the_rest(learn, halves, name, arguments, script):
    train, test = halves(SEVERAL)
    script = OneVsRestClassifier(script).fit(SEVERAL.X_train[train], SEVERAL.y_train[train])
    expected = script.predict(SEVERAL.X_train[test])
    assert learn(name, SEVERAL, arguments).answers.tolist() == expected.tolist()


@pytest.mark.parametrize("source", [IRIS, SEVERAL], ids=lambda source: source.name)
def test_the_references_know_everything_and_nothing(learn, halves, source):
    train, test = halves(source)
    optimal = "optimal_multi_label" if source.is_multilabel else "optimal"
    assert learn(optimal, source).answers.tolist() == source.y_train[test].tolist()
    naive = learn("naive", source).answers
    assert (naive == naive[0]).all()
    if not source.is_multilabel:
        assert naive[0] == np.bincount(source.y_train[train]).argmax()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("kneighbors", {"n_neighbors": 40}),
        ("decisiontree", {"random_state": 1}),
        ("adaboost", {"n_estimators": 3}),
        ("randomforest", {"n_estimators": 3}),
        ("randomforest", {"random_state": 1}),
        ("svm", {"kernel": "linear"}),
        ("svm", {"C": 0.01}),
        ("mlpc", {"hidden_layer_sizes": [3]}),
        ("mlpc", {"solver": "sgd"}),
        ("mlpc", {"activation": "identity"}),
        ("mlpc", {"random_state": 1}),
    ],
)
def test_every_parameter_acts(learn, name, arguments):
    # Many configurations answer iris alike; their scores tell them apart.
    source = IRIS if name == "mlpc" else DIGITS
    plain, changed = learn(name, source), learn(name, source, arguments)
    assert not np.allclose(plain.scores, changed.scores)


def test_a_degree_counts_for_the_kernel_that_has_one():
    svm, iris = classifiers.find("svm"), IRIS
    rbf = [svm.translated(resolve_arguments({"degree": d}, svm.declaration), iris) for d in (2, 3)]
    poly = [
        svm.translated(resolve_arguments({"kernel": "poly", "degree": d}, svm.declaration), iris)
        for d in (2, 3)
    ]
    assert rbf[0].parameters == rbf[1].parameters
    assert poly[0].parameters != poly[1].parameters
    assert rbf[0].values["degree"] == 2


@pytest.mark.parametrize("name", BUILT_IN)
def test_defaults_are_taken_and_no_reserved_name_is_used(name):
    declaration = BUILT_IN[name].declaration
    assert resolve_arguments(declaration.defaults(), declaration).warnings == ()
    assert not RESERVED & declaration.defaults().keys()
    assert declaration.short
    assert declaration.description


@pytest.mark.parametrize("name", [one.declaration.name for one in plain.CLASSIFIERS])
def test_values_used_are_recorded_under_the_classifier_s_names(name):
    built_in = BUILT_IN[name]
    source = SEVERAL if name.endswith("multi_label") else DIGITS
    translated = built_in.translated(resolve_arguments({}, built_in.declaration), source)
    assert set(translated.values) <= set(built_in.declaration.defaults())


def test_a_list_is_written_so_that_a_job_takes_it_as_one_value():
    mlpc = classifiers.find("mlpc")
    checked = resolve_arguments({"hidden_layer_sizes": [5, 4]}, mlpc.declaration)
    assert mlpc.translated(checked, IRIS).job_parameters()["hidden_layer_sizes"] == {
        "value": [5, 4]
    }


def test_a_value_within_the_range_may_still_be_refused():
    svm = classifiers.find("svm")
    with pytest.raises(UserError, match=r"svm\.C: expected a number above 0, got 0"):
        svm.translated(resolve_arguments({"C": 0}, svm.declaration), IRIS)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("svm_multi_label", "svm"),
        ("random_forest_multi_label", "randomforest"),
        ("optimal_multi_label", "optimal"),
    ],
)
def test_classifiers_of_several_labels_name_those_of_one(name, instead):
    built_in = classifiers.find(name)
    with pytest.raises(UserError, match=f"take '{instead}'"):
        built_in.translated(resolve_arguments({}, built_in.declaration), IRIS)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(NotFound, match="Did you mean 'kneighbors'"):
        classifiers.find("kneigbors")
