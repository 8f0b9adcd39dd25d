"""What a batch prints while it trains."""

from types import SimpleNamespace

import pytest

from sortal.events import JobPlanned, MemberTrained, Printed, TaskProgressed, TaskStarted, Waiting
from sortal.systems.clavis.batch import progress as module
from sortal.systems.clavis.batch.progress import BatchProgress


@pytest.fixture
def told():
    return []


@pytest.fixture
def progress(told):
    names = {"tree": ("tree",), "net": ("net",)}
    return BatchProgress(
        echo=told.append,
        titles=names,
        methods={"tree": "decisiontree", "net": "mlpc_keras"},
        verbose={},
        history=lambda key: [],
    )


@pytest.fixture
def clock(progress, monkeypatch):
    """A clock that a test sets."""
    made = SimpleNamespace(seconds=0.0)
    made.perf_counter = made.monotonic = lambda: made.seconds
    monkeypatch.setattr(module, "time", made)
    progress._books.clock = made.monotonic
    progress.started = progress._told = 0.0
    return made


def going_on(text="classifier 3/18"):
    return TaskProgressed(job="j", task="mlpc_keras-0a1b", done=0.2, text=text)


def trained(title):
    figures = {"headline": 0.9, "accuracy": 0.75, "training_accuracy": 0.875}
    return MemberTrained(
        job="j", key="k", title=title, fit_seconds=1.5, score_seconds=0.1, **figures
    )


def test_a_classifier_that_is_done_has_its_line(progress, told):
    progress(trained("tree"))
    (line,) = told
    assert "tree (decisiontree): train accuracy 0.8750, test accuracy 0.7500, 1.500 s" in line


def test_long_training_prints_progress_if_nothing_else_does(progress, told, monkeypatch):
    progress(TaskStarted(job="j", task="mlpc_keras-0a1b", method="mlpc_keras", members=18))
    progress(going_on())
    assert told == []
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.0)
    progress(going_on())
    progress(going_on(""))
    (line,) = told
    assert "training mlpc_keras x18 20% classifier 3/18" in line


def test_a_slow_classifier_is_named_though_nothing_is_reported(progress, told, clock):
    progress(TaskStarted(job="j", task="t", method="mlpc_keras", members=18, title="MLP 1"))
    progress(TaskProgressed(job="j", task="t", done=0.1, text="classifier 2/18", title="MLP 2"))
    progress(Waiting(job="j"))
    assert told == []
    for seconds in (20, 20, 20, 20):
        clock.seconds += seconds
        progress(Waiting(job="j"))
    assert len(told) == 2, "said again after twice the time"
    assert "training mlpc_keras x18 10% classifier 2/18 'MLP 2' for 20.0 s" in told[0]
    assert "for 1 min" in told[1]


def test_the_first_interrupt_says_once_what_it_waits_for(progress, told):
    progress(TaskStarted(job="j", task="t", method="svm", members=1, title="SVM 1"))
    for _ in range(3):
        progress(Waiting(job="j", interrupted=True))
    (line,) = told
    assert "waiting for 'SVM 1' (" in line
    assert "Press Ctrl-C again to leave at once" in line


@pytest.mark.parametrize("shown", [True, False])
def test_what_a_classifier_prints_is_shown_if_asked_for(progress, told, shown):
    progress.show_printed = shown
    progress(Printed(job="j", title="tree", lines=("one", "two")))
    assert told == (["tree | one", "tree | two"] if shown else [])


def test_lines_count_up_to_all_titles_where_some_share_a_result(told):
    titles = {"a": ("a", "a2", "a3"), "b": ("b",), "c": ("c",)}
    progress = BatchProgress(
        echo=told.append, titles=titles, methods={}, verbose={}, history=lambda _: []
    )
    progress(JobPlanned(job="j", members=3, stored=1, tasks=1, workers=1, threads=1))
    progress(trained("a"))
    progress(trained("b"))
    assert "5 classifiers, 1 of their 3 results in the store" in told[0]
    assert [line[:5] for line in told[1:]] == ["[4/5]", "[5/5]"]
