"""Scores of jobs equal those of plain scripts of scikit-learn; faults of the original are not ours."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    hamming_loss,
    precision_score,
    recall_score,
)
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from sortal.data.split import Part
from sortal.jobs.results.folds import by_fold, pooled, pooled_scores

pytestmark = pytest.mark.usefixtures("inline")

REFERENCES = [{"title": "N", "method": "naive"}, {"title": "O", "method": "optimal"}]
CLASSIFIERS = [
    {"title": "knn", "method": "kneighbors", "n_neighbors": 3},
    {"title": "nb", "method": "gaussiannb"},
    {"title": "tree", "method": "decisiontree", "random_state": 1},
    {"title": "forest", "method": "randomforest", "n_estimators": 7, "random_state": 2},
    {"title": "ada", "method": "adaboost", "n_estimators": 5, "random_state": 3},
    {"title": "svm", "method": "svm", "C": 2.0, "random_state": 4},
]


def scripted():
    """The same classifiers, as a script makes them."""
    return {
        "knn": KNeighborsClassifier(3),
        "nb": GaussianNB(),
        "tree": DecisionTreeClassifier(random_state=1),
        "forest": RandomForestClassifier(7, random_state=2),
        "ada": AdaBoostClassifier(n_estimators=5, random_state=3),
        "svm": SVC(C=2.0, random_state=4),
    }


def job(dataset, classifiers, **data):
    data = {"title": "job", "dataset": dataset, **data}
    return {"data": data, "classifiers": [*REFERENCES, *classifiers]}


def figures(results, title):
    """Figures of a result with one member."""
    (result,) = results.titled(title)
    (member,) = result.members
    return member.scores[results.part]


def made(examples, classes, *, seed=0, labels=0, spread=1.0):
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, examples)
    X = random.normal(size=(examples, 5)) * spread + y[:, None] * [1, 0.5, 0, -1, 2]
    if labels:
        y = (X @ random.normal(size=(5, labels)) > 0).astype(int)
    return X, y


@pytest.mark.parametrize("scale", [False, True])
def test_a_split_gives_what_a_script_gives(bench, scale):
    X, y = load_iris(return_X_y=True)
    parts = train_test_split(X, y, test_size=0.3, stratify=y, random_state=5)
    content = job("sklearn_iris", CLASSIFIERS, test_size=0.3, scale=scale, random_state=5)
    results = bench.batch(bench.job("job", content)).results("job")
    for title, classifier in scripted().items():
        fitted = make_pipeline(StandardScaler(), classifier) if scale else classifier
        decided = fitted.fit(parts[0], parts[2]).predict(parts[1])
        ours = figures(results, title)
        (result,) = results.titled(title)
        assert result.training_figures["accuracy"].mean == fitted.score(parts[0], parts[2]), title
        assert ours.figures["accuracy"] == accuracy_score(parts[3], decided), title
        np.testing.assert_array_equal(ours.confusion, confusion_matrix(parts[3], decided))
        for name, score in (
            ("weighted_precision", precision_score),
            ("weighted_recall", recall_score),
            ("weighted_f1", f1_score),
        ):
            expected = score(parts[3], decided, average="weighted", zero_division=0)
            assert ours.figures[name] == pytest.approx(expected, abs=1e-12), (title, name)


FOLDS = np.repeat([4, 1, 9], [30, 50, 40])[np.random.default_rng(3).permutation(120)]


@pytest.fixture
def folded(bench):
    """A job over folds of unequal size whose numbers have gaps, and its examples."""
    X, y = made(120, 3, spread=2.0)
    bench.dataset("folded", (X, y), specs={"cv_folds": FOLDS})

    def run(**data):
        content = job("folded", CLASSIFIERS, scale=True, save_clfs_for_folds=True, **data)
        return bench.batch(bench.job("job", content))

    return run, X, y


def test_folds_give_a_script_s_results_and_are_scaled_alone(folded):
    run, X, y = folded
    ran = run()
    results = ran.results("job")
    assert "over 3 folds" in ran.out
    for title, classifier in scripted().items():
        decided = np.empty(len(y), dtype=int)
        accuracies = {}
        for fold in (1, 4, 9):
            train, test = fold != FOLDS, fold == FOLDS
            fitted = make_pipeline(StandardScaler(), classifier).fit(X[train], y[train])
            decided[test] = fitted.predict(X[test])
            accuracies[fold] = accuracy_score(y[test], decided[test])
        (result,) = results.titled(title)
        assert result.figures["accuracy"].mean == pytest.approx(np.mean(list(accuracies.values())))
        judged = {fold: of.figures["accuracy"] for fold, of in by_fold(results, result).items()}
        assert judged == accuracies
        whole = pooled(results, result)
        assert whole.figures["accuracy"] == pytest.approx(accuracy_score(y, decided))
        np.testing.assert_array_equal(whole.confusion, confusion_matrix(y, decided))
        scores, rows = pooled_scores(results, result)
        np.testing.assert_array_equal(rows, np.arange(120))
        np.testing.assert_array_equal(scores.argmax(axis=1), decided)


def test_each_fold_is_a_result_of_its_own_where_that_is_wanted(folded):
    run, _, _ = folded
    results = run().results("job")
    for fold in (1, 4, 9):
        judged = figures(results, f"knn fold{fold}")
        assert judged.examples == np.count_nonzero(fold == FOLDS)
        assert results.titled(f"knn fold{fold}")[0].fold_of == "knn"
    assert results.best().title in scripted()


def test_folds_cut_down_to_their_first_rows_are_folds_of_these(folded):
    run, X, y = folded
    results = run(subset_train=0.5).results("job")
    accuracies = []
    for fold in (1, 4, 9):
        train, test = fold != FOLDS[:60], fold == FOLDS[:60]
        fitted = make_pipeline(StandardScaler(), GaussianNB()).fit(X[:60][train], y[:60][train])
        accuracies.append(fitted.score(X[:60][test], y[:60][test]))
    (result,) = results.titled("nb")
    assert result.figures["accuracy"].mean == pytest.approx(np.mean(accuracies))


def test_the_digits_in_four_folds_are_those_of_the_original(bench):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    content = job("sklearn_digits_cross_validation", [CLASSIFIERS[0]])
    results = bench.batch(bench.job("job", content)).results("job")
    folds = np.arange(len(y)) % 4
    accuracies = [
        KNeighborsClassifier(3)
        .fit(X[folds != k], y[folds != k])
        .score(X[folds == k], y[folds == k])
        for k in range(4)
    ]
    (result,) = results.titled("knn")
    assert result.figures["accuracy"].mean == pytest.approx(np.mean(accuracies))


def test_several_labels_give_what_a_script_gives(bench):
    X, Y = made(150, 3, labels=4, spread=1.5)
    bench.dataset("several", (X[:100], Y[:100]), (X[100:], Y[100:]))
    svm = {"title": "svm", "method": "svm_multi_label", "C": 2.0}
    forest = {"title": "forest", "method": "random_forest_multi_label", "n_estimators": 9}
    content = job("several", [svm, forest, {"title": "O2", "method": "optimal_multi_label"}])
    ran = bench.batch(bench.job("job", content))
    assert ran.code == 0, ran.out
    results = ran.results("job")
    script = {
        "svm": OneVsRestClassifier(SVC(C=2.0)),
        "forest": OneVsRestClassifier(RandomForestClassifier(9, random_state=0)),
    }
    for title, classifier in script.items():
        decided = classifier.fit(X[:100], Y[:100]).predict(X[100:])
        ours = figures(results, title)
        assert ours.figures["subset_accuracy"] == accuracy_score(Y[100:], decided), title
        assert ours.figures["hamming_loss"] == pytest.approx(hamming_loss(Y[100:], decided))
        each = f1_score(Y[100:], decided, average=None)
        assert [of["f1"] for of in ours.per_class.values()] == pytest.approx(list(each))
    assert figures(results, "O2").figures["subset_accuracy"] == 1
    assert "svm (svm_multi_label): train accuracy" in ran.out
    (result,) = results.titled("svm")
    learnt = script["svm"].predict(X[:100])
    expected = accuracy_score(Y[:100], learnt)
    assert result.training_figures["subset_accuracy"].mean == expected


@pytest.fixture
def corpora(bench):
    """Training examples of one corpus, test examples of two others."""
    a, b, c = (made(size, 3, seed=seed) for seed, size in ((1, 90), (2, 40), (3, 60)))
    test = np.concatenate([b[0], c[0]]), np.concatenate([b[1], c[1]])
    folds = np.repeat([2, 7], [40, 60])
    specs = {"cv_folds": folds, "cv_folds_for_test_only": True}
    bench.dataset("corpora", a, test, classes=3, specs=specs)
    return a, b, c


def test_a_corpus_is_tested_on_others_as_a_script_does(bench, corpora):
    a, b, c = corpora
    ran = bench.batch(bench.job("job", job("corpora", CLASSIFIERS, scale=True)))
    results = ran.results("job")
    assert "test accuracy on each fold" in ran.out
    assert "fold 2  fold 7" in ran.out
    for title, classifier in scripted().items():
        fitted = make_pipeline(StandardScaler(), classifier).fit(*a)
        (result,) = results.titled(title)
        assert len(result.members) == 1
        judged = {fold: of.figures["accuracy"] for fold, of in by_fold(results, result).items()}
        assert judged == {2: fitted.score(*b), 7: fitted.score(*c)}, title


def test_the_built_in_corpora_are_told_fold_by_fold(bench):
    ran = bench.batch(bench.job("job", job("cross_corpus_simulated_a_on_b_and_c", CLASSIFIERS[:2])))
    assert ran.code == 0, ran.out
    assert "test accuracy on each fold" in ran.out


def test_of_two_classes_every_method_orders_its_columns(bench):
    """Fault 1: decision values of two classes came as [x, 1 - x]."""
    X, y = load_breast_cancer(return_X_y=True)
    parts = train_test_split(X, y, test_size=0.2, stratify=y, random_state=42)
    results = bench.batch(bench.job("job", job("sklearn_breast_cancer", CLASSIFIERS))).results(
        "job"
    )
    for title, classifier in scripted().items():
        table = results.scores(title)
        names = [name for name in table.columns if name.startswith("score_")]
        higher = table.select(names).to_numpy().argmax(axis=1)
        decided = classifier.fit(parts[0], parts[2]).predict(parts[1])
        np.testing.assert_array_equal(higher, decided)
        assert np.mean(higher == parts[3]) > 0.85, title


def test_a_class_that_is_nowhere_keeps_its_place_in_the_matrix(bench):
    """Fault 2: a class absent from labels and predictions shrank the matrix."""
    X, y = made(60, 2)
    bench.dataset("gap", (X, y * 2), classes=4, specs={"cv_folds": np.arange(60) % 3})
    results = bench.batch(bench.job("job", job("gap", CLASSIFIERS[:2]))).results("job")
    (result,) = results.titled("knn")
    assert result.confusion.shape == (4, 4)
    assert result.confusion[[1, 3]].sum() == 0
    assert result.confusion[:, [1, 3]].sum() == 0
    assert result.confusion.sum() == 60


def test_folds_without_probabilities_are_joined_like_any_others(bench, folded):
    """Fault 3: folds without probabilities crashed, and predictions came in the order of folds."""
    run, _, _ = folded
    results = run().results("job")
    (result,) = results.titled("svm")
    _, rows = pooled_scores(results, result)
    np.testing.assert_array_equal(rows, np.arange(120))
    assert {split.rows(Part.TEST).size for split in results.splits} == {30, 40, 50}


def test_a_test_on_training_examples_is_named_and_may_be_a_draw(bench):
    """Fault 4: such a test was told as if nothing trained, and subsets were the first rows alone."""
    X, y = load_iris(return_X_y=True)
    title = CLASSIFIERS[0]["title"]
    whole = bench.batch(bench.job("job", job("sklearn_iris", CLASSIFIERS[:1], test_size=1)))
    assert "tested on the very examples that they were trained on" in whole.out
    same = KNeighborsClassifier(3).fit(X, y).score(X, y)
    assert figures(whole.results("job"), title).figures["accuracy"] == same

    order = np.argsort(y, kind="stable")
    bench.dataset("sorted", (X[order], y[order]), (X, y))
    first = bench.batch(bench.job("job", job("sorted", CLASSIFIERS[:1], subset_train=0.5)))
    assert "class 2" in first.out
    assert figures(first.results("job"), title).confusion[2][2] == 0
    drawn = job("sorted", CLASSIFIERS[:1], subset_train=0.5, subset="random")
    results = bench.batch(bench.job("job", drawn)).results("job")
    assert figures(results, title).confusion[2][2] > 40


def test_networks_validate_on_examples_of_every_class(bench):
    """Fault 5: the last fifth as it lay validated, and with augmentation nothing did."""
    X, y = made(200, 5, spread=0.2)
    order = np.argsort(y, kind="stable")
    bench.dataset("sorted", (X[order], y[order]), (X, y))
    images = np.repeat(X[order][:, :1], 16 * 16, axis=1)
    shape = {"original_shape": np.array([200, 16, 16])}
    bench.dataset("images", (images, y[order]), (images, y[order]), specs=shape)
    quick = {"epochs": 30, "batch_size": 8, "learning_rate_init": 0.01, "dropout": 0.0}
    dense = {"title": "net", "method": "mlpc_keras", "hidden_layer_sizes_short": "1x16", **quick}
    cnn = {"title": "cnn", "method": "cifar10_cnn", "epochs": 1, "steps_per_epoch": 2}
    for dataset, entry in (("sorted", dense), ("images", {**cnn, "data_augmentation": True})):
        ran = bench.batch(bench.job("job", job(dataset, [entry])))
        assert ran.code == 0, ran.out
        (result,) = ran.results("job").titled(entry["title"])
        validated = result.history.filter(metric="validation_accuracy")["value"]
        assert len(validated), ran.out
        if entry is dense:
            assert validated[-1] > 0.9
            assert np.diag(result.confusion).min() > 0


def test_figures_of_test_and_training_are_never_mistaken(bench):
    """Fault 6: a bar of test accuracy was drawn from the training value, others from shifted rows."""
    X, y = made(160, 3, spread=3.0)
    train, test = (X[:80], y[:80]), (X[80:], y[80:])
    bench.dataset("noisy", train, test)
    nearest = {"title": "1nn", "method": "kneighbors", "n_neighbors": 1}
    ran = bench.batch(bench.job("job", job("noisy", [nearest, *CLASSIFIERS])))
    results = ran.results("job")
    ranked = {row["title"]: row for row in results.ranking().to_dicts()}
    rivals = {"1nn": KNeighborsClassifier(1), **scripted()}
    rivals.pop(
        "svm"
    )  # which breaks equal votes by the values behind them, and scikit-learn by order
    for title, classifier in rivals.items():
        classifier.fit(*train)
        learnt, told = (classifier.score(*part) for part in (train, test))
        assert f"train accuracy {learnt:.4f}, test accuracy {told:.4f}" in ran.out, title
        (result,) = results.titled(title)
        table = {row["figure"]: row for row in result.table().to_dicts()}
        assert table["accuracy"]["value"] == pytest.approx(told)
        assert table["accuracy"]["training"] == pytest.approx(learnt)
        tested = balanced_accuracy_score(test[1], classifier.predict(test[0]))
        assert ranked[title]["balanced_accuracy"] == pytest.approx(tested)
    assert ranked["1nn"]["training"] == 1.0
    assert ranked["1nn"]["balanced_accuracy"] < 0.9


def test_what_ran_is_what_is_shown(bench):
    """Fault 7: rejected parameters were shown as if used."""
    entry = {"title": "rf", "method": "randomforest", "n_estimators": 0, "random_state": 1}
    ran = bench.batch(bench.job("job", job("sklearn_iris", [entry])))
    (result,) = ran.results("job").titled("rf")
    assert result.parameters["n_estimators"] == 100
    assert result.asked["parameters"]["n_estimators"] == 100
    assert result.asked["arguments"]["n_estimators"] == 0
    assert any("got 0; the default 100 is used" in note for note in result.notes)


def test_several_labels_have_metrics_of_each_and_no_matrix(bench):
    """Fault 8: several labels had no figures of their own, and crashed the views."""
    X, Y = made(90, 3, labels=3)
    bench.dataset("several", (X, Y))
    ran = bench.batch(bench.job("job", job("several", [CLASSIFIERS[0]])))
    judged = figures(ran.results("job"), "knn")
    assert list(judged.per_class) == ["class 0", "class 1", "class 2"]
    assert judged.confusion == []
    assert ran.results("job").ranking().height == 3


def test_single_splits_have_intervals_and_tests(bench):
    """Fault 9: point estimates were ranked to four digits without any variance."""
    results = bench.batch(bench.job("job", job("sklearn_iris", CLASSIFIERS))).results("job")
    low, high = figures(results, "nb").intervals["accuracy"]
    assert low < figures(results, "nb").figures["accuracy"] <= high
    assert len(results.tied()) > 1


def test_a_failed_job_is_followed_by_the_next_and_sets_the_code(bench):
    """Fault 12: one data set's failure skipped all other jobs, and the exit code was 0."""
    lost = bench.job("lost", job("no_such_data", CLASSIFIERS, title="lost"))
    ran = bench.batch(lost, bench.job("job", job("sklearn_iris", CLASSIFIERS[:1])))
    assert ran.code == 1
    assert ran.results("job").titled("knn")
    record = ran.record("job")
    assert json.loads(record.text)["data"]["dataset"] == "sklearn_iris"
    assert record.runs[0].trained == 3
