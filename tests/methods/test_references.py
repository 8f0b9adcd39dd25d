"""The two poles of every comparison."""

import numpy as np
import pytest

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.errors import DataError, NotSavable
from sortal.methods import registry
from sortal.methods.contract.base import Failed
from sortal.testing.data import make_prepared

FRESH = Inputs({"features": np.zeros((2, 2))}, np.array([100, 101]))


@pytest.mark.parametrize("outputs", list(Outputs))
def test_optimal_knows_every_part_in_any_order(train, outputs):
    data = make_prepared(outputs)
    (trained,) = train(registry.find("optimal"), data, {"a": {}})
    for part in Part:
        inputs = data.inputs(part)
        backwards = np.arange(len(inputs))[::-1]
        scores = trained.model.scores(inputs.take(backwards))[0]
        codes = data.labels(part).codes[backwards]
        truth = np.eye(3)[codes] if outputs is Outputs.EXCLUSIVE else codes
        np.testing.assert_array_equal(scores, truth)


def test_optimal_refuses_examples_that_it_was_not_told_of(train):
    (trained,) = train(registry.find("optimal"), make_prepared(), {"a": {}})
    with pytest.raises(DataError, match="example 100 is not in it"):
        trained.model.scores(FRESH)


def test_optimal_is_not_stored(train, tmp_path):
    (trained,) = train(registry.find("optimal"), make_prepared(), {"a": {}})
    with pytest.raises(NotSavable, match="only the labels of its own data"):
        trained.model.save(tmp_path)


def test_optimal_needs_ids_that_name_one_example(train):
    data = make_prepared()
    data.dataset.inputs.ids[:2] = 7
    (outcome,) = train(registry.find("optimal"), data, {"a": {}})
    assert isinstance(outcome, Failed)
    assert "twice" in outcome.reason


def test_naive_predicts_the_most_frequent_class_or_frequencies(prepare, train):
    data = prepare(np.zeros((10, 2)), np.array([0] * 3 + [1] * 5 + [2] * 2))
    members = {"sure": {}, "prior": {"strategy": "prior"}}
    (trained,) = train(registry.find("naive"), data, members)
    scores = trained.model.scores(FRESH)
    assert scores[0].tolist() == [[0, 1, 0]] * 2
    assert scores[1].tolist() == [[0.3, 0.5, 0.2]] * 2


def test_naive_counts_weights_and_a_negative_sum_as_never_seen(prepare, train):
    weights = np.array([1.0] * 3 + [-1.0] * 5 + [3.0] * 2)
    data = prepare(np.zeros((10, 2)), np.array([0] * 3 + [1] * 5 + [2] * 2), weights=weights)
    (trained,) = train(
        registry.find("naive"),
        data,
        {"prior": {"strategy": "prior"}},
        where={"prior": {"weights": "given"}},
    )
    np.testing.assert_allclose(trained.model.scores(FRESH)[0][0], [1 / 3, 0, 2 / 3])


def test_naive_answers_each_target_by_its_own_frequency(prepare, train):
    codes = np.array([[1, 0], [1, 0], [0, 0], [1, 1]])
    members = {"sure": {}, "prior": {"strategy": "prior"}}
    (trained,) = train(registry.find("naive"), prepare(np.zeros((4, 2)), codes), members)
    assert trained.model.scores(FRESH)[:, 0].tolist() == [[1, 0], [0.75, 0.25]]
