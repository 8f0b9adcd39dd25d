import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.plugins.declaration import (
    Declaration,
    Declared,
    from_info,
    resolve_argument,
    resolve_arguments,
)

KNN = {
    "name": "kneighbors",
    "short": "KNN",
    "description": "k nearest neighbours",
    "parameters": [
        {
            "name": "n_neighbors",
            "description": "Number of neighbours",
            "type": "integer",
            "range": [1, 1000],
            "default_value": 5,
        }
    ],
}


def _info(**parameter):
    about = {"name": "p", "type": "integer", "default_value": 1, **parameter}
    return {"name": "made", "short": "M", "description": "", "parameters": [about]}


def _takes(value, **parameter):
    return from_info(_info(**parameter)).parameters[0].takes(value)


def test_the_page_s_example_is_read_as_it_stands():
    declaration = from_info(KNN)
    assert (declaration.name, declaration.short) == ("kneighbors", "KNN")
    assert declaration.parameters[0].range == (1, 1000)
    assert declaration.defaults() == {"n_neighbors": 5}
    assert declaration.notices == ()
    assert declaration.description == "k nearest neighbours"
    assert declaration.parameters[0].description == "Number of neighbours"


@pytest.mark.parametrize("said", [None, []])
def test_a_classifier_may_have_no_parameters(said):
    assert from_info({**KNN, "parameters": said}).parameters == ()


@pytest.mark.parametrize(
    ("value", "fits"), [(0, False), (1, True), (7, True), (8, False), (True, False), (1.0, False)]
)
def test_integers_are_whole_numbers_in_the_range_not_booleans(value, fits):
    assert _takes(value, range=[1, 7]) is fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [(0, True), (1, True), (0.5, True), (1.01, False), (False, False), ("1", False)],
)
def test_floats_may_be_written_as_integers(value, fits):
    assert _takes(value, type="float", range=[0, 1], default_value=0.1) is fits


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_float_is_finite_also_without_a_range(value):
    assert not _takes(value, type="float", default_value=0.1)


@pytest.mark.parametrize("type_", ["integer", "float"])
def test_a_range_may_have_no_end(type_):
    declared = from_info(_info(type=type_, range=[0, math.inf])).parameters[0]
    assert declared.takes(10**9)
    assert not declared.takes(-1)
    assert not declared.takes(math.inf)
    assert from_info(_info(range=[-math.inf, math.inf])).parameters[0].takes(-5)


def test_a_string_is_one_of_its_range():
    assert _takes("relu", type="string", range=["relu", "tanh"], default_value="tanh")
    assert not _takes("rule", type="string", range=["relu", "tanh"], default_value="tanh")
    assert _takes("anything", type="string", range=[], default_value="tanh")
    assert not _takes(3, type="string", default_value="tanh")


def test_a_truth_value_is_true_or_false_whatever_its_range_says():
    said = {"type": "boolean", "range": [False], "default_value": False}
    assert _takes(True, **said)
    assert not _takes(1, **said)


@pytest.mark.parametrize("type_", ["array", "other"])
@pytest.mark.parametrize("value", [[1, "a"], {"a": 1}, None, 3])
def test_arrays_and_others_are_not_looked_into(type_, value):
    assert _takes(value, type=type_, default_value=[])


def test_elements_of_an_array_are_checked_where_declared():
    units = Declared(name="units", type="integer", range=(1, 9), default=1)
    sizes = Declared(name="sizes", type="array", items=units, default=[3])
    assert sizes.takes([1, 9])
    assert not sizes.takes([1, 10])
    assert not sizes.takes(5)
    assert resolve_argument(sizes, {"sizes": [0]}) == (
        [3],
        "sizes: expected an array, each part an integer from 1 to 9, got [0]; "
        "the default [3] is used.",
    )


@pytest.mark.parametrize(
    ("said", "meant", "default"),
    [
        ("int", "integer", 1),
        ("bool", "boolean", True),
        ("str", "string", "a"),
        ("list", "array", []),
    ],
)
def test_names_of_python_types_are_forgiven_and_told(said, meant, default):
    declaration = from_info(_info(type=said, default_value=default))
    assert declaration.parameters[0].type == meant
    assert repr(said) in declaration.notices[0]
    assert repr(meant) in declaration.notices[0]


