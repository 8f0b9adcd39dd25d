import gzip

import numpy as np
import polars as pl
import pytest

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.data.read import read_files
from sortal.systems.cms.settings import PAGE_VARIABLES

uproot = pytest.importorskip("uproot")


def written(text: str) -> pl.DataFrame:
    """The columns of a header-less text as polars reads them."""
    return pl.read_csv(text.encode(), has_header=False)


def same(one, other):
    """Hold two sets of events against each other, whatever their files were."""
    np.testing.assert_array_equal(one.features, other.features)
    np.testing.assert_array_equal(one.weights, other.weights)
    assert list(one.process_names) == list(other.process_names)
    np.testing.assert_array_equal(one.is_signal, other.is_signal)
    np.testing.assert_array_equal(one.parts, other.parts)


@pytest.fixture
def columns(page_folder):
    """Every file as columns with names."""
    names = ["pt", "eta", "met", "weight", "process"]
    return {
        path.name.removesuffix(".csv"): pl.read_csv(path, has_header=False, new_columns=names)
        for path in sorted(page_folder.path.iterdir())
    }


def test_the_six_files_are_read_as_they_are(page_folder, settings):
    events = read_files(settings())
    assert events.variables == ("var1", "var2", "var3")
    assert events.processes == ("S_550_520", "Wj_100", "TTlep")
    assert events.notes == ()
    start = 0
    for part, prefix in (("train", "train"), ("validation", "val"), ("test", "test")):
        for kind in ("sig", "bkg"):
            frame = written(page_folder.text(f"{prefix}_{kind}.csv"))
            mine = slice(start, start := start + len(frame))
            np.testing.assert_array_equal(
                events.features[mine], frame[:, :3].to_numpy().astype(float)
            )
            np.testing.assert_array_equal(events.weights[mine], frame[:, 3].to_numpy())
            assert list(events.process_names[mine]) == [
                name.removesuffix(".root") for name in frame[:, 4]
            ]
            assert (events.is_signal[mine] == (kind == "sig")).all()
            assert (events.parts[mine] == list(Part).index(Part(part))).all()
    assert start == len(events)


@pytest.mark.parametrize(
    ("count", "first"), [(1, "var1"), (12, "var1"), (17, "LepChg"), (18, "var1")]
)
def test_any_number_of_variables_is_read_and_17_are_the_page_s(count, first, page_folder, settings):
    for path in page_folder.path.iterdir():
        path.write_text("\n".join([",".join(["0.5"] * count + ["1.0", "A.root"])] * 3))
    events = read_files(settings())
    assert len(events.variables) == count
    assert events.variables[0] == first
    assert (events.variables == PAGE_VARIABLES) == (count == 17)


def test_names_may_be_given_to_files_without_a_header(page_folder, settings):
    given = settings(variables=["pt", "eta", "met"], weight="w", process="tag")
    assert read_files(given).variables == ("pt", "eta", "met")


@pytest.mark.parametrize("form", [".csv", ".csv.gz", ".tsv", ".parquet", ".root"])
def test_all_forms_say_the_same(form, page_folder, columns, settings):
    plain = read_files(settings())
    for name, frame in columns.items():
        (page_folder.path / f"{name}.csv").unlink()
        path = page_folder.path / f"{name}{form}"
        if form == ".root":
            with uproot.recreate(path) as file:
                tree = {key: frame[key].to_numpy() for key in ("pt", "eta", "met", "weight")}
                codes = frame["process"].rank("dense").to_numpy().astype(np.int32)
                file.mktree("events", {**{k: v.dtype for k, v in tree.items()}, "process": "int32"})
                file["events"].extend({**tree, "process": codes})
        elif form == ".parquet":
            frame.write_parquet(path)
        else:
            text = frame.write_csv(separator="\t" if form == ".tsv" else ",").encode()
            path.write_bytes(gzip.compress(text) if form.endswith(".gz") else text)
    events = read_files(settings())
    assert events.variables == ("pt", "eta", "met")
    if form == ".root":
        np.testing.assert_array_equal(events.features, plain.features)
        np.testing.assert_array_equal(events.weights, plain.weights)
    else:
        same(events, plain)


