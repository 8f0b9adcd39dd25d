"""Classifiers of plugins are methods: they keep the contract, and get what the page says."""

from contextlib import suppress

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from sortal.data.labels import UNKNOWN
from sortal.data.split import Part
from sortal.errors import Damaged, NotSavable
from sortal.methods.contract.base import Failed, Trained
from sortal.methods.contract.train_one import train_alone
from sortal.plugins.loading.load import load
from sortal.testing.contracts import Subject, all_checks
from sortal.testing.data import make_members, make_prepared
from sortal.testing.training import NotApplicable

from ..conftest import method_of, scores, trained


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("k_neighbors", ({"n_neighbors": 1}, {"n_neighbors": 7})),
        ("random_forest", ({"n_estimators": 3}, {"n_estimators": 5})),
    ],
)
def test_the_page_s_classifiers_keep_the_contract(page_modules, name, parameters, check):
    method = method_of(page_modules / "classifiers" / name)
    failing = {"n_neighbors": 1000} if name == "k_neighbors" else None
    subject = Subject(method=method, parameters=parameters, failing=failing)
    with suppress(NotApplicable):  # it stores no model, and sees no weights
        check(subject)


def test_a_method_is_named_after_its_source(page_modules):
    plugin = load([page_modules]).classifier("kneighbors")
    method = method_of(plugin.folder)
    assert method.name == f"kneighbors@{plugin.digest}"
    assert method.summary == "plugin: k Nearest Neighbors Classifier"
    assert method.probabilities(method.Parameters())


def test_the_page_s_neighbours_score_as_scikit_learn_s_do(page_modules):
    data = make_prepared()
    outcome = trained(page_modules / "classifiers" / "k_neighbors", {"n_neighbors": 3})
    train = data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes
    expected = KNeighborsClassifier(3).fit(*train).predict_proba(data.inputs(Part.TEST).matrix())
    np.testing.assert_array_equal(scores(outcome), expected)


TELLING = """\
    def fit(self, X, y):
        self.clf = KNeighborsClassifier(3).fit(X, y)
        self.y = y

    def predict(self, X, y):
        return self.clf.predict(X)

    def predict_proba(self, X, y):
        TOLD.append((self.args, self.specs, self.y, y))
        return self.clf.predict_proba(X)
"""
IMPORTS = "from sklearn.neighbors import KNeighborsClassifier\nTOLD = []\n"


def test_arguments_and_specs_are_those_of_the_page(classifier, modules):
    declared = [
        {"name": "n", "type": "integer", "default_value": 5},
        {"name": "rate", "type": "float", "default_value": 0.5},
        {"name": "sizes", "type": "array", "default_value": [3, 4]},
    ]
    folder = classifier(body=TELLING, imports=IMPORTS, parameters=declared)
    given = {
        "n": 2,
        "rate": 1,
        "title": "KNN {n}",
        "job_title": "My job",
        "data_specs": {
            "original_shape": {"__tuple__": [54, 2, 3]},
            "num_words": 20,
            "more": {"a": [1]},
        },
    }
    trained(folder, given)
    arguments, specs, _, _ = load([modules]).classifier("small").module.TOLD[-1]
    assert arguments == {
        "method": "small",
        "title": "KNN {n}",
        "n": 2,
        "rate": 1.0,
        "sizes": [3, 4],
    }
    assert type(arguments["rate"]) is float
    assert specs == {
        "num_classes": 3,
        "dataset_name": "made",
        "job_title": "My job",
        "original_shape": (54, 2, 3),
        "num_words": 20,
        "more": {"a": [1]},
    }


def test_undeclared_arguments_reach_the_plugin_too(classifier, modules):
    """They stand after the declared ones."""
    declared = [{"name": "n", "type": "integer", "default_value": 5}]
    folder = classifier(body=TELLING, imports=IMPORTS, parameters=declared)
    trained(folder, {"undeclared": {"x": [1, 2], "n": 7, "method": "other"}})
    arguments, *_ = load([modules]).classifier("small").module.TOLD[-1]
    title = arguments.pop("title")
    assert title.startswith("small ")
    assert arguments == {"method": "small", "n": 5, "x": [1, 2]}


def test_title_and_job_title_are_file_names_outside_clavis_too(classifier, modules):
    trained(classifier(body=TELLING, imports=IMPORTS))
    arguments, specs, _, _ = load([modules]).classifier("small").module.TOLD[-1]
    assert arguments["title"].startswith("small ")
    assert specs == {"num_classes": 3, "dataset_name": "made", "job_title": "made"}


def test_titles_change_no_result_and_everything_else_may(classifier):
    parameters = method_of(
        classifier(parameters=[{"name": "n", "type": "integer", "default_value": 5}])
    ).Parameters
    plain = parameters().meaning()
    assert parameters(title="a", job_title="b").meaning() == plain
    assert parameters(n=5).meaning() == plain
    assert parameters(n=6).meaning() != plain
    assert parameters(data_specs={"num_words": 3}).meaning() != plain
    assert parameters(undeclared={"m": 3}).meaning() != plain
    assert parameters(undeclared={}).meaning() == plain
    assert "undeclared" not in plain


def test_the_true_labels_are_given_where_they_are_known(classifier, modules):
    data = make_prepared()
    outcome = trained(classifier(body=TELLING, imports=IMPORTS))
    told = load([modules]).classifier("small").module.TOLD
    np.testing.assert_array_equal(told[-1][3], data.labels(Part.TRAIN).codes)
    test = data.inputs(Part.TEST)
    outcome.model.scores(test)
    np.testing.assert_array_equal(told[-1][3], data.labels(Part.TEST).codes)
    strangers = type(test)(test.arrays, np.asarray(test.ids) + 10_000)
    outcome.model.scores(strangers)
    assert (told[-1][3] == UNKNOWN).all()


