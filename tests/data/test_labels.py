"""Classes are found by what a job calls them."""

import pytest

from sortal.data import labels
from sortal.data.labels import ClassFinder, find_class


@pytest.mark.parametrize(
    ("given", "classes", "found"),
    [
        (1.0, ["0", "1"], "1"),
        ("0.0", ["0", "1"], "0"),
        (True, ["0", "1"], "1"),
        ("false", ["False", "True"], "False"),
        (0, ["FALSE", "TRUE"], "FALSE"),
        (1.0, ["False", "True"], "True"),
        ("007", ["7", "8"], "7"),
        (7, ["007", "7"], "7"),
        (7.0, ["007", "7"], None),
        (True, ["1", "2"], None),
        (True, ["0", "1", "2"], None),
        (2, ["0", "1"], None),
        ("na", ["NA", "EU"], None),
        (9007199254740993, ["9007199254740992", "9007199254740993"], "9007199254740993"),
    ],
)
def test_a_class_is_found_in_any_spelling_that_is_clear(given, classes, found):
    assert find_class(given, classes) == found


def test_each_of_many_classes_is_understood_once(monkeypatch):
    looks = list[str]()
    whole = labels.as_whole_number
    monkeypatch.setattr(labels, "as_whole_number", lambda text: looks.append(text) or whole(text))
    names = [str(number) for number in range(500)]
    finder = ClassFinder(names)
    assert [finder.find(f"{name}.0") for name in names] == names
    assert len(looks) <= 4 * len(names)
