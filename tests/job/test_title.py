import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.title import LONGEST, as_title, is_title
from sortal.store.files.names import check_name


@pytest.mark.parametrize("text", ["iris", "[Test] ArgCheck", "Digits (CV)", "(520,550)", "a+b=c"])
def test_titles_may_hold_brackets_commas_and_signs(text):
    assert is_title(text)
    assert as_title(text) == text


@pytest.mark.parametrize("text", ["", ".hidden", " x", "a/b", "a\\b", "a:b", "naïve", "a\nb", "-x"])
def test_titles_hold_nothing_special_to_paths_or_shells(text):
    assert not is_title(text)


@given(st.text(max_size=200))
def test_any_text_becomes_a_valid_title_and_a_store_name(text):
    made = as_title(text)
    assert len(made) <= LONGEST
    if made:
        assert is_title(made)
        assert as_title(made) == made
        assert check_name("job", made) == made
