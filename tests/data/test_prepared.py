"""A divided dataset: what each part holds, and what of the rest it never sees."""

import numpy as np
import pytest

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs, Ragged
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared, select_known_rows
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.errors import DataError, NotFound


def make() -> tuple[Dataset, Split]:
    codes = np.array([[0, 1], [1, -1], [0, 0], [-1, 1], [1, 1], [0, 0]])
    data = Dataset(
        name="six",
        inputs=Inputs({"features": np.arange(12.0).reshape(6, 2)}, np.arange(6)),
        labels=Labels(codes, ("hot", "red"), Outputs.INDEPENDENT),
        names={"features": ("a", "b")},
        weights=np.arange(6.0) - 1,
    )
    split = Split(train=np.array([0, 1, 2]), validation=np.array([3]), test=np.array([4, 5]))
    return data, split


def test_parts_are_scaled_by_the_training_examples_alone():
    data, split = make()
    prepared = Prepared.fit(data, split, Preparation(scaling="minmax"))
    np.testing.assert_allclose(
        prepared.inputs(Part.TRAIN).arrays["features"], [[0, 0], [0.5, 0.5], [1, 1]]
    )
    np.testing.assert_allclose(prepared.inputs(Part.TEST).arrays["features"][0], [2, 2])
    assert prepared.inputs(Part.TEST) is prepared.inputs(Part.TEST)
    assert prepared.inputs(Part.TEST).ids.tolist() == [4, 5]
    assert prepared.weights(Part.TEST).tolist() == [3, 4]


def test_one_target_keeps_the_rows_that_it_knows():
    data, split = make()
    red = select_known_rows(data.labels, split, "red")
    assert red.train.tolist() == [0, 2]
    assert red.validation.tolist() == [3]
    assert select_known_rows(data.labels, split, "hot").train.tolist() == [0, 1, 2]
    assert select_known_rows(data.labels, split, None).validation.tolist() == []
    prepared = Prepared.fit(data, red, Preparation(), target="red")
    assert prepared.labels(Part.TRAIN).codes.tolist() == [[1], [0]]
    with pytest.raises(NotFound, match=r"no target named 'rad'.*'red'"):
        data.labels.for_target("rad")


def test_another_split_is_fitted_anew():
    data, split = make()
    prepared = Prepared.fit(data, split, Preparation(scaling="minmax"))
    other = Split(train=np.array([0, 5]), validation=np.array([]), test=np.array([1]))
    again = prepared.with_split(other)
    np.testing.assert_allclose(again.inputs(Part.TRAIN).arrays["features"], [[0, 0], [1, 1]])


def test_inputs_lie_side_by_side_unless_they_differ_in_length():
    ragged = Ragged(np.arange(5.0), np.array([0, 2, 5]))
    inputs = Inputs({"x": np.ones((2, 3)), "stamp": np.zeros((2, 1, 2, 2))}, np.arange(2))
    assert inputs.matrix().shape == (2, 7)
    assert sum(map(len, inputs.blocks(1))) == 2
    with pytest.raises(DataError, match=r"unequal length \(2 to 3 points\): give data.length"):
        Inputs({"signal": ragged}, np.arange(2)).matrix()
    with pytest.raises(DataError, match="inputs differ in length"):
        Inputs({"signal": ragged}, np.arange(3))
    picked = ragged[np.array([1, 0])]
    assert picked.values.tolist() == [2, 3, 4, 0, 1]
    assert picked.padded(2, value=-1).tolist() == [[2, 3], [0, 1]]


def test_a_split_needs_training_examples_and_knows_its_rows():
    with pytest.raises(DataError, match="no example to train on"):
        Split(train=np.array([]), validation=np.array([]), test=np.array([1]))
    _, split = make()
    same = Split(train=split.train.copy(), validation=split.validation, test=split.test)
    moved = Split(train=split.train, validation=split.test, test=split.validation)
    assert same.fingerprint == split.fingerprint != moved.fingerprint
