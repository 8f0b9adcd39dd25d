"""Classifiers of plugins are methods: they keep the contract, and get what the page says."""

import random
from contextlib import suppress

import numpy as np
import pytest
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier

from sortal.data.labels import UNKNOWN, Outputs
from sortal.data.split import Part
from sortal.errors import Damaged, NotSavable
from sortal.job.tuned import TunedParameter
from sortal.methods.base import Failed, Trained
from sortal.methods.solo import train_alone
from sortal.systems.clavis.plugins.load import load, methods
from sortal.testing.contracts import Subject, all_checks
from sortal.testing.data import make_members, make_prepared
from sortal.testing.training import NotApplicable
from sortal.tuning.drawn import dimension


def method_of(folder):
    (method,) = methods(folder)
    return method


def trained(folder, parameters=None, *, outputs=Outputs.EXCLUSIVE, seed=3, **options):
    """One member on small data."""
    method = method_of(folder)
    (member,) = make_members(method, ({} if parameters is None else parameters,), seeds=(seed,))
    return train_alone(method, member, make_prepared(outputs, **options))


def scores(outcome, data=None) -> np.ndarray:
    assert isinstance(outcome, Trained), outcome
    return outcome.model.scores((data or make_prepared()).inputs(Part.TEST))[0]


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


def test_without_a_job_of_clavis_title_and_job_title_are_names_of_files_still(classifier, modules):
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


class TestRandomness:
    """Global generators are the member's own while it trains, and go on afterwards."""

    BODY = """\
    def fit(self, X, y):
        self.weights = np.random.rand(3) + random.random()

    def predict(self, X, y):
        return np.full(len(X), self.weights.argmax())

    def predict_proba(self, X, y):
        return np.repeat(self.weights[None] / self.weights.sum(), len(X), axis=0)
"""

    def test_the_same_seed_draws_the_same(self, classifier):
        folder = classifier(body=self.BODY, imports="import random\n")
        same = [scores(trained(folder, seed=3)) for _ in range(2)]
        np.testing.assert_array_equal(*same)
        assert (scores(trained(folder, seed=4)) != same[0]).any()

    def test_everybody_else_draws_as_if_nothing_had_been(self, classifier):
        folder = classifier(body=self.BODY, imports="import random\n")
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        expected = random.random(), np.random.rand()  # noqa: NPY002
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        trained(folder)
        assert (random.random(), np.random.rand()) == expected  # noqa: NPY002

    def test_the_page_s_forest_is_reproducible(self, page_modules):
        folder = page_modules / "classifiers" / "random_forest"
        np.testing.assert_array_equal(*(scores(trained(folder)) for _ in range(2)))


def test_a_class_that_training_lacks_gets_nothing(page_modules):
    outcome = trained(page_modules / "classifiers" / "k_neighbors", absent=1)
    found = scores(outcome, make_prepared(absent=1))
    assert found.shape[1] == 3
    assert (found[:, 1] == 0).all()


