"""The adapter of plain estimators, through the families that use it."""

import io
import json
import zipfile
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.errors import Damaged, DataError, NotSavable, UserError
from sortal.methods import registry
from sortal.methods.contract import base
from sortal.methods.contract.base import Failed, Member, Population, Trained, Verdict
from sortal.methods.model_files import files as stored
from sortal.methods.one_at_a_time import gaussian_process
from sortal.methods.one_at_a_time.fitted import Estimators
from sortal.methods.one_at_a_time.one_by_one import OneByOne
from sortal.testing.data import make_members, make_prepared
from sortal.testing.training import train_completely


def _model(name: str, parameters: list[dict[str, Any]], data: Any = None, **options: Any):
    method = registry.find(name)
    members = make_members(method, parameters, **options)
    became = train_completely(method, members, data or make_prepared())
    return became.trained[members[0].key]


@pytest.mark.parametrize(
    ("name", "parameters", "peer"),
    [
        ("gaussiannb", {"var_smoothing": 0.01}, GaussianNB(var_smoothing=0.01)),
        ("qda", {"reg_param": 0.2}, QuadraticDiscriminantAnalysis(reg_param=0.2)),
        ("lda", {}, LinearDiscriminantAnalysis()),
        (
            "lda",
            {"solver": "eigen", "shrinkage": 0.3},
            LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.3),
        ),
        ("logistic", {"C": 0.3}, LogisticRegression(C=0.3, random_state=5)),
        ("logistic", {"penalty": "none"}, LogisticRegression(C=np.inf, random_state=5)),
        (
            "logistic",
            {"penalty": "elasticnet", "l1_ratio": 0.7, "solver": "saga", "max_iter": 1000},
            LogisticRegression(l1_ratio=0.7, solver="saga", max_iter=1000, random_state=5),
        ),
        ("gaussianprocess", {}, GaussianProcessClassifier(random_state=5)),
        (
            "decisiontree",
            {"max_depth": 3, "max_features": 2},
            DecisionTreeClassifier(max_depth=3, max_features=2, random_state=5),
        ),
    ],
    ids=str,
)
def test_families_equal_scikit_learn(name, parameters, peer):
    data = make_prepared()
    train, test = data.inputs(Part.TRAIN), data.inputs(Part.TEST)
    peer.fit(train.matrix(), data.labels(Part.TRAIN).codes)
    scores = _model(name, [parameters], data, seeds=(5,)).scores(test)
    np.testing.assert_array_equal(scores[0], peer.predict_proba(test.matrix()))


def test_support_vectors_decide_as_scikit_learn_breaking_ties():
    data = make_prepared()
    peer = SVC(kernel="poly", degree=2, break_ties=True)
    peer.fit(data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes)
    scores = _model("svm", [{"kernel": "poly", "degree": 2}], data).scores(data.inputs(Part.TEST))
    matrix = data.inputs(Part.TEST).matrix()
    np.testing.assert_array_equal(scores[0], peer.decision_function(matrix))
    np.testing.assert_array_equal(scores[0].argmax(axis=1), peer.predict(matrix))


@pytest.mark.parametrize("name", ["gaussiannb", "logistic", "svm", "decisiontree"])
def test_weights_mean_what_they_mean_to_scikit_learn(name):
    weights = np.random.default_rng(0).uniform(0.2, 5.0, 80)
    data = make_prepared(weights=weights)
    method = registry.find(name)
    (member,) = make_members(method, [{}], weights="given")
    model = train_completely(method, [member], data).trained[member.key]
    peer = method.build(member.parameters, member.seed)
    rows = data.split.train
    peer.fit(
        data.inputs(Part.TRAIN).matrix(), data.labels(Part.TRAIN).codes, sample_weight=weights[rows]
    )
    respond = peer.decision_function if name == "svm" else peer.predict_proba
    matrix = data.inputs(Part.TEST).matrix()
    np.testing.assert_array_equal(model.scores(data.inputs(Part.TEST))[0], respond(matrix))


def test_integer_weights_are_repeated_rows(prepare, train):
    rng = np.random.default_rng(4)
    codes = np.arange(60) % 3
    matrix = rng.normal(size=(60, 4)) + np.eye(3, 4)[codes]
    counts = rng.integers(1, 4, 60)
    method = registry.find("logistic")
    (weighted,) = train(
        method,
        prepare(matrix, codes, weights=counts.astype(float)),
        {"a": {"tol": 1e-9, "max_iter": 1000}},
        where={"a": {"weights": "given"}},
    )
    repeated = prepare(np.repeat(matrix, counts, axis=0), np.repeat(codes, counts))
    (plain,) = train(method, repeated, {"a": {"tol": 1e-9, "max_iter": 1000}})
    inputs = Inputs({"features": matrix}, np.arange(60))
    np.testing.assert_allclose(weighted.model.scores(inputs), plain.model.scores(inputs), atol=1e-5)


