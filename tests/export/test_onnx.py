"""Files for ONNX: onnxruntime gives the scores that Sortal gives, gaps and scaling included."""

import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sortal
from sortal.data.labels import Outputs
from sortal.errors import MissingExtra, SortalError
from sortal.export.formats import Format
from sortal.export.onnx import file
from sortal.export.onnx.layers import add_layer
from sortal.export.onnx.points import add_points
from sortal.export.write import write
from sortal.jobs.applying.export import load_portable
from sortal.networks.names import ActivationName

TRAINED = [
    ("iris", "tanh"),
    ("iris", "leaky"),
    ("iris", "maxout"),
    ("iris", "realmlp"),
    ("white", "relu"),
    ("cancer", "relu"),
    ("cancer", "gelu"),
    ("cancer", "normal"),
    ("targets", "elu"),
]
DENSE = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}]


def _scores(path, rows):
    session = onnxruntime.InferenceSession(path)
    (scores,) = session.run(["scores"], {"features": rows})
    return scores


@pytest.mark.parametrize(("job", "title"), TRAINED)
def test_a_trained_network_scores_raw_features_in_onnxruntime(
    portable, said, raw, tmp_path, *, job, title
):
    write(portable(job, title), tmp_path / "x.onnx", Format.ONNX)
    expected = said(job, title, raw[job])
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(_scores(tmp_path / "x.onnx", raw[job]), expected, atol=1e-5)


def test_numbers_that_mean_a_gap_are_imputed_in_the_graph(tmp_path):
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(80, 3)).astype(np.float32)
    frame = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    rows[::4, 0], rows[::7, 2] = -999, -9.5
    marked = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    marked = marked.with_columns(y=(frame["b"] > 0).cast(int))
    marked.write_csv(tmp_path / "gaps.csv")
    job = {
        "title": "gaps",
        "data": {
            "source": str(tmp_path / "gaps.csv"),
            "label": "y",
            "missing": [-999, "-9.5", "?"],
            "imputation": "median",
            "scaling": "standard",
        },
        "classifiers": [{"method": "mlp", "parameters": {"epochs": 3}}],
        "bootstrap": 0,
    }
    results = sortal.run(job, store=tmp_path / "store", quiet=True)
    (result,) = results.titled("mlp")
    portable = load_portable(results.store, result.members[0])
    write(portable, tmp_path / "x.onnx", Format.ONNX)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some examples lie outside the training range
        table = results.predict("mlp", marked)
    expected = table.select("score_0", "score_1").to_numpy()
    np.testing.assert_allclose(_scores(tmp_path / "x.onnx", rows), expected, atol=1e-5)


@pytest.fixture(scope="module")
def unfilled(tmp_path_factory):
    """A network of a job that names numbers for a missing value and imputes nothing."""
    folder = tmp_path_factory.mktemp("unfilled")
    rows = np.random.default_rng(0).normal(size=(60, 2))
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row").with_columns(y=rows[:, 0] > 0)
    frame.write_csv(folder / "d.csv")
    job = {
        "title": "unfilled",
        "data": {"source": str(folder / "d.csv"), "label": "y", "missing": [-999, -1e9]},
        "classifiers": [{"method": "mlp", "parameters": {"epochs": 2}}],
        "bootstrap": 0,
    }
    results = sortal.run(job, store=folder / "store", quiet=True)
    return load_portable(results.store, results.titled("mlp")[0].members[0])


def test_a_number_for_a_gap_gives_nan_if_nothing_imputes(unfilled, tmp_path):
    notes = write(unfilled, tmp_path / "x.onnx", Format.ONNX)
    rows = np.array([[0.5, 1], [-999, 1], [0.5, -1e9], [np.nan, 1], [-998, 2]], np.float32)
    came = _scores(tmp_path / "x.onnx", rows)
    np.testing.assert_array_equal(np.isnan(came).all(axis=1), [False, True, True, True, False])
    assert np.isfinite(came[[0, 4]]).all()
    np.testing.assert_allclose(came, unfilled.scores(rows, scaled=False), atol=1e-6)
    (note,) = (note for note in notes if "missing" in note)
    assert "(NaN, -999, -1e+09) gets the scores NaN" in note


@pytest.mark.parametrize("form", [Format.KERAS, Format.H5, Format.SAFETENSORS])
def test_files_of_other_formats_name_the_numbers_for_gaps(unfilled, tmp_path, form):
    notes = write(unfilled, tmp_path / f"x.{form}", form)
    (note,) = (note for note in notes if "missing" in note)
    assert note.startswith("the file takes -999, -1e+09 as known values")


