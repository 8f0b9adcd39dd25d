"""Scores have a column for each class, or for each of several labels, in the order of the data."""

import numpy as np
import pytest
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.methods.contract.base import Failed
from sortal.methods.contract.train_one import train_alone
from sortal.testing.data import make_members, make_prepared

from .conftest import method_of, scores, trained


def test_a_class_that_training_lacks_gets_nothing(page_modules):
    outcome = trained(page_modules / "classifiers" / "k_neighbors", absent=1)
    found = scores(outcome, make_prepared(absent=1))
    assert found.shape[1] == 3
    assert (found[:, 1] == 0).all()


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
