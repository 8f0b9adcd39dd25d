"""Inputs of at most 16 bits a number: prepared in float32, and members of earlier versions told apart."""

import numpy as np
import pytest

from sortal.data.inputs import Inputs
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.jobs.applying.predict import Predictor

pytestmark = pytest.mark.usefixtures("inline")
NARROW = ["float16", "int8", "uint8", "int16", "uint16"]


def numbers(kind):
    return (np.random.default_rng(3).random((30, 4)) * 100).astype(kind)


@pytest.mark.parametrize("kind", NARROW)
def test_narrow_inputs_become_float32(kind, tmp_path):
    inputs = Inputs({"features": numbers(kind)}, np.arange(30))
    preparer = Preparer.fit(inputs, {}, np.arange(20), Preparation(scaling="standard", single=True))
    made = preparer.apply(inputs).arrays["features"]
    wide = numbers(kind).astype(np.float64)
    expected = (wide - wide[:20].mean(axis=0)) / wide[:20].std(axis=0)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, expected.astype(np.float32))
    preparer.save(tmp_path)
    np.testing.assert_array_equal(Preparer.load(tmp_path).apply(inputs).arrays["features"], made)


@pytest.mark.parametrize("kind", NARROW)
def test_a_preparer_without_the_mark_makes_float64(kind, tmp_path):
    inputs = Inputs({"features": numbers(kind)}, np.arange(30))
    Preparer.fit(inputs, {}, np.arange(20), Preparation()).save(tmp_path)
    assert '"single"' not in (tmp_path / "preparer.json").read_text()
    assert Preparer.load(tmp_path).apply(inputs).arrays["features"].dtype == np.float64


@pytest.fixture
def job(tmp_path):
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 80)
    features = (generator.normal(size=(80, 4)) * 20 + labels[:, None] * 30 + 100).astype(np.uint8)
    np.savez(tmp_path / "counts.npz", features=features, labels=labels)
    data = {"source": str(tmp_path / "counts.npz"), "label": "labels", "scaling": "standard"}
    classifiers = [{"method": "gaussiannb"}, {"method": "logistic"}]
    return {"title": "counts", "data": data, "bootstrap": 0, "classifiers": classifiers}


def test_a_rerun_says_that_members_are_trained_anew(job, run, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr("sortal.data.preparing.choose.is_narrow", lambda kind: False)
        assert run(job).summary.trained == 2
    again = run(job)
    assert again.summary.trained == 2
    (note,) = [one for one in again.resolved.notes if "trained anew" in one]
    assert note.startswith("2 members are trained anew: an earlier version prepared inputs")
    third = run(job)
    assert third.summary.trained == 0
    assert not [one for one in third.resolved.notes if "trained anew" in one]


def test_members_of_an_earlier_version_predict_as_before(job, run, monkeypatch, tmp_path):
    with monkeypatch.context() as earlier:
        earlier.setattr("sortal.data.preparing.choose.is_narrow", lambda kind: False)
        launched = run(job)
    result = launched.results.ranked[0]
    store = launched.results.store
    (found,) = Predictor.load(store, [result]).files([tmp_path / "counts.npz"])
    rows = launched.resolved.splits[0].test
    (stored,) = store.members.scores([result.members[0].entry.key])
    np.testing.assert_array_equal(found.scores[rows], stored)
