import pytest

from sortal.job.problems import JobError
from sortal.job.read import read_mapping

MAP = {"train": "a", "test": "b"}
LABELS = ["x", "y"]


def contradictions(data: dict, classifiers: list | None = None) -> list[str]:
    job = {"data": {"source": "a.csv", **data}, "classifiers": classifiers or [{"method": "svm"}]}
    return [problem.path for problem in read_mapping(job).problems]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"source": MAP, "split": {"kind": "random"}}, "data.split.kind"),
        ({"split": {"kind": "files"}}, "data.source"),
        ({"source": ["a", "b"], "split": {"kind": "files"}}, "data.source"),
        ({"label": "x", "targets": "independent"}, "data.label"),
        ({"label": ["x"], "targets": "independent"}, "data.label"),
        ({"split": {"test": 0.5, "validation": 0.5}}, "data.split"),
        ({"split": {"validation": 0.75}}, "data.split"),
        ({"group": "g", "split": {"kind": "group", "test": 0.7, "validation": 0.3}}, "data.split"),
        ({"split": {"kind": "group"}}, "data.group"),
        ({"split": {"kind": "folds", "by_group": True}}, "data.group"),
        ({"label": ["x", "y", "x"]}, "data.label[2]"),
        ({"classes": ["a", "b", "a"]}, "data.classes[2]"),
    ],
)
def test_a_contradiction_is_told_at_its_place(data, path):
    assert contradictions(data) == [path]


@pytest.mark.parametrize(
    "data",
    [
        {"source": MAP},
        {"source": MAP, "split": {"kind": "files"}},
        {"label": LABELS, "targets": "independent"},
        {"targets": "independent"},
        {"split": {"test": 0.5, "validation": 0.4999}},
        {"group": "g", "split": {"kind": "group"}},
        {"group": "g", "split": {"kind": "folds", "by_group": True}},
        {"split": {"kind": "folds"}},
        {"classes": [1, True, "1"]},
    ],
)
def test_fields_that_agree_pass(data):
    assert contradictions(data) == []


def test_titles_without_a_variable_differ():
    blocks = [
        {"method": "a", "title": "same"},
        {"method": "b", "title": "same {C}"},
        {"method": "c", "title": "same"},
        {"method": "d", "title": "same {C}"},
    ]
    assert contradictions({}, blocks) == ["classifiers[2].title"]


def test_a_seed_is_given_once():
    assert contradictions({}, [{"method": "a", "seeds": [1, 2, 1]}]) == ["classifiers[0].seeds[2]"]


def test_contradictions_and_wrong_types_are_told_together():
    job = {
        "data": {"source": "a", "split": {"kind": "group"}, "length": "x"},
        "classifiers": [{"method": "a", "title": "t"}, {"title": "t"}],
    }
    with pytest.raises(JobError) as caught:
        read_mapping(job)
    assert [problem.path for problem in caught.value.problems] == [
        "classifiers[1].method",
        "classifiers[1].title",
        "data.group",
        "data.length",
    ]