class TestSeveralLabels:
    """An indicator goes in as the page says, and scores of each label come out."""

    def body(self, made: str) -> str:
        return (
            f"    def fit(self, X, y):\n        self.clf = {made}.fit(X, y)\n\n"
            "    def predict(self, X, y):\n        return self.clf.predict(X)\n\n"
        )

    PROBABILITIES = "    def predict_proba(self, X, y):\n        return self.clf.predict_proba(X)\n"

    @pytest.fixture
    def data(self):
        return make_prepared(Outputs.INDEPENDENT)

    def expected(self, data, made):
        train = data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes
        return made.fit(*train), data.inputs(Part.TEST).matrix()

    def test_one_against_the_rest(self, classifier, data):
        folder = classifier(
            body=self.body("OneVsRestClassifier(KNeighborsClassifier(3))") + self.PROBABILITIES,
            imports="from sklearn.multiclass import OneVsRestClassifier\n"
            "from sklearn.neighbors import KNeighborsClassifier\n",
        )
        found = scores(trained(folder, outputs=Outputs.INDEPENDENT), data)
        made, X = self.expected(data, OneVsRestClassifier(KNeighborsClassifier(3)))
        np.testing.assert_allclose(found, made.predict_proba(X))

    def test_a_list_of_probabilities(self, classifier, data):
        folder = classifier(
            body=self.body("KNeighborsClassifier(3)") + self.PROBABILITIES,
            imports="from sklearn.neighbors import KNeighborsClassifier\n",
        )
        found = scores(trained(folder, outputs=Outputs.INDEPENDENT), data)
        made, X = self.expected(data, KNeighborsClassifier(3))
        columns = [part[:, 1] for part in made.predict_proba(X)]
        np.testing.assert_allclose(found, np.stack(columns, axis=1))

    def test_labels_alone(self, classifier, data):
        folder = classifier(
            body=self.body("KNeighborsClassifier(3)"),
            imports="from sklearn.neighbors import KNeighborsClassifier\n",
        )
        found = scores(trained(folder, outputs=Outputs.INDEPENDENT), data)
        made, X = self.expected(data, KNeighborsClassifier(3))
        np.testing.assert_array_equal(found > 0, made.predict(X) == 1)

    def test_a_classifier_of_one_label_says_that_it_cannot(self, classifier):
        folder = classifier(
            body=self.body("GaussianNB()"), imports="from sklearn.naive_bayes import GaussianNB\n"
        )
        outcome = trained(folder, outputs=Outputs.INDEPENDENT)
        assert isinstance(outcome, Failed)
        assert outcome.reason.startswith("the plugin small raised ValueError")

    def test_a_single_target_is_a_question_of_two_classes(self, page_modules):
        method = method_of(page_modules / "classifiers" / "k_neighbors")
        data = make_prepared(Outputs.INDEPENDENT, target="green")
        (member,) = make_members(method, ({"n_neighbors": 3},), seeds=(1,), targets=("green",))
        outcome = train_alone(method, member, data)
        train = data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes[:, 0]
        X = data.inputs(Part.TEST).matrix()
        expected = KNeighborsClassifier(3).fit(*train).predict_proba(X)[:, 1:]
        np.testing.assert_allclose(scores(outcome, data), expected)


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


class TestDecisions:
    def test_two_classes_keep_their_order(self, classifier):
        body = """\
    def fit(self, X, y):
        self.clf = SVC().fit(X, y)

    def predict(self, X, y):
        return self.clf.predict(X)

    def decision_function(self, X, y):
        return self.clf.decision_function(X)
"""
        folder = classifier(body=body, imports="from sklearn.svm import SVC\n")
        method = method_of(folder)
        assert not method.probabilities(method.Parameters())
        data = make_prepared(absent=2)
        outcome = trained(folder, absent=2)
        assert outcome.notes == {}  # predict and decision_function agree
        found = scores(outcome, data)
        assert (found[:, 2] < found[:, :2].min(axis=1)).all()


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

    def test_by_leaving_python(self, classifier):
        body = "    def fit(self, X, y):\n        raise SystemExit(3)\n\n    predict = fit\n"
        assert "raised SystemExit: 3" in failure(classifier(body=body)).reason

    def test_in_an_answer_of_the_wrong_shape_before_anything_is_scored(self, classifier):
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


def test_answers_that_contradict_each_other_stay_with_the_result(classifier):
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
        "    def predict(self, X, y):\n        return y\n"
    )
    outcome = trained(classifier(body=body, imports="import warnings\n"))
    assert list(outcome.notes.values()) == [("did not converge",)]


class TestHistory:
    BODY = (
        "    def fit(self, X, y):\n        pass\n\n"
        "    def predict(self, X, y):\n        return y\n\n"
        "    def get_history(self):\n        return {told}\n"
    )

    def history(self, classifier, told):
        outcome = trained(classifier(body=self.BODY.format(told=told)))
        return outcome.history, outcome.notes

    def test_it_becomes_a_row_an_epoch_in_our_words(self, classifier):
        told = (
            "{'loss': [2, np.float32(1)], 'val_loss': [3.0, float('nan')], 'acc': [0.5, 0.75],"
            " 'val_acc': [0.25], 'lr': [0.1, 0.01], 'epoch': [7, 8]}"
        )
        history, notes = self.history(classifier, told)
        (rows,) = history.values()
        assert rows == [
            {
                "epoch": 1.0,
                "loss": 2.0,
                "validation_loss": 3.0,
                "accuracy": 0.5,
                "validation_accuracy": 0.25,
                "lr": 0.1,
            },
            {"epoch": 2.0, "loss": 1.0, "accuracy": 0.75, "lr": 0.01},
        ]
        assert notes == {}

    @pytest.mark.parametrize("told", ["None", "{}"])
    def test_none_is_none(self, classifier, told):
        assert self.history(classifier, told) == ({}, {})

    @pytest.mark.parametrize(
        ("told", "note"),
        [
            ("[1, 2]", "classifier small: get_history: expected a dictionary of lists, got list."),
            (
                "{'loss': ['a']}",
                "classifier small: get_history: expected numbers as 'loss', got ['a'].",
            ),
            ("self.nothing", "get_history raised AttributeError"),
        ],
    )
    def test_one_that_is_none_costs_no_classifier(self, classifier, told, note):
        history, notes = self.history(classifier, told)
        assert history == {}
        ((said,),) = notes.values()
        assert said.startswith(note)


