"""What is wrong with data is said in one sentence with its place."""

from pathlib import Path

import numpy as np
import pytest

from sortal.data.reading.dataset import read_dataset
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError


def read(folder, seed=0, **options):
    return read_dataset(DataBlock(**options), folder, seed)


def table(folder: Path, text: str, name: str = "t.csv") -> None:
    (folder / name).write_text(text)


def test_all_wrong_names_are_told_at_once(tmp_path):
    table(tmp_path, "a,b,weight,kind\n1,2,3,x\n")
    with pytest.raises(JobError) as raised:
        read(
            tmp_path,
            source="t.csv",
            label="knd",
            weight="wieght",
            id="name",
            group="grp",
            inputs=["a", "bb"],
            exclude=["c"],
            split={"kind": "column", "column": "part"},
        )
    found = {problem.path: problem for problem in raised.value.problems}
    assert set(found) == {
        "data.label",
        "data.weight",
        "data.id",
        "data.group",
        "data.inputs[1]",
        "data.exclude[0]",
        "data.split.column",
    }
    weight = found["data.weight"]
    assert (weight.expected, weight.got) == ("a column of t.csv", "'wieght'")
    assert weight.nearest == "weight"


def test_all_absent_files_are_told_at_once(tmp_path):
    table(tmp_path, "x", "train.csv")
    table(tmp_path, "x", "notes.md")
    with pytest.raises(JobError) as raised:
        read(tmp_path, source=["train.csv", "trian.csv", "notes.md"], label="y")
    first, second = raised.value.problems
    assert (first.path, first.nearest) == ("data.source[1]", "train.csv")
    assert second.path == "data.source[2]"
    assert "ends in one of .csv" in second.expected
    with pytest.raises(JobError, match=r"data\.source\.test: .*Did you mean 'train\.csv'"):
        read(tmp_path, source={"train": "train.csv", "test": "tran.csv"}, label="y")
    with pytest.raises(JobError, match="Did you mean 'iris'"):
        read(tmp_path, source="iriss")


def test_text_columns_are_named_with_their_first_bad_value(tmp_path):
    table(tmp_path, "a,b,c,y\n1,2,3,x\n1,oops,3,z\n1,2,high,x\n")
    with pytest.raises(JobError) as raised:
        read(tmp_path, source="t.csv", label="y")
    assert [str(problem) for problem in raised.value.problems] == [
        "data.exclude: expected numbers in column 'b', or 'b' in data.exclude to leave it out, "
        "got 'oops' in t.csv, row 2.",
        "data.exclude: expected numbers in column 'c', or 'c' in data.exclude to leave it out, "
        "got 'high' in t.csv, row 3.",
    ]
    with pytest.raises(JobError, match=r"data\.inputs\[1\]"):
        read(tmp_path, source="t.csv", label="y", inputs=["a", "b"])


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("x,y\n1,a\ninf,b\n", {}, "t.csv, row 2: feature 'x' is infinite; data.infinite: missing"),
        ("x,y,w\n1,a,1\n2,b,nan\n", {"weight": "w"}, "row 2: column 'w': expected a finite weight"),
        ("x,y,w\n1,a,1\n2,b,much\n", {"weight": "w"}, "row 2: column 'w': .* got 'much'"),
        ("x,y,i\n1,a,q\n2,b,r\n3,a,q\n", {"id": "i"}, "got q in t.csv, row 1 and in t.csv, row 3"),
        ("x,y,i\n1,a,q\n2,b,\n", {"id": "i"}, "t.csv, row 2: column 'i': expected a name"),
        ("x,y,g\n1,a,q\n2,b,\n", {"group": "g"}, "t.csv, row 2: column 'g': expected a group"),
        ("x,y\n1,0\n2,0.5\n", {}, "t.csv, row 2: column 'y': expected a class: .* got 0.5"),
        ("x,y\n1,0\n2,2\n", {"label": ["y"]}, "column 'y': expected 0, 1 or nothing, got 2"),
        ("x,y\n1,a\n2,a\n", {}, "expected at least two classes, got 'a' alone"),
        ("x,y\n1,\n2,\n", {}, "no example has a known label"),
        ("x,y\n", {}, "t.csv: expected examples, got none"),
        ("", {}, "got an empty file"),
        (
            "x,y,p\n1,a,train\n2,b,tst\n",
            {"split": {"kind": "column", "column": "p"}},
            "expected train, validation or test, got 'tst'",
        ),
        (
            "x,y,f\n1,a,1\n2,b,1.5\n",
            {"split": {"kind": "given_folds", "column": "f"}},
            "row 2: column 'f': expected the whole number of a fold",
        ),
        (
            "x,y\n1,a\n2,b\n3,c\n1,a\n2,b\n3,c\n",
            {"subset": 2},
            "2 examples cannot hold one of each of the 3",
        ),
    ],
)
def test_bad_values_are_refused_with_their_place(tmp_path, text, options, said):
    table(tmp_path, text)
    with pytest.raises(DataError, match=said):
        read(tmp_path, **{"source": "t.csv", "label": "y", **options})


def test_the_row_is_counted_in_the_file_that_holds_it(tmp_path):
    table(tmp_path, "x,y\n1,a\n2,b\n", "one.csv")
    table(tmp_path, "x,y\n1,a\ninf,b\n", "two.csv")
    with pytest.raises(DataError, match=r"two\.csv, row 2"):
        read(tmp_path, source=["one.csv", "two.csv"], label="y")


