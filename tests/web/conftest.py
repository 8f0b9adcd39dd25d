"""A store with jobs of several kinds, and the application that serves it, in this process."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from starlette.exceptions import StarletteDeprecationWarning

from sortal.engines.inline import InlineEngine
from sortal.jobs.launch import launch
from sortal.jobs.running.run_options import RunOptions
from sortal.web.app import make_app
from sortal.web.settings import ServerSettings

with warnings.catch_warnings():  # it would rather have another client than httpx
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

ADDRESS = "http://127.0.0.1:8765"
JOBS = {
    "kinds": {
        "title": "kinds",
        "data": {"source": "iris", "split": {"test": 0.4}},
        "classifiers": [
            {"method": "optimal"},
            {"method": "naive"},
            {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3]}},
            {"method": "decisiontree", "title": "tree/a b"},
            {"method": "mlp", "title": "net", "parameters": {"epochs": 2}, "seeds": 2},
        ],
    },
}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with results; nothing changes it."""
    folder = tmp_path_factory.mktemp("web") / "store"
    for job in JOBS.values():
        launch(job, store=folder, options=RunOptions(cores=1), engines=InlineEngine())
    return folder


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with independent targets, targets that train together, and folds; nothing changes it."""
    folder = tmp_path_factory.mktemp("varied")
    values = np.random.default_rng(0).normal(size=(120, 3))
    table = {"a": values[:, 0], "b": values[:, 1], "c": values[:, 2]}
    table |= {"r/d": (values[:, 0] > 0).astype(int), "blue": (values[:, 1] > 0).astype(int)}
    pl.DataFrame(table).write_csv(folder / "table.csv")
    several = {"source": str(folder / "table.csv"), "label": ["r/d", "blue"], "inputs": ["a", "b"]}
    classifiers = [{"method": "naive"}, {"method": "decisiontree"}, {"method": "kneighbors"}]
    for title, data in {
        "independent": several | {"targets": "independent"},
        "together": several | {"targets": "multilabel"},
        "folds": {"source": "iris", "split": {"kind": "folds", "folds": 3}},
    }.items():
        job = {"title": title, "data": data, "classifiers": classifiers}
        launch(job, store=folder / "store", options=RunOptions(cores=1), engines=InlineEngine())
    return folder / "store"


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(filled, tmp_path / "store")
    return tmp_path / "store"


Ask = Callable[..., TestClient]


@pytest.fixture
def caller(store: Path) -> Iterator[Ask]:
    """Make clients of a server of the store, as a page of its own or as others."""
    opened: list[TestClient] = []

    def make(*, own_page: bool = True, raises: bool = True, **settings: object) -> TestClient:
        app = make_app(ServerSettings(**{"store": store, **settings}))
        client = TestClient(app, base_url=ADDRESS, raise_server_exceptions=raises)
        if own_page:
            client.headers["Origin"] = ADDRESS
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(caller: Ask) -> TestClient:
    """A page of the server itself, without token."""
    return caller()
