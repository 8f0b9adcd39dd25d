"""Trees of ROOT files are tables: those that others wrote, and those written here."""

from pathlib import Path

import awkward as ak
import numpy as np
import psutil
import pytest
import uproot
from new_inputs import read_inputs

from sortal.data.readers.base import Table
from sortal.data.readers.column_values import numbers
from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.root import table as root
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import DataError, MissingExtra
from sortal.job.models import DataBlock

REAL = Path(__file__).parents[4] / "../shared/data/hep/root"
ROWS = 1000
RNG = np.random.default_rng(5)
EVENTS = {
    "pt": RNG.exponential(50, ROWS).astype(np.float32),
    "met": RNG.exponential(80, ROWS),
    "n": RNG.integers(0, 5, ROWS).astype(np.int32),
    "run": RNG.integers(1, 2**40, ROWS).astype(np.uint64),
    "passed": RNG.random(ROWS) > 0.5,
}


def write(path: Path, kind: str, step: int = 300) -> Path:
    with uproot.recreate(path) as file:
        make = file.mktree if kind == "tree" else file.mkrntuple
        types = {name: values.dtype for name, values in EVENTS.items()}
        tree = make("events", types)
        for start in range(0, ROWS, step):
            tree.extend({name: v[start : start + step] for name, v in EVENTS.items()})
    return path


def column(table: Table, name: str, size: int = 100) -> np.ndarray:
    return np.concatenate([numbers(batch[name]) for batch in table.batches([name], size)])


@pytest.mark.parametrize("kind", ["tree", "ntuple"])
@pytest.mark.parametrize("size", [1, 77, 10_000])
def test_columns_keep_values_and_types(tmp_path, kind, size):
    table = open_file(write(tmp_path / "e.root", kind))
    assert sorted(table.names) == sorted(EVENTS)
    names = ["passed", "pt", "run", "met", "n"]
    batches = list(table.batches(names, size))
    assert max(map(len, batches)) <= size
    assert [str(t) for t in batches[0].schema.types] == [
        "bool",
        "float",
        "uint64",
        "double",
        "int32",
    ]
    for name in names:
        found = np.concatenate([b[name].to_numpy(zero_copy_only=False) for b in batches])
        np.testing.assert_array_equal(found, EVENTS[name])


@pytest.mark.parametrize("kind", ["tree", "ntuple"])
@pytest.mark.parametrize("step", [70, ROWS])
def test_windows_smaller_than_a_file_s_blocks_lose_no_row(tmp_path, monkeypatch, kind, step):
    monkeypatch.setattr(root, "_WINDOW_BYTES", 1000)
    table = open_file(write(tmp_path / "e.root", kind, step))
    np.testing.assert_array_equal(column(table, "pt", 13), EVENTS["pt"])


@pytest.mark.parametrize("kind", ["tree", "ntuple"])
def test_aliases_and_a_cut_work_on_trees(tmp_path, kind):
    options = TableOptions(aliases={"ratio": "pt / met"}, cut="passed && n >= 2")
    table = open_file(write(tmp_path / "e.root", kind), options)
    kept = EVENTS["passed"] & (EVENTS["n"] >= 2)
    np.testing.assert_allclose(column(table, "ratio"), (EVENTS["pt"] / EVENTS["met"])[kept])


@pytest.fixture
def several(tmp_path) -> Path:
    with uproot.recreate(tmp_path / "s.root") as file:
        for folder, factor in (("", 1), ("up/", 2), ("down/", 3)):
            file.mktree(f"{folder}events", {"x": "f4"}).extend({"x": np.full(3, factor, "f4")})
        file.mktree("up/events", {"x": "f4"}).extend({"x": np.full(3, 4, "f4")})
        file["note"] = "no tree"
    return tmp_path / "s.root"


@pytest.mark.parametrize(
    ("tree", "value"),
    [("events", 1), ("events;1", 1), ("up/events", 4), ("/up/events;1", 2), ("up/events;2", 4)],
)
def test_a_tree_is_found_by_its_path_and_cycle(several, tree, value):
    assert column(open_file(several, TableOptions(tree=tree)), "x").tolist() == [value] * 3


def test_several_trees_need_a_name_and_a_typo_gets_the_nearest(several):
    with pytest.raises(DataError, match=r"has several: events, up/events, down/events\."):
        open_file(several)
    with pytest.raises(DataError, match=r"no tree named 'up/event'\. Did you mean 'up/events'"):
        open_file(several, TableOptions(tree="up/event"))


