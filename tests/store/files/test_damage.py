"""Every kind of file is cut, changed, removed and added to; each damage is found and named."""

from contextlib import suppress

import numpy as np
import pytest
from stored_records import job_record, member_record

from sortal.errors import Damaged
from sortal.store.files import digests, manifest
from sortal.store.files.json_lines import write_lines
from sortal.store.store import Store
from sortal.store.timings import timings
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.verify import find_damages, find_segment_damages, quarantine

SEGMENT_FILES = [
    "manifest.json",
    "members.jsonl",
    "history.jsonl",
    "scores.npy",
    "predicted.npy",
    "models/0/model.json",
]


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


@pytest.fixture
def filled(store, commit, dataset, split):
    commit(store, ["a", "b"], history=[{"loss": 0.5}])
    store.datasets.save(dataset)
    store.datasets.splits.save(dataset.fingerprint, split)
    store.jobs.write(job_record("stars", ["a"], dataset=dataset.fingerprint))
    store.artifacts.save("study", "one", {}, lambda folder: (folder / "x").write_text("123"))
    assert find_damages(store) == []
    return store


@pytest.mark.parametrize("damage", [cut, flip, empty, remove])
@pytest.mark.parametrize("file", SEGMENT_FILES)
def test_a_damaged_segment_is_named_and_recomputing_repairs_it(filled, commit, file, damage):
    name = filled.members.find(["a"])["a"].segment
    damage(filled.members.segments.get(name).folder / file)
    found = find_damages(filled)
    assert {item.kind for item in found} == {"segment"}
    assert {item.name for item in found} == {name}
    assert file in {item.file for item in found}
    assert file in " ".join(map(str, found))
    for item in found:
        quarantine(filled, item)
    assert filled.members.find(["a", "b"]) == {}
    assert len(list((filled.folder / "quarantine").iterdir())) == 1
    commit(filled, ["a", "b"])
    assert find_damages(filled) == []
    assert filled.members.find(["a", "b"]).keys() == {"a", "b"}


@pytest.mark.parametrize("file", SEGMENT_FILES)
def test_committing_over_a_damaged_segment_replaces_it(filled, commit, file):
    name = filled.members.find(["a"])["a"].segment
    cut(filled.members.segments.get(name).folder / file)
    assert commit(filled, ["a", "b"], value=0.25) == name
    assert find_damages(filled) == []
    assert filled.members.scores(["a"])[0].max() == 0.25


def test_committing_over_a_sound_segment_keeps_it(filled, commit):
    commit(filled, ["a", "b"], value=0.25)
    assert filled.members.scores(["a"])[0].max() == 0.5


def test_an_unexpected_file_is_named_but_not_those_of_browsers(filled):
    folder = filled.members.segments.get(filled.members.find(["a"])["a"].segment).folder
    (folder / ".DS_Store").write_text("x")
    assert find_damages(filled) == []
    (folder / "models" / "extra.json").write_text("x")
    assert [item.file for item in find_damages(filled)] == ["models/extra.json"]


def test_a_segment_under_another_name_is_found_out(filled):
    folder = filled.members.segments.get(filled.members.find(["a"])["a"].segment).folder
    folder.rename(folder.with_name(folder.name[:-4] + "0000"))
    assert ["does not fit" in item.what for item in find_damages(filled)] == [True]
    assert Store.open(filled.folder).members.find(["a"]) == {}


@pytest.mark.parametrize("damage", [cut, flip, empty, remove])
@pytest.mark.parametrize("file", ["labels.npy", "input.features.npy", "dataset.json"])
def test_damage_to_data_is_named_and_saving_again_mends_it(filled, dataset, file, damage):
    damage(filled.folder / "data" / dataset.fingerprint / file)
    (item,) = find_damages(filled)
    assert (item.kind, item.name, item.file) == ("data", dataset.fingerprint, file)
    quarantine(filled, item)
    filled.datasets.save(dataset)
    assert find_damages(filled) == []


