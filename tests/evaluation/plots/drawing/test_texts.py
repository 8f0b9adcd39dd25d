"""Titles in figures: of some width, and read letter for letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure

from sortal.evaluation.plots.drawing.style import in_any_script
from sortal.evaluation.plots.drawing.texts import _width, shorten_text

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(text=TEXTS, most=st.integers(4, 60))
def test_a_fitted_text_has_room(text, most):
    assert _width(shorten_text(text, most).replace(r"\$", "$")) <= most


@pytest.mark.parametrize(
    "text", ["$", "a$b$c", r"$\bad{$", "x_1^2", "C=0.1", "\n\t", "\x00", r"\$x$"]
)
def test_a_title_is_never_a_formula(text):
    figure = Figure(figsize=(2, 1))
    title = figure.subplots().set_title(shorten_text(text, 40))
    with in_any_script():
        figure.draw_without_rendering()
    assert not is_math_text(title.get_text())


def test_titles_that_differ_at_their_ends_still_do():
    one, two = (shorten_text("x" * 200 + end, 40) for end in ("C=0.1", "C=1.0"))
    assert one != two
    assert one.endswith("C=0.1")


def test_a_short_text_stays_as_it_is():
    assert shorten_text("kneighbors n_neighbors=5", 40) == "kneighbors n_neighbors=5"
    assert shorten_text("星形分類", 8) == "星形分類"
