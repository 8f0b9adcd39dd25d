"""Warm engines of this machine: one for each division of the cores, and an end for all of them."""

from pathlib import Path

import psutil
import pytest

from sortal.engines.base import Died, Finished, Message
from sortal.engines.warm_engines import WarmEngines
from sortal.errors import OptionError

DOUBLE = "tasks_for_engines:double"
ONE = {"a": {"value": 1}}


@pytest.fixture(autouse=True)
def _importable_tasks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def process(engine):
    """Number of the process that did one task."""
    (ended,) = [one for one in engine.map(DOUBLE, ONE) if isinstance(one, Finished)]
    return ended.result["pid"]


def test_a_division_of_the_cores_keeps_its_workers():
    with WarmEngines() as engines:
        first, other = process(engines.get(1, 1)), process(engines.get(1, 2))
        assert process(engines.get(1, 1)) == first != other
        workers = [psutil.Process(one) for one in (first, other)]
        assert all(worker.is_running() for worker in workers)
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_stopped_engines_start_nothing_whenever_they_are_asked():
    with WarmEngines() as engines:
        early = engines.get(1, 1)
        engines.stop()
        assert list(early.map(DOUBLE, ONE)) == []
        assert list(engines.get(1, 2).map(DOUBLE, ONE)) == []


def test_killed_engines_report_their_tasks_as_died():
    with WarmEngines() as engines:
        reports = engines.get(1, 1).map("tasks_for_engines:sleep", {"a": {}})
        for report in reports:
            if isinstance(report, Message):
                engines.kill()
    assert isinstance(report, Died)


def test_a_number_of_workers_below_one_is_refused():
    with WarmEngines() as engines, pytest.raises(OptionError):
        engines.get(0, 1)
