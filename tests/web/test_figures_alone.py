"""A job of figures alone over HTTP: shown and deleted like others, refused where examples are needed."""

import numpy as np
import pytest

from sortal.jobs.imports.foreign import Foreign, ForeignJob, ForeignMember, GivenMetrics
from sortal.jobs.imports.metrics import import_metrics
from sortal.store.store import Store

API = "/api/v1"
JOB = f"{API}/jobs/pets"


@pytest.fixture
def client(store, caller):
    """A page of a server whose store has figures alone beside its jobs."""
    matrices = {"good": [[9, 1, 0], [0, 9, 1], [0, 0, 10]], "small": [[9, 1], [2, 8]]}
    listed = [
        Foreign(
            title=title,
            method="svm",
            parameters={"C": 1.0},
            members=(
                ForeignMember(test=GivenMetrics(confusion=np.array(counts)), fit_seconds=1.5),
            ),
        )
        for title, counts in matrices.items()
    ]
    job = ForeignJob(
        name="pets",
        data="animals",
        identity="of a test",
        classes=("cat", "dog", "eel"),
        text='{"data": {}}',
        classifiers=tuple(listed),
    )
    import_metrics(Store.open(store), job)
    return caller()


def test_it_is_listed_ranked_and_shown(client):
    rows = {row["job"]: row for row in client.get(f"{API}/jobs").json()["jobs"]}
    assert rows["pets"]["best"] == "good"
    assert client.get(JOB).json()["part"] == "test"
    ranking = client.get(f"{JOB}/ranking").json()
    assert [row["title"] for row in ranking["rows"]] == ["good", "small"]
    assert [row["tied"] for row in ranking["rows"]] == [None, None]
    assert "cannot be told from figures alone" in ranking["tied"]
    good = client.get(f"{JOB}/classifier", params={"title": "good"}).json()
    assert good["classes"] == ["cat", "dog", "eel"]
    assert [row["support"] for row in good["per_class"]] == [10, 10, 10]
    assert good["each"][0]["fit_seconds"] == 1.5


def test_a_matrix_of_unknown_classes_has_their_places(client):
    small = client.get(f"{JOB}/classifier", params={"title": "small"}).json()
    assert (small["classes"], small["per_class"]) == (["1 of 2", "2 of 2"], [])
    assert small["confusion"] == [[9.0, 1.0], [2.0, 8.0]]


@pytest.mark.parametrize(
    "path",
    [
        "predictions?title=good",
        "predictions.npy?title=good",
        "classifier-map",
        "classifier-map?by=scores",
        "projection",
        "projection.npy",
    ],
)
def test_what_needs_examples_is_refused_in_a_sentence(client, path):
    answer = client.get(f"{JOB}/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("pets was imported as figures alone: ")


def test_what_it_has_none_of_is_empty(client):
    assert client.get(f"{JOB}/projections").json() == []
    assert client.get(f"{JOB}/history", params={"title": "good"}).json()["total"] == 0


def test_one_of_it_and_all_of_it_are_deleted(client, store):
    deleted = client.post(f"{JOB}/classifiers/delete", params={"title": "small"})
    assert deleted.json() == {"members": 1}
    assert client.get(f"{JOB}/ranking").json()["total"] == 1
    assert client.post(f"{JOB}/delete").json()["members"] == 1
    assert "pets" not in Store.open(store).jobs.names()
