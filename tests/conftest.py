"""What tests of several layers share: an engine that trains in the process of the test."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from sortal.engines.base import Finished, Json, Message, Report, Started
from sortal.evaluation.projections.parameters import Pca
from sortal.jobs.launch import launch
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.pictures.projections import projected_examples
from sortal.jobs.results import Results
from sortal.jobs.task import run as run_task
from sortal.store.store import Store

# On a busy machine any example may take long: that tells nothing of what is tested.
settings.register_profile("sortal", deadline=None)
settings.load_profile("sortal")


class Inline:
    """An engine that runs tasks in this process, one after another: quick, and seen by debuggers."""

    def __init__(self, workers: int, threads: int) -> None:
        self._waiting: list[tuple[str, Json]] = []

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def map(self, function: str, tasks: Mapping[str, Json]) -> Iterator[Report]:
        self._waiting += tasks.items()
        while self._waiting:
            name, task = self._waiting.pop(0)
            yield Started(name)
            line = _Line()
            result = run_task(task, line)
            yield from (Message(name, body) for body in line.sent)
            yield Finished(name, result, 0.0)

    def stop(self) -> None:
        self._waiting.clear()


class _Line:
    def __init__(self) -> None:
        self.sent: list[Json] = []

    def send(self, body: Json) -> None:
        self.sent.append(body)

    def stopping(self) -> bool:
        return False


@pytest.fixture(scope="session")
def inline_engine() -> type[Inline]:
    """For fixtures that outlive a test; tests themselves use `inline`."""
    return Inline


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch, inline_engine: type[Inline]) -> None:
    """Jobs of this test train in this process."""
    monkeypatch.setattr("sortal.jobs.driver.Here", inline_engine)
    monkeypatch.setattr("sortal.jobs.searching.warm_engines.Here", inline_engine)


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
        launch({**about, "classifiers": classifiers}, store=folder, cores=1)
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
