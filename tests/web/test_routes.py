"""What the routes tell is what the store holds."""

import io

import numpy as np
import polars as pl
import pytest

from sortal.events import silent
from sortal.jobs.results.results import JobResults
from sortal.jobs.user_metrics.compute import update_metrics
from sortal.metrics.user_metric import as_metric
from sortal.store.store import Store
from sortal.web.routes.predictions import exact_ids

API = "/api/v1"
ONE = {"title": "tree/a b"}


def test_jobs_are_listed_with_their_best(client):
    told = client.get(f"{API}/jobs").json()
    (row,) = told["jobs"]
    assert told["total"] == 1
    assert (row["job"], row["members"], row["done"], row["running"]) == ("kinds", 7, 7, False)
    assert row["headline"] == "balanced_accuracy"
    assert row["problem"] is None


def test_a_damaged_job_is_listed_with_its_problem(client, store):
    (store / "jobs" / "broken.json").write_text("{", encoding="utf-8")
    rows = {row["job"]: row for row in client.get(f"{API}/jobs").json()["jobs"]}
    assert "broken.json" in rows["broken"]["problem"]
    assert rows["kinds"]["done"] == 7
    answer = client.get(f"{API}/jobs/broken")
    assert answer.status_code == 503
    assert "broken.json" in answer.json()["error"]


def test_a_job_tells_its_classes_and_runs(client):
    told = client.get(f"{API}/jobs/kinds").json()
    assert told["classes"] == ["setosa", "versicolor", "virginica"]
    assert (told["outputs"], told["part"], told["failures"]) == ("exclusive", "test", [])
    assert told["runs"][0]["trained"] == 7


def test_the_ranking_is_that_of_the_results(client, store):
    told = client.get(f"{API}/jobs/kinds/ranking").json()
    expected = JobResults.read(Store.open(store), "kinds").ranking()
    assert [row["title"] for row in told["rows"]] == expected["title"].to_list()
    assert told["rows"][1]["balanced_accuracy"] == expected["balanced_accuracy"][1]
    page = client.get(f"{API}/jobs/kinds/ranking", params={"offset": 2, "limit": 1}).json()
    assert (page["total"], page["rows"]) == (told["total"], told["rows"][2:3])


def test_a_metric_of_the_user_s_own_is_answered(client, store):
    def hits(labels, scores, weights):
        return float(np.average(scores.argmax(axis=1) == labels, weights=weights))

    opened = Store.open(store)
    update_metrics(opened, opened.jobs.read("kinds"), [as_metric(hits)], silent)
    rows = client.get(f"{API}/jobs/kinds/ranking").json()["rows"]
    assert {row["title"]: row["hits"] for row in rows}["optimal"] == 1.0
    figures = client.get(f"{API}/jobs/kinds/classifier", params=ONE).json()["figures"]
    values = {one["figure"]: one["value"] for one in figures}
    assert values["hits"] == pytest.approx(values["accuracy"])


def test_classifiers_are_listed_with_their_parameters(client):
    told = client.get(f"{API}/jobs/kinds/classifiers").json()
    known = {one["title"]: one for one in told["classifiers"]}
    assert told["total"] == 6
    assert known["tree/a b"]["method"] == "decisiontree"
    assert known["optimal"]["reference"]
    assert known["net"]["members"] == 2
    assert known["net"]["parameters"]["epochs"] == 2


def test_a_classifier_has_intervals_and_a_confusion_matrix(client, store):
    told = client.get(f"{API}/jobs/kinds/classifier", params=ONE).json()
    (result,) = JobResults.read(Store.open(store), "kinds").titled("tree/a b")
    figures = {one["figure"]: one for one in told["figures"]}
    headline = figures["balanced_accuracy"]
    assert (headline["low"], headline["high"]) == result.interval("balanced_accuracy")
    assert headline["low"] <= headline["value"] <= headline["high"]
    assert told["confusion"] == result.confusion.tolist()
    assert [row["class"] for row in told["per_class"]] == told["classes"]
    assert told["each"][0]["key"] == result.members[0].entry.key


def test_seeds_have_a_spread_in_place_of_an_interval(client):
    told = client.get(f"{API}/jobs/kinds/classifier", params={"title": "net"}).json()
    (headline,) = [one for one in told["figures"] if one["figure"] == "balanced_accuracy"]
    assert headline["low"] is None
    assert headline["sd"] is not None
    assert headline["members"] == 2


def test_histories_are_told_of_methods_that_have_one(client):
    told = client.get(f"{API}/jobs/kinds/history", params={"title": "net"}).json()
    assert {row["metric"] for row in told["rows"]} >= {"loss"}
    assert len(told["courses"]) == 2
    empty = client.get(f"{API}/jobs/kinds/history", params=ONE).json()
    assert empty == {"total": 0, "rows": [], "courses": []}


def test_pages_of_predictions_are_the_rows_of_the_array(client):
    path = f"{API}/jobs/kinds/predictions"
    told = client.get(path, params=ONE | {"offset": 10, "limit": 5}).json()
    array = np.load(io.BytesIO(client.get(f"{path}.npy", params=ONE).content))
    assert told["total"] == len(array) == 60
    rows = [[row[f"score_{one}"] for one in told["classes"]] for row in told["rows"]]
    np.testing.assert_array_equal(np.array(rows, dtype=array.dtype), array[10:15])
    assert {"id", "label"} < set(told["rows"][0])


