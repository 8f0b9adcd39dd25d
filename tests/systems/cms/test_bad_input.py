"""What the commands say of bad input: one sentence on stderr, exit code 2, nothing written."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sortal.cli.main import main
from sortal.engines.base import Engines

NAMES = ("-y", "2017", "-c", "1l", "-n", "first")


@dataclass(frozen=True)
class Said:
    """What a call came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def cms(
    page_folder,
    engines: Engines | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Said]:
    """Call `sortal cms` in this process, in the folder of the six files."""
    monkeypatch.setenv("COLUMNS", "500")

    def called(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["sortal", "cms", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main(engines)
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        # Places of problems stand on lines of their own.
        return Said(code, told.out, told.err.replace("\n      ", ": ").removeprefix("error: "))

    return called


@pytest.fixture
def refused(cms, page_folder):
    """Call `sortal cms binary`, which must refuse; returns the sentence."""

    def called(*arguments: str) -> str:
        said = cms("binary", *NAMES, *arguments)
        assert said.code == 2
        assert "Traceback" not in said.err
        assert not (page_folder.path.parent / "models").exists()
        head, _, text = said.err.strip().rpartition("\n")
        assert head in ("", "the options: 1 problem")
        return text.strip()

    return called


def test_a_missing_file_is_named_with_the_nearest_that_is_there(page_folder, refused):
    (page_folder.path / "val_bkg.csv").rename(page_folder.path / "valid_bkg.csv")
    (page_folder.path / "test_sig.csv").unlink()
    assert refused() == (
        "data/val_bkg.csv, data/test_sig.csv: there is no such file, in any of the forms .csv, "
        ".csv.gz, .tsv, .tsv.gz, .parquet, .pq, .root. Did you mean 'valid_bkg.csv'?"
    )


def test_a_folder_that_is_not_there_is_named(refused):
    assert refused("--data", "events") == (
        "events: there is no such folder; expected train_sig.csv and its like in it."
    )


def test_a_file_in_two_forms_is_told(page_folder, refused):
    (page_folder.path / "val_sig.tsv").write_text("x")
    assert refused() == "data: expected one file val_sig, got val_sig.csv and val_sig.tsv."


def test_missing_files_that_are_divided_here_are_named(refused):
    files = ("--signal-files", "data/train_sig.csv", "--background-files", "data/train_bgk.csv")
    assert refused(*files).startswith(
        "data/train_bgk.csv: there is no such file. Did you mean 'train_bkg.csv'"
    )


@pytest.mark.parametrize("headed", [False, True])
class TestLines:
    """Places are lines of the file, whether a header line comes first or not."""

    @pytest.fixture(autouse=True)
    def header(self, page_folder, headed):
        if headed:
            page_folder.add_headers("var1,var2,var3,weight,process")

    @pytest.mark.parametrize(("line", "got"), [("0.1,0.2,0.3,1.0,Wj.root,7", 6), ("1,2", 2)])
    @pytest.mark.parametrize("number", [2, 5, 24])
    def test_a_wrong_count_of_columns(self, page_folder, refused, number, line, got):
        page_folder.change_line("train_bkg.csv", number, lambda _: line)
        assert refused() == f"data/train_bkg.csv, line {number}: expected 5 columns, got {got}."

    @pytest.mark.parametrize("number", [2, 7, 24])
    def test_a_text_where_a_number_is_due(self, page_folder, refused, number):
        page_folder.change_field("val_bkg.csv", number, 1, "high")
        assert refused() == (
            f"data/val_bkg.csv, line {number}: variable 'var2': expected a number, got 'high'."
        )

    def test_a_weight_that_is_text_or_nothing(self, page_folder, refused):
        page_folder.change_field("test_sig.csv", 3, 3, "one")
        assert refused() == (
            "data/test_sig.csv, line 3: column 'weight': expected a number, got 'one'."
        )
        page_folder.change_field("test_sig.csv", 3, 3, "")
        assert refused() == (
            "data/test_sig.csv, line 3: column 'weight': expected a finite weight, got nan."
        )

    @pytest.mark.parametrize(
        ("value", "got"), [("nan", "NaN or nothing"), ("", "NaN or nothing"), ("-inf", "-inf")]
    )
    def test_a_variable_that_is_not_finite(self, page_folder, refused, value, got):
        page_folder.change_field("train_sig.csv", 9, 2, value)
        filled = "; an imputation fills missing values in" if value != "-inf" else ""
        assert refused() == (
            "data/train_sig.csv, line 9: variable 'var3': expected a finite number, got "
            f"{got}; leave such events out with a cut, or give the variable a value with an "
            f"alias{filled}."
        )

    def test_an_event_without_a_process(self, page_folder, refused):
        page_folder.change_field("train_sig.csv", 4, 4, " ")
        assert refused() == (
            "data/train_sig.csv, line 4: column 'process': expected the name of a process, "
            "got nothing."
        )

    def test_lines_count_empty_ones_windows_ends_and_cut_events(self, page_folder, refused):
        page_folder.change_line("train_bkg.csv", 4, lambda line: f"\n\n{line}")
        page_folder.change_field("train_bkg.csv", 9, 1, "high")
        page_folder.change("train_bkg.csv", lambda text: text.replace("\n", "\r\n"))
        told = "data/train_bkg.csv, line 9: variable 'var2': expected a number, got 'high'."
        assert refused() == told
        assert refused("--cut", "var1 > -100 && weight > 0") == told
        page_folder.change_field("train_bkg.csv", 2, 0, "-200")
        assert refused("--cut", "var1 > -100") == told
        assert refused("--cut", "var2 > -100") == told.replace("variable", "column")


def test_an_empty_file_is_named(page_folder, refused):
    page_folder.change("test_bkg.csv", lambda _: "")
    assert refused() == "data/test_bkg.csv: expected rows, got an empty file."
    page_folder.change("test_bkg.csv", lambda _: "pt,eta,met,weight,process\n")
    assert refused("--variables", "pt eta met") == "data/test_bkg.csv: expected events, got none."


def test_other_variables_than_the_first_file_has_are_told(page_folder, refused):
    page_folder.change(
        "val_sig.csv", lambda text: "".join(f"1,{line}\n" for line in text.split("\n") if line)
    )
    assert refused() == (
        "data/val_sig.csv: expected the 3 variables of data/train_sig.csv (var1, var2, var3), "
        "got 4 (var1, var2, var3, var4)."
    )
    assert refused("--variables", "a b c") == (
        "data/val_sig.csv, line 1: expected 5 columns (the variables, the weight, the process), "
        "got 6."
    )


def test_an_unknown_column_is_told_with_the_nearest(page_folder, refused):
    page_folder.add_headers()
    missing = "data/train_sig.csv: expected the column"
    assert refused("--weight", "wieght") == (
        f"{missing} 'wieght', which is not there. Did you mean 'weight'?"
    )
    assert refused("--variables", "pt etta") == (
        f"{missing} 'etta', which is not there. Did you mean 'eta'?"
    )
    assert refused("--event-number", "event").startswith(
        f"{missing} 'event', which is not there. There is: eta, met, process, pt"
    )
    told = refused("--cut", "mett > 3")
    assert told.startswith("cut: expected names of columns of train_sig.csv or of aliases, got ")
    assert "Did you mean 'met'" in told


def test_an_unknown_branch_is_told_with_the_nearest(page_folder, refused):
    uproot = pytest.importorskip("uproot")
    for name in ("T2", "TT"):
        with uproot.recreate(page_folder.path / f"{name}.root") as file:
            file.mktree("events", {"LepPt": "f4", "Met": "f4", "weight": "f4"})
            file["events"].extend({"LepPt": [1.0, 2], "Met": [3.0, 4], "weight": [1.0, 1]})
    files = ("--signal-files", "data/T2.root", "--background-files", "data/TT.root")
    assert refused(*files, "--variables", "LepPt,Mett") == (
        "data/T2.root: expected the branch 'Mett', which is not there. Did you mean 'Met'?"
    )


def test_a_class_whose_weights_do_not_sum_above_0_is_named(page_folder, refused):
    for name in ("val_sig.csv", "val_bkg.csv"):
        text = page_folder.text(name)
        lines = [line.split(",") for line in text.strip().split("\n")]
        flat = [",".join([*line[:3], "-1.0", line[4]]) for line in lines]
        page_folder.change(name, lambda _, flat=flat: "\n".join(flat))
        kind = "Signal" if "sig" in name else "Background"
        told = "expected weights in the validation part that sum above 0, got -24."
        assert refused() == f"class {kind!r}: {told}"
        page_folder.change(name, lambda _, text=text: text)


def test_a_class_of_the_map_without_events_is_named(cms):
    said = cms("multiclass", "--data", "data", "--weight", "w")
    assert said.code == 2
    assert said.err.strip() == (
        "classes: no event is of the class 'Z2nu' (processes like ZJ*); background "
        "processes are 'TTlep', 'Wj_100'."
    )


def test_an_unknown_signal_point_gets_the_nearest_name(page_folder, refused):
    assert refused("--signal-point", "S_550_500") == (
        "signal_point: no signal event is of the process 'S_550_500'. Did you mean 'S_550_520'?"
    )
    page_folder.change("val_sig.csv", lambda text: text.replace("550_520", "500_420"))
    assert refused("--signal-point", "S_550_520") == (
        "signal_point: no event of the validation part is of 'S_550_520'."
    )


def test_the_settings_file_is_told_with_its_line(page_folder, cms):
    file = page_folder.path.parent / "my.yaml"
    file.write_text("epochs: 3\nbatchsize: 10\nlayers: [50, wide]\nyear: 2017\n")
    said = cms("binary", "-s", "my.yaml", "-n", "a", "-c", "b")
    assert said.code == 2
    told = said.err.strip().split("\n")
    assert told[0] == "my.yaml: 2 problems"
    assert "line 2, batchsize: expected a key that exists here" in said.err
    assert "Did you mean 'batch_size'?" in said.err
    assert "line 3, layers[1]: expected a whole number of 1 or more, got 'wide'." in said.err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("--epochs", "0"), "--epochs: expected a whole number of 1 or more, got 0."),
        (("--dropout", "1"), "--dropout: expected a number from 0 to below 1, got 1.0."),
        (("--layers", "50 0"), "--layers: expected a whole number of 1 or more, got 0."),
        (("--header", "maybe"), "--header: expected one of auto, yes, no, got 'maybe'."),
        (
            ("--fractions", "1 1"),
            "--fractions: expected a list of 3 numbers above 0, got [1.0, 1.0].",
        ),
        (
            ("--balance", "equal"),
            "--balance: expected one of binary, sqrt, natural, or a number of 0 or more, got 'equal'.",
        ),
        (
            ("--folds", "2"),
            "settings: expected values that fit together, got 2 folds; of 3 or more one tests, one "
            "validates and the others train.",
        ),
        (
            ("--divide-by", "event_number"),
            "settings: expected values that fit together, got divide_by: event_number without the "
            "column event_number.",
        ),
        (
            ("--compat", "--scan", "scores"),
            "settings: expected values that fit together, got compat with scan: scores; the scripts "
            "try the page's 200 cuts.",
        ),
        (
            ("--compat", "--minimum-background", "3"),
            "settings: expected values that fit together, got compat with minimum_background; the "
            "scripts ask for none.",
        ),
        (
            ("--compat", "--minimum-effective-background", "11"),
            "settings: expected values that fit together, got compat with "
            "minimum_effective_background; the scripts ask for none.",
        ),
        (
            ("--variables", "pt weight"),
            "settings: expected values that fit together, got the column 'weight' for two uses.",
        ),
    ],
)
def test_an_option_out_of_range_is_told_as_typed(refused, typed, told):
    assert refused(*typed) == told


