"""What tests of several layers share: where their jobs train, and a store with results."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from sortal.engines.base import Engines
from sortal.engines.inline import InlineEngine
from sortal.evaluation.projections.parameters import Pca
from sortal.jobs.launch import launch
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.pictures.projections import projected_examples
from sortal.jobs.results import Results
from sortal.jobs.run_options import RunOptions
from sortal.store.store import Store

# On a busy machine any example may take long: that tells nothing of what is tested.
settings.register_profile("sortal", deadline=None)
settings.load_profile("sortal")


@pytest.fixture
def inline() -> InlineEngine:
    """Jobs of this test train in this process."""
    return InlineEngine()


@pytest.fixture
def engines(request: pytest.FixtureRequest) -> Engines | None:
    """What the jobs of a test train on: this process in tests that use `inline`, else processes."""
    return request.getfixturevalue("inline") if "inline" in request.fixturenames else None


@pytest.fixture(scope="session")
def flowers_and_wines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three jobs: two of one dataset that share a classifier, with a projection and a map."""
    folder = tmp_path_factory.mktemp("made") / "store"
    for title, source, methods in (
        ("flowers", "iris", ("lda", "gaussiannb")),
        ("again", "iris", ("lda",)),
        ("wines", "wine", ("lda",)),
    ):
        classifiers = [{"method": method} for method in methods]
        about = {"title": title, "data": {"source": source}, "bootstrap": 0}
        launch(
            {**about, "classifiers": classifiers},
            store=folder,
            options=RunOptions(cores=1),
            engines=InlineEngine(),
        )
    results = Results.read(Store.open(folder), "flowers")
    projected_examples(results, Pca())
    classifier_map(results)
    return folder


@pytest.fixture
def stored(flowers_and_wines: Path, tmp_path: Path) -> Store:
    """A copy of that store, to delete from."""
    return Store.open(shutil.copytree(flowers_and_wines, tmp_path / "store"))


_WATCHED = """
import re, sys, threading, time
from pathlib import Path
most = 0
def watch():
    global most
    while True:
        text = open("/proc/self/smaps_rollup").read()
        most = max(most, int(re.search(r"Anonymous: +(\\d+)", text)[1]))
        time.sleep(0.02)
threading.Thread(target=watch, daemon=True).start()
{code}
print(most)
"""


@pytest.fixture
def private_megabytes() -> Callable[..., float]:
    """Runs code in a process of its own, arguments in `sys.argv`: the most private memory it took [MB]."""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("Linux tells this")

    def measure(code: str, *arguments: object) -> float:
        script = _WATCHED.format(code=code)
        words = [sys.executable, "-c", script, *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(done.stdout.split()[-1]) / 1024

    return measure