def test_two_classes_get_a_decision_value_each():
    data = make_prepared(absent=1)
    scores = _model("svm", [{}], data).scores(data.inputs(Part.TEST))[0]
    np.testing.assert_array_equal(scores[:, 0], -scores[:, 2])
    np.testing.assert_array_equal(scores[:, 1], scores[:, [0, 2]].min(axis=1) - 1)


def test_a_target_that_is_always_true_scores_so(prepare, train):
    matrix = np.random.default_rng(0).normal(size=(30, 2))
    codes = np.stack([np.ones(30), np.zeros(30), np.arange(30) % 2], axis=1).astype(np.int64)
    inputs = Inputs({"features": matrix}, np.arange(30))
    (sure,) = train(registry.find("gaussiannb"), prepare(matrix, codes), {"a": {}})
    assert (sure.model.scores(inputs)[0][:, :2] == [1.0, 0.0]).all()
    (signed,) = train(registry.find("svm"), prepare(matrix, codes), {"a": {}})
    assert (signed.model.scores(inputs)[0][:, :2] == [1.0, -1.0]).all()


def test_data_of_a_single_class_is_that_class(prepare, train):
    data = prepare(np.random.default_rng(0).normal(size=(9, 2)), np.ones(9, dtype=int))
    (trained,) = train(registry.find("logistic"), data, {"a": {}})
    inputs = data.inputs(Part.TRAIN)
    assert (trained.model.scores(inputs)[0] == [0.0, 1.0]).all()


def test_ending_at_the_last_step_is_a_note_and_prints_nothing(train, recwarn):
    method = registry.find("logistic")
    outcomes = train(method, make_prepared(), {"hasty": {"max_iter": 1}, "patient": {}})
    (trained,) = outcomes
    assert "hasty" in trained.notes
    assert "patient" not in trained.notes
    assert any("converge" in note for note in trained.notes["hasty"])
    assert not list(recwarn)


class Moody(OneByOne):
    """Fails, or is only a predictor, as its parameters say."""

    class Mood(base.Parameters):
        good: bool = True

    name: ClassVar[str] = "moody"
    library: ClassVar[str] = ""
    summary: ClassVar[str] = "for tests"
    Parameters: ClassVar[type[base.Parameters]] = Mood
    estimator: ClassVar[str] = "sklearn.naive_bayes.GaussianNB"
    together: ClassVar[int] = 2

    def options(self, parameters: Any, seed: int) -> dict[str, Any]:
        if not parameters.good:
            raise RuntimeError("bad mood\nwith a second line")
        return {}


def test_a_member_that_raises_fails_alone_with_its_traceback(train):
    outcomes = train(Moody(), make_prepared(), {"a": {}, "b": {"good": False}, "c": {}, "d": {}})
    failures = [one for one in outcomes if isinstance(one, Failed)]
    assert [(one.key, one.reason) for one in failures] == [("b", "bad mood")]
    assert "RuntimeError" in failures[0].traceback
    models = [one.model.members for one in outcomes if isinstance(one, Trained)]
    assert models == [("a", "c"), ("d",)]


def test_members_stopped_before_their_turn_fail_with_a_reason(train, driver):
    control = driver(lambda _: Verdict(stop=frozenset({"b"})))
    outcomes = train(Moody(), make_prepared(), {"a": {}, "b": {}, "c": {}}, control=control)
    assert [one.key for one in outcomes if isinstance(one, Failed)] == ["b"]
    assert [p.done for p in control.progress] == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_unequal_features_are_refused():
    model = _model("gaussiannb", [{}])
    with pytest.raises(DataError, match="expected 6 features, got 2"):
        model.scores(Inputs({"features": np.zeros((3, 2))}, np.arange(3)))


def test_gaussian_processes_refuse_large_data(monkeypatch, train):
    monkeypatch.setattr(gaussian_process, "LARGEST", 20)
    (outcome,) = train(registry.find("gaussianprocess"), make_prepared(), {"a": {}})
    assert isinstance(outcome, Failed)
    assert "up to 20 training examples, and there are 54" in outcome.reason


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        ("lda", {"shrinkage": 0.5}, "lsqr or eigen"),
        ("logistic", {"penalty": "l1"}, "lbfgs takes the penalties l2 and none"),
    ],
)
def test_mutually_exclusive_options_are_refused_before_training(name, parameters, text):
    with pytest.raises(ValueError, match=text):
        registry.find(name).Parameters(**parameters)


