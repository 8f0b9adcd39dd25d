"""A search in the store, found again under the name that its job has there."""

from pathlib import Path

from stored_records import job_record

from sortal.jobs.searching.study import SEARCH, Study
from sortal.store.store import Store
from sortal.store.upkeep.merge import merge_stores


def test_a_search_that_a_merge_renames_is_that_of_its_job(tmp_path: Path):
    ours, other = (Store.open(tmp_path / name) for name in ("ours", "other"))
    ours.jobs.write(job_record("own", "a"))
    for name in ("own", f"own{SEARCH}"):
        other.jobs.write(job_record(name, "b"))
    study = Study(job="own", metric="roc_auc", smaller_is_better=False, meaning="m", about={})
    study.save(other)
    merge_stores(ours, other)
    found = Study.read(ours, "own-2")
    assert (found.job, found.metric) == ("own-2", "roc_auc")
    assert ours.artifacts.names("study") == ["own-2"]
    found.save(ours)
    assert ours.artifacts.get("study", "own-2").meta["jobs"] == ["own-2", f"own-2{SEARCH}"]