@pytest.mark.parametrize("damage", [cut, flip, empty])
def test_damage_to_a_split_is_named_and_saving_again_mends_it(filled, dataset, split, damage):
    damage(filled.folder / "data" / dataset.fingerprint / "splits" / f"{split.fingerprint}.npz")
    (item,) = find_damages(filled)
    assert (item.kind, item.file) == ("split", f"{split.fingerprint}.npz")
    with pytest.raises(Damaged):
        filled.datasets.splits.get(dataset.fingerprint, split.fingerprint)
    quarantine(filled, item)
    assert find_damages(filled) == []
    filled.datasets.splits.save(dataset.fingerprint, split)
    assert filled.datasets.splits.get(dataset.fingerprint, split.fingerprint).fold == 2


def test_every_changed_byte_of_a_split_is_found_or_harmless(filled, dataset, split):
    path = filled.folder / "data" / dataset.fingerprint / "splits" / f"{split.fingerprint}.npz"
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x55
        path.write_bytes(bytes(changed))
        if not filled.datasets.splits.fault(dataset.fingerprint, split.fingerprint):
            stored = filled.datasets.splits.get(dataset.fingerprint, split.fingerprint)
            assert stored.train.tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["", '{"entries": [', "[]", "null", b"\xff\xfe"])
def test_a_job_that_is_no_json_object_is_named(filled, text):
    path = filled.folder / "jobs" / "stars.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (item,) = find_damages(filled)
    assert (item.kind, item.name) == ("job", "stars")
    quarantine(filled, item)
    assert find_damages(filled) == []
    assert filled.jobs.names() == []


@pytest.mark.parametrize("damage", [cut, flip, empty])
def test_damage_to_an_artifact_is_named(filled, damage):
    damage(filled.artifacts.get("study", "one").folder / "x")
    (item,) = find_damages(filled)
    assert (item.kind, item.name, item.file) == ("artifact", "study/one", "x")
    quarantine(filled, item)
    assert find_damages(filled) == []
    filled.artifacts.save("study", "one", {}, lambda folder: None)


def test_an_unreadable_description_of_an_artifact_is_named(filled):
    empty(filled.folder / "artifacts" / "study" / "one" / "artifact.json")
    (item,) = find_damages(filled)
    assert item.file == "artifact.json"


def test_leftovers_of_killed_processes_are_no_damage(filled):
    for place in ("segments", "data", "jobs", "artifacts/study"):
        (filled.folder / place / ".tmp-elsewhere-1-00ff").mkdir()
    assert find_damages(filled) == []


def test_reading_members_of_a_cut_file_says_which(filled):
    folder = filled.members.segments.get(filled.members.find(["a"])["a"].segment).folder
    cut(folder / "scores.npy")
    with pytest.raises(Damaged, match=r"scores\.npy"):
        filled.members.scores(["a"])
    path = folder / "members.jsonl"
    write_lines(path, [member_record(key).to_json() for key in "ba"])
    with pytest.raises(Damaged, match=r"members\.jsonl"):
        filled.members.record("a")
    write_lines(path, [member_record("a").to_json()])
    with pytest.raises(Damaged, match="no line 2"):
        filled.members.record("b")


def test_any_changed_byte_of_an_array_is_found_as_damage(filled):
    """A changed header raises nothing else either."""
    segment = filled.members.segments.get(filled.members.find(["a"])["a"].segment)
    path = segment.folder / "scores.npy"
    content = path.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x20
        path.write_bytes(bytes(changed))
        if place % 10 == 0:
            assert [item.file for item in find_segment_damages(filled)] == ["scores.npy"]
        with suppress(Damaged):
            assert segment.scores.size


READ = {
    "members.jsonl": lambda store: store.members.record("a"),
    "scores.npy": lambda store: store.members.scores(["a"]),
    "predicted.npy": lambda store: store.members.predicted(["a"]),
    "history.jsonl": lambda store: store.members.history("a"),
    "printed.jsonl": lambda store: store.members.printed("a"),
}
"""What reads each file of a segment."""


