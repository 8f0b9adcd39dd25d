"""The books of a run's progress."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.events import (
    JobEnded,
    JobPlanned,
    MemberFailed,
    MemberTrained,
    TaskEnded,
    TaskProgressed,
    TaskStarted,
)
from sortal.tracking.progress import RunProgress


def planned(members=10, stored=0):
    return JobPlanned(job="j", members=members, stored=stored, tasks=2, workers=2, threads=1)


def started(task="t", members=5):
    return TaskStarted(job="j", task=task, method="svm", members=members)


def trained():
    return MemberTrained(job="j", key="k", title="t", fit_seconds=1, score_seconds=1, headline=None)


def failed():
    return MemberFailed(job="j", key="k", title="t", reason="bad")


def follow(*events, now=0.0):
    progress = RunProgress(clock=lambda: now)
    for event in events:
        progress(event)
    return progress.state


def test_members_from_the_store_trained_and_failed_are_done():
    state = follow(planned(10, stored=4), trained(), failed())
    assert (state.done, state.total, state.trained, state.failed) == (6, 10, 1, 1)


def test_the_share_counts_work_to_do_and_running_work_in_part():
    state = follow(
        planned(14, stored=4),
        trained(),
        started(members=5),
        TaskProgressed(job="j", task="t", done=0.4),
    )
    assert state.share == pytest.approx((1 + 5 * 0.4) / 10)


def test_the_rest_takes_its_share_of_the_time():
    state = follow(planned(4), trained(), now=100.0)
    assert state.elapsed(130.0) == 30.0
    assert state.remaining(130.0) == pytest.approx(90.0)


def test_before_anything_is_done_nobody_knows_what_remains():
    assert follow(planned(4)).remaining(30.0) is None


def test_a_job_that_is_wholly_stored_is_done():
    state = follow(planned(4, stored=4))
    assert state.share == 1.0
    assert state.remaining(1.0) == 0.0


def test_running_populations_come_change_and_go():
    state = follow(
        planned(), started("a"), started("b"), TaskProgressed(job="j", task="b", done=0.5, text="x")
    )
    assert [(of.task, of.done, of.text) for of in state.running] == [("a", 0, ""), ("b", 0.5, "x")]
    state = follow(planned(), started("a"), started("b"), TaskEnded(job="j", task="a", seconds=1))
    assert [of.task for of in state.running] == ["b"]


def test_a_task_tried_again_is_listed_once_and_starts_anew():
    state = follow(
        planned(), started("a"), TaskProgressed(job="j", task="a", done=0.5), started("a")
    )
    assert [of.done for of in state.running] == [0.0]


def test_a_job_that_ended_runs_nothing():
    ended = JobEnded(job="j", trained=1, failed=0, stored=0, seconds=2, interrupted=True)
    assert follow(planned(), started("a"), ended).running == ()


@given(
    st.lists(
        st.sampled_from([trained(), failed(), started("a"), started("b", 9)])
        | st.floats(-1, 3).map(lambda done: TaskProgressed(job="j", task="a", done=done)),
        max_size=30,
    )
)
def test_shares_and_counts_stay_in_their_bounds(events):
    state = follow(planned(10, stored=2), *events)
    assert 0 <= state.share <= 1
    assert 2 <= state.done <= 10
