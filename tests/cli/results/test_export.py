"""`sortal export` as a person calls it."""

import json

import onnxruntime
import polars as pl
import pytest
from safetensors import safe_open

JOB = """\
title: petals
data: {source: iris, scaling: standard}
bootstrap: 0
classifiers:
  - {method: mlp, title: net, parameters: {hidden_layer_sizes: 4, epochs: 2}}
  - {method: mlp, title: nets, seeds: 2, parameters: {hidden_layer_sizes: 4, epochs: 2}}
  - {method: kneighbors, title: neighbours}
"""


@pytest.fixture(scope="module")
def petals(trained):
    """A store in which networks of a job lie."""
    return trained(JOB)


@pytest.mark.usefixtures("petals")
def test_the_ending_decides_the_format(sortal, home):
    for name, form in (
        ("a.onnx", "onnx"),
        ("a.keras", "keras"),
        ("a.h5", "h5"),
        ("a.weights.h5", "keras-weights"),
        ("a.safetensors", "safetensors"),
    ):
        said = sortal("export", "petals/net", "--out", name)
        assert said.code == 0
        assert said.out.splitlines()[0] == f"wrote {name} ({form})"
        assert (home / name).stat().st_size
    assert not list(home.glob(".tmp-*"))


@pytest.mark.usefixtures("petals")
def test_an_exported_graph_gives_the_classes_of_predict(sortal, home):
    from sklearn.datasets import load_iris

    rows = load_iris().data.astype("float32")
    columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    pl.DataFrame(rows, schema=columns).write_csv(home / "rows.csv")
    sortal("predict", "petals/net", "rows.csv", "--out", "classes.csv")
    sortal("export", "petals/net", "--out", "net.onnx")
    session = onnxruntime.InferenceSession(home / "net.onnx")
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    (scores,) = session.run(None, {"features": rows})
    decided = [classes[one] for one in scores.argmax(axis=1)]
    assert pl.read_csv(home / "classes.csv")["class"].to_list() == decided


@pytest.mark.usefixtures("petals")
def test_notes_on_an_exported_file_are_printed_even_if_quiet(sortal):
    said = sortal("export", "net", "--format", "h5-weights", "--out", "best_weights.h5", "-q")
    assert said.code == 0
    assert said.out.startswith("note: the file expects scaled examples")


@pytest.mark.usefixtures("petals")
def test_one_of_several_seeds_is_chosen(sortal, home):
    said = sortal("export", "nets", "--out", "x.onnx")
    assert said.code == 2
    assert "2 seeds" in said.err
    assert "choose one with --seed (0, 1)" in said.err
    tensors = []
    for seed in ("0", "1"):
        assert sortal("export", "nets", "--out", "x.safetensors", "--seed", seed).code == 0
        with safe_open(home / "x.safetensors", "numpy") as file:
            tensors.append(file.get_tensor("layers.0.weight"))
    assert (tensors[0] != tensors[1]).any()
    said = sortal("export", "nets", "--out", "y.onnx", "--seed", "7")
    assert "expected one of the seeds 0, 1, got 7" in said.err
    said = sortal("export", "nets", "--out", "y.onnx", "--seed", "0", "--fold", "1")
    assert "there is one split" in said.err
    assert not (home / "y.onnx").exists()


@pytest.mark.usefixtures("petals")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("neighbours", "-o", "x.onnx"), "only networks, such as mlp, can be exported"),
        (("net", "-o", "x.pt"), "a file that ends in one of .safetensors, .onnx, .keras"),
        (("net", "-f", "h5-weights", "-o", "x.weights.h5"), "and not in .weights.h5"),
        (("net", "-o", "nowhere/x.onnx"), "the folder nowhere does not exist"),
        (("net", "-o", "x.weights.h5", "--with-scaler"), "format keras-weights cannot scale"),
        (("rose", "-o", "x.onnx"), "no job or result named 'rose'"),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(sortal, home, arguments, sentence):
    said = sortal("export", *arguments)
    assert said.code == 2
    assert sentence in said.err
    assert not list(home.glob(".tmp-*"))