def test_a_default_that_breaks_its_own_rule_is_told_and_used():
    declaration = from_info(_info(range=[1, 5], default_value=9))
    assert "its default 9 is not an integer from 1 to 5" in declaration.notices[0]
    assert resolve_arguments({}, declaration).values == {"p": 9}


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("text", "expected a dictionary"),
        ({**KNN, "name": "k neighbours"}, "expected letters, digits and _ alone"),
        ({**KNN, "name": None}, "name: expected a text"),
        ({**KNN, "parameters": {"a": 1}}, "expected a list of dictionaries"),
        ({**KNN, "parameters": ["a"]}, r"parameters\[0\]: expected a dictionary"),
        ({**KNN, "parameters": KNN["parameters"] * 2}, "a name that stands once"),
        (_info(name="title"), "a name other than method, title and fold, got 'title'"),
        (_info(name="method"), "a name other than"),
        (_info(name="fold"), "a name other than"),
        (_info(type="number"), "one of string, integer, float, boolean, array, other"),
        (_info(range=[5, 1]), "the least and the greatest"),
        (_info(range=[0, math.nan]), "the least and the greatest"),
        (_info(range=[1]), "the least and the greatest"),
        (_info(range=["a", "b"]), "the least and the greatest"),
        (_info(range="1-5"), "expected a list"),
    ],
)
def test_a_broken_rule_of_the_page_is_refused_with_its_place(info, said):
    """With the value found, too."""
    with pytest.raises(OptionError, match=said) as refused:
        from_info(info, where="modules/classifiers/made")
    assert str(refused.value).startswith("modules/classifiers/made")


def test_a_parameter_without_a_default_is_refused():
    info = _info()
    del info["parameters"][0]["default_value"]
    with pytest.raises(OptionError, match=r"\(p\).default_value"):
        from_info(info)


def test_an_unusable_argument_gives_the_default_and_a_warning():
    checked = resolve_arguments({"n_neighbors": 0}, from_info(KNN))
    assert checked.values == {"n_neighbors": 5}
    assert checked.warnings == (
        "n_neighbors: expected an integer from 1 to 1000, got 0; the default 5 is used.",
    )


def test_an_undeclared_argument_gets_the_nearest_name():
    """It is recorded, too."""
    checked = resolve_arguments(
        {"n_neigbors": 3, "title": "KNN", "method": "kneighbors"}, from_info(KNN)
    )
    assert checked.values == {"n_neighbors": 5}
    assert checked.undeclared == {"n_neigbors": 3}
    assert checked.missing == ("n_neighbors",)
    assert "no parameter 'n_neigbors'" in checked.warnings[0]
    assert "Did you mean 'n_neighbors'?" in checked.warnings[0]


def test_arguments_of_a_classifier_without_parameters_are_told():
    declaration = Declaration(name="optimal", short="O", description="")
    assert "(it has none)" in resolve_arguments({"k": 1}, declaration).warnings[0]


_ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)


@given(
    st.sampled_from(["string", "integer", "float", "boolean"]),
    st.dictionaries(st.sampled_from(["p", "q", "title"]), _ANY),
)
def test_what_runs_is_always_a_value_that_is_taken(type_, arguments):
    defaults = {"string": "a", "integer": 3, "float": 0.5, "boolean": True}
    bounds = {"string": ("a", "b"), "integer": (-9, 9), "float": (0, 1), "boolean": None}
    declared = Declared(name="p", type=type_, default=defaults[type_], range=bounds[type_])
    declaration = Declaration(name="made", short="M", description="", parameters=(declared,))
    checked = resolve_arguments(arguments, declaration)
    assert set(checked.values) == {"p"}
    assert declared.takes(checked.values["p"])
    usable = "p" in arguments and declared.takes(arguments["p"])
    told = [text for text in checked.warnings if text.startswith("p: expected")]
    assert len(told) == int("p" in arguments and not usable)
    if usable:
        assert checked.values["p"] is arguments["p"]