def test_the_optimal_classifier_of_a_plugin_is_always_right(classifier):
    body = (
        "    def fit(self, X, y):\n        pass\n\n    def predict(self, X, y):\n        return y\n"
    )
    data = make_prepared()
    decided = scores(trained(classifier(body=body))).argmax(axis=1)
    np.testing.assert_array_equal(decided, data.labels(Part.TEST).codes)


def test_a_plugin_may_change_the_arrays_it_gets(classifier):
    body = """\
    def fit(self, X, y):
        X *= 0
        y[:] = 0

    def predict(self, X, y):
        X -= 100
        y += 1
        return (X[:, 0] < -100).astype(int)
"""
    method = method_of(classifier(body=body))
    data = make_prepared()
    before = {part: data.inputs(part).matrix().copy() for part in (Part.TRAIN, Part.TEST)}
    members = make_members(method, ({},), seeds=(1, 2))
    first, second = (train_alone(method, member, data) for member in members)
    once, twice = (one.model.scores(data.inputs(Part.TEST)) for one in (first, second))
    np.testing.assert_array_equal(once, twice)
    for part, matrix in before.items():
        np.testing.assert_array_equal(data.inputs(part).matrix(), matrix)


def test_functions_of_a_plugin_reach_processes_of_joblib(classifier):
    body = """\
    def fit(self, X, y):
        self.sums = Parallel(n_jobs=2)(delayed(total)(part) for part in np.array_split(X, 2))
        assert sum(self.sums) == X.shape[0]

    def predict(self, X, y):
        return y
"""
    imports = (
        "from joblib import Parallel, delayed\nfrom .parts import count\n"
        "def total(part):\n    return count(part)\n"
    )
    folder = classifier(body=body, imports=imports)
    (folder / "parts.py").write_text("def count(part):\n    return len(part)\n")
    assert isinstance(trained(folder), Trained)


def failure(folder, **options) -> Failed:
    outcome = trained(folder, **options)
    assert isinstance(outcome, Failed), outcome
    return outcome


class TestFailures:
    """A failure names the plugin, what it raised and its own line."""

    def test_in_fit(self, classifier):
        body = "    def fit(self, X, y):\n        self.no_such\n\n    def predict(self, X, y):\n        pass\n"
        told = failure(classifier(body=body))
        assert told.reason == (
            "the plugin small raised AttributeError: 'Classifier' object has no attribute "
            "'no_such' (__init__.py, line 21)."
        )
        assert "self.no_such" in told.traceback

    def test_for_a_library_that_is_missing_with_its_cure(self, classifier):
        body = "    def fit(self, X, y):\n        import no_such_package\n\n    predict = fit\n"
        assert failure(classifier(body=body)).reason == (
            "the plugin small raised ModuleNotFoundError: No module named 'no_such_package' "
            "(__init__.py, line 21); install it beside Sortal (pip install no_such_package)."
        )

    def test_by_leaving_python(self, classifier):
        body = "    def fit(self, X, y):\n        raise SystemExit(3)\n\n    predict = fit\n"
        assert "raised SystemExit: 3" in failure(classifier(body=body)).reason

    def test_a_wrong_output_shape_fails_before_anything_is_scored(self, classifier):
        body = "    def fit(self, X, y):\n        pass\n\n    def predict(self, X, y):\n        return X\n"
        assert "predict: expected the number of a class" in failure(classifier(body=body)).reason

    def test_by_answering_otherwise_than_its_class(self, classifier):
        body = "    def fit(self, X, y):\n        pass\n\n    def predict(self, X, y):\n        return y\n"
        imports = "class Other:\n    fit = predict = predict_proba = print\n"
        folder = classifier(body=body, imports=imports)
        text = (folder / "__init__.py").read_text()
        changed = text.replace("return Classifier(args, data_specs)", "return Other()")
        (folder / "__init__.py").write_text(changed)
        told = failure(folder)
        assert told.reason == "classifier small: get_clf: expected predict, got 'predict_proba'."


def test_contradictory_outputs_are_noted_with_the_result(classifier):
    body = """\
    def fit(self, X, y):
        pass

    def predict(self, X, y):
        return np.zeros(len(X), dtype=int)

    def predict_proba(self, X, y):
        return np.repeat([[0.1, 0.2, 0.7]], len(X), axis=0)
"""
    outcome = trained(classifier(body=body))
    ((note,),) = outcome.notes.values()
    assert note.startswith("predict and predict_proba decide otherwise for 54 of 54")


def test_warnings_of_a_plugin_stay_with_the_result(classifier):
    body = (
        "    def fit(self, X, y):\n        warnings.warn('did not converge')\n\n"
        "    def predict(self, X, y):\n        return np.zeros(len(X), dtype=int)\n"
    )
    outcome = trained(classifier(body=body, imports="import warnings\n"))
    assert list(outcome.notes.values()) == [("did not converge",)]


def test_its_model_is_not_stored(classifier, tmp_path):
    folder = classifier()
    outcome = trained(folder)
    with pytest.raises(NotSavable, match="small is a classifier of a plugin"):
        outcome.model.save(tmp_path)
    with pytest.raises(Damaged):
        method_of(folder).load(tmp_path)
