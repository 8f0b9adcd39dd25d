from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sortal.errors import Damaged
from sortal.training.loop import step, train
from sortal.training.optimisers.choice import MemberRates
from sortal.training.recipe import MemberPlan
from sortal.training.snapshots.snapshot import (
    Snapshot,
    meaning_of,
    plan_digest,
    save_snapshot,
    snapshot_path,
)
from sortal.training.snapshots.tiles import lay_tiles

CPU = torch.device("cpu")


@pytest.fixture
def saved(*, recipe, course, tile, watch, examples, tmp_path):
    """Three members of which one has ended, in a folder."""
    courses = [course("a", epochs=1), course("b", epochs=9), course("c", epochs=9)]
    one = tile(recipe(), *courses)
    train(one, examples(), None, watch(), until=2)
    save_snapshot(one, snapshot_path(tmp_path, ["a", "b", "c"]), "meaning")
    return one, courses, tmp_path


def test_members_are_found_again(saved, recipe):
    one, courses, folder = saved
    tiles, notes = lay_tiles(recipe(), courses, folder, "meaning")
    assert [laid.keys for laid in tiles] == [("a", "b", "c")]
    assert notes == []
    again = tiles[0].open(recipe(), CPU, rows=100)
    assert torch.equal(again.state, one.state)
    assert torch.equal(again.ended["a"].state, one.ended["a"].state)
    assert again.epoch == 2


def test_members_that_are_no_longer_wanted_are_left_out(saved, recipe, course):
    one, courses, folder = saved
    wanted = [courses[2], course("d")]
    tiles, notes = lay_tiles(recipe(), wanted, folder, "meaning")
    assert [laid.keys for laid in tiles] == [("c",), ("d",)]
    assert notes == []
    again = tiles[0].open(recipe(), CPU, rows=100)
    assert [left.key for left in again.courses] == ["c"]
    assert torch.equal(again.state[0], one.state[1])


def test_a_snapshot_of_another_training_is_ignored_with_a_note(saved, recipe):
    _, courses, folder = saved
    tiles, notes = lay_tiles(recipe(), courses, folder, "other meaning")
    assert not tiles[0].stored
    assert "of another training was ignored" in notes[0]


def test_a_snapshot_of_other_parameters_is_ignored_with_a_note(saved, recipe):
    _, courses, folder = saved
    courses[1] = replace(courses[1], dropout=0.5)
    tiles, notes = lay_tiles(recipe(), courses, folder, "meaning")
    assert not tiles[0].stored
    assert len(notes) == 1


@pytest.mark.parametrize("left", [0, 7, 100, -10])
def test_a_snapshot_cut_short_is_ignored_with_a_note(saved, recipe, left):
    _, courses, folder = saved
    (path,) = folder.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(Damaged):
        Snapshot.read(path)
    tiles, notes = lay_tiles(recipe(), courses, folder, "meaning")
    assert not tiles[0].stored
    assert "damaged" in notes[0]


def test_a_changed_bit_of_a_snapshot_is_found_or_harmless(saved):
    (path,) = saved[2].glob("*.safetensors")
    content, whole = path.read_bytes(), Snapshot.read(path)
    found = 0
    for place in range(0, len(content), max(1, len(content) // 400)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(bytes(changed))
        try:
            read = Snapshot.read(path)
        except Damaged:
            found += 1
            continue
        assert read.about == whole.about
        assert all(torch.equal(read.tensors[name], held) for name, held in whole.tensors.items())
    assert found > 390


def test_a_snapshot_without_a_digest_is_read(saved):
    (path,) = saved[2].glob("*.safetensors")
    with safe_open(path, framework="pt") as file:
        metadata = {"sortal": file.metadata()["sortal"]}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata=metadata)
    assert Snapshot.read(path).keys == ("a", "b", "c")


def test_a_half_written_snapshot_does_not_replace_a_whole_one(saved, recipe, monkeypatch):
    one, courses, folder = saved
    monkeypatch.setattr(
        "sortal.training.snapshots.snapshot.save_file",
        lambda _, path, **__: (path.write_bytes(b"part"), 1 / 0),
    )
    with pytest.raises(ZeroDivisionError):
        save_snapshot(one, snapshot_path(folder, ["a", "b", "c"]), "meaning")
    tiles, notes = lay_tiles(recipe(), courses, folder, "meaning")
    assert tiles[0].stored
    assert notes == []


def test_a_tile_whose_members_all_ended_can_be_saved(
    *, recipe, course, tile, watch, examples, tmp_path
):
    one = tile(recipe(dropout=True), course(epochs=1, dropout=0.2, patience=1))
    train(one, examples(), examples(seed=4), watch())
    path = snapshot_path(tmp_path / "new", ["a"])
    save_snapshot(one, path, "m")
    again = Snapshot.read(path).restore(one.recipe, one.courses, CPU, rows=100)
    assert again.courses == []
    assert torch.equal(again.ended["a"].state, one.ended["a"].state)


def test_dropout_goes_on_where_it_was(recipe, course, tile, examples, tmp_path):
    one = tile(recipe(dropout=True), course(dropout=0.5))
    step(one, examples(16))
    path = snapshot_path(tmp_path, ["a"])
    save_snapshot(one, path, "m")
    again = Snapshot.read(path).restore(one.recipe, one.courses, CPU, rows=100)
    for current in (one, again):
        step(current, examples(16))
    assert torch.equal(one.state, again.state)


def test_the_meaning_holds_recipe_and_data(recipe):
    meanings = {
        meaning_of(recipe(), ("x",), CPU),
        meaning_of(recipe(), ("y",), CPU),
        meaning_of(recipe(batch_size=17), ("x",), CPU),
    }
    assert len(meanings) == 3


def test_plans_have_the_digests_of_earlier_versions():
    plan = MemberPlan(key="k", seed=1, lesson=0, epochs=3, rates=MemberRates(learning_rate=0.1))
    assert plan_digest(plan) == "b171efecd84cd3056b777f1e771172fc"