def test_numbers_for_gaps_are_named_beside_what_replaces_them(made, tmp_path):
    net = made(DENSE, fill=0.25, blanks=(-999.0, -12345.675))
    notes = write(net, tmp_path / "x.keras", Format.KERAS)
    (note,) = (note for note in notes if "missing" in note)
    assert "does not replace missing values (NaN, -999, -12345.675): put" in note


@pytest.mark.parametrize("name", ["dense", "tokens", "convolution"])
def test_rows_with_gaps_are_nan_whatever_the_layers(made, of_tokens, tmp_path, name):
    blank = 3.0
    if name == "tokens":
        net, rows = of_tokens
        net = replace(net, scaler=replace(net.scaler, blanks=(blank,)))
    elif name == "convolution":
        layers = [
            {"kind": "conv1d", "channels": 3, "kernel": 2},
            {"kind": "activation", "name": "relu"},
        ]
        layers += [{"kind": "max_pool1d", "size": 2}, {"kind": "flatten"}, *DENSE]
        net = made(layers, shape=(2, 8), blanks=(blank,))
        rows = np.random.default_rng(1).integers(4, size=(20, 2, 8)).astype(np.float32)
    else:
        net = made([DENSE[0], {"kind": "activation", "name": "relu"}, DENSE[1]], blanks=(blank,))
        rows = np.random.default_rng(1).integers(5, size=(20, 3)).astype(np.float32)
    write(net, tmp_path / "x.onnx", Format.ONNX)
    came = _scores(tmp_path / "x.onnx", rows)
    lost = (rows == blank).reshape(len(rows), -1).any(axis=1)
    np.testing.assert_array_equal(np.isnan(came), np.stack([lost, lost], axis=1))
    np.testing.assert_allclose(came, net.scores(rows, scaled=False), atol=1e-5)


def test_missing_values_are_imputed_inside_the_graph(portable, said, raw, tmp_path):
    rows = raw["targets"].copy()
    rows[::3, 1] = rows[::5, 2] = np.nan
    write(portable("targets", "elu"), tmp_path / "x.onnx", Format.ONNX)
    came = _scores(tmp_path / "x.onnx", rows)
    assert np.isfinite(came).all()
    np.testing.assert_allclose(came, said("targets", "elu", rows), atol=1e-5)


def test_infinities_are_filled_where_a_job_counts_them_missing(made, tmp_path):
    rows = np.array([[np.inf, 1, 2], [1, np.nan, -np.inf]], dtype=np.float32)
    net = made(DENSE, fill=0.25, infinite_is_missing=True)
    write(net, tmp_path / "x.onnx", Format.ONNX)
    came = _scores(tmp_path / "x.onnx", rows)
    np.testing.assert_allclose(came, net.scores(rows, scaled=False), atol=1e-6)
    np.testing.assert_array_equal(
        came, _scores(tmp_path / "x.onnx", np.where(np.isfinite(rows), rows, np.float32(0.25)))
    )


def test_a_network_of_one_target_has_one_output(portable, said, raw, tmp_path):
    both = said("apart", "selu", raw["targets"])
    for number, target in enumerate(("ill", "large")):
        write(portable("apart", "selu", target), tmp_path / "x.onnx", Format.ONNX)
        came = _scores(tmp_path / "x.onnx", raw["targets"])
        np.testing.assert_allclose(came, both[:, [number]], atol=1e-5)


def test_a_bare_graph_takes_scaled_features_and_says_so(portable, raw, tmp_path):
    net = portable("cancer", "relu")
    notes = write(net, tmp_path / "x.onnx", Format.ONNX, with_scaler=False)
    assert "expects scaled examples" in notes[0]
    rows = net.scaler.apply(raw["cancer"]).astype(np.float32)
    expected = net.scores(raw["cancer"], scaled=False)
    np.testing.assert_allclose(_scores(tmp_path / "x.onnx", rows), expected, atol=1e-5)


@pytest.mark.parametrize("activation", ActivationName.__args__)
@settings(max_examples=3)
@given(slope=st.floats(0, 2, width=32), outputs=st.sampled_from(Outputs), bias=st.booleans())
def test_every_activation_is_the_same_curve_in_onnx(made, activation, slope, outputs, bias):
    layers = [
        {"kind": "dense", "units": 5, "bias": bias},
        {"kind": "activation", "name": activation, "slope": slope},
        {"kind": "dropout"},
        {"kind": "dense", "units": 3},
    ]
    net = made(layers, outputs=outputs)
    rows = np.random.default_rng(3).normal(size=(40, 3)).astype(np.float32)
    content = file.onnx_model(net, with_scaler=True).SerializeToString()
    expected = net.scores(rows, scaled=False)
    np.testing.assert_allclose(_scores(content, rows), expected, atol=1e-5)


