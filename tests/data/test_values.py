"""Words stay words and numbers stay numbers, whatever file they are in."""

import csv
import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sortal.data.readers.in_memory import open_in_memory
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.roles import assign_roles
from sortal.data.reading.source import DataSource
from sortal.data.reading.tables import gather_tables
from sortal.errors import DataError
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

ZONES = ["APAC", "NA", "EU"] * 4
X = [float(number) for number in range(12)]


def read(folder, **options):
    return read_dataset(DataBlock(**options), folder, 0)


def text_file(folder, header, rows, name="t.csv"):
    lines = [",".join(map(str, row)) for row in rows]
    (folder / name).write_text("\n".join([header, *lines]) + "\n")


def typed_file(folder, **columns):
    parquet.write_table(pa.table(columns), folder / "t.parquet")


@pytest.mark.parametrize("suffix", ["parquet", "npz", "npy", "h5"])
def test_typed_words_are_classes(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        typed_file(tmp_path, features=X, labels=ZONES)
    elif suffix == "npz":
        np.savez(path, features=np.array(X), labels=np.array(ZONES))
    elif suffix == "npy":
        np.save(path, np.rec.fromarrays([X, ZONES], names="features,labels"))
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["features"] = np.array(X)
            file["labels"] = ZONES
    dataset = read(tmp_path, source=path.name, label="labels")
    assert dataset.labels.classes == ("APAC", "EU", "NA")
    assert (dataset.labels.codes >= 0).all()
    assert any("'NA' is a class" in note for note in dataset.notes)


def test_plain_text_keeps_a_word_that_classes_name(tmp_path):
    rows = [(x, "NA" if x == 3 else x, zone, "NA") for x, zone in zip(X, ZONES, strict=True)]
    text_file(tmp_path, "a,b,zone,note", [*rows, (1, 2, "", "")])
    told = {"source": "t.csv", "label": "zone", "exclude": ["note"]}
    assert read(tmp_path, **told).labels.classes == ("APAC", "EU")
    kept = read(tmp_path, **told, classes=["NA", "APAC", "EU"])
    assert np.bincount(kept.labels.codes + 1).tolist() == [1, 4, 4, 4]
    assert np.isnan(kept.inputs.matrix()[3, 1])
    assert not any("word" in note or "is a class" in note for note in kept.notes)


def test_quoted_words_in_numbers_are_gaps(tmp_path):
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["a", "y"])
        writer.writerows([(" NA " if row == 2 else row, row % 2) for row in range(8)])
    matrix = read(tmp_path, source="t.csv", label="y").inputs.matrix()
    assert np.isnan(matrix[:, 0]).tolist() == [row == 2 for row in range(8)]


def test_a_typed_word_among_numbers_names_the_cure(tmp_path):
    typed_file(tmp_path, a=["1", "NA", "3"], y=["u", "v", "u"])
    with pytest.raises(JobError, match=r"missing: \[NA\]"):
        read(tmp_path, source="t.parquet", label="y")


def test_labels_and_groups_that_differ_as_text_stay_apart(tmp_path):
    wells, people = ["1E3", "1000", "007", "7"] * 3, ["1E2", "100", "0100", "55"] * 3
    text_file(tmp_path, "a,well,who", zip(X, wells, people, strict=True))
    dataset = read(tmp_path, source="t.csv", label="well", group="who")
    assert set(dataset.labels.classes) == {"1E3", "1000", "007", "7"}
    assert dataset.groups is not None
    assert len(set(dataset.groups.tolist())) == 4
    assert sum("stay values of their own" in note for note in dataset.notes) == 2