def test_a_file_without_a_tree_and_a_missing_branch_are_refused(tmp_path):
    with uproot.recreate(tmp_path / "h.root") as file:
        file["h"] = np.histogram([1, 2, 3])
    with pytest.raises(DataError, match="expected a TTree or an RNTuple, the file has none"):
        open_file(tmp_path / "h.root")
    table = open_file(write(tmp_path / "e.root", "tree"))
    with pytest.raises(DataError, match=r"'events' has no branch 'pts'\. Did you mean 'pt'"):
        next(table.batches(["pts"], 10))


def write_lists(path: Path, kind: str) -> ak.Array:
    jets = ak.Array([[3.5, 1.5], [], [2.5], [9.0, 8.0, 7.0]])
    columns = {"jet": jets, "mass": np.arange(4.0), "cov": np.arange(12.0).reshape(4, 3)}
    with uproot.recreate(path) as file:
        if kind == "ntuple":
            names = ak.Array(["a", "bc", "", "d"])
            maybe = ak.Array([1.5, None, 2.5, None])
            file.mkrntuple("events", columns | {"name": names, "maybe": maybe})
        else:
            file.mktree(
                "events", {"jet": "var * float64", "mass": "f8", "cov": np.dtype(("f8", (3,)))}
            ).extend(columns)
    return jets


@pytest.mark.parametrize("kind", ["tree", "ntuple"])
def test_lists_are_refused_with_the_way_out_which_works(tmp_path, kind):
    write_lists(tmp_path / "l.root", kind)
    table = open_file(tmp_path / "l.root")
    assert {"jet", "cov"} < set(table.names)
    for name in ("jet", "cov"):
        with pytest.raises(DataError, match=rf"a list in each row .*`{name}_0: {name}\[0\]`"):
            next(table.batches(["mass", name], 10))
    aliases = {"lead": "jet[0]", "gap": "jet[0] - jet[1]", "xy": "cov[2]"}
    derived = open_file(tmp_path / "l.root", TableOptions(aliases=aliases))
    np.testing.assert_array_equal(column(derived, "lead"), [3.5, np.nan, 2.5, 9])
    np.testing.assert_array_equal(column(derived, "gap", 2), [2, np.nan, np.nan, 1])
    np.testing.assert_array_equal(column(derived, "xy"), [2, 5, 8, 11])
    with pytest.raises(DataError, match=r"'mass\[0\]' is no element"):
        column(open_file(tmp_path / "l.root", TableOptions(aliases={"a": "mass[0]"})), "a")


def test_text_and_optional_values_of_an_rntuple_are_read(tmp_path):
    write_lists(tmp_path / "l.root", "ntuple")
    (batch,) = open_file(tmp_path / "l.root").batches(["name", "maybe"], 10)
    assert batch["name"].to_pylist() == ["a", "bc", "", "d"]
    assert batch["maybe"].to_pylist() == [1.5, None, 2.5, None]


def test_aliases_of_a_tree_are_columns_if_they_can_be_parsed(tmp_path, monkeypatch):
    path = write(tmp_path / "e.root", "tree")
    given = {
        "both": "twice + met",
        "twice": "2*pt",
        "odd": "Sum$(jet.fX)",
        "far": "odd + 1",
    }
    # uproot writes no aliases, and no file with some is at hand: what it would read is put in.
    monkeypatch.setattr(uproot.models.TTree.Model_TTree_v20, "aliases", given)
    table = open_file(path)
    assert table.names[len(EVENTS) :] == ("both", "twice")
    np.testing.assert_allclose(column(table, "both"), 2.0 * EVENTS["pt"] + EVENTS["met"])
    again = open_file(path, TableOptions(aliases={"twice": "twice + 1"}, cut="twice > 100"))
    assert column(again, "twice").min() > 100


@pytest.mark.parametrize("aliases", [{}, {"third": "half / 3"}])
def test_missing_numbers_reach_aliases_of_the_tree(tmp_path, monkeypatch, aliases):
    with uproot.recreate(tmp_path / "e.root") as file:
        file.mktree("events", {"x": np.float64}).extend({"x": np.array([1.0, -999.0, 3.0])})
    monkeypatch.setattr(uproot.models.TTree.Model_TTree_v20, "aliases", {"half": "x/2"})
    options = TableOptions(missing=(-999.0,), aliases=aliases)
    table = open_file(tmp_path / "e.root", options)
    for name in ("x", "half", *aliases):
        assert np.isnan(column(table, name)).tolist() == [False, True, False]
    names = ("half", *aliases)
    spec = InputSpec(names={"features": names}, shapes={"features": (len(names),)}, options=options)
    (new,) = read_inputs([tmp_path / "e.root"], spec)
    assert np.isnan(new.arrays["features"][:, -1]).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", ["tree", "ntuple"])
