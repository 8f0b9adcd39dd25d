"""Files as colleagues write them: each is read rightly, or refused in one sentence with its place."""

import gzip

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import DataError
from sortal.systems.cms.data.read import read_files
from sortal.systems.cms.data.soundness import remarks
from sortal.systems.cms.data.text_form import marked_header, refuse_wrong_separator
from sortal.systems.cms.training.campaign import read_sample


def every_line(folder, edit):
    for path in folder.path.iterdir():
        lines = [edit(line) for line in path.read_text().splitlines()]
        path.write_bytes(("\n".join(lines) + "\n").encode())


@pytest.mark.parametrize(
    ("separator", "word"),
    [
        (";", "semicolons"),
        ("\t", "tabs"),
        (" ", "spaces"),
        ("   ", "spaces"),
        ("|", "vertical bars"),
    ],
)
@pytest.mark.parametrize("header", [False, True])
def test_another_separator_is_called_by_its_name(page_folder, settings, separator, word, header):
    if header:
        page_folder.add_headers()
    every_line(page_folder, lambda line: line.replace(",", separator))
    with pytest.raises(DataError) as told:
        read_files(settings())
    assert str(told.value).startswith(
        f"data/train_sig.csv, line 1: expected commas between columns, got {word}"
    )


def test_semicolons_with_decimal_commas_are_called_semicolons(page_folder, settings):
    every_line(
        page_folder, lambda line: line.replace(",", ";").replace(".", ",").replace(",root", ".root")
    )
    with pytest.raises(DataError, match="line 1: expected commas between columns, got semicolons"):
        read_files(settings())


def test_commas_in_a_file_of_tabs_are_called_commas(page_folder, settings):
    for path in list(page_folder.path.iterdir()):
        path.rename(path.with_suffix(".tsv"))
    with pytest.raises(DataError, match=r"train_sig\.tsv, line 1: expected tabs .*got commas"):
        read_files(settings())


