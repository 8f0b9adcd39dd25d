"""The language of aliases and cuts means what C++ and NumPy mean by the same text."""

import ast
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.data.expressions.evaluate import evaluate
from sortal.data.expressions.parse import (
    FUNCTIONS,
    BadExpression,
    Membership,
    Name,
    find_names,
    needed_aliases,
    parse,
)

X = np.array([-2.5, -1.0, 0.0, 0.5, 3.0, np.nan])
Y = np.array([1.0, 2.0, 3.0, -4.0, 0.0, 1.0])


def value(text: str) -> list:
    found = evaluate(parse(text, "cut"), {Name("x"): X, Name("y"): Y})
    return np.broadcast_to(found, len(X)).tolist()


@pytest.mark.parametrize(
    ("text", "numpy"),
    [
        ("x + y * 2", X + Y * 2),
        ("-x ** 2", -(X**2)),
        ("2 ^ -y", 2.0**-Y),
        ("2 ** 3 ** 2 + 0*x", 512 + 0 * X),
        ("x - y - 1", X - Y - 1),
        ("12 / 4 / 3 + 0*y", 1 + 0 * Y),
        ("x % 2", np.fmod(X, 2)),
        ("abs(x) + hypot(x, y)", np.abs(X) + np.hypot(X, Y)),
        ("pow(x, 2) + exp(y)", X**2 + np.exp(Y)),
        ("log(exp(x))", X),
        ("LOG10(abs(x) + 1e0)", np.log10(np.abs(X) + 1)),
        ("min(x, y) + max(x, .5)", np.minimum(X, Y) + np.maximum(X, 0.5)),
        ("where(y > 0, x, -x)", np.where(Y > 0, X, -X)),
        ("(x > 0) * 2", (X > 0) * 2.0),
        ("x > 0 && y < 1", (X > 0) & (Y < 1)),
        ("x > 0 AND y < 1 || y == 3", ((X > 0) & (Y < 1)) | (Y == 3)),
        ("not x > 0 or y <> 1", ~(X > 0) | (Y != 1)),
        ("!(x >= 0)", ~(X >= 0)),
        ("!y", Y == 0),
        ("!y == 0", Y != 0),
        ("not y == 0", Y != 0),
        ("not y", Y == 0),
        ("+x", X),
        ("y = 1", Y == 1),
        ("y in (1, 2, -4)", np.isin(Y, [1, 2, -4])),
        ("y not in (1, 2)", ~np.isin(Y, [1, 2])),
        ("y NOT  IN [1, x + 2]", ~((Y == 1) | (Y == X + 2))),
        ("true && y", Y != 0),
    ],
)
def test_an_expression_is_what_numpy_makes_of_it(text, numpy):
    np.testing.assert_array_equal(value(text), np.asarray(numpy))


def test_a_comparison_with_a_missing_value_is_not_true():
    for text in (
        "x > -99",
        "x < 99",
        "x == x",
        "x <= 0 || x > 0",
        "!!x",
        "sqrt(x - 99) > 5",
        "0/(x*0) > 1",
    ):
        assert not value(text)[-1], text
    assert value("x != x") == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pt >", r"cut: expected a value, got the end of 'pt >'\."),
        ("pt > 3 eta", r"expected an operator or the end, got 'eta' at character 8"),
        ("pt & eta", r"for '&' write '&&'.*got '&' at character 4"),
        ("1 < pt < 3", r"expected '&&' between two comparisons, got '<' at character 8"),
        ("sqr(pt)", r"Did you mean 'sqrt'\?.*'sqr' at character 1"),
        ("atan2(pt)", r"2 values for 'atan2', not 1"),
        ("pt > 'a'", r"expected '==' or '!=' with text"),
        ("'a'", "expected a comparison of this text with a column"),
        ("pt + 1 == 'a'", "expected a column to compare with text"),
        ("(pt", r"expected '\)', got the end"),
        ("jet[1.5]", "expected the number of an element"),
        ("__import__('os').system('x')", "got '.' at character 17"),
        ("__import__('os')", r"a function that there is.*'__import__' at character 1"),
        ("eval(pt)", "expected a function that there is"),
        ("sqrt(pt)(pt)", "expected a function that there is"),
        ("sqrt(**pt)", r"expected one value, got '\*\*' at character 6"),
        ("pt, eta", r"expected one value, got 'pt' at character 1"),
        ("(lambda pt: pt)", r"expected an operator or the end, got 'pt' at character 9"),
        ("pt[0][1]", "expected the number of an element"),
        ("(pt := 3)", "got ':' at character 5"),
        ("f'{pt}' == 'a'", r"""got "'{pt}'" at character 2"""),
        ("pt.__class__()", r"'pt.__class__' at character 1"),
        ("pt in 'abc'", "got 'in' at character 4"),
        ("(-pt eta)", "expected an operator or the end, got 'eta' at character 6"),
        ("(pt + 3))", r"expected an operator or the end, got '\)' at character 9"),
        ("(pt + ", "expected a value, got the end"),
        ("pt < (eta) < 3", r"expected '&&' between two comparisons, got '<' at character 12"),
        ("pt\0", r"got '\\x00' at character 3"),
        ("pt; 1", "';' at character 3"),
        ("2pt", "'2' at character 1"),
        ("", "expected a value"),
        ("(" * 900, "less deep"),
        ("-" * 900 + "x", "less deep"),
        ("not " * 900 + "x", "less deep"),
        ("2**" * 400 + "x", "less deep"),
        ("x+" * 2000 + "x", "1000 names and signs at most"),
    ],
)
def test_what_is_no_expression_gets_one_sentence_with_its_place(text, said):
    with pytest.raises(BadExpression, match=said):
        parse(text, "cut")


