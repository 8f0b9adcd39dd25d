"""Populations of networks that pause, are killed or ended at a budget, and go on."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.errors import OptionError
from sortal.methods.contract.base import Paused, Verdict
from sortal.methods.neural.mlp import MLP
from sortal.training.snapshots.snapshot import Snapshot

HERE = Path(__file__).parent


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    import mlp_population

    return mlp_population


def _assert_same_to_the_bit(one, other, data):
    assert one.keys() == other.keys()
    for key, (model, outcome) in one.items():
        twin, twin_outcome = other[key]
        for part in (Part.TRAIN, Part.VALIDATION):
            assert np.array_equal(model.scores(data.inputs(part)), twin.scores(data.inputs(part)))
        assert outcome.history[key] == twin_outcome.history[key]
        assert outcome.notes[key] == twin_outcome.notes[key]


def test_stopping_all_pauses_and_resuming_changes_no_bit(tools, driver, tmp_path, by_key):
    data, members = tools.made_data(), tools.population()
    whole = by_key(MLP().train(members, data, driver()))
    stopping = driver(lambda progress: Verdict(stop_all="epoch 9/" in progress.text))
    interrupted = list(MLP().train(replace(members, resume=tmp_path), data, stopping))
    (paused,) = (outcome for outcome in interrupted if isinstance(outcome, Paused))
    assert paused.done == 8
    assert paused.keys == ("m1", "m2")
    left = tuple(member for member in members.members if member.key in paused.keys)
    resumed = MLP().train(replace(members, members=left, resume=tmp_path), data, driver())
    both = {**by_key(interrupted), **by_key(resumed)}
    _assert_same_to_the_bit(whole, both, data)


def test_training_by_budget_ends_where_training_through_does(tools, driver, tmp_path, by_key):
    method = MLP()
    data, members = tools.made_data(), tools.population(precision="float64")
    whole = by_key(method.train(members, data, driver()))
    kept = replace(members, resume=tmp_path)
    first = list(method.train(replace(kept, budget=2), data, driver()))
    assert first == [Paused(("m0", "m1", "m2"), 2.0)]
    survivors = replace(kept, members=members.members[:2])
    rest = by_key(method.train(survivors, data, driver()))
    assert set(rest) == {"m0", "m1"}
    for key, (model, _) in rest.items():
        inputs = data.inputs(Part.VALIDATION)
        difference = model.scores(inputs) - whole[key][0].scores(inputs)
        assert np.abs(difference).max() <= 1e-6


def test_a_budget_needs_a_folder_to_pause_into(tools, driver):
    population = replace(tools.population(), budget=2)
    with pytest.raises(OptionError, match="folder for snapshots"):
        list(MLP().train(population, tools.made_data(), driver()))


def test_tiles_that_were_not_begun_wait_too(tools, driver, tmp_path, monkeypatch, by_key):
    monkeypatch.setattr("sortal.training.snapshots.tiles.members_per_tile", lambda _: 2)
    data, members = tools.made_data(), replace(tools.population(), resume=tmp_path)
    stop = driver(lambda progress: Verdict(stop_all="epoch 2/" in progress.text))
    outcomes = list(MLP().train(members, data, stop))
    assert outcomes == [Paused(("m0", "m1"), 1.0), Paused(("m2",), 0.0)]
    resumed = by_key(MLP().train(members, data, driver()))
    whole = by_key(MLP().train(replace(members, resume=None), data, driver()))
    _assert_same_to_the_bit(whole, resumed, data)


def test_members_of_a_finished_tile_are_not_trained_again(
    tools, driver, tmp_path, monkeypatch, by_key
):
    monkeypatch.setattr("sortal.training.snapshots.tiles.members_per_tile", lambda _: 2)
    data, members = tools.made_data(), replace(tools.population(), resume=tmp_path)
    begun = iter(MLP().train(members, data, driver()))
    first = next(begun)
    begun.close()
    (path,) = tmp_path.glob("*.safetensors")
    assert Snapshot.read(path).about["courses"] == {}
    again = next(iter(MLP().train(members, data, driver())))
    _assert_same_to_the_bit(by_key([first]), by_key([again]), data)


def test_a_rerun_after_a_kill_equals_uninterrupted_training(tools, driver, tmp_path, by_key):
    script = HERE / "train_mlp_until_killed.py"
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
        written = list(tmp_path.glob("*.safetensors"))
        if written and (about := Snapshot.read(written[0]).about)["epoch"] >= 2:
            process.kill()
            break
    assert process.wait() == -9
    about = Snapshot.read(next(tmp_path.glob("*.safetensors"))).about
    assert 2 <= about["epoch"] < 25
    data, members = tools.made_data(), tools.population()
    resumed = list(MLP().train(replace(members, resume=tmp_path), data, driver()))
    assert not any("ignored" in note for one in resumed for note in one.notes["m1"])
    whole = MLP().train(members, data, driver())
    _assert_same_to_the_bit(by_key(whole), by_key(resumed), data)


def test_damaged_snapshots_are_noted_and_do_no_harm(tools, driver, tmp_path, by_key):
    (tmp_path / "0123.safetensors").write_bytes(b"not tensors")
    data, members = tools.made_data(), replace(tools.population(), resume=tmp_path)
    outcomes = by_key(MLP().train(members, data, driver()))
    assert set(outcomes) == {"m0", "m1", "m2"}
    assert any("damaged snapshot" in note for note in outcomes["m2"][1].notes["m2"])