def test_an_rntuple_is_read_as_a_tree_is(page_folder, columns, settings):
    frame = columns["train_bkg"]
    values = {key: frame[key].to_numpy() for key in ("pt", "eta", "met", "weight")}
    for name in ("TT", "ZJets"):
        with uproot.recreate(page_folder.path / f"{name}.root") as file:
            file.mkrntuple("events", values)
    given = settings(signal_files=["data/TT.root"], background_files=["data/ZJets.root"])
    events = read_files(given)
    assert events.processes == ("TT", "ZJets")
    assert events.parts is None
    place = events.variables.index("pt")
    np.testing.assert_array_equal(events.features[:24, place], values["pt"])
    (note,) = events.notes
    assert note == "no column of data/TT.root names the process: processes are TT, ZJets."


@pytest.mark.parametrize(
    ("ending", "spoil"),
    [
        ("Windows", lambda text: text.replace("\n", "\r\n")),
        ("blank last lines", lambda text: text + "\n\n"),
        ("no last line end", lambda text: text.rstrip()),
        ("blanks around fields", lambda text: text.replace(",", " , ")),
        ("byte order mark", lambda text: "\ufeff" + text),
        ("quotes", lambda text: text.replace("Wj_100.root", '"Wj_100.root"')),
        ("blank lines between", lambda text: text.replace("\n", "\n\n")),
    ],
)
@pytest.mark.parametrize("headed", [False, True])
def test_what_editors_do_to_text_changes_nothing(ending, spoil, headed, page_folder, settings):
    if headed:
        page_folder.add_headers()
    plain = read_files(settings())
    page_folder.change("train_bkg.csv", spoil)
    page_folder.change("val_sig.csv", spoil)
    events = read_files(settings())
    assert events.variables == plain.variables, ending
    same(events, plain)


def test_a_process_without_root_is_taken_as_it_is(page_folder, settings):
    page_folder.change("train_bkg.csv", lambda text: text.replace("Wj_100.root", "Wj_100"))
    page_folder.change("val_bkg.csv", lambda text: text.replace("TTlep.root", "TT.lep"))
    assert read_files(settings()).processes == ("S_550_520", "Wj_100", "TTlep", "TT.lep")


def test_without_a_process_column_the_six_files_are_sig_and_bkg(page_folder, columns, settings):
    for name, frame in columns.items():
        frame.drop("process").write_csv(page_folder.path / f"{name}.csv")
    events = read_files(settings())
    assert events.processes == ("sig", "bkg")
    assert (events.process == ~events.is_signal).all()
    assert events.notes == (
        "no column of data/train_sig.csv names the process: processes are sig, bkg.",
    )


def test_a_pattern_is_all_matching_files_named_as_processes(page_folder, columns, settings):
    for name in ("W.v2", "TT", "T2_1"):
        columns["train_bkg"].drop("process").write_csv(page_folder.path / f"{name}.csv")
    given = settings(signal_files=["data/T2*.csv"], background_files=["data/W*.csv", "data/TT.csv"])
    assert read_files(given).processes == ("T2_1", "W.v2", "TT")
    with pytest.raises(DataError, match=r"data/Z\*.csv: no file fits this pattern."):
        read_files(settings(signal_files=["data/Z*.csv"], background_files=["data/TT.csv"]))


@pytest.mark.parametrize(
    ("background", "twice"),
    [
        (["data/*.csv"], "data/T2a.csv"),
        (["data/tt*.csv", "data/ttbar.csv"], "data/ttbar.csv"),
        (["data/ttbar.csv", "other/../data/ttbar.csv"], "data/ttbar.csv"),
    ],
)
def test_a_file_never_counts_twice(background, twice, page_folder, columns, settings):
    for path in page_folder.path.iterdir():
        path.unlink()
    (page_folder.path.parent / "other").mkdir()
    for name, frame in (("T2a", "train_sig"), ("ttbar", "train_bkg")):
        columns[frame].write_csv(page_folder.path / f"{name}.csv")
    with pytest.raises(DataError) as caught:
        read_files(settings(signal_files=["data/T2*.csv"], background_files=background))
    assert str(caught.value) == (
        f"{twice}: expected each file once in signal_files and background_files, got it 2 times."
    )


