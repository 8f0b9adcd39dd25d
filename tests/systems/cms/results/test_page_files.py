"""The page's files, read as its users would: with NumPy, pandas, json and pickle."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.split import Part
from sortal.jobs.applying.rescore import part_scores
from sortal.systems.cms.results import page_files
from sortal.systems.cms.results.page_files import TABLE_COLUMNS, rate_text, write_table
from sortal.systems.cms.results.pickles import write_pickles
from sortal.systems.cms.settings import MulticlassSettings
from sortal.systems.cms.training.scored import mean_of

NAMES = {Part.VALIDATION: ("val_output.csv", "val"), Part.TEST: ("test_output.csv", "test")}
CLASSES = {"Wjets": ["Wj*"], "TTbar": ["TT*"]}
TRAINING = {"epochs": 2, "batch_size": 16, "layers": [4], "bootstrap": 0}


@pytest.fixture(scope="module")
def binary(train, settings, lasting_folder):
    return train(settings(data=str(lasting_folder.path), **TRAINING))


@pytest.fixture(scope="module")
def multiclass(train, lasting_folder):
    given = {"data": str(lasting_folder.path), "classes": CLASSES, "signal_point": ""}
    return train(MulticlassSettings(**given, **TRAINING, runs=2, decays=[0.0, 0.5]))


@pytest.fixture(scope="module")
def crossed(train, settings, lasting_folder):
    """Three networks of a cross-evaluation."""
    return train(settings(data=str(lasting_folder.path), **TRAINING, folds=3))


def truth(folder, prefix):
    """Weight and process of the events of a part, signal first, as the input files have them."""
    frames = [
        pd.read_csv(folder.path / f"{prefix}_{kind}.csv", header=None) for kind in ("sig", "bkg")
    ]
    return pd.concat(frames)[[3, 4]]


def test_a_network_that_cannot_be_written_changes_no_file(binary, tmp_path, monkeypatch):
    def full(portable, path, form):
        path.write_bytes(b"half of a file")
        raise OSError("no space left on device")

    (network,) = binary.networks
    (tmp_path / "best_weights.h5").write_text("older")
    monkeypatch.setattr(page_files, "write", full)
    with pytest.raises(OSError, match="no space left"):
        page_files.write_weights(tmp_path, network, binary.store)
    assert [path.name for path in tmp_path.iterdir()] == ["best_weights.h5"]
    assert (tmp_path / "best_weights.h5").read_text() == "older"


def test_score_files_are_those_of_the_binary_script(binary, lasting_folder, tmp_path):
    (network,) = binary.networks
    page_files.write_outputs(tmp_path, network, binary.sample.events)
    for part, (name, prefix) in NAMES.items():
        read = np.loadtxt(tmp_path / name, dtype=str, delimiter=",")
        wanted = truth(lasting_folder, prefix)
        assert read.shape == (len(wanted), 3)
        np.testing.assert_array_equal(read[:, 1].astype(float), wanted[3])
        assert read[:, 2].tolist() == [one.removesuffix(".root") for one in wanted[4]]
        scores = part_scores(binary.store, network.member, part)[1][:, 0]
        np.testing.assert_array_equal(read[:, 0].astype(np.float32), scores)
        frame = pd.read_csv(tmp_path / name, header=None)
        np.testing.assert_array_equal(frame[1], wanted[3])
        assert frame[[0, 1]].dtypes.map(pd.api.types.is_float_dtype).all()


def test_of_several_classes_there_is_a_score_each(multiclass, tmp_path):
    network = multiclass.networks[0]
    page_files.write_outputs(tmp_path, network, multiclass.sample.events)
    frame = pd.read_csv(tmp_path / "test_output.csv", header=None)
    assert frame.shape == (96, 5)
    np.testing.assert_allclose(frame[[0, 1, 2]].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(frame[[0, 1, 2]].astype(np.float32), network.scores[Part.TEST])


def test_networks_are_every_decay_with_all_its_runs(multiclass):
    order = [(one.parameters["decay"], one.seed) for one in multiclass.networks]
    assert order == [(0.0, 0), (0.0, 1), (0.5, 0), (0.5, 1)]
    scores = [one.scores[Part.TEST] for one in multiclass.networks]
    for place, one in enumerate(scores):
        assert all(np.abs(one - other).max() > 1e-4 for other in scores[:place])


def test_the_mean_of_networks_is_the_mean_of_their_scores(multiclass):
    together = mean_of(multiclass.networks[:2], "both")
    for part in Part:
        first, second = (one.scores[part] for one in multiclass.networks[:2])
        np.testing.assert_allclose(together.scores[part], (first + second) / 2, rtol=1e-6)
    assert len(together.members) == 2


def test_the_course_of_training_is_told_by_keras_names(binary, tmp_path):
    (network,) = binary.networks
    page_files.write_history(tmp_path, network)
    told = json.loads((tmp_path / "history.json").read_text())
    assert set(told["script"]) == {"loss", "acc", "val_loss", "val_acc"}
    assert all(len(values) == 2 for values in told["script"].values())
    assert told["script"]["val_loss"] == told["measured"]["validation_loss"]
    write_pickles(tmp_path, page_files.history_lists(network))
    for name in ("loss", "acc", "val_loss", "val_acc"):
        values = pickle.loads((tmp_path / f"{name}.pickle").read_bytes())
        assert values == told["script"][name]
        assert all(type(value) is float for value in values)


def test_the_best_weights_are_one_file_or_one_a_fold(binary, crossed, tmp_path):
    h5py = pytest.importorskip("h5py")
    (path,) = page_files.write_weights(tmp_path, binary.networks[0], binary.store)
    assert path.name == "best_weights.h5"
    with h5py.File(path) as file:
        shapes = []
        file.visititems(lambda _, one: shapes.append(getattr(one, "shape", None)))
    assert {(3, 4), (4,), (4, 1), (1,)} <= set(shapes)
    paths = page_files.write_weights(tmp_path, crossed.networks[0], crossed.store)
    assert [one.name for one in paths] == [f"best_weights_fold{fold}.h5" for fold in range(3)]
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".tmp")]


def test_each_event_is_tested_by_the_fold_that_never_saw_it(crossed):
    (network,) = crossed.networks
    everyone = np.arange(len(crossed.sample.events))
    for part in Part:
        np.testing.assert_array_equal(network.rows[part], everyone)
    for member in network.members:
        rows, scores = part_scores(crossed.store, member, Part.TEST)
        assert set(rows % 3) == {member.entry.fold}
        np.testing.assert_array_equal(network.scores[Part.TEST][rows], scores)


def row(value):
    return {name: f"{name} {value}" for name in TABLE_COLUMNS}


def test_the_table_is_written_whole_with_one_header(tmp_path):
    path = tmp_path / "17var_fom.csv"
    path.write_text("old\n")
    write_table(path, [[row(1), row(2)], [row(3)]], append=False)
    frame = pd.read_csv(path, index_col=0)
    assert list(frame.columns) == list(TABLE_COLUMNS)
    assert frame.index.tolist() == [0, 1, 0]
    assert frame["Test FOM"].tolist() == ["Test FOM 1", "Test FOM 2", "Test FOM 3"]
    assert path.read_text().startswith(",Scaling Function,NN Configuration,")


def test_an_appended_block_has_its_header_after_the_last(tmp_path):
    path = tmp_path / "17var_fom.csv"
    write_table(path, [[row(1)]], append=True)
    once = path.read_text()
    path.write_text(once.rstrip("\n"))
    write_table(path, [[row(2)], [row(3)]], append=True)
    lines = path.read_text().splitlines()
    assert path.read_text().startswith(once)
    assert [line.startswith(",Scaling") for line in lines] == [True, False] * 3


@pytest.mark.parametrize(
    ("rate", "text"),
    [(5e-5, "5e-5"), (1e-3, "1e-3"), (1e-4, "1e-4"), (0.0, "0"), (2, "2e0"), (0.00125, "1.25e-3")],
)
def test_rates_are_spelt_as_the_scripts_folders(rate, text):
    assert rate_text(rate) == text


@given(st.floats(0, 1e10))
def test_no_two_rates_have_one_name(rate):
    assert float(rate_text(rate)) == rate
