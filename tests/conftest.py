"""What tests of several layers share: an engine that trains in the process of the test."""

from collections.abc import Iterator, Mapping

import pytest

from sortal.engines.base import Finished, Json, Report, Started
from sortal.jobs.task import run as run_task


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
            yield Finished(name, run_task(task, _Deaf()), 0.0)

    def stop(self) -> None:
        self._waiting.clear()


class _Deaf:
    def send(self, body: Json) -> None:
        pass

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
    monkeypatch.setattr("sortal.jobs.warm_engines.Here", inline_engine)
