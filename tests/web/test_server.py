"""A real server: jobs are handed in, followed, outlive it, and what is wrong is told."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sortal.store.store import Store

TOKEN = "a-token-of-the-test"
JOB = """
title: handed in
data: {source: iris, split: {test: 0.4}}
classifiers:
  - {method: naive}
  - {method: kneighbors, parameters: {n_neighbors: [1, 3]}}
"""
SLOW = """
title: slow
data: {source: digits}
classifiers:
  - {method: mlp, parameters: {epochs: 100000}}
"""


PLUGIN = """
import numpy as np

CLF_INFO = {"name": "majority", "short": "M", "description": "for tests", "parameters": []}


def get_info():
    return CLF_INFO


def get_clf(args, data_specs):
    return Majority(data_specs["num_classes"])


class Majority:
    def __init__(self, classes):
        self.classes = classes

    def fit(self, X, y):
        self.counts = np.bincount(y, minlength=self.classes)

    def predict(self, X, y):
        return np.full(len(X), self.counts.argmax())
"""

DATA = """
import numpy as np


def get_info():
    return {"name": "coins", "description": "Tossed", "class_names": ["head", "tail"]}


def get_data(path):
    y = np.arange(20) % 2
    return y[:, None] * 1.0, y, np.array([]), np.array([]), ["head", "tail"]
"""


@contextlib.contextmanager
def server(store: Path, *words: str, spelt: tuple[str, ...] = ("serve",), **environment: str):
    """A server on a free port; yields its process and a client that is a page of its own."""
    started = subprocess.Popen(
        [sys.executable, "-m", "sortal", *spelt, "--store", store, "--port", "0", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )
    try:
        address = re.search(r"http://\S+(?=/)", started.stderr.readline()).group()
        headers = {"Origin": address}
        with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30) as client:
            yield started, client
    finally:
        started.kill()
        started.wait()
        started.stderr.close()


def until(ask, *, seconds=60.0):
    """Ask until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise TimeoutError


def test_a_job_is_handed_in_followed_and_shown(tmp_path):
    with server(tmp_path / "store") as (process, client):
        handed = client.post("/runs", json={"text": JOB, "cores": 1})
        assert handed.status_code == 202
        run = handed.json()
        assert (run["job"], run["running"]) == ("handed in", True)
        told = []
        with client.stream("GET", "/jobs/handed in/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    told.append(json.loads(line[6:])["event"])
        assert told[0] == "JobPlanned"
        assert told[-1] == "JobEnded"
        assert told.count("MemberTrained") == 3
        ended = until(
            lambda: (r := client.get(f"/runs/{run['id']}").json())["running"] is False and r
        )
        assert (ended["exit_code"], "kneighbors" in ended["output"]) == (0, True)
        assert client.get("/jobs/handed in").json()["outline"]["done"] == 3
        (kept,) = (tmp_path / "store" / "submitted" / run["id"]).glob("job-*.yaml")
        assert kept.read_text(encoding="utf-8") == JOB
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) in {0, -signal.SIGTERM}


def test_classifiers_of_plugin_folders_can_be_handed_in(tmp_path):
    folder = tmp_path / "modules" / "classifiers" / "majority"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    job = JOB.replace("kneighbors, parameters: {n_neighbors: [1, 3]}", "majority")
    with server(tmp_path / "store", "--plugins", str(tmp_path / "modules")) as (_, client):
        assert client.get("/methods/majority").status_code == 200
        run = client.post("/runs", json={"text": job, "cores": 1}).json()
        told = until(
            lambda: (r := client.get(f"/runs/{run['id']}").json())["running"] is False and r
        )
        assert told["exit_code"] == 0, told["output"]
        rows = client.get("/jobs/handed in/ranking").json()["rows"]
        assert {"naive", "majority"} == {row["title"] for row in rows}