def _rewritten(folder, change) -> None:
    """Change the archive and forge the digest, as somebody with bad intent would."""
    path = folder / "estimators.skops"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    about = json.loads((folder / "model.json").read_text())
    del about["digests"]
    stored.write_description(folder, about, files=("estimators.skops",))


def test_a_forged_file_of_another_class_is_refused_unbuilt(tmp_path):
    """The class that the file names is refused before an object of it is built."""
    _model("gaussiannb", [{}]).save(tmp_path)

    def change(files):
        schema = json.loads(files["schema.json"])
        inner = schema["content"][0]["content"][0]
        inner["__class__"], inner["__module__"] = "Popen", "subprocess"
        inner["__loader__"] = "ObjectNode"
        files["schema.json"] = json.dumps(schema).encode()

    _rewritten(tmp_path, change)
    with pytest.raises(Damaged, match=r"subprocess\.Popen"):
        registry.find("gaussiannb").load(tmp_path)


def test_another_estimator_in_place_of_the_right_one_is_refused(tmp_path):
    other = _model("lda", [{}])
    other.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "kind": "gaussiannb"}))
    with pytest.raises(Damaged, match=r"expected sklearn\.naive_bayes\.GaussianNB, got"):
        registry.find("gaussiannb").load(tmp_path)


def test_trees_that_point_outside_themselves_are_refused(tmp_path):
    _model("decisiontree", [{}]).save(tmp_path)

    def change(files):
        for name, content in files.items():
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content))
                if array.dtype.names and "left_child" in array.dtype.names:
                    array["left_child"][0] = 10**6
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    files[name] = buffer.getvalue()

    _rewritten(tmp_path, change)
    with pytest.raises(Damaged, match="outside its tree"):
        registry.find("decisiontree").load(tmp_path)


def test_support_vectors_that_do_not_fit_are_refused(tmp_path):
    model = _model("svm", [{}])
    machine = model.fitted[0][0]
    machine._n_support = machine._n_support + 5
    model.save(tmp_path)
    with pytest.raises(Damaged, match="support vectors"):
        registry.find("svm").load(tmp_path)


def test_models_of_another_release_of_the_library_are_refused(tmp_path):
    _model("gaussiannb", [{}]).save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "library": "scikit-learn 0.9"}))
    with pytest.raises(UserError, match=r"scikit-learn 1\.\d+, got one of scikit-learn 0\.9"):
        registry.find("gaussiannb").load(tmp_path)


def test_types_that_would_have_to_be_trusted_are_not_saved(tmp_path):
    model = _model("sklearn.neighbors.KNeighborsClassifier", [{}])
    with pytest.raises(NotSavable, match=r"KDTree"):
        model.save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["gaussiannb", "decisiontree", "svm", "logistic"])
def test_many_small_classifiers_are_saved_in_one_archive(name, tmp_path):
    """An archive for each takes ten times as long."""
    model = _model(name, [{}], seeds=range(100))
    assert isinstance(model, Estimators)
    assert len(model.members) == 100
    model.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"estimators.skops", "model.json"}


def test_independent_targets_equal_one_classifier_each():
    data = make_prepared(Outputs.INDEPENDENT)
    scores = _model("gaussiannb", [{}], data).scores(data.inputs(Part.TEST))[0]
    for column, codes in enumerate(data.labels(Part.TRAIN).codes.T):
        peer = GaussianNB().fit(data.inputs(Part.TRAIN).matrix(), codes)
        expected = peer.predict_proba(data.inputs(Part.TEST).matrix())[:, 1]
        np.testing.assert_array_equal(scores[:, column], expected)


def test_unusable_data_fails_every_member_and_raises_nothing(prepare):
    data = prepare(np.full((12, 2), np.nan), np.arange(12) % 2)
    method = registry.find("lda")
    members = tuple(
        Member(key=key, method="lda", parameters=method.Parameters(), seed=0) for key in "ab"
    )
    driver = type("Driver", (), {"report": lambda self, progress: Verdict()})()
    outcomes = list(method.train(Population(members=members), data, driver))
    assert [type(one) for one in outcomes] == [Failed, Failed]
    assert "NaN" in outcomes[0].reason
