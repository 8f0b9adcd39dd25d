"""Shifts reach everything that is made of what they replace, in tables and in ROOT files."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.expressions.parse import BadExpression
from sortal.data.readers.registry import open_file
from sortal.errors import OptionError
from sortal.systems.cms.applying.shift import (
    reached,
    refuse_idle_shifts,
    shift_remarks,
    with_elements,
)
from sortal.systems.cms.applying.shifted import Variations

uproot = pytest.importorskip("uproot")

PT, MET = np.array([10.0, 20.0, 30.0]), np.array([2.0, 4.0, 5.0])
JETS = [[50.0, 40.0], [60.0], [70.0, 30.0, 20.0]]
ETAS = [[1.0, -2.0], [0.5], [0.0, 1.0, 2.0]]


class Held:
    """A file of two columns."""

    has_lists = False

    def __init__(self, path, **columns):
        self.path, self.names = path / "held.csv", tuple(columns)
        self._batch = pa.RecordBatch.from_pydict(columns)

    def batches(self, names, size):
        yield self._batch.select(list(names))


def values(table, aliases, shift, *wanted, cut=""):
    """Columns under a shift, by name."""
    variations = Variations(table, aliases, cut, {"up": shift})
    needed = variations.needed(wanted, wanted)
    (batch,) = table.batches(needed, 1000)
    passing, _ = variations.passing(batch)
    made = variations.shifted("up", passing, wanted)
    return {name: np.array(made.column(name).to_pylist(), float) for name in wanted}


@pytest.fixture
def flat(tmp_path):
    return Held(tmp_path, pt=PT, met=MET)


@pytest.fixture
def jets(tmp_path):
    """A tree with branches of lists, and an alias of its own."""
    path = tmp_path / "jets.root"
    with uproot.recreate(path) as file:
        columns = {"Jet_pt": ak.Array(JETS), "Jet_eta": ak.Array(ETAS), "pt": PT}
        file.mktree(
            "Events", {n: ak.type(v).content if n != "pt" else v.dtype for n, v in columns.items()}
        )
        file["Events"].extend(columns)
    return open_file(path)


CHAIN = {"half": "pt / 2", "r": "half / met", "twice": "r * 2 + half"}


@pytest.mark.parametrize(
    ("shift", "half", "r", "twice"),
    [
        ({"pt": "pt * 1.5"}, PT * 0.75, PT * 0.75 / MET, PT * 1.5 / MET + PT * 0.75),
        ({"half": "half * 1.5"}, PT * 0.75, PT * 0.75 / MET, PT * 1.5 / MET + PT * 0.75),
        ({"r": "r + 1"}, PT / 2, PT / 2 / MET + 1, PT / MET + 2 + PT / 2),
        ({"twice": "0 * pt"}, PT / 2, PT / 2 / MET, 0 * PT),
        ({"half": "r"}, PT / 2 / MET, PT / 2 / MET / MET, PT / MET / MET + PT / 2 / MET),
        ({"pt": "met", "met": "pt"}, MET / 2, MET / 2 / PT, MET / PT + MET / 2),
        ({"pt": "2 * pt", "half": "half + 1"}, PT / 2 + 1, (PT / 2 + 1) / MET, (PT + 2) / MET + PT / 2 + 1),
    ],
    ids=["column", "alias", "last but one", "last", "later alias", "swap", "both"],
)  # fmt: skip
def test_a_shift_reaches_the_whole_chain_of_aliases(flat, shift, half, r, twice):
    found = values(flat, CHAIN, shift, "half", "r", "twice")
    np.testing.assert_allclose(found["half"], half)
    np.testing.assert_allclose(found["r"], r)
    np.testing.assert_allclose(found["twice"], twice)


def test_an_alias_that_hides_a_column_is_shifted_as_the_alias(flat):
    aliases = {"pt": "pt + 1", "double": "pt * 2"}
    found = values(flat, aliases, {"pt": "pt * 10"}, "pt", "double")
    np.testing.assert_allclose(found["pt"], (PT + 1) * 10)
    np.testing.assert_allclose(found["double"], (PT + 1) * 20)


def test_what_hides_a_column_sees_the_shift_of_another(flat):
    found = values(flat, {"pt": "pt + met"}, {"met": "met * 2"}, "pt")
    np.testing.assert_allclose(found["pt"], PT + 2 * MET)


def test_a_cut_looks_at_unshifted_columns(flat):
    found = values(flat, {}, {"pt": "pt - 100"}, "pt", cut="pt > 15")
    np.testing.assert_allclose(found["pt"], PT[1:] - 100)


LEADING = {
    "lead": "Jet_pt[0]",
    "second": "where(Jet_pt[1] > 0, Jet_pt[1], 0)",
    "sum": "lead + second",
}
FIRST, SECOND = np.array([50.0, 60.0, 70.0]), np.array([40.0, 0.0, 30.0])


@pytest.mark.parametrize(
    ("shift", "first", "second"),
    [
        ({"Jet_pt": "Jet_pt * 1.1"}, FIRST * 1.1, SECOND * 1.1),
        ({"Jet_pt[0]": "Jet_pt[0] + 5"}, FIRST + 5, SECOND),
        ({"Jet_pt": "Jet_pt + pt"}, FIRST + PT, [50.0, 0.0, 60.0]),
        ({"Jet_pt": "`Jet_pt` * (1 + Jet_eta)"}, FIRST * [2.0, 1.5, 1.0], [-40.0, 0.0, 60.0]),
        ({"Jet_pt": "Jet_pt * Jet_pt[0]"}, FIRST**2, SECOND * FIRST),
        ({"lead": "lead - 1"}, FIRST - 1, SECOND),
    ],
    ids=["branch", "element", "with a column", "two branches", "own element", "alias"],
)  # fmt: skip
def test_a_shift_of_a_branch_of_lists_reaches_its_elements(jets, shift, first, second):
    found = values(jets, LEADING, shift, "lead", "second", "sum", "Jet_pt[0]")
    second = np.where(np.asarray(second) > 0, second, 0)
    np.testing.assert_allclose(found["lead"], first)
    np.testing.assert_allclose(found["second"], second)
    np.testing.assert_allclose(found["sum"], np.add(first, second))
    if "lead" not in shift:
        np.testing.assert_allclose(found["Jet_pt[0]"], first)


def with_own_aliases(table, **aliases):
    """A table as of a tree that brings aliases."""
    from sortal.data.readers.derived import DerivedTable

    return DerivedTable(table, aliases)


def test_a_shift_reaches_aliases_that_the_tree_brings(flat):
    found = values(
        with_own_aliases(flat, half="pt / 2"), {"r": "half / met"}, {"pt": "pt * 3"}, "r"
    )
    np.testing.assert_allclose(found["r"], PT * 1.5 / MET)


def test_names_hidden_by_the_tree_s_aliases_are_refused_or_kept(flat):
    tree = with_own_aliases(flat, half="pt / 2")
    with pytest.raises(OptionError, match="shift up: pt"):
        Variations(tree, {"pt": "pt + 1"}, "", {"up": {"pt": "pt * 3"}})
    found = values(tree, {"pt": "pt + 1"}, {"met": "met * 3"}, "half", "met", "pt")
    np.testing.assert_allclose(found["half"], PT / 2)
    np.testing.assert_allclose(found["pt"], PT + 1)


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        ({"pt": "pt * 2", "mett": "met"}, "shift up: mett: .*Did you mean 'met'"),
        ({"pt": "mett * 2"}, "shift up: pt: .*Did you mean 'met'"),
        ({"pt": "pt *"}, "shift up: pt: "),
        ({"pt": "2"}, "shift up: pt: .*names a column"),
        ({"pt[0]": "pt"}, r"shift up: pt\[0\]"),
    ],
)
def test_a_wrong_shift_is_refused_with_its_place(flat, shift, said):
    with pytest.raises(BadExpression, match=said):
        Variations(flat, CHAIN, "", {"up": shift})


@pytest.mark.parametrize(
    ("shift", "variables"),
    [({"Jet_pt[3]": "1 * pt"}, ["Jet_pt[0]"]), ({"w": "w * 2"}, ["r"]), ({"r": "r"}, ["half"])],
)
def test_a_shift_that_no_variable_is_made_of_is_refused(shift, variables):
    with pytest.raises(OptionError, match="made of"):
        refuse_idle_shifts({"up": shift}, CHAIN, variables)


@pytest.mark.parametrize(
    ("shift", "variables"),
    [({"Jet_pt": "Jet_pt"}, ["Jet_pt[0]"]), ({"Jet_pt[0]": "1 * pt"}, ["lead"]), ({"pt": "pt"}, ["twice"])],
)  # fmt: skip
def test_a_shift_behind_several_aliases_is_known_to_reach(shift, variables):
    aliases = CHAIN | LEADING
    refuse_idle_shifts({"up": shift}, aliases, variables)
    with pytest.raises(OptionError, match="made of"):
        refuse_idle_shifts({"up": shift, "down": {"eta": "eta"}}, aliases, variables)


def test_what_a_shift_leaves_alone_is_said():
    aliases = CHAIN | {"w": "gen * pt"}
    notes = list(
        shift_remarks({"up": {"pt": "pt * 2", "r": "r + 1"}}, aliases, "r > 2", ["w", "x"])
    )
    assert len(notes) == 3
    assert "'r'" in notes[0]
    assert "the cut looks at unshifted columns" in notes[1]
    assert "'w'" in notes[2]
    assert list(shift_remarks({"up": {"met": "met"}}, aliases, "pt > 2", ["w"])) == []


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_a_shift_reaches_the_end_of_any_chain(links):
    aliases = {f"a{place}": f"a{max(place - 1 - back, 0)}" for place, back in enumerate(links, 1)}
    chain = {f"a{len(links)}"}
    while "a0" not in chain:
        chain |= {aliases[name] for name in chain if name in aliases}
    found = reached({"a0": "a0 * 2"}, aliases)
    assert chain <= found
    assert found == {"a0", *aliases}


@pytest.mark.parametrize(
    ("text", "became"),
    [
        ("abs(Jet_pt) + Jet_pt", "abs(`Jet_pt`[1]) + `Jet_pt`[1]"),
        ("`Jet_pt`*2", "`Jet_pt`[1]*2"),
        ("Jet_pt[0] + Jet_pt [2]", "Jet_pt[0] + Jet_pt [2]"),
        ("Jet_pt2 + xJet_pt + x.Jet_pt", "Jet_pt2 + xJet_pt + x.Jet_pt"),
        ("where(kind == 'Jet_pt', Jet_pt, 0)", "where(kind == 'Jet_pt', `Jet_pt`[1], 0)"),
    ],
)
def test_only_whole_names_of_lists_get_an_element(text, became):
    assert with_elements(text, {"Jet_pt"}, 1) == became