def test_a_long_sum_is_worked_out():
    assert value("+".join(["y"] * 499))[0] == 499


def test_names_may_have_dots_and_in_backquotes_anything():
    found = list(find_names(parse("Muon.pt[0] + `ev/jet pt` > `in`", "cut")))
    assert found == [Name("Muon.pt", 0), Name("ev/jet pt"), Name("in")]
    assert found[0].column == "Muon.pt[0]"


@pytest.mark.parametrize("name", ["lambda", "None", "is", "if", "_", "__import__", "in", "µ", "ﬁ"])
def test_a_column_may_have_any_name_even_a_python_keyword(name):
    assert list(find_names(parse(f"{name} > 0", "cut"))) == [Name(name)]


@pytest.mark.parametrize("text", ["a && b", "!c", r"\n", "two\nlines", "{x}", "", "x in (1)"])
def test_text_in_quotes_is_taken_as_it_stands(text):
    for quote in "'\"":
        assert parse(f"process == {quote}{text}{quote}", "cut") == Membership(
            Name("process"), (text,)
        )


def test_python_is_shown_operators_alone(monkeypatch):
    shown = []
    python = ast.parse
    monkeypatch.setattr(
        ast, "parse", lambda text, mode: python(shown.append(text) or text, mode=mode)
    )
    parse("abs(1) == quit && `import os` in ('a', 'b')", "cut")
    assert " ".join(shown[0].split()) == "_ ( _ ) == _ and _ in ( _ , _ )"


def test_only_aliases_that_columns_are_made_of_are_needed():
    aliases = {"a": "b + x", "b": "2 * y", "c": "label == 'S'", "x": "x * 1.05"}
    assert set(needed_aliases(aliases, {"a", "z"})) == {"a", "b", "x"}


NUMBERS = st.floats(0.01, 100).map(lambda v: repr(round(v, 2)))
VALUES = st.recursive(
    NUMBERS | st.sampled_from(["x", "y"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("abs({})".format),
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(left=VALUES, sign=st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), right=VALUES)
def test_any_arithmetic_binds_as_in_python(left, sign, right):
    text = f"{left} {sign} {right}"
    with np.errstate(all="ignore"):
        try:
            python = eval(text, {"x": X, "y": Y, "abs": np.abs})
        except ZeroDivisionError:
            return
    np.testing.assert_array_equal(value(text), np.broadcast_to(python, len(X)))


@settings(max_examples=200)
@given(text=st.text("xy12.()[]!&|<>=+-*/%^,'\"` notiandr", max_size=30) | st.text(max_size=8))
def test_any_text_is_an_expression_or_refused(text):
    try:
        parse(text, "cut")
    except BadExpression as error:
        assert str(error).startswith("cut: expected")  # noqa: PT017 - both ends are fine


def test_every_function_that_is_listed_can_be_worked_out():
    for name, count in FUNCTIONS.items():
        assert len(value(f"{name}({', '.join(['y'] * count)})")) == len(Y)
    assert math.isclose(value("log(y)")[1], math.log(2))