def test_a_compressed_file_is_looked_into(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf# made by me\n\n1;2;x\n"))
    with pytest.raises(DataError, match=r"line 3: .*semicolons"):
        refuse_wrong_separator(path)


@given(
    st.lists(st.floats(allow_nan=False).map(repr), min_size=1, max_size=6),
    st.sampled_from(["TTbar.root", "WJets[HT].root", '"a;b;c;d"', "tt̄", "/store/x y z/T.root"]),
)
def test_columns_between_commas_are_never_refused(tmp_path_factory, numbers, process):
    path = tmp_path_factory.mktemp("form") / "a.csv"
    line = ",".join([*numbers, "1.0", process])
    path.write_text(line + "\n")
    refuse_wrong_separator(path)
    path.with_suffix(".tsv").write_text(line + "\n")
    with pytest.raises(DataError, match="expected tabs between columns, got"):
        refuse_wrong_separator(path.with_suffix(".tsv"))


@pytest.mark.parametrize("values", [("1.5", "2"), ("7", "7"), ("-2.0E-4", "1e3")])
@pytest.mark.parametrize("header", [False, True])
def test_process_names_that_are_numbers_alone_are_refused(page_folder, settings, values, header):
    for path in page_folder.path.iterdir():
        rows = path.read_text().splitlines()
        lines = [",".join([*row.split(",")[:4], values[n % 2]]) for n, row in enumerate(rows)]
        path.write_text("\n".join(lines))
    if header:
        page_folder.add_headers()
    with pytest.raises(
        DataError, match=r"train_sig.csv, line .*'process': expected names.*numbers alone"
    ):
        read_files(settings())


def test_a_forgotten_process_is_not_taken_from_the_weight(page_folder, settings):
    every_line(page_folder, lambda line: line.rpartition(",")[0])
    with pytest.raises(DataError, match="got numbers alone"):
        read_files(settings())


@pytest.mark.parametrize("mark", ["# ", "#", "## "])
def test_a_header_line_behind_a_hash_names_the_columns(page_folder, settings, mark):
    plain = read_files(settings())
    page_folder.add_headers(f"{mark}pt,eta,met,weight,process")
    events = read_files(settings())
    assert events.variables == ("pt", "eta", "met")
    np.testing.assert_array_equal(events.features, plain.features)
    chosen = read_files(settings(variables=["met", "pt"]))
    np.testing.assert_array_equal(chosen.features, plain.features[:, [2, 0]])


def test_only_the_first_name_loses_its_hash():
    assert (
        marked_header(["#", "b"]) == marked_header(["a", "#b"]) == marked_header(["#a", "a"]) == {}
    )
    assert marked_header([]) == {}


def test_a_comma_at_the_end_of_lines_is_told(page_folder, settings):
    every_line(page_folder, lambda line: line + ",")
    with pytest.raises(DataError, match="line 1: expected the process behind the last comma"):
        read_files(settings())


def test_the_exponent_of_fortran_is_told(page_folder, settings):
    page_folder.change_field("val_bkg.csv", 3, 1, "1.5D-04")
    expected = (
        "line 3: variable 'var2': expected a number with E before its exponent, got '1.5D-04'"
    )
    with pytest.raises(DataError, match=expected):
        read_files(settings())


def test_a_column_that_numbers_events_is_noted(page_folder, settings):
    numbers = iter(range(10**6))
    every_line(page_folder, lambda line: f"{next(numbers)},{line}")
    events = read_sample(settings()).events
    assert any("'var1' is a whole number, another in nearly every event" in n for n in events.notes)


def test_measured_and_counted_variables_number_no_events(page_folder, settings):
    assert not any("number" in note for note in remarks(read_files(settings()), settings()))


def test_a_column_without_a_name_is_left_out_with_a_note(page_folder, settings):
    every_line(page_folder, lambda line: f"7,{line}")
    page_folder.add_headers(",pt,eta,met,weight,process")
    events = read_files(settings())
    assert events.variables == ("pt", "eta", "met")
    assert any("without a name" in note for note in events.notes)


@pytest.mark.parametrize("ending", ["\r\n", "\n\n"])
def test_ends_of_lines_do_not_matter(page_folder, settings, ending):
    plain = read_files(settings())
    for path in page_folder.path.iterdir():
        path.write_bytes(path.read_text().strip().replace("\n", ending).encode())
    np.testing.assert_array_equal(read_files(settings()).features, plain.features)


def test_unit_weights_leave_the_files_weights_out(page_folder, settings):
    events = read_files(settings(unit_weights=True))
    assert (events.weights == 1).all()
    assert events.variables == ("var1", "var2", "var3")
    assert any("unit_weights" in note for note in events.notes)


def test_unit_weights_need_no_column_of_weights(page_folder, settings):
    plain = read_files(settings())
    every_line(page_folder, lambda line: ",".join([*line.split(",")[:3], line.split(",")[4]]))
    bare = read_files(settings(unit_weights=True, variables=["a", "b", "c"]))
    page_folder.add_headers("a,b,c,process")
    named = read_files(settings(unit_weights=True))
    for events in (bare, named):
        assert events.variables == ("a", "b", "c")
        np.testing.assert_array_equal(events.features, plain.features)
        assert events.processes == plain.processes
        assert (events.weights == 1).all()
    with pytest.raises(DataError, match=r"expected the column 'weight'.*--unit-weights"):
        read_files(settings())


def test_a_column_taken_for_an_unread_weight_is_noted(page_folder, settings):
    every_line(page_folder, lambda line: ",".join([*line.split(",")[:3], line.split(",")[4]]))
    guessed = read_files(settings(unit_weights=True))
    assert guessed.variables == ("var1", "var2")
    assert any("before the process counts as the weight" in note for note in guessed.notes)
    named = read_files(settings(unit_weights=True, variables=["a", "b", "c"]))
    assert not any("before the process" in note for note in named.notes)


def test_unit_weights_are_multiplied_by_scale_factors(page_folder, settings):
    page_folder.add_headers("sf,a,b,weight,process")
    given = settings(unit_weights=True, scale_factors=["sf"], balance="natural")
    events = read_files(given)
    first = [
        float(line.split(",")[0]) for line in page_folder.text("train_sig.csv").splitlines()[1:]
    ]
    np.testing.assert_allclose(events.factors[: len(first)], first)


def test_weights_that_are_all_zero_name_the_way_out(page_folder, settings):
    every_line(
        page_folder, lambda line: ",".join([*line.split(",")[:3], "0.0", line.split(",")[4]])
    )
    with pytest.raises(DataError, match="sum above 0, got 0; --unit-weights gives"):
        read_sample(settings())


@pytest.mark.parametrize("empty", ["low", "none"])
def test_a_file_without_events_among_those_to_divide_is_a_note(page_folder, settings, empty):
    page_folder.add_headers()
    frame = pl.read_csv(page_folder.path / "train_bkg.csv")
    spare = frame.with_columns(met=-100.0) if empty == "low" else frame.head(0)
    spare.write_csv(page_folder.path / "spare.csv")
    given = settings(
        signal_files=["data/train_sig.csv"],
        background_files=["data/train_bkg.csv", "data/spare.csv"],
        cut="met > -50",
    )
    events = read_files(given)
    assert len(events) == 48
    assert "no events, or none that pass the cut, are in data/spare.csv." in events.notes


@pytest.fixture
def spoilt(page_folder):
    """Headers, and -999 as pt in some events."""
    page_folder.add_headers()
    for path in page_folder.path.iterdir():
        frame = pl.read_csv(path).with_row_index("row")
        low = pl.when(pl.col("row") % 5 == 1).then(-999.0).otherwise("pt")
        frame.with_columns(pt=low).drop("row").write_csv(path)
    return page_folder


def test_numbers_that_mean_a_missing_value_are_missing(spoilt, settings):
    assert any("'pt' is -999 in" in note for note in read_sample(settings()).events.notes)
    given = settings(missing=[-999], imputation="median")
    events = read_sample(given).events
    gaps = np.isnan(events.features)
    np.testing.assert_array_equal(gaps[:24, 0], np.arange(24) % 5 == 1)
    assert not gaps[:, 1:].any()
    assert any("'pt' is missing in" in note for note in events.notes)


def test_what_is_derived_from_a_missing_value_is_missing(spoilt, settings):
    aliases = {"double": "pt * 2", "w": "weight * 1", "either": "where(pt > -900, pt, -999)"}
    given = settings(
        missing=[-999, -1], imputation="mean", aliases=aliases, variables=["double", "either", "met"], weight="w",
    )  # fmt: skip
    events = read_files(given)
    np.testing.assert_array_equal(np.isnan(events.features[:24, 0]), np.arange(24) % 5 == 1)
    np.testing.assert_array_equal(np.isnan(events.features[:24, 1]), np.arange(24) % 5 == 1)


def test_a_weight_that_looks_missing_stays_a_weight(spoilt, settings):
    for path in spoilt.path.iterdir():
        pl.read_csv(path).with_columns(weight=-1.0).write_csv(path)
    events = read_files(settings(missing=[-1, -999], imputation="zero"))
    assert (events.weights == -1).all()


def test_a_missing_value_without_an_imputation_is_refused(spoilt, settings):
    with pytest.raises(ValueError, match="without an imputation"):
        settings(missing=[-999])
    spoilt.change_field("train_sig.csv", 3, 1, "")
    with pytest.raises(
        DataError, match=r"line 3: variable 'eta': .*an imputation fills missing values"
    ):
        read_files(settings())
    assert np.isnan(read_files(settings(imputation="median")).features).sum() == 1


def test_infinity_is_refused_with_an_imputation_too(page_folder, settings):
    page_folder.change_field("train_sig.csv", 3, 1, "inf")
    with pytest.raises(
        DataError, match="line 3: variable 'var2': expected a finite number, got inf"
    ):
        read_files(settings(imputation="median"))


def test_a_variable_without_any_known_value_is_refused(spoilt, settings):
    for path in spoilt.path.iterdir():
        pl.read_csv(path).with_columns(pt=-999.0).write_csv(path)
    with pytest.raises(DataError, match="variable 'pt': expected a known value in training"):
        read_sample(settings(missing=[-999], imputation="median"))
    assert len(read_sample(settings(missing=[-999], imputation="zero")).events) == 192


def test_the_last_suffix_decides_which_separator_is_expected(tmp_path):
    path = tmp_path / "run.tsv.csv"
    path.write_text("1.5,2.5,0.1,a.root\n")
    refuse_wrong_separator(path)
    path.write_text("1.5\t2.5\t0.1\ta.root\n")
    with pytest.raises(DataError, match="expected commas between columns, got tabs"):
        refuse_wrong_separator(path)


@given(place=st.integers(10, 200), value=st.integers(0, 255))
def test_damaged_compressed_events_are_one_sentence(tmp_path_factory, place, value):
    packed = bytearray(gzip.compress(b"1.5,2.5,0.1,a.root\n" * 3000, mtime=0))
    packed[place % len(packed)] = value
    path = tmp_path_factory.mktemp("damaged") / "train_sig.csv.gz"
    path.write_bytes(packed)
    said = ""
    try:
        refuse_wrong_separator(path)
    except DataError as error:
        said = str(error)
    assert said == "" or said.startswith(str(path))
    assert "\n" not in said
