"""Jobs whose networks begin with the weights of a file that another job exported."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits

import sortal
from sortal.engines.inline import InlineEngine
from sortal.job.problems import JobError

DIGITS = {"source": "digits", "split": {"test": 0.3, "validation": 0.1}}
SMALL = {"shape": [8, 8], "divisor": 16, "filters": [4], "hidden_layer_sizes": [8]}


def ran(folder, method, parameters, **block):
    job = {
        "title": "digits",
        "data": DIGITS,
        "classifiers": [{"method": method, "title": "net", "parameters": parameters, **block}],
        "bootstrap": 0,
    }
    return sortal.run(job, store=folder, cores=1, quiet=True, engines=InlineEngine())


def predicted(results):
    rows = load_digits().data[:50]
    return results.predict("net", rows).select(pl.selectors.starts_with("score_")).to_numpy()


@pytest.mark.parametrize("ending", ["h5", "keras", "safetensors"])
def test_a_network_read_from_a_file_scores_as_the_exported_one(tmp_path, ending):
    first = ran(tmp_path / "one", "cnn", {**SMALL, "epochs": 3, "learning_rate": 0.01})
    path = tmp_path / f"net.{ending}"
    first.export("net", str(path))
    again = ran(tmp_path / "two", "cnn", {**SMALL, "epochs": 0, "start_from": str(path)})
    np.testing.assert_allclose(predicted(again), predicted(first), atol=1e-6)


def test_training_goes_on_from_the_file_and_ends_elsewhere(tmp_path):
    shared = {**SMALL, "learning_rate": 0.01, "training_loss": True}
    first = ran(tmp_path / "store", "cnn", {**shared, "epochs": 6})
    path = str(tmp_path / "net.h5")
    first.export("net", path)
    fresh = ran(tmp_path / "store", "cnn", {**shared, "epochs": 1})
    on = ran(tmp_path / "store", "cnn", {**shared, "epochs": 1, "start_from": path}, seeds=2)
    losses = [loss_after_one(results) for results in (fresh, on)]
    assert losses[1] < 0.5 * losses[0]


def loss_after_one(results):
    history = results.titled("net")[0].history
    return float(history.filter(metric="loss")["value"][0])


def test_the_content_of_the_file_counts_and_not_its_name(tmp_path):
    first = ran(tmp_path / "store", "mlp", {"hidden_layer_sizes": [4], "epochs": 2})
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    first.export("net", str(one))
    two.write_bytes(one.read_bytes())
    keys = []
    for path in (one, two):
        parameters = {"hidden_layer_sizes": [4], "epochs": 0, "start_from": str(path)}
        keys.append(key_of(ran(tmp_path / "store", "mlp", parameters)))
    other = ran(tmp_path / "store", "mlp", {"hidden_layer_sizes": [4], "epochs": 3})
    other.export("net", str(two))
    keys.append(key_of(ran(tmp_path / "store", "mlp", parameters)))
    assert keys[0] == keys[1]
    assert keys[2] not in keys[:2]


def key_of(results):
    return results.titled("net")[0].members[0].entry.key


def test_a_file_that_is_not_there_is_a_problem_of_the_job(tmp_path):
    parameters = {**SMALL, "start_from": str(tmp_path / "none.h5")}
    with pytest.raises(JobError, match=r"there is no file .*none\.h5"):
        ran(tmp_path / "store", "cnn", parameters)