def flip_last_letter(path):
    """Change a file so that it still has the form of what it was."""
    content = bytearray(path.read_bytes())
    place = max(content.rfind(one) for one in b"0123456789") if path.suffix != ".npy" else -1
    content[place] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [flip_last_letter, remove])
@pytest.mark.parametrize("file", sorted(READ))
def test_a_changed_file_of_a_segment_is_not_read(store, commit, file, damage):
    commit(store, ["a"], history=[{"loss": 0.5}], printed={"a": "epoch 1"})
    assert len(store.members.find(["a"])) == 1
    path = store.members.segments.get(store.members.find(["a"])["a"].segment).folder / file
    for read in READ.values():
        read(store)
    damage(path)
    with pytest.raises(Damaged, match=file.replace(".", r"\.")):
        READ[file](store)
    for other in READ.keys() - {file}:
        READ[other](store)


def test_files_that_are_not_asked_for_are_not_opened(store, commit, monkeypatch):
    name = commit(store, ["a"])
    opened, read = [], digests.fresh_digest
    monkeypatch.setattr(digests, "_known", {})
    monkeypatch.setattr(
        digests, "fresh_digest", lambda path: opened.append(path.name) or read(path)
    )
    store.members.predicted(["a"])
    assert set(opened) == {"predicted.npy"}
    store.members.segments.get(name).model_folder(0)
    assert set(opened) == {"predicted.npy", "members.jsonl", "model.json"}


def test_a_manifest_is_parsed_once_for_all_models(store, monkeypatch):
    with store.members.draft() as draft:
        for number in range(20):
            (draft.folder / "models" / str(number)).mkdir(parents=True)
            (draft.folder / "models" / str(number) / "model.json").write_text("{}")
        scores = np.zeros((1, 3, 2), np.float32)
        name = draft.commit([member_record("a")], scores, scores[..., 0].astype(np.uint8))
    manifest._read_of.cache_clear()
    monkeypatch.setattr(manifest, "is_settled", lambda _stamp: True)
    parsed, read = [], manifest._read
    monkeypatch.setattr(manifest, "_read", lambda path: parsed.append(path) or read(path))
    for number in range(20):
        store.members.segments.get(name).model_folder(number)
    assert len(parsed) == 1


def test_a_file_too_many_beside_a_model_is_damage(store, commit):
    segment = store.members.segments.get(commit(store, ["a"]))
    (segment.folder / "models" / "0" / "Thumbs.db").write_text("x")
    segment.model_folder(0)
    (segment.folder / "models" / "0" / "extra.json").write_text("x")
    with pytest.raises(Damaged, match=r"extra\.json: does not belong there"):
        segment.model_folder(0)


USES = {
    "members.jsonl": (lambda store: timings(store, "ab"), free_disk),
    "history.jsonl": (lambda store: store.members.history("b"),),
    "printed.jsonl": (lambda store: store.members.printed("b"),),
}
"""What reads single fields of the lines of a file."""

ODD_LINES = [
    ("members.jsonl", '{"x":1}'),
    ("members.jsonl", '{"key":["b"]}'),
    ("history.jsonl", '{"x":1}'),
    ("history.jsonl", '{"key":["b"],"history":[]}'),
    ("history.jsonl", '{"key":"b"}'),
    ("printed.jsonl", '{"x":1}'),
    ("printed.jsonl", '{"key":["b"],"printed":""}'),
    ("printed.jsonl", '{"key":"b"}'),
]


@pytest.mark.parametrize(("file", "text"), ODD_LINES)
def test_a_line_of_another_shape_raises_nothing_but_damage(filled, file, text):
    assert filled.members.find("ab").keys() == set("ab")
    path = filled.members.segments.get(filled.members.find("a")["a"].segment).folder / file
    whole = path.read_text() if path.exists() else '{"key":"a","printed":"so far"}\n'
    path.write_text(whole.splitlines(keepends=True)[0] + text + "\n")
    for use in USES[file]:
        with suppress(Damaged):
            use(filled)
    assert filled.members.segments.get(path.parent.name).folder.is_dir()
