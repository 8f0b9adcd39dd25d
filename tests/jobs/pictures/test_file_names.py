"""Names of picture files: one for each title, whatever the file system takes for the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.jobs.pictures.file_names import file_name, file_names

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
NEAR = st.text(alphabet="aA/: _-.bB²2éé\u0301ßs\\", min_size=1, max_size=6)


def as_any_file_system(name):
    """A name as file systems see it that know no case and no forms of Unicode."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


@given(titles=st.lists(TEXTS | NEAR, unique=True, max_size=12))
def test_no_two_titles_share_a_name_anywhere(titles):
    names = file_names((title,) for title in titles)
    assert len({as_any_file_system(name) for name in names.values()}) == len(titles)


@given(titles=st.lists(st.tuples(NEAR, NEAR), unique=True, max_size=12))
def test_titles_and_targets_are_told_apart_together(titles):
    names = file_names(titles)
    assert len({as_any_file_system(name) for name in names.values()}) == len(titles)


@given(title=TEXTS)
def test_a_name_fits_and_holds_nothing_forbidden(title):
    name = file_names([(title,)])[(title,)]
    assert name
    assert len(f"projection-spectral_embedding-{name}.csv".encode()) <= 255
    assert not set(name) & set('/\\:*?"<>|\0')
    assert all(letter.isprintable() or unicodedata.category(letter)[0] == "M" for letter in name)


@pytest.mark.parametrize(
    "title",
    ["svm", "log C=0.1", "kneighbors n_neighbors=5", "lr 0.1", "[Test] (CV)", "星形", "naïve"],
)
def test_a_plain_title_is_its_name(title):
    assert file_name((title,), [("a/b",)]) == title.replace(" ", "_")


@pytest.mark.parametrize(
    "pair",
    [
        ("a/b", "a:b"),
        ("A", "a"),
        ("a b", "a_b"),
        ("e\u0301", "\u00e9"),
        ("x" * 300, "x" * 299 + "y"),
        ("星" * 200, "星" * 201),
        ("a.", "a"),
        ("ß", "ss"),
        ("con", "CON"),
    ],
)
def test_near_titles_have_names_of_their_own(pair):
    names = file_names([(one,) for one in pair])
    assert len({as_any_file_system(name) for name in names.values()}) == 2
    assert all(len(name.encode()) < 100 for name in names.values())


def test_a_title_like_a_name_with_digits_takes_no_name():
    made = file_names([("a/b",)])[("a/b",)]
    names = file_names([("a/b",), (made,)])
    assert len(set(names.values())) == 2


def test_half_of_a_character_is_no_obstacle():
    assert file_names([("a\ud800",)])[("a\ud800",)].startswith("a_-")
