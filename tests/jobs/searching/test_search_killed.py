"""Searches that are interrupted or killed go on where they were and end as if nothing was."""

import signal
import time
from typing import Any

import pytest

from sortal.jobs.results.results import JobResults
from sortal.jobs.searching.study import Study
from sortal.store.upkeep.verify import find_damages

SEARCH = """\
title: s
bootstrap: 0
data: {source: digits, scaling: standard, subset: 500}
classifiers:
  - method: mlp
    title: mlp {learning_rate} {dropout}
    parameters:
      learning_rate: {tune: true}
      dropout: {tune: true, max: 0.5}
      hidden_layer_sizes: {value: [40, 40]}
      batch_size: 8
      epochs: 18
  - method: kneighbors
    parameters: {n_neighbors: {tune: true, max: 30}}
tuning:
  trials: 14
  batch: 7
  rungs: {lowest: 2, highest: 18}
"""

pytestmark = pytest.mark.slow


def course(one: Any, store: str = "store") -> list[tuple[Any, ...]]:
    opened = one.open(store)
    final = JobResults.read(opened, "s")
    keys = [member.entry.key for result in final.results for member in result.members]
    study = Study.read(opened, "s")
    return [
        [(t.title, t.keys, t.value, t.state, t.rungs) for t in study.trials],
        [scores.tobytes() for scores in opened.members.scores(keys)],
    ]


@pytest.fixture(scope="module")
def whole(command_type: type, tmp_path_factory: pytest.TempPathFactory) -> Any:
    one = command_type(tmp_path_factory.mktemp("whole"), SEARCH)
    code, said = one.run()
    assert code == 0, said
    return course(one)


def trained(one: Any) -> list[str]:
    return [e["key"] for e in one.events() if e["event"] == "MemberTrained"]


def is_first(name: str) -> Any:
    return lambda event: event["event"] == name


def test_ctrl_c_in_a_rung_keeps_members_for_the_next_run(command, whole):
    one = command(SEARCH)
    process = one.start()
    one.wait_for(lambda e: e["event"] == "TaskProgressed" and "epoch" in e["text"])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "What was found so far: sortal show 's.search'" in out
    study = Study.read(one.open(), "s")
    assert study.rounds[-1].interrupted
    assert "s" not in one.open().jobs.names(), "nothing is tested yet"
    assert one.run()[0] == 0
    assert course(one) == whole
    assert len(trained(one)) == len(set(trained(one))), "nothing is trained twice"


def test_a_run_stopped_by_a_batch_system_asks_for_a_rerun(command):
    one = command(SEARCH)
    process = one.start()
    one.wait_for(is_first("TaskStarted"))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 75


@pytest.mark.parametrize("moment", ["TaskEnded", "RoundEnded", 0.3, 1.1])
def test_killed_and_run_again_it_ends_as_one_that_was_not(command, whole, moment):
    one = command(SEARCH)
    process = one.start("store", "--snapshot-seconds", "0.1")
    if isinstance(moment, str):
        one.wait_for(is_first(moment))
    else:
        one.wait_for(is_first("TaskStarted"))
        time.sleep(moment)
    process.kill()
    process.communicate()
    code, said = one.run()
    assert code == 0, said
    assert course(one) == whole
    assert find_damages(one.open()) == []
    assert not [*one.open().snapshots.folders()]