def test_layers_of_signals_and_stamps_are_the_same_in_onnx(made, of_points, tmp_path):
    for shape, layers in of_points.values():
        net = made(layers, shape=shape)
        images = np.random.default_rng(4).normal(size=(20, *shape)).astype(np.float32)
        write(net, tmp_path / "x.onnx", Format.ONNX)
        expected = net.scores(images, scaled=False)
        assert np.ptp(expected) > 0.1
        np.testing.assert_allclose(_scores(tmp_path / "x.onnx", images), expected, atol=1e-5)


def test_tokens_are_looked_up_in_onnx(of_tokens, tmp_path):
    net, rows = of_tokens
    write(net, tmp_path / "x.onnx", Format.ONNX)
    expected = net.scores(rows, scaled=False)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(_scores(tmp_path / "x.onnx", rows), expected, atol=1e-5)


def test_every_layer_that_can_be_written_is_tried(of_points):
    def kinds(layers):
        for layer in layers:
            yield layer["kind"]
            yield from kinds(layer.get("layers", ()))

    tried = {kind for _, layers in of_points.values() for kind in kinds(layers)}
    written = {*add_layer.registry, *add_points.registry} - {object}
    named = {one.model_fields["kind"].default for one in written}
    of_jobs = {"dropout", "maxout", "robust_clip", "periodic_embedding", "scale", "token_embedding"}
    assert named == tried | of_jobs | {"tangent_dense", "parametric_activation"}


def test_features_far_from_zero_keep_their_digits(made, tmp_path):
    net = made(DENSE)
    far = np.full(3, 3e6)
    object.__setattr__(net.scaler, "center", far)
    write(net, tmp_path / "x.onnx", Format.ONNX)
    rows = (far + np.random.default_rng(0).normal(size=(20, 3))).astype(np.float32)
    expected = net.scores(rows, scaled=False)
    np.testing.assert_allclose(_scores(tmp_path / "x.onnx", rows), expected, atol=1e-6)


def test_features_beyond_float32_do_not_stop_the_export(made, tmp_path):
    notes = write(made(DENSE, scale=1e39), tmp_path / "x.onnx", Format.ONNX)
    assert "coarse beside the spread of x0, x1, x2" in notes[0]


def test_any_number_of_examples_goes_in(made, tmp_path):
    write(made(DENSE), tmp_path / "x.onnx", Format.ONNX)
    for count in (0, 1, 700):
        assert _scores(tmp_path / "x.onnx", np.ones((count, 3), np.float32)).shape == (count, 2)


def test_the_file_names_features_classes_and_kind_of_output(portable, tmp_path):
    write(portable("targets", "elu"), tmp_path / "x.onnx", Format.ONNX)
    model = onnx.load(tmp_path / "x.onnx")
    known = {one.key: one.value for one in model.metadata_props}
    assert json.loads(known["features"]) == ["a", "b", "c", "d"]
    assert json.loads(known["classes"]) == ["ill", "large"]
    assert known["outputs"] == "independent"
    assert {"sortal", "scaler", "network", "title"} <= set(known)
    assert [one.name for one in model.graph.input] == ["features"]
    assert model.opset_import[0].version == 13


def test_a_graph_that_scores_differently_is_not_written(made, tmp_path, monkeypatch):
    class Lying:
        def __init__(self, *_, **__):
            pass

        def run(self, *_):
            return (np.zeros((64, 2), np.float32),)

    monkeypatch.setattr(file.onnxruntime, "InferenceSession", Lying)
    with pytest.raises(SortalError, match="differ by up to"):
        write(made(DENSE), tmp_path / "x.onnx", Format.ONNX)
    assert not list(tmp_path.iterdir())


def test_without_the_extra_export_ends_before_any_work(made, tmp_path, monkeypatch):
    monkeypatch.setattr("sortal.export.write.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"sortal\[onnx\]"):
        write(made(DENSE), tmp_path / "x.onnx", Format.ONNX)


def test_other_formats_load_neither_onnx_nor_keras():
    code = (
        "import sys, sortal.jobs.applying.export, sortal.export.write, sortal.export.keras.files; "
        "assert not {'onnx', 'onnxruntime', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=env).returncode == 0