def test_variables_weight_process_and_number_may_have_any_name(page_folder, columns, settings):
    for name, frame in columns.items():
        renamed = frame.rename({"weight": "genW", "process": "sample"})
        renamed.with_columns(event=pl.int_range(len(frame)) + 2**60).write_csv(
            page_folder.path / f"{name}.csv"
        )
    given = settings(variables=["met", "pt"], weight="genW", process="sample", event_number="event")
    events = read_files(given)
    assert events.variables == ("met", "pt")
    frame = columns["train_sig"]
    np.testing.assert_array_equal(events.features[:24], frame.select("met", "pt").to_numpy())
    assert events.numbers[:3].tolist() == [2**60, 2**60 + 1, 2**60 + 2]


def test_columns_with_a_use_are_no_variables(page_folder, columns, settings):
    for name, frame in columns.items():
        frame.with_columns(event=pl.int_range(len(frame)), btag=0.5).write_csv(
            page_folder.path / f"{name}.csv"
        )
    events = read_files(settings(event_number="event", scale_factors=["btag"]))
    assert events.variables == ("pt", "eta", "met")
    assert (events.factors == 0.5).all()


def test_aliases_are_variables_and_a_cut_leaves_events_out(page_folder, settings):
    page_folder.add_headers()
    plain = read_files(settings())
    given = settings(aliases={"sum": "pt + eta"}, variables=["sum", "met"], cut="met > 0")
    events = read_files(given)
    passed = plain.features[:, 2] > 0
    np.testing.assert_allclose(events.features[:, 0], plain.features[passed][:, :2].sum(axis=1))
    np.testing.assert_array_equal(events.weights, plain.weights[passed])
    np.testing.assert_array_equal(events.parts, plain.parts[passed])
    assert events.notes == (f"{passed.sum()} of {len(plain)} events pass the cut.",)


def test_a_weight_may_be_computed(page_folder, settings):
    page_folder.add_headers()
    events = read_files(settings(aliases={"w2": "2 * weight"}, weight="w2", variables=["pt"]))
    plain = read_files(settings())
    np.testing.assert_allclose(events.weights, 2 * plain.weights)


def test_a_file_whose_events_all_fail_the_cut_is_left_out(page_folder, columns, settings):
    """Where files are divided into the parts."""
    page_folder.add_headers()
    columns["train_bkg"].with_columns(met=-1.0).write_csv(page_folder.path / "low.csv")
    both = ["data/train_bkg.csv", "data/low.csv"]
    given = settings(signal_files=["data/train_sig.csv"], background_files=both, cut="met > 0")
    assert len(read_files(given)) < 48
    columns["train_sig"].with_columns(met=-1.0).write_csv(page_folder.path / "few.csv")
    low = settings(signal_files=["data/few.csv"], background_files=["data/low.csv"], cut="met > 0")
    with pytest.raises(
        DataError, match=r"^cut: no event of data/few\.csv or any other file passes"
    ):
        read_files(low)
    with pytest.raises(
        DataError, match=r"train_sig\.csv: expected events, got none: the cut drops"
    ):
        read_files(settings(cut="met > 100"))


def test_files_may_have_their_columns_in_any_order(page_folder, columns, settings):
    page_folder.add_headers()
    plain = read_files(settings())
    frame = columns["val_bkg"].select("process", "met", "weight", "eta", "pt")
    frame.write_csv(page_folder.path / "val_bkg.csv")
    same(read_files(settings()), plain)


def test_several_trees_need_a_name(page_folder, columns, settings):
    values = columns["train_bkg"].drop("process").to_dict(as_series=False)
    arrays = {key: np.array(value) for key, value in values.items()}
    for name in ("TT", "ZJets"):
        with uproot.recreate(page_folder.path / f"{name}.root") as file:
            for tree in ("nominal", "shifted"):
                file.mktree(tree, dict.fromkeys(arrays, "f8"))
                file[tree].extend(arrays)
    given = {"signal_files": ["data/TT.root"], "background_files": ["data/ZJets.root"]}
    assert len(read_files(settings(**given, tree="nominal"))) == 48
    with pytest.raises(DataError, match=r"nominal.*shifted"):
        read_files(settings(**given))
