"""The index is a cache: whatever happens to it, members are found as they are."""

import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.store.segments.index import Index
from sortal.store.segments.segment import Segments
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.remove import remove_members

LIMITED = """
import resource
from sortal.store.upkeep.verify import find_damages
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
store = Store.open(sys.argv[1])
for number in range(2000):
    commit(store, [f"k{number}"], value=number)
keys = [f"k{number}" for number in range(2000)]
assert len(Store.open(sys.argv[1]).members.find(keys)) == 2000
scores = store.members.scores(keys)
assert [int(score[0, 0]) for score in scores] == list(range(2000))
assert len(store.members.predicted(keys)) == len(store.members.records(keys)) == 2000
assert find_damages(store) == []
"""


def test_two_thousand_segments_are_read_with_256_open_files(store, child):
    pytest.importorskip("resource")
    assert child(LIMITED, store.folder).wait(timeout=60) == 0


def test_a_deleted_index_is_rebuilt(store, commit):
    commit(store, ["a", "b"])
    commit(store, ["c"])
    found = store.members.find("abc")
    (store.folder / "index.jsonl").unlink()
    assert Store.open(store.folder).members.find("abc") == found
    assert len((store.folder / "index.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text[:-1],
        lambda text: text.replace('"a"', '"z"'),
        lambda text: "\n\nnull\n[1]\n{}\n" + text + '{"segment": "half',
        lambda text: text * 20,
    ],
)
def test_a_spoilt_index_misleads_nobody_and_is_mended(store, commit, spoil):
    commit(store, ["a", "b"])
    commit(store, ["c"])
    found = store.members.find("abcz")
    assert found.keys() == set("abc")
    path = store.folder / "index.jsonl"
    path.write_text(spoil(path.read_text()))
    commit(store, ["d"])
    assert {**found, **store.members.find("d")} == Store.open(store.folder).members.find("abcdz")
    index = Index(path, Segments(store.folder / "segments", store.folder / "quarantine"))
    contents, is_clean = index._cached()
    assert is_clean
    assert len(contents) == 3


@given(junk=st.binary(max_size=60), where=st.floats(0, 1))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_the_index_change_nothing(store, commit, junk, where):
    commit(store, ["a", "b"])
    found = store.members.find("ab")
    path = store.folder / "index.jsonl"
    content = path.read_bytes()
    cut = int(where * len(content))
    path.write_bytes(content[:cut] + junk + content[cut:])
    assert Store.open(store.folder).members.find("ab") == found


def test_lines_of_segments_that_are_gone_are_ignored(store, commit):
    commit(store, ["a"])
    store.members.find("a")
    remove_members(store, ["a"])
    free_disk(store)
    assert Store.open(store.folder).members.find("a") == {}


def test_a_member_of_two_segments_is_read_from_the_same_one(store, commit):
    names = {commit(store, ["a", "b"]), commit(store, ["a"]), commit(store, ["b", "a"])}
    assert store.members.find("a")["a"].segment == min(names)
    assert Store.open(store.folder).members.find("a") == store.members.find("a")


def test_a_store_that_cannot_be_written_to_can_be_read(store, commit, monkeypatch):
    commit(store, ["a"])

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("sortal.store.files.atomic.write_text", refuse)
    assert store.members.find("a").keys() == {"a"}
    assert not (store.folder / "index.jsonl").exists()
    assert stat.S_ISDIR(store.folder.stat().st_mode)