def test_what_batch_jobs_may_name_is_described_with_plugins(tmp_path):
    for kind, name, text in (("datasets", "coins", DATA), ("classifiers", "majority", PLUGIN)):
        folder = tmp_path / "modules" / kind / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text, encoding="utf-8")
    words = ("--plugins", str(tmp_path / "modules"))
    with server(tmp_path / "store", *words, spelt=("clavis", "serve")) as (_, client):
        told = {(one["kind"], one["name"]): one for one in client.get("/available").json()}
    coins, majority = told["data set", "coins"], told["classifier", "majority"]
    assert (coins["what"], coins["remarks"]) == ("Tossed", ["classes: head, tail"])
    assert coins["source"] == str(tmp_path / "modules" / "datasets" / "coins")
    assert (majority["what"], majority["parameters"]) == ("for tests", [])
    (neighbours,) = told["classifier", "kneighbors"]["parameters"]
    assert (neighbours["parameter"], neighbours["default"]) == ("n_neighbors", "5")
    assert told["data set", "sklearn_iris"]["source"] == "built in"
    assert ("projection", "tsne") in told


@pytest.mark.parametrize("spelt", [("serve",), ("clavis", "serve")])
def test_its_help_spells_the_command_as_it_was_called(spelt):
    words = [sys.executable, "-m", "sortal", *spelt, "--help"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    examples = [line.strip() for line in said.splitlines() if " --port 9000" in line]
    assert examples == [f"sortal {' '.join(spelt)} --store /scratch/me/store --port 9000"]


def test_a_job_outlives_the_server_and_the_next_one_knows_it(tmp_path):
    store = tmp_path / "store"
    with server(store) as (process, client):
        run = client.post("/runs", json={"text": SLOW, "cores": 1}).json()
        until((store / "logs" / "slow.jsonl").exists)
        again = client.post("/runs", json={"text": SLOW})
        assert (again.status_code, "running already" in again.json()["error"]) == (409, True)
        process.kill()
        process.wait()
    record = json.loads((store / "submitted" / run["id"] / "run.json").read_text(encoding="utf-8"))
    try:
        with server(store) as (_, client):
            assert client.get(f"/runs/{run['id']}").json()["running"]
            (row,) = client.get("/jobs").json()["jobs"]
            assert (row["job"], row["running"]) == ("slow", True)
            refused = client.post("/jobs/slow/delete")
            assert (refused.status_code, "running" in refused.json()["error"]) == (409, True)
            os.kill(record["pid"], signal.SIGINT)
            until(lambda: not client.get(f"/runs/{run['id']}").json()["running"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record["pid"], signal.SIGKILL)
    assert Store.open(store).jobs.read("slow").runs[-1].interrupted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("classifiers: 3", "problem"),
        ("[", "problem"),
        ("title: x\ndata: {source: iris}\nclassifiers: [{method: os.system}]", "scikit-learn"),
        ("title: ../x\ndata: {source: iris}\nclassifiers: [{method: naive}]", "title"),
    ],
)
def test_what_is_no_job_is_told_and_not_kept(client, store, text, told):
    answer = client.post("/api/v1/runs", json={"text": text})
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert str(store) not in answer.json()["error"]
    assert list((store / "submitted").iterdir()) == []


def test_text_that_is_not_unicode_is_refused(client):
    body = b'{"text": "\\ud800"}'
    answer = client.post("/api/v1/runs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_jobs_are_not_handed_in_by_other_pages(caller, store):
    client = caller(own_page=False)
    answer = client.post(
        "/api/v1/runs", json={"text": JOB}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert not (store / "submitted").exists()


def test_a_real_server_asks_for_its_token(tmp_path):
    with server(tmp_path / "store", SORTAL_TOKEN=TOKEN) as (_, client):
        assert client.get("/jobs").status_code == 401
        assert (
            client.get("/jobs", headers={"Authorization": f"Bearer {TOKEN}"}).json()["total"] == 0
        )


def test_another_address_without_a_token_is_refused(tmp_path):
    words = [sys.executable, "-m", "sortal", "clavis", "serve", "--host", "0.0.0.0"]
    environment = {name: value for name, value in os.environ.items() if name != "SORTAL_TOKEN"}
    said = subprocess.run(
        [*words, "--store", tmp_path / "store"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert said.returncode == 2
    assert "--token" in said.stderr


def test_neither_sortal_nor_its_help_loads_the_server():
    code = "import sortal, sortal.cli.main, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {"fastapi", "starlette", "uvicorn", "sortal.web.app"}
