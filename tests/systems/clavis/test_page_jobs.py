"""Every job that the page shows runs as it stands, comments and all."""

import re
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("inline")

PAGE = Path(__file__).parents[4] / "shared/seeds/002_4023741b230f679c.txt"

FIRST = """\
{
"data": {
// You will want other values here:
"title": "Your batch job title",
"dataset": "name_of_your_dataset",
"subset_train": 1,
"subset_test": 1,
// Of use where the data set has no test examples
"test_size": 0.2,
// Scaling helps some classifiers
"scale": false,
"random_state": 42
},
"projections": [
// One is enough to begin with
// and changes nothing for classifiers
{
"title": "PCA",
"method": "pca",
"random_state": 42
}
],
"classifiers": [
// The ends of the scale
{
// Any letters
"title": "🟊 Optimal",
"method": "optimal"
},
{
"title": "Ⓝ Naive",
"method": "naive"
},
// One of our own
{
"title": "KNN 1",
"method": "kneighbors",
"n_neighbors": 1
},
// Several values in one entry
{
"title": "KNN {n_neighbors}",
"method": "kneighbors",
"n_neighbors": {
"is_meta": true,
"values": [
1,
2,
3
]
}
},
// Every combination
{
"title": "MLPC {activation} d{dropout} es{early_stopping}",
"method": "mlpc_keras",
"activation": {
"is_meta": true,
"values": [
"relu",
"tanh"
]
},
"dropout": {
"is_meta": true,
"values": [
0.3,
0.5,
0.7,
0.9
]
},
"optimizer": "adam",
"learning_rate_init": 0.001,
"epochs": 200,
"batch_size": 64,
"early_stopping": {
"is_meta": true,
"values": [
true,
false
]
}
}
]
}
"""

WITHOUT_COMMA = """\
{
"data": {
// Shown by the explorer; tells experiments on one data set apart
// and names files
"title": "MNIST Experiment 1"
// The plugin's name
"dataset": "keras_mnist",
// Shares of both parts
"subset_train": 1,
"subset_test": 1,
// Only where there are no test examples
"test_size": 0.2,
// Zero mean and unit variance
"scale": false,
// Of the division
"random_state": 42,
// Whether folds are ignored
"disable_cross_validation": false,
// Whether folds are shown each
"save_clfs_for_folds": false
},
"projections": [
// none yet
],
"classifiers": [
// none yet
]
}
"""

META = """\
{
"data": {
%s
},
// For looking at
"projections": [
{
// Filled in
"title": "t-SNE p{perplexity}",
"method": "tsne",
"perplexity": {
// Tells it from any other object
"is_meta": true,
// First way: all values
"values": [
10,
20,
30
]
},
// The same for all
"random_state": 42
},
// ...
],
"classifiers": [
{
"title": "KNN {n_neighbors}",
"method": "kneighbors",
"n_neighbors": {
"is_meta": true,
// Second way: a range
"min": 1,
"max": 30,
"step": {
// add or multiply
"type": "add",
// Negative and decimal as well
"value": 1
}
},
"random_state": 42
},
// ...
]
}
"""

ENTRIES = """\
{
"data": {"title": "entries", "dataset": "sklearn_iris"},
"projections": [
{
"title": "PCA",
"method": "pca",
"random_state": 42
}, {
// The value of a parameter
"title": "t-SNE p30",
"method": "tsne",
"perplexity": 30.0,
"random_state": 42
}],
"classifiers": [{
// Short and unlike all others
"title": "MLPC 2x100",
"method": "mlpc",
// Everything else is a parameter
"hidden_layer_sizes": [100, 100],
"solver": "adam",
"activation": "relu",
"random_state": 42
}, {
// Any letters
"title": "🌲 RF 100",
"method": "randomforest",
"n_estimators": 100,
"random_state": 42
},
// ...
]}
"""

FOLDS = """\
{"data": {
"title": "folds", "dataset": "sklearn_digits_cross_validation", "test_size": 0,
// ...
// Folds that the plugin gives are ignored
"disable_cross_validation": %s,
// Each fold is shown too
"save_clfs_for_folds": true
},
"classifiers": [
{
"title": "🟊 Optimal",
"method": "optimal"
},
{
"title": "Ⓝ Naive",
"method": "naive"
},
// ...
]}
"""

