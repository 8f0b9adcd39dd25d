"""Weights of each target: read, refused, and seen by the members of that target alone."""

from pathlib import Path

import numpy as np
import pytest

from sortal.data.labels import Labels, Outputs
from sortal.data.reading.dataset import read_dataset
from sortal.data.weighting.target import weights_for
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

TABLE = """a,x,y,z,wx,wz
1,0,1,0,2.0,-1
2,1,0,1,0.5,3
3,0,1,1,1.5,1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(TABLE)
    return tmp_path


def read(folder, **options):
    block = {"source": "t.csv", "label": ["x", "y", "z"], "targets": "independent", **options}
    return read_dataset(DataBlock(**block), folder, 0)


def test_each_target_has_its_column_and_the_others_weigh_one(folder):
    data = read(folder, weight={"z": "wz", "x": "wx"})
    assert data.names == {"features": ("a",)}
    assert data.weights.tolist() == [[2.0, 1.0, -1.0], [0.5, 1.0, 3.0], [1.5, 1.0, 1.0]]
    assert data.weights_for("z").tolist() == [-1, 3, 1]
    assert any("1 of 9 weights are negative" in note for note in data.notes)


def test_weights_of_each_target_are_stored_and_fingerprinted(folder):
    data, other = read(folder, weight={"x": "wx"}), read(folder, weight={"y": "wx"})
    (folder / "saved").mkdir()
    data.save(folder / "saved")
    again = type(data).load(folder / "saved")
    assert np.array_equal(again.weights, data.weights)
    assert data.fingerprint != other.fingerprint


def test_a_column_for_all_is_the_same_for_every_target(folder):
    data = read(folder, weight="wx", exclude=["wz"])
    assert data.weights_for("y") is data.weights_for(None)


def test_one_classifier_of_all_targets_takes_no_weights_of_each():
    labels = Labels(np.array([[0, 1]]), ("x", "y"), Outputs.INDEPENDENT)
    with pytest.raises(DataError, match="one classifier for all of them"):
        weights_for(np.ones((1, 2)), labels, None)


@pytest.mark.parametrize(
    ("options", "path", "got"),
    [
        ({"weight": {"x": "wx"}, "targets": "multilabel"}, "data.weight", "a map"),
        ({"weight": {"x": "wx"}, "label": "x"}, "data.weight", "a map"),
        ({"weight": {"X": "wx"}}, "data.weight.X", "'X'"),
        ({"weight": {"x": "ww"}}, "data.weight.x", "'ww'"),
    ],
)
def test_maps_that_do_not_fit_the_labels_are_refused(folder, options, path, got):
    with pytest.raises(JobError) as caught:
        read(folder, **options)
    (problem,) = [one for one in caught.value.problems if one.path == path]
    assert got in problem.got
