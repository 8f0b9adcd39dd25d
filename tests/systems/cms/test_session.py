"""What both commands share: settings checked at once, a folder, and what is printed of a training."""

import math
from importlib.util import find_spec

import numpy as np
import pytest
from stored_records import member_entry, member_record

from sortal.data.split import Part
from sortal.errors import MissingExtra
from sortal.jobs.results.result import MemberResult
from sortal.systems.cms import session
from sortal.systems.cms.settings import BinarySettings, MulticlassSettings
from sortal.systems.cms.training.scored import Scored

NAMES = {"year": 2017, "channel": "1l", "name": "first"}


@pytest.fixture
def said(monkeypatch):
    """Lines that are printed."""
    lines = []
    monkeypatch.setattr(session, "echo", lines.append)
    return lines


def network(losses, *, fold=None):
    """A trained network, as far as printing knows it."""
    entry, record = member_entry("key", fold=fold), member_record("key", fold=fold)
    member = MemberResult(entry=entry, record=record, scores={})
    history = [
        {"loss": 2 * loss, "validation_loss": loss, "accuracy": 0.5, "validation_accuracy": 0.25}
        for loss in losses
    ]
    nothing = {part: np.empty(0) for part in Part}
    return Scored(
        title="network", seed=0, members=(member,), rows=nothing, scores=nothing, history=history
    )


@pytest.mark.parametrize(
    ("option", "module", "told"),
    [
        ("hep_style", "mplhep", r"the figure style 'hep'.*sortal\[hep\]"),
        ("onnx", "onnx", r"sortal\[onnx\]"),
    ],
)
def test_a_missing_extra_is_told_before_anything_is_read(option, module, told, monkeypatch):
    def hidden(name):
        return None if name == module else find_spec(name)

    for place in ("sortal.systems.cms.session", "sortal.export.write"):
        monkeypatch.setattr(f"{place}.find_spec", hidden)
    session.read(BinarySettings, NAMES, None)
    with pytest.raises(MissingExtra, match=told):
        session.read(BinarySettings, {**NAMES, option: True}, None)


def test_a_folder_is_made_and_an_older_one_is_announced(tmp_path, said):
    folder = tmp_path / "models" / "2017_1l_first"
    session.make_folder(folder)
    assert folder.is_dir()
    session.make_folder(folder)
    (folder / "report.md").write_text("older")
    session.make_folder(folder)
    assert said == [
        f"Dir {folder}/ created.",
        f"Dir {folder}/ created.",
        f"Dir {folder}/ is there: its files are written anew.",
    ]
    assert (folder / "report.md").read_text() == "older"


def test_reading_prints_the_script_s_line_and_the_notes(lasting_folder, settings, said):
    data = str(lasting_folder.path)
    session.load(settings(data=data))
    assert said == ["LOADING DATA"]
    said.clear()
    few = {"Wjets": ["Wj*"], "TTbar": ["*"]}
    session.load(MulticlassSettings(data=data, classes=few, signal_point="", cut="var1 > -100"))
    assert said == ["Loading data..."]
    said.clear()
    session.load(settings(data=data, cut="var1 > 0.5"))
    assert said[0] == "LOADING DATA"
    assert any("events pass the cut" in line for line in said[1:])


def test_a_network_is_printed_with_its_optimiser_and_rates(lasting_folder, said):
    asked = MulticlassSettings(
        data=str(lasting_folder.path),
        classes={"Wjets": ["Wj*"], "TTbar": ["*"]},
        signal_point="",
        layers=[7],
        decays=[0.1, 0.01],
    )
    session.print_network(asked, session.load(asked))
    assert said[1] == "adam: learning rate 5e-05, decay 0.1, 0.01"
    assert said[-1] == f"Total params: {4 * 7 + 8 * 3}"
    assert "softmax" in said[-3]


def test_one_of_several_networks_prints_one_line_unless_verbose(tmp_path, said):
    trained = network([1.5, 1.2, 1.3])
    session.print_course(trained, tmp_path, verbose=False, name="run 3")
    assert said == ["run 3: best epoch 1, val_loss 1.20000"]
    said.clear()
    session.print_course(trained, tmp_path, verbose=True, name="run 3")
    assert said[0] == (
        "Epoch 1/3 - loss: 3.0000 - accuracy: 0.5000 - val_loss: 1.5000 - val_accuracy: 0.2500"
    )
    assert said[3].endswith(f"saving model to {tmp_path / 'best_weights.h5'}")
    assert said[5] == "Epoch 00003: val_loss did not improve from 1.20000"
    assert len(said) == 6


def test_a_network_alone_tells_every_improvement(tmp_path, said):
    session.print_course(network([1.5, math.nan, 1.2]), tmp_path, verbose=False)
    assert [line.split(",")[0] for line in said] == [
        "Epoch 00001: val_loss improved from inf to 1.50000",
        "Epoch 00003: val_loss improved from 1.50000 to 1.20000",
    ]


def test_of_folds_the_file_that_is_named_is_there(tmp_path, said):
    session.print_course(network([1.5], fold=0), tmp_path, verbose=False)
    assert said[0].endswith(f"saving model to {tmp_path / 'best_weights_fold0.h5'}")


def test_pictures_look_as_the_settings_say(settings):
    plain = session.look_of(settings(experiment="CMS"))
    assert (plain.style, plain.experiment, plain.status) == ("plain", "CMS", "Simulation")
    assert plain.luminosity_text == "35.9 fb$^{-1}$"
    assert session.look_of(settings(hep_style=True, luminosity=1000)).style == "hep"
