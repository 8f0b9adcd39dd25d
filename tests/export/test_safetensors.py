"""Exported safetensors can be applied with NumPy alone."""

import json

import numpy as np
from safetensors import safe_open

from sortal.export.formats import Format
from sortal.export.write import write


def _apply(path, rows):
    """What a stranger would write after reading the manual."""
    with safe_open(path, "numpy") as file:
        about = json.loads(file.metadata()["sortal"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    scaler = {name: about["scaler"][name] for name in ("fill", "center", "scale")}
    values = np.where(np.isnan(rows), np.array(scaler["fill"], dtype=float), rows)
    values = (values - np.array(scaler["center"])) / np.array(scaler["scale"])
    values = values @ np.array(about["scaler"].get("rotation", np.eye(values.shape[1])))
    for number, layer in enumerate(about["network"]["layers"]):
        if layer["kind"] == "dense":
            values = values @ tensors[f"layers.{number}.weight"] + tensors[f"layers.{number}.bias"]
        elif layer["kind"] == "activation":
            values = {"tanh": np.tanh, "relu": lambda x: x.clip(0)}[layer["name"]](values)
    if about["outputs"] == "independent":
        return 1 / (1 + np.exp(-values))
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_numpy_alone_gives_the_scores(portable, said, raw, tmp_path):
    for job, title in (("iris", "tanh"), ("white", "relu"), ("cancer", "relu")):
        notes = write(portable(job, title), tmp_path / "x", Format.SAFETENSORS)
        assert "expects scaled examples" in notes[0]
        expected = said(job, title, raw[job])
        np.testing.assert_allclose(_apply(tmp_path / "x", raw[job]), expected, atol=1e-5)


def test_the_file_names_everything(portable, tmp_path):
    write(portable("targets", "elu"), tmp_path / "x", Format.SAFETENSORS)
    with safe_open(tmp_path / "x", "numpy") as file:
        about = json.loads(file.metadata()["sortal"])
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    assert about["classes"] == ["ill", "large"]
    assert about["features"] == ["a", "b", "c", "d"]
    assert shapes["layers.0.weight"] == [4, 8]
    assert about["network"]["layers"][0]["units"] == 8
    assert all(isinstance(one, float) for one in about["scaler"]["fill"])
