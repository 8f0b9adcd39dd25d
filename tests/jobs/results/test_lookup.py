"""Jobs and results are found by their exact names, whatever became of other jobs of the store."""

import pytest
from stored_records import job_record, member_entry

from sortal.errors import Damaged, NotFound, UserError
from sortal.jobs.results.lookup import find_job, find_named, find_result, names_file
from sortal.jobs.results.similar_names import NamedThing
from sortal.store.records.job_files import Jobs
from sortal.store.store import Store

UNFIT = [123 * "long ", "a\0b", "con/" * 80 + "x"]
"""Texts that no file system takes for the name of a file."""


@pytest.fixture
def store(tmp_path):
    """A store of two sound jobs and one whose record cannot be read."""
    store = Store.open(tmp_path / "store")
    for name in ("good", "fine"):
        entries = (member_entry("key", "KNN k = 3"), member_entry("other", f"only {name}"))
        store.jobs.write(job_record(name, entries=entries))
    (store.folder / "jobs" / "bad.json").write_text("{}")
    return store


@pytest.fixture
def notes():
    return []


@pytest.mark.parametrize(
    ("what", "place"),
    [
        ("good", NamedThing("good")),
        ("good/KNN k = 3", NamedThing("good", "KNN k = 3")),
        ("only fine", NamedThing("fine", "only fine")),
        ("GOOD/knn k=3", NamedThing("good", "KNN k = 3")),
    ],
)
def test_an_unreadable_record_hides_no_other_job(store, notes, what, place):
    assert find_named(store, what, notes.append) == place


@pytest.mark.parametrize("what", ["fine", "fine/KNN k = 3"])
def test_an_exact_name_reads_the_record_of_its_job_alone(store, notes, monkeypatch, what):
    read, records = [], Jobs.read
    monkeypatch.setattr(Jobs, "read", lambda of, name: read.append(name) or records(of, name))
    assert str(find_named(store, what, notes.append)) == what
    assert set(read) <= {"fine"}


@pytest.mark.parametrize("find", [lambda s, w: find_named(s, w, print), find_result])
def test_unreadable_records_are_named_if_nothing_is_found(store, find):
    with pytest.raises(
        NotFound, match=r"records of these jobs cannot be read: 'bad' \(see sortal store"
    ):
        find(store, "nothing like it")


def test_a_result_of_an_unreadable_job_is_damage(store, notes):
    with pytest.raises(Damaged, match=r"bad\.json"):
        find_named(store, "bad/KNN k = 3", notes.append)
    with pytest.raises(Damaged, match=r"bad\.json"):
        find_result(store, "bad/KNN k = 3")


def test_a_title_of_two_jobs_is_not_guessed(store, notes):
    with pytest.raises(UserError, match="is a title of 2 jobs"):
        find_named(store, "KNN k = 3", notes.append)


@pytest.mark.parametrize("what", UNFIT)
def test_a_text_that_is_no_path_names_no_file(store, notes, what):
    assert not names_file(what)
    assert find_job(store, what) is None
    with pytest.raises(NotFound, match="no job or result named"):
        find_named(store, what, notes.append)