def test_its_model_is_not_stored(classifier, tmp_path):
    folder = classifier()
    outcome = trained(folder)
    with pytest.raises(NotSavable, match="small is a classifier of a plugin"):
        outcome.model.save(tmp_path)
    with pytest.raises(Damaged):
        method_of(folder).load(tmp_path)


class TestParameters:
    DECLARED = [
        {"name": "n", "type": "integer", "range": [1, 10], "default_value": 5},
        {"name": "rate", "type": "float", "range": [0, 1], "default_value": 0.5},
        {"name": "kernel", "type": "string", "range": ["rbf", "poly"], "default_value": "rbf"},
        {"name": "early", "type": "boolean", "default_value": False},
        {"name": "sizes", "type": "array", "default_value": [100, 100]},
        {"name": "any", "type": "other", "default_value": None},
        {"name": "odd", "type": "integer", "default_value": None},
        {"name": "copy", "type": "boolean", "default_value": True},
        {"name": "model_file", "type": "string", "default_value": "model.h5"},
    ]

    @pytest.fixture
    def parameters(self, classifier):
        return method_of(classifier(parameters=self.DECLARED)).Parameters

    def test_defaults_survive_the_way_to_a_worker(self, parameters):
        told = parameters().model_dump(mode="json")
        assert parameters.model_validate(told) == parameters()
        assert parameters().declared() == {
            one["name"]: one["default_value"] for one in self.DECLARED
        }

    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("n", 11, "an integer from 1 to 10"),
            ("n", True, "an integer"),
            ("n", 1.5, "an integer"),
            ("n", "3", "an integer"),
            ("rate", "0.5", "a number from 0 to 1"),
            ("rate", False, "a number"),
            ("kernel", "cubic", "one of 'rbf', 'poly'"),
            ("early", 1, "true or false"),
            ("odd", "x", "an integer"),
            ("n", 5.0, "an integer from 1 to 10"),
            ("early", 0, "true or false"),
            ("copy", 1, "true or false"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, parameters, name, value, told):
        with pytest.raises(ValueError, match=told):
            parameters.model_validate({name: value})

    def test_a_default_that_is_not_of_its_type_stays_as_it_is_without_a_word(self, classifier):
        declared = [{"name": "rate", "type": "float", "default_value": "auto"}]
        made = method_of(classifier(parameters=declared)).Parameters
        assert made().declared() == {"rate": "auto"}
        again = made.model_validate(made().model_dump(mode="json"))
        assert again == made()
        assert made.model_validate({"rate": "auto"}).declared() == {"rate": "auto"}

    def test_a_default_of_one_and_true_are_two_values(self, classifier):
        declared = [{"name": "n", "type": "integer", "default_value": 1}]
        made = method_of(classifier(parameters=declared)).Parameters
        with pytest.raises(ValueError, match="an integer"):
            made.model_validate({"n": True})

    def test_a_search_draws_its_space_from_them(self, parameters):
        fields = parameters.model_fields
        drawn = dimension(fields["rate"], TunedParameter(tune=True))
        assert (drawn.low, drawn.high, drawn.initial) == (0, 1, 0.5)
        drawn = dimension(fields["n"], TunedParameter(tune=True))
        assert (drawn.low, drawn.high, drawn.whole) == (1, 10, True)
        assert dimension(fields["kernel"], TunedParameter(tune=True)).values == ("rbf", "poly")

    def test_an_unknown_name_is_refused(self, parameters):
        with pytest.raises(ValueError, match="m"):
            parameters.model_validate({"m": 1})
