"""`sortal clavis available`: everything that a job can name is listed, and its configuration runs."""

import json

import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.errors import NotFound, UserError
from sortal.evaluation.maps.parameters import PROJECTIONS, parse
from sortal.plugins.declaration import resolve_arguments
from sortal.systems.clavis.available import Available, find_available
from sortal.systems.clavis.batch.jobfile import BatchDataBlock
from sortal.systems.clavis.builtin import classifiers, datasets
from sortal.systems.clavis.listing import BUILT_IN, find, items


def called(*words):
    ran = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["clavis", "available", *words])
    return ran.exit_code, ran.output


def of_kind(kind, available=None):
    return {one.name: one for one in items(available or Available()) if one.kind == kind}


def test_everything_that_is_built_in_is_listed():
    assert of_kind("classifier").keys() == classifiers.BUILT_IN.keys()
    assert of_kind("data set").keys() == datasets.BUILT_IN.keys()
    assert of_kind("projection").keys() == PROJECTIONS.keys()


@pytest.mark.parametrize("name", classifiers.BUILT_IN)
def test_the_printed_configuration_is_json_the_classifier_takes(name):
    said = json.loads(json.dumps(of_kind("classifier")[name].example, allow_nan=False))
    assert said["method"] == name
    checked = resolve_arguments(
        {key: value for key, value in said.items() if key not in {"title", "method"}},
        classifiers.find(name).declaration,
    )
    assert (checked.warnings, checked.missing) == ((), ())


@pytest.mark.parametrize("name", PROJECTIONS)
def test_the_configuration_of_a_projection_is_read_back(name):
    said = dict(of_kind("projection")[name].example)
    del said["title"]
    assert parse(said.pop("method"), said) == PROJECTIONS[name]()


def test_the_data_of_a_data_set_are_read_back():
    said = of_kind("data set")["sklearn_iris"].example
    assert BatchDataBlock.model_validate(said).dataset == "sklearn_iris"


def test_a_plugin_replaces_its_namesake_unless_it_is_broken(bench):
    bench.classifier("kneighbors")
    folder = bench.folder / "modules"
    (folder / "classifiers" / "bad").mkdir()
    (folder / "classifiers" / "bad" / "__init__.py").write_text("1 / 0\nNAME = 'svm'\n")
    available = find_available([folder], announce=print)
    (mine,) = find(available, "kneighbors")
    assert mine.source == str(folder / "classifiers" / "kneighbors")
    assert mine.example == {"title": "T", "method": "kneighbors", "depth": 2}
    assert of_kind("classifier", available)["naive"].source == BUILT_IN
    with pytest.raises(UserError, match="svm: its plugin cannot be used"):
        find(available, "svm")
    with pytest.raises(NotFound, match="kneighbours"):
        find(available, "kneighbours")


def test_one_is_printed_with_parameters_and_a_configuration(bench):
    code, out = called("mlpc_keras")
    assert code == 0
    assert "classifier mlpc_keras: Multi-layer perceptron" in out
    assert "a number from 0 to 1" in out
    copied = json.loads(out[out.index("{\n") :])
    assert copied["hidden_layer_sizes"] == [100, 100]
    assert copied["early_stopping"] is False
    code, out = called("keras_mnist")
    assert code == 0
    assert "classes: 0, 1, 2" in out
    assert "mnist.npz" in out


def test_all_are_printed_in_one_table_with_plugins_nearby(bench):
    bench.classifier("mine")
    code, out = called("--format", "csv")
    assert code == 0
    assert f"note: plugins are loaded from {bench.folder / 'modules'}." in out
    assert "\nclassifier,mine,for tests," in out
    assert "\nprojection,tsne," in out
    _, out = called("svm", "--format", "csv")
    assert "\nparameter,values,default,meaning\n" in out
    assert "kernel,\"one of 'linear'" in out


def test_a_name_that_is_none_is_told_with_the_nearest():
    code, _ = called("kneighbours")
    assert code != 0
