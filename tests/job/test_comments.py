import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.comments import blank_comments

texts = st.text(
    st.sampled_from(list('"\\/*#,{}[]:\n\t a1')) | st.characters(exclude_categories=["Cs"])
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
comments = st.one_of(
    st.just(""),
    st.text(st.sampled_from(list('"/*{, a'))).map(lambda text: f" // {text}"),
    st.text(st.sampled_from(list('"/\n{, a'))).map(lambda text: f" /* {text} */"),
    st.text(st.sampled_from(list('"/*{, a'))).map(lambda text: f" # {text}"),
)


@given(texts)
def test_length_and_line_breaks_stay(text):
    blanked = blank_comments(text)
    assert len(blanked) == len(text)
    assert [c == "\n" for c in blanked] == [c == "\n" for c in text]
    assert all(new in (old, " ") for new, old in zip(blanked, text, strict=True))


@given(documents)
def test_json_without_comments_means_the_same(document):
    assert json.loads(blank_comments(json.dumps(document, indent=1))) == document


@given(st.lists(st.tuples(texts, comments), min_size=1, max_size=5))
def test_comments_go_and_comment_marks_in_strings_stay(entries):
    lines = ["[", *(f"\t{json.dumps(text)},{comment}" for text, comment in entries), "]"]
    assert json.loads(blank_comments("\n".join(lines))) == [text for text, _ in entries]


@pytest.mark.parametrize(
    ("text", "blanked"),
    [
        ("[1, 2, ]", "[1, 2  ]"),
        ('{"a": 1, // x\n}', '{"a": 1      \n}'),
        ("[1, /* , */]", "[1         ]"),
        ("/* open", "       "),
        ('"a\\" // b"', '"a\\" // b"'),
        ("1#2 #3", "1#2   "),
    ],
)
def test_examples(text, blanked):
    assert blank_comments(text) == blanked
