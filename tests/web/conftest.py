"""A store with jobs of several kinds, and the application that serves it, in this process."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.exceptions import StarletteDeprecationWarning

from sortal.jobs.launch import launch
from sortal.web.app import make_app
from sortal.web.settings import Settings

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
def filled(tmp_path_factory: pytest.TempPathFactory, inline_engine: type) -> Path:
    """A store with results; nothing changes it."""
    folder = tmp_path_factory.mktemp("web") / "store"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sortal.jobs.run.Here", inline_engine)
        patched.setattr("sortal.jobs.warm_engines.Here", inline_engine)
        for job in JOBS.values():
            launch(job, store=folder, cores=1)
    return folder


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
        app = make_app(Settings(store=store, **settings))
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