def test_a_member_is_chosen_by_its_key(client):
    about = client.get(f"{API}/jobs/kinds/classifier", params={"title": "net"}).json()
    keys = [one["key"] for one in about["each"]]
    path = f"{API}/jobs/kinds/predictions"
    told = [client.get(path, params={"title": "net", "member": key}).json() for key in keys]
    assert [one["member"] for one in told] == keys
    assert told[0]["rows"] != told[1]["rows"]
    wrong = client.get(path, params={"title": "net", "member": "0" * 32})
    assert wrong.status_code == 404


def test_classifiers_are_placed_between_the_poles(client):
    told = client.get(f"{API}/jobs/kinds/classifier-map", params={"by": "probabilities"}).json()
    anchors = {row["anchor"]: row for row in told["classifiers"]}
    assert told["way"]["method"] == "mds"
    assert anchors["optimal"]["from_optimal"] == 0
    assert len(told["classifiers"]) == 6


def test_examples_are_projected_once_and_kept(client):
    path = f"{API}/jobs/kinds/projection"
    assert client.get(f"{path}s").json() == []
    told = client.get(path, params={"limit": 2, "offset": 1}).json()
    array = np.load(io.BytesIO(client.get(f"{path}.npy").content))
    assert told["examples"] == len(array) == 150
    assert [row["x"] for row in told["rows"]] == array[1:3, 0].tolist()
    (kept,) = client.get(f"{path}s").json()
    assert kept["name"] == told["name"]


def test_a_parameter_that_a_projection_does_not_have_is_refused(client):
    answer = client.get(f"{API}/jobs/kinds/projection", params={"perplexity": 5})
    assert answer.status_code == 400
    assert "perplexity" in answer.json()["error"]


def test_the_catalogue_describes_methods_and_data(client):
    methods = client.get(f"{API}/methods").json()
    assert {"kneighbors", "mlp", "optimal"} <= {one["name"] for one in methods}
    told = client.get(f"{API}/methods/kneighbors").json()
    assert "n_neighbors" in {one["parameter"] for one in told["parameters"]}
    assert "iris" in {one["dataset"] for one in client.get(f"{API}/datasets").json()}


def test_an_import_path_is_no_method_to_describe(client):
    answer = client.get(f"{API}/methods/sklearn.linear_model.RidgeClassifier")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "jobs/kind",
        "jobs/kind/ranking",
        "jobs/kinds/ranking?target=x",
        "jobs/kinds/classifier?title=tre",
        "jobs/kind/events",
        "methods/kneighbour",
        "runs/20260101-000000-00000000",
        "nothing",
    ],
)
def test_what_is_not_there_is_told_in_one_sentence(client, path):
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]


def test_the_nearest_name_is_offered(client):
    assert "Did you mean 'kinds'?" in client.get(f"{API}/jobs/kind").json()["error"]


def test_pages_and_their_parts_need_no_other_place(client):
    for path in ("/", "/reference"):
        page = client.get(path)
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'self'")
        assert "http" not in page.text
        assert "<script>" not in page.text
        parts = [one.split('"')[0] for one in page.text.split('="/static/')[1:]]
        assert parts
        for part in parts:
            assert client.get(f"/static/{part}").status_code == 200
    assert client.get("/static/page.js").status_code == 200


def test_the_description_names_every_route_with_its_answer(client):
    told = client.get(f"{API}/openapi.json").json()
    for path, methods in told["paths"].items():
        assert path.startswith(API)
        for about in methods.values():
            assert about["description"]
            assert {"4XX", "503"} <= set(about["responses"])
            assert "422" not in about["responses"]


@pytest.mark.parametrize(
    ("job", "results", "matrix"), [("independent", 6, 0), ("together", 3, 0), ("folds", 3, 3)]
)
def test_jobs_of_several_targets_and_of_folds_are_told_too(caller, varied, job, results, matrix):
    client = caller(store=varied)
    for rest in ("", "/ranking", "/classifier-map", "/projection", "/events"):
        assert client.get(f"{API}/jobs/{job}{rest}").status_code == 200
    listed = client.get(f"{API}/jobs/{job}/classifiers").json()["classifiers"]
    assert len(listed) == results
    for one in listed:
        named = {"title": one["title"]} | ({"target": one["target"]} if one["target"] else {})
        told = client.get(f"{API}/jobs/{job}/classifier", params=named).json()
        assert told["target"] == one["target"]
        assert len(told["confusion"]) == matrix
        for rest in ("history", "predictions", "predictions.npy"):
            assert client.get(f"{API}/jobs/{job}/{rest}", params=named).status_code == 200


def test_ids_that_a_browser_would_round_are_text():
    large = pl.DataFrame({"id": [2**53 + 1, 5], "x": [0.5, 1.0]})
    assert exact_ids(large)["id"].to_list() == [str(2**53 + 1), "5"]
    small = pl.DataFrame({"id": [2**53, -5]})
    assert exact_ids(small)["id"].to_list() == [2**53, -5]