def test_a_damaged_file_is_one_sentence_wherever_it_breaks(tmp_path, kind):
    content = write(tmp_path / "e.root", kind).read_bytes()
    spoiled = tmp_path / "spoiled.root"
    for part in np.linspace(0.02, 0.98, 25):
        spoiled.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(DataError, match=r"spoiled\.root: (breaks off|not a readable)"):
            column(open_file(spoiled), "pt")
    for _ in range(60):
        changed = bytearray(content)
        changed[RNG.integers(0, len(content))] ^= 0xFF
        spoiled.write_bytes(changed)
        try:
            column(open_file(spoiled), "pt")
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 - a flipped bit of a value is no damage


def test_without_uproot_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "e.root", "tree")
    monkeypatch.setattr(root, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'sortal\[root\]'"):
        open_file(path)


def test_a_job_reads_several_files_as_one(tmp_path):
    for name in ("a.root", "b.root"):
        write(tmp_path / name, "tree")
    block = DataBlock(
        source=["a.root", "b.root"],
        label="passed",
        inputs=["pt", "ratio"],
        aliases={"ratio": "pt / met"},
        cut="met > 10",
    )
    data = read_dataset(block, tmp_path, 0)
    kept = EVENTS["met"] > 10
    assert len(data.inputs.ids) == 2 * kept.sum()
    np.testing.assert_array_equal(
        data.inputs.arrays["features"][: kept.sum(), 0], EVENTS["pt"][kept]
    )


needs_files = pytest.mark.skipif(not REAL.is_dir(), reason="no real ROOT files")


@pytest.mark.realdata
@needs_files
@pytest.mark.parametrize(
    ("name", "rows", "columns", "of"),
    [
        ("uproot-HZZ.root", 2421, 51, "EventWeight"),
        ("uproot-Zmumu.root", 2304, 20, "pt1"),
        ("nanoAOD_2015_CMS_Open_Data_ttbar.root", 200, 947, "MET_pt"),
        ("test_int_float_rntuple_v1-0-0-0.root", 10, 2, "two_floats"),
        ("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", 1000, 6, "nMuon"),
    ],
)
def test_real_files_are_read_as_uproot_reads_them(name, rows, columns, of):
    table = open_file(REAL / name)
    assert len(table.names) == columns
    found = column(table, of)
    with uproot.open(REAL / name) as file:
        key = next(k for k, kind in file.classnames().items() if "T" in kind)
        expected = ak.to_numpy(file[key][of].array())
    assert len(found) == rows
    np.testing.assert_array_equal(found, expected)


@pytest.mark.realdata
@needs_files
def test_a_real_rntuple_and_texts_of_a_real_tree_are_read():
    path = REAL / "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
    pair = TableOptions(
        aliases={"lead": "Muon_pt[0]"}, cut="nMuon >= 2 && Muon_charge[0] != Muon_charge[1]"
    )
    with uproot.open(path) as file:
        pt, charge = (file["Events"][k].array() for k in ("Muon_pt", "Muon_charge"))
    two = ak.num(pt) >= 2
    opposite = charge[two][:, 0] != charge[two][:, 1]
    expected = ak.to_numpy(pt[two][opposite][:, 0])
    np.testing.assert_array_equal(column(open_file(path, pair), "lead"), expected)
    kinds = open_file(REAL / "uproot-Zmumu.root", TableOptions(cut="Type == 'GT' && pt1 > 40"))
    assert {t for b in kinds.batches(["Type"], 99) for t in b["Type"].to_pylist()} == {"GT"}


def private_bytes():
    """Private memory without pages of mapped files, which psutil's `uss` counts on Linux [bytes]."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return psutil.Process().memory_full_info().uss
    (line,) = (one for one in rollup.read_text().splitlines() if one.startswith("Anonymous:"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    ("rows", "limit_mb"),
    [(300_000, 150), pytest.param(6_000_000, 250, marks=pytest.mark.slow)],
)
def test_private_memory_stays_bounded_while_a_file_streams(tmp_path, rows, limit_mb):
    names = [f"v{k}" for k in range(13)]
    with uproot.recreate(tmp_path / "big.root", compression=None) as file:
        tree = file.mktree("events", dict.fromkeys(names, "f4"))
        for _ in range(0, rows, 100_000):
            block = RNG.random(100_000, dtype=np.float32)
            tree.extend(dict.fromkeys(names, block))
    table = open_file(tmp_path / "big.root", TableOptions(aliases={"a": "v0 * v1"}, cut="v2 > 0.1"))
    before, most, read = private_bytes(), 0, 0
    for number, batch in enumerate(table.batches([*names, "a"], 50_000)):
        read += len(batch)
        if number % 5 == 0:
            most = max(most, private_bytes() - before)
    assert 0.85 * rows < read < 0.95 * rows
    assert most < limit_mb * 2**20
