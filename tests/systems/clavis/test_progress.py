"""What a batch prints while it trains."""

import pytest

from sortal.events import MemberTrained, TaskProgressed
from sortal.systems.clavis import progress as module
from sortal.systems.clavis.progress import Progress


@pytest.fixture
def told():
    return []


@pytest.fixture
def progress(told):
    names = {"tree": ("tree",), "net": ("net",)}
    return Progress(
        echo=told.append,
        titles=names,
        methods={"tree": "decisiontree", "net": "mlpc_keras"},
        verbose={},
        history=lambda key: [],
    )


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


def test_long_training_says_how_far_it_is_only_where_nothing_else_is_said(
    progress, told, monkeypatch
):
    progress(going_on())
    assert told == []
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.0)
    progress(going_on())
    progress(going_on(""))
    (line,) = told
    assert "training mlpc_keras, classifier 3/18" in line
