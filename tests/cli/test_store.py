"""`sortal store ls|show|rm`: what the explorer's menu does, without its questions."""

import re

import pytest

from sortal.cli.jobs.list import list_jobs
from sortal.errors import Damaged
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.results.results import JobResults
from sortal.options import TableFormat


@pytest.fixture
def said(sortal, stored):
    return lambda *words: sortal("store", *words, "--store", str(stored.folder))


def test_jobs_are_listed_with_their_data_sizes_and_hashes(said, stored):
    told = said("ls").out
    fingerprint = stored.jobs.read("wines").dataset
    (line,) = [line for line in told.splitlines() if fingerprint in line]
    assert "wines" in line
    assert re.search(r"\d+(\.\d+)? k?B", line)
    assert "members" in told


def test_the_items_of_a_job_are_listed_with_sizes_and_hashes(said, stored):
    told = said("ls", "flowers").out
    for name in ("lda", "gaussiannb", "projection", "map by errors"):
        assert name in told
    keys = [entry.key for entry in stored.jobs.read("flowers").entries]
    folders = {place.segment for place in stored.members.find(keys).values()}
    assert len(folders) == 2
    assert folders <= set(told.split())
    assert said("ls", "flower").code == 2


def test_a_classifier_is_shown_whole(said):
    told = said("show", "flowers/lda").out
    for part in ("parameters of lda", "balanced_accuracy", "confusion matrix", "members"):
        assert part in told
    assert "as setosa" in told


def test_a_picture_is_shown_by_its_hash(said, stored):
    (name,) = stored.artifacts.names("projection")
    assert f"artifacts/projection/{name}" in said("show", f"flowers/{name}").out


def test_a_classifier_is_deleted_and_found_no_more(said, stored):
    assert "1 member" in said("rm", "flowers/gaussiannb").out
    assert "gaussiannb" in said("ls", "flowers").out
    assert "0 of 1" in said("ls", "flowers").out
    assert {r.title for r in JobResults.read(stored, "flowers").results} == {"lda"}


def test_who_else_had_a_classifier_is_told_when_it_is_deleted(said, stored):
    assert "1 member, which 'again' had too" in said("rm", "flowers/lda").out
    assert JobResults.read(stored, "again").results == ()


def test_deleting_a_classifier_names_the_ensembles_that_use_it(said, stored):
    ensemble(stored, ["flowers/lda", "flowers/gaussiannb"], title="both")
    told = said("rm", "flowers/gaussiannb").out
    assert "'flowers/both' averages it: it cannot be applied until it is there again." in told
    assert "averages" not in said("rm", "flowers/both").out


def test_pictures_are_deleted_one_by_one_or_all(said, stored):
    (name,) = stored.artifacts.names("projection")
    assert "deleted projection" in said("rm", f"flowers/{name}").out
    assert "projection" not in said("ls", "flowers").out
    assert "deleted 1 picture" in said("rm", "flowers", "--pictures").out
    assert stored.artifacts.names("classifier-map") == []
    assert stored.jobs.names() == ["again", "flowers", "wines"]


def test_the_start_of_a_dataset_s_hash_deletes_all_of_it(said, stored):
    fingerprint = stored.jobs.read("flowers").dataset
    told = said("rm", "--dataset", fingerprint[:10]).out
    assert "'again', 'flowers'" in told
    assert "2 pictures" in told
    assert stored.jobs.names() == ["wines"]


@pytest.mark.parametrize(
    "words",
    [
        ("rm",),
        ("rm", "flowers", "--dataset", "ab"),
        ("rm", "flowers/lda", "--pictures"),
        ("rm", "--pictures"),
        ("rm", "flowers/lad"),
        ("rm", "--dataset", ""),
        ("rm", "--dataset", "no-such"),
        ("show", "flowers/lad"),
    ],
)
def test_an_unclear_request_is_refused_and_deletes_nothing(said, stored, words):
    ran = said(*words)
    assert ran.code == 2
    assert stored.jobs.names() == ["again", "flowers", "wines"]
    assert len(JobResults.read(stored, "flowers").results) == 2


def test_a_list_shows_the_jobs_beside_an_unreadable_one(stored, capsys):
    (stored.folder / "jobs" / "again.json").write_text("{}")
    with pytest.raises(Damaged, match=r"again\.json: name: expected text"):
        list_jobs(store=stored.folder, form=TableFormat.CSV)
    printed = capsys.readouterr().out
    assert [line.split(",")[0] for line in printed.splitlines()] == ["job", "flowers", "wines"]
