"""Networks slide along the axes that arrays are known to have, and keys of members say so."""

import numpy as np
import pytest

from sortal.job.read import read_mapping
from sortal.jobs.planning.resolve import resolve

N = 16


@pytest.fixture
def entries(tmp_path):
    def resolved(array, name="signal", data=None, **parameters):
        np.savez(tmp_path / "x.npz", labels=np.arange(N) % 2, **{name: array})
        block = {"source": str(tmp_path / "x.npz"), **(data or {})}
        cnn = {"method": "cnn", "parameters": {"filters": [2], **parameters}}
        job = {"title": "j", "data": block, "classifiers": [cnn, {**cnn, "calibrate": "sigmoid"}]}
        job["classifiers"][1]["title"] = "calibrated"
        return resolve(read_mapping(job)).entries

    return resolved


def test_signals_of_several_channels_slide_along_one_axis(entries):
    array = np.random.default_rng(0).normal(size=(N, 20, 3))
    for unsaid, said in zip(entries(array), entries(array, axes=1), strict=True):
        assert unsaid.member.parameters.axes == 1
        assert unsaid.member.key == said.member.key
    assert entries(array, axes=2)[0].member.parameters.axes == 2


def test_other_arrays_of_three_axes_are_images_unless_told(entries):
    array = np.random.default_rng(0).normal(size=(N, 20, 3))
    told = {"axes": {"map": "channels_last"}}
    assert entries(array, "map")[0].member.parameters.axes is None
    assert entries(array, "map", told)[0].member.parameters.axes == 1


@pytest.mark.parametrize(("name", "shape"), [("signal", (20,)), ("stamps", (3, 9, 9))])
def test_what_is_known_by_its_shape_keeps_its_parameters(entries, name, shape):
    array = np.random.default_rng(0).normal(size=(N, *shape))
    assert entries(array, name)[0].member.parameters.axes is None