@pytest.mark.parametrize(
    ("options", "path", "said"),
    [
        ({"label": None}, "data.label", "the column that holds the class ('x', 'y', 'z')"),
        ({"exclude": ["x", "z"]}, "data.inputs", "at least one column that is a feature"),
        ({"inputs": ["x", "y"]}, "data.inputs[1]", "of which the label is none"),
        ({"inputs": ["x"], "exclude": ["x"]}, "data.inputs[0]", "data.exclude does not hold"),
        ({"label": ["y", "y"]}, "data.label", "each column once"),
        ({"label": ["y"], "classes": ["a", "b"]}, "data.classes", "no classes to choose from"),
        ({"split": {"kind": "group"}}, "data.group", "column of groups that group needs"),
        ({"split": {"kind": "folds", "by_group": True}}, "data.group", "that folds needs"),
        ({"split": {"kind": "files"}}, "data.source", "a map of train, validation and test"),
        ({"length": 5}, "data.length", "no signals to cut or pad"),
        ({"classes": ["a", "bb"]}, "data.classes[1]", "a class of the data"),
        ({"classes": ["a", "a"]}, "data.classes[1]", "each class once"),
    ],
)
def test_options_that_contradict_the_data_are_problems(tmp_path, options, path, said):
    table(tmp_path, "x,y,z\n1,a,1\n2,b,2\n3,a,3\n")
    with pytest.raises(JobError) as raised:
        read(tmp_path, **{"source": "t.csv", "label": "y", **options})
    (problem,) = raised.value.problems
    assert problem.path == path
    assert said in problem.expected


def test_parts_from_files_leave_no_other_split(tmp_path):
    table(tmp_path, "x,y\n1,a\n2,b\n", "one.csv")
    source = {"train": "one.csv", "test": "one.csv"}
    with pytest.raises(JobError, match=r"data\.split\.kind: expected 'files'"):
        read(tmp_path, source=source, label="y", split={"kind": "folds"})
    with pytest.raises(JobError, match="got train alone"):
        read(tmp_path, source={"train": "one.csv"}, label="y")


def test_a_later_file_without_a_column_is_named(tmp_path):
    table(tmp_path, "size,y\n1,a\n2,b\n", "one.csv")
    table(tmp_path, "sise,y\n1,a\n", "two.csv")
    with pytest.raises(
        DataError,
        match=r"two\.csv: expected the columns of one\.csv, got none named 'size'. Did you mean 'sise'",
    ):
        read(tmp_path, source=["one.csv", "two.csv"], label="y")


def test_tables_and_arrays_do_not_mix(tmp_path):
    table(tmp_path, "features,labels\n1,a\n")
    np.savez(tmp_path / "a.npz", features=np.zeros((2, 1)), labels=np.arange(2))
    with pytest.raises(DataError, match="must be of one kind"):
        read(tmp_path, source=["t.csv", "a.npz"], label="labels")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"features": np.zeros((3, 2))}, "'labels' has 2 examples and 'features' has 3"),
        ({"features": np.array(["u", "v"])}, "array 'features' holds str.*expected numbers"),
        (
            {"features": np.array([[1.0, np.inf], [0, 0]])},
            "a.npz, row 1: feature 'features_1' is inf",
        ),
        ({"features": np.zeros((2, 2)), "features_names": np.array(["p"])}, "2 columns, its names"),
        ({"features": np.zeros((2, 2)), "labels": np.eye(2)}, r"'labels' has shape \(2, 2\)"),
        (
            {"signal": np.array([1.0, 2, np.inf]), "signal_offsets": np.array([0, 1, 3])},
            "a.npz, row 2: feature 'signal' is infinite",
        ),
    ],
)
def test_bad_arrays_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **{"labels": np.arange(2), **arrays})
    with pytest.raises(DataError, match=said):
        read(tmp_path, source="a.npz")


def test_arrays_without_labels_say_how_to_give_them(tmp_path):
    np.savez(tmp_path / "a.npz", features=np.zeros((2, 2)), kind=np.arange(2))
    with pytest.raises(JobError, match=r"data\.label: expected the array that holds the class"):
        read(tmp_path, source="a.npz")
    np.save(tmp_path / "a.npy", np.zeros((2, 2)))
    with pytest.raises(JobError, match="holds one array without labels"):
        read(tmp_path, source="a.npy")


def test_arrays_of_unlike_shape_do_not_join(tmp_path):
    for number in (1, 2):
        np.savez(tmp_path / f"{number}.npz", signal=np.zeros((2, number)), labels=np.arange(2))
    with pytest.raises(DataError, match=r"\(1,\) and \(2,\); data.length cuts and pads"):
        read(tmp_path, source=["1.npz", "2.npz"])


@pytest.mark.parametrize("header", ["a:b:y", "sep=;\na,b,y", '"a,b,y"'])
def test_a_wrong_separator_is_called_so(tmp_path, header):
    (tmp_path / "t.csv").write_text(f"{header}\n{header.splitlines()[-1]}\n")
    with pytest.raises(JobError, match=r"data\.delimiter: .* leaves the first line whole: 'a.b.y'"):
        read(tmp_path, source="t.csv", label="y")


def test_one_mark_for_fractions_and_thousands_is_refused(tmp_path):
    table(tmp_path, "x,y\n1,a\n2,b\n")
    with pytest.raises(JobError, match=r"data\.thousands: expected another mark"):
        read(tmp_path, source="t.csv", label="y", decimal=",", thousands=",")