def test_floats_and_whole_numbers_of_two_files_are_one_class(tmp_path):
    text_file(tmp_path, "a,y", [(x, int(x) % 2) for x in X])
    text_file(tmp_path, "a,y", [(x, f"{int(x) % 2}.0") for x in X], "u.csv")
    dataset = read(tmp_path, source=["t.csv", "u.csv"], label="y", classes=[1.0, 0])
    assert dataset.labels.classes == ("1", "0")
    assert any("'1' and '1.0' are read as the same number" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([2**63 + row for row in range(12)], pa.uint64()),
        pa.array([decimal.Decimal(10**25 + row) for row in range(12)]),
        pa.array([decimal.Decimal(10**40 + row) for row in range(12)], pa.decimal256(50, 0)),
        pa.array([bytes([255, row]) for row in range(12)]),
        pa.array([bytes([row]) * 16 for row in range(12)], pa.binary(16)).cast(pa.uuid()),
        pa.array([str(row) for row in range(12)], pa.large_string()),
        pa.array(range(12), pa.date32()),
        pa.array(range(12), pa.timestamp("ns")),
    ],
)
def test_ids_of_any_type_name_examples_and_are_stored(tmp_path, ids):
    typed_file(tmp_path, a=X, y=ZONES, name=ids)
    dataset = read(tmp_path, source="t.parquet", label="y", id="name")
    assert len(set(dataset.inputs.ids.tolist())) == 12
    dataset.save(tmp_path)
    again = type(dataset).load(tmp_path)
    assert again.inputs.ids.tolist() == dataset.inputs.ids.tolist()


def test_whole_numbers_as_floats_beyond_their_digits_are_noted(tmp_path):
    typed_file(tmp_path, a=X, y=[2.0**60, 2.0**61] * 6)
    notes = read(tmp_path, source="t.parquet", label="y").notes
    assert any("neighbours may be written as the same number" in note for note in notes)


@pytest.mark.parametrize("cut", ["n % 2 == 0", "n // 2 * 2 == n", "n in (1152921504606846976)"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_cuts_see_every_digit(tmp_path, cut, suffix):
    numbers = [2**60 + step for step in (0, 1, 3, 5, 7, 9, 11, 13)]
    rows = list(zip(X, numbers, ["u", "u", "v", "v"] * 2, strict=False))
    text_file(tmp_path, "a,n,y", rows)
    typed_file(tmp_path, a=X[:8], n=numbers, y=["u", "u", "v", "v"] * 2)
    told = {"source": f"t.{suffix}", "label": "y", "id": "n"}
    with pytest.raises(DataError, match="at least two classes"):
        read(tmp_path, **told, cut=cut)
    assert len(read(tmp_path, **told, cut=f"!({cut})")) == 7


def test_columns_may_be_called_by_numbers(tmp_path):
    text_file(tmp_path, "1,2,3,0.5", [(x, -x, zone, 1) for x, zone in zip(X, ZONES, strict=True)])
    dataset = read(tmp_path, source="t.csv", label=3, exclude=[0.5], weight=2)
    assert dataset.names["features"] == ("1",)
    with pytest.raises(JobError, match="got '4'"):
        read(tmp_path, source="t.csv", label=4)


def test_masked_values_from_python_stay_missing():
    pandas = pytest.importorskip("pandas")
    expected = [[1, np.nan], [3, 4]]
    masked = np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]])
    frame = pandas.DataFrame({"a": [1, 3], "b": pandas.Series([None, 4], dtype="Int64")})
    for given in (masked, masked.astype(np.float32), {"x": masked}, {"x": frame}):
        array = open_in_memory(given, ["x"]).whole("x")
        np.testing.assert_array_equal(array, expected)
    table = open_in_memory({"a": np.ma.array([1, 2], mask=[0, 1]), "b": [1, 2]}, ["x"])
    assert next(table.batches(["a"], 5)).column("a").to_pylist() == [1, None]


class _Quoted:
    """A table of text in which a word got past its reader, as in quotes."""

    path = Path("quoted.csv")
    names = ("a", "y")
    missing_words = ("NA",)

    def batches(self, names, size):
        column = {"a": pa.array(["1", "NA", "3", None]), "y": pa.array(["u", "v", "NA", "v"])}
        yield pa.RecordBatch.from_arrays([column[name] for name in names], list(names))


def test_words_that_got_past_a_reader_are_counted_in_numbers():
    block = DataBlock(source="quoted.csv", label="y")
    source = DataSource(name="quoted", files=(_Quoted(),))
    gathered = gather_tables(source.files, assign_roles(block, source), block)
    np.testing.assert_array_equal(gathered.inputs["features"][:, 0], [1, np.nan, 3, np.nan])
    assert gathered.notes == ["1 word such as NA in columns of numbers counted as missing."]
    assert gathered.columns["y"].to_pylist() == ["u", "v", "NA", "v"]