def test_names_of_the_folder_must_be_given(cms):
    said = cms("binary", "-n", "first")
    assert said.code == 2
    assert "--year: expected text that is not empty, got nothing." in said.err
    assert "--channel: expected" in said.err


def test_factors_of_an_unknown_class_or_part_are_refused(page_folder, cms):
    file = page_folder.path.parent / "my.yaml"
    file.write_text("split_factors:\n  test: {Signl: 2}\n")
    said = cms("binary", "-s", "my.yaml", *NAMES)
    assert said.code == 2
    assert "no class named 'Signl' in split_factors. Did you mean 'Signal'?" in said.err
    file.write_text("split_factors:\n  val: {Signal: 2}\n")
    said = cms("binary", "-s", "my.yaml", *NAMES)
    assert said.code == 2
    assert "line 2, split_factors.val: expected as key one of train, validation, test" in said.err


def test_a_constant_variable_warns_and_no_root_ending_does_not(page_folder, cms, inline):
    for path in page_folder.path.iterdir():
        path.write_text(path.read_text().replace(".root", ""))
    for name in ("train_sig.csv", "train_bkg.csv"):
        for number in range(1, 25):
            page_folder.change_field(name, number, 1, "-9")
    said = cms("binary", *NAMES, "--epochs", "2", "--layers", "4", "--bootstrap", "0")
    assert said.code == 0
    told = "note: the variable 'var2' is -9 in every training event with a known value: a network"
    assert (said.out + said.err).count(told) == 1
    lines = (page_folder.path.parent / "models/2017_1l_first/test_output.csv").read_text().split()
    scores, _, processes = zip(*(line.split(",") for line in lines), strict=True)
    assert all(0 <= float(score) <= 1 for score in scores)
    assert set(processes) == {"S_550_520", "Wj_100", "TTlep"}
