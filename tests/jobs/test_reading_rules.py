"""A store made by older rules of reading: what was misread is read anew, all else is found."""

import pytest

from sortal.data.reading.dataset import read_dataset
from sortal.job.models import DataBlock, Job
from sortal.jobs.planning.resolve import source_key
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def job(tmp_path):
    rows = [f"{number},{'abc'[number % 3]},{number % 3}" for number in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(["x,kind,other", *rows]) + "\n")
    data = {"source": str(tmp_path / "t.csv"), "label": "kind"}
    return {"title": "t", "data": data, "bootstrap": 0, "classifiers": [{"method": "naive"}]}


def old_key(job, folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("sortal.jobs.planning.resolve.READING_RULES", 1)
        return source_key(Job.model_validate(job), folder)


def test_a_misread_dataset_of_an_unchanged_file_is_not_used(job, run, tmp_path, monkeypatch):
    store = Store.open(tmp_path / "store")
    misread = read_dataset(
        DataBlock(**{**job["data"], "label": "other", "exclude": ["kind"]}), tmp_path, 0
    )
    store.datasets.save(misread)
    store.datasets.remember_source(old_key(job, tmp_path, monkeypatch), misread.fingerprint)
    run(job)
    assert JobResults.read(store, "t").labels.classes == ("a", "b", "c")


def test_a_dataset_that_was_read_rightly_finds_its_members(job, run, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("sortal.jobs.planning.resolve.READING_RULES", 1)
        assert run(job).summary.trained == 1
    again = run(job)
    assert (again.summary.trained, again.summary.stored) == (0, 1)
    assert len(list((tmp_path / "store" / "data").iterdir())) == 1