COMMON = """\
// As above
"title": "meta", "dataset": "sklearn_iris", "subset_train": 1, "subset_test": 1, "test_size": 0.2,
"scale": false, "random_state": 42
// ..."""


def titles(ran, job):
    return [one.title for one in ran.results(job).results]


def test_the_first_job_runs(bench):
    random = np.random.default_rng(0)
    y = np.arange(45) % 3
    bench.dataset("name_of_your_dataset", (random.normal(size=(45, 4)) + y[:, None], y))
    ran = bench.batch(bench.job("my_job", FIRST))
    assert ran.code == 0, ran.out
    told = titles(ran, "Your batch job title")
    assert told[:5] == ["🟊 Optimal", "Ⓝ Naive", "KNN 1", "KNN 2", "KNN 3"]
    assert len(told) == 21
    assert told[5:8] == ["MLPC relu d0.3 esTrue", "MLPC relu d0.3 esFalse", "MLPC relu d0.5 esTrue"]
    assert [one.title for one in ran.record("Your batch job title").projections] == ["PCA"]


def test_a_job_that_lacks_a_comma_names_the_line(bench):
    """It runs once the comma is there."""
    images = np.random.default_rng(0).integers(0, 256, (40, 4)).astype(np.float32)
    bench.dataset("keras_mnist", (images[:30], np.arange(30) % 3), (images[30:], np.arange(10) % 3))
    ran = bench.batch(bench.job("mnist", WITHOUT_COMMA))
    assert ran.code == 1
    assert "line 5: expected valid JSON, got an error at column 30: a comma is missing" in ran.out
    assert "at the end of line 5" in ran.out
    mended = WITHOUT_COMMA.replace('Experiment 1"', 'Experiment 1",')
    assert bench.batch(bench.job("mnist", mended)).code == 0
    knn = '{"title": "KNN", "method": "kneighbors"}'
    trained = mended.replace('"classifiers": [', f'"classifiers": [{knn}')
    ran = bench.batch(bench.job("mnist", trained))
    assert titles(ran, "MNIST Experiment 1") == ["KNN"]


def test_the_job_of_meta_configurations_runs(bench):
    ran = bench.batch(bench.job("meta", META % COMMON))
    assert ran.code == 0, ran.out
    assert titles(ran, "meta") == [f"KNN {k}" for k in range(1, 31)]
    listed = [one.title for one in ran.record("meta").projections]
    assert listed == ["t-SNE p10", "t-SNE p20", "t-SNE p30"]
    assert "kneighbors has no parameter 'random_state'" in ran.out


def test_single_entries_run(bench):
    ran = bench.batch(bench.job("entries", ENTRIES))
    assert ran.code == 0, ran.out
    assert titles(ran, "entries") == ["MLPC 2x100", "🌲 RF 100"]
    assert len(ran.record("entries").projections) == 2
    asked = ran.results("entries").titled("MLPC 2x100")[0].asked
    assert asked["method"] == "mlpc"
    assert asked["arguments"]["hidden_layer_sizes"] == [100, 100]


@pytest.mark.parametrize("disabled", ["true", "false"])
def test_the_keys_of_cross_validation_act(bench, disabled):
    ran = bench.batch(bench.job("folds", FOLDS % disabled))
    assert ran.code == 0, ran.out
    expected = ["🟊 Optimal", "Ⓝ Naive"]
    if disabled == "false":
        expected = [
            name for one in expected for name in (one, *(f"{one} fold{k}" for k in range(4)))
        ]
    assert set(titles(ran, "folds")) == set(expected)


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not there")
def test_jobs_are_those_of_the_page():
    """Keys and values of the jobs above, and of the page itself."""
    page = PAGE.read_text(encoding="utf-8")
    for job in (FIRST, WITHOUT_COMMA, META):
        lines = [line for line in job.splitlines() if re.match(r'"\w+": ', line)]
        assert [line for line in lines if line not in page] == []
