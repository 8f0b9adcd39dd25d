"""Results are found by titles as users type them: exactly, else by the only one that is like it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_records import job_record, member_entry

from sortal.errors import NotFound, UserError
from sortal.job.title import store_name
from sortal.jobs.results.lookup import find_named, find_result
from sortal.jobs.results.similar_names import NamedThing, find_meant

TITLES = {
    "IRIS": [
        "🟊 Optimal",
        "KNN k = 3",
        "KNN k = 30",
        "RF (n=100, d=0.5)",
        "SVM -1",
        "na\u00efve",
        "Ⓝ Naive",
    ],
    "[Test] Multi-label": ["RF 25", "No random_state"],
    store_name("Größe 2"): ["GNB"],
}


class Listed:
    """A store of which only titles are asked."""

    folder = "the store"

    @property
    def jobs(self):
        return self

    def names(self):
        return list(TITLES)

    def read(self, name):
        entries = tuple(member_entry("key", title) for title in TITLES[name])
        return job_record(name, entries=entries)


@pytest.fixture
def told():
    return []


@pytest.mark.parametrize(
    ("typed", "job", "title"),
    [
        ("iris", "IRIS", None),
        ("iris ", "IRIS", None),
        ("test multi label", "[Test] Multi-label", None),
        ("[test] multi-LABEL", "[Test] Multi-label", None),
        ("optimal", "IRIS", "🟊 Optimal"),
        ("iris/optimal", "IRIS", "🟊 Optimal"),
        ("naive", "IRIS", "Ⓝ Naive"),
        ("Iris/NAIVE", "IRIS", "Ⓝ Naive"),
        ("knn k=3", "IRIS", "KNN k = 3"),
        ('"KNN k = 3"', "IRIS", "KNN k = 3"),
        ("\u2018KNN k = 3\u2019", "IRIS", "KNN k = 3"),
        ("KNN  k =\u00a03", "IRIS", "KNN k = 3"),
        ("RF n=100 d=0.5", "IRIS", "RF (n=100, d=0.5)"),
        ("RF (n", "IRIS", "RF (n=100, d=0.5)"),
        ("svm -1", "IRIS", "SVM -1"),
        ("nai\u0308ve", "IRIS", "na\u00efve"),
        ("NA\u00cfVE", "IRIS", "na\u00efve"),
        ("no random state", "[Test] Multi-label", "No random_state"),
        ("Größe 2/gnb", store_name("Größe 2"), "GNB"),
    ],
)
def test_titles_are_found_as_they_are_typed(told, typed, job, title):
    assert find_named(Listed(), typed, told.append) == NamedThing(job, title)
    (sentence,) = told
    assert sentence.startswith("nothing is called ")


@pytest.mark.parametrize("typed", ["KNN k = 3", "IRIS/KNN k = 3", "IRIS", "Größe 2", "RF 25"])
def test_exact_names_are_found_without_a_note(told, typed):
    assert find_named(Listed(), typed, told.append)
    assert told == []


@pytest.mark.parametrize("typed", ["knn", "IRIS/KNN k"])
def test_several_names_that_are_alike_are_listed(told, typed):
    with pytest.raises(
        UserError, match=r"2 names are like it: 'IRIS/KNN k = 3', 'IRIS/KNN k = 30'"
    ):
        find_named(Listed(), typed, told.append)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("net lr=1e-3", "net (lr=1e3)"),
        ("net lr=1e3", "net (lr=1e-3)"),
        ("net lr=1e\u22123", "net (lr=1e3)"),
        ("net lr=1e\u20133", "net [lr=1e3]"),
        ("x>1", "x<1"),
        ("x\u22651", "(x\u22641)"),
        ("knn k-3", "knn (k=3)"),
        ("C=1", "C (-1)"),
        ("a+b", "a b"),
    ],
)
def test_another_number_or_comparison_is_another_name(typed, title):
    assert find_meant(typed, {"job": [title]}) is None


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("net lr=1e-3", "net (lr=1e-3)"),
        ("net lr=1e\u22123", "net (lr=1e-3)"),
        ("multi label net", "Multi\u2011label net!"),
        ("x < 1", "[x<1]"),
        ("a|b", "a b"),
    ],
)
def test_signs_that_make_no_difference_are_forgiven(typed, title):
    assert find_meant(typed, {"job": [title]}) == NamedThing("job", title)


def test_a_name_like_none_gets_the_nearest(told):
    with pytest.raises(NotFound, match="Did you mean 'RF 25'"):
        find_named(Listed(), "RF 225", told.append)


@pytest.mark.parametrize("typed", ["", " ", "''", "()"])
def test_a_name_without_letters_means_nothing(told, typed):
    with pytest.raises(NotFound):
        find_named(Listed(), typed, told.append)


@given(st.text(min_size=1), st.sets(st.text(min_size=1), min_size=1, max_size=4))
def test_whatever_is_found_is_like_what_was_typed(typed, titles):
    found = None
    with suppress(UserError):  # several are alike
        found = find_meant(typed, {"job": titles})
    assert found is None or found.title is None or found.title in titles


@given(st.text(alphabet="aB1 =(", min_size=1).filter(lambda text: any(map(str.isalnum, text))))
def test_a_title_is_found_in_any_case_and_with_any_blanks(title):
    typed = f" '{title.swapcase()}' "
    assert find_meant(typed, {"§": [title]}) == NamedThing("§", title)


def test_a_job_is_no_result_and_the_sentence_names_one():
    with pytest.raises(
        UserError, match=r"'IRIS' is a job: name one of its results, such as 'IRIS/"
    ):
        find_result(Listed(), "IRIS")
