"""Reading a data block: every option acts."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn.model_selection import train_test_split

from sortal.data.inputs import Ragged
from sortal.data.labels import Outputs
from sortal.data.reading.dataset import read_dataset, source_signature
from sortal.data.split import Part
from sortal.data.splitting.divide import divide
from sortal.job.models import DataBlock

TABLE = """id,a,b,flag,w,night,part,fold,kind
s1,1,10,true,1.5,n2,train,1,star
s2,2,,false,-2,n1,train,3,galaxy
s3,3,30,true,1,n1,test,3,star
s4,4,40,false,1,n10,validation,1,
s5,5,50,false,1,n1,test,7,quasar
s6,6,60,false,1,n2,train,7,galaxy
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sky.csv").write_text(TABLE)
    return tmp_path


def read(folder, seed=0, **options):
    return read_dataset(DataBlock(**options), folder, seed)


def test_every_column_finds_its_use(folder):
    data = read(
        folder,
        source="sky.csv",
        label="kind",
        weight="w",
        id="id",
        group="night",
        exclude=["fold"],
        split={"kind": "column", "column": "part"},
    )
    assert data.name == "sky"
    assert data.names == {"features": ("a", "b", "flag")}
    features = data.inputs.arrays["features"]
    np.testing.assert_array_equal(features[:2], [[1, 10, 1], [2, np.nan, 0]])
    assert data.inputs.ids.tolist() == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert data.labels.classes == ("galaxy", "quasar", "star")
    assert data.labels.codes.tolist() == [2, 0, 2, -1, 1, 0]
    assert data.weights.tolist() == [1.5, -2, 1, 1, 1, 1]
    assert data.groups.tolist() == [2, 0, 0, 1, 0, 2]
    assert data.parts.tolist() == [0, 0, 2, 1, 2, 0]
    assert data.notes == (
        "1 of 6 examples have a missing label; kept as unknown.",
        "1 of 6 weights are negative; kept.",
    )


def test_given_folds_and_inputs_in_their_order(folder):
    data = read(
        folder,
        source="sky.csv",
        label="kind",
        inputs=["b", "a"],
        split={"kind": "given_folds", "column": "fold"},
    )
    assert data.folds.tolist() == [1, 3, 3, 1, 7, 7]
    assert data.names["features"] == ("b", "a")
    assert data.inputs.ids.tolist() == [0, 1, 2, 3, 4, 5]


def test_classes_select_and_order(folder):
    data = read(folder, source="sky.csv", label="kind", inputs=["a"], classes=["star", "galaxy"])
    assert data.labels.classes == ("star", "galaxy")
    assert data.labels.codes.tolist() == [0, 1, 0, -1, 1]
    assert data.inputs.ids.tolist() == [0, 1, 2, 3, 5]
    assert "1 examples of other classes than data.classes dropped." in data.notes


@pytest.mark.parametrize("given", [[True, False], ["true", "false"], ["TRUE", "false"]])
def test_classes_may_be_true_and_false(folder, given):
    spelled = [str(g) if isinstance(g, str) else str(g).lower() for g in given]
    text = TABLE.replace(",true,", f",{spelled[0]},")
    (folder / "sky.csv").write_text(text)
    data = read(folder, source="sky.csv", label="flag", inputs=["a"], classes=given)
    assert data.labels.classes == tuple(spelled)
    assert data.labels.codes.tolist() == [0, 1, 0, 1, 1, 1]


def test_classes_of_whole_numbers_are_chosen_by_number(folder):
    data = read(folder, source="sky.csv", label="fold", inputs=["a"], classes=[7, 1])
    assert data.labels.classes == ("7", "1")
    assert len(data) == 4


def test_several_labels_are_independent_targets(folder):
    (folder / "t.csv").write_text("x,hot,red\n1,1,0\n2,0,\n3,true,false\n")
    data = read(folder, source="t.csv", label=["red", "hot"])
    assert data.labels.outputs is Outputs.INDEPENDENT
    assert data.labels.classes == ("red", "hot")
    assert data.labels.codes.tolist() == [[0, 1], [-1, 0], [0, 1]]
    assert "1 of 3 examples have a missing label; kept as unknown." in data.notes


def test_several_files_are_read_one_after_another(folder):
    (folder / "more.csv").write_text("kind,b,a,extra\nstar,7,8,x\n")
    data = read(folder, source=["sky.csv", "more.csv"], label="kind", inputs=["a", "b"])
    assert data.inputs.arrays["features"][6].tolist() == [8, 7]
    assert data.inputs.ids.tolist() == list(range(7))
    assert "more.csv has columns that sky.csv lacks, left out: extra." in data.notes


def test_files_of_parts_make_the_split(folder):
    for name, rows in (("train", 4), ("test", 2)):
        lines = [f"{i},{'ab'[i % 2]}" for i in range(rows)]
        (folder / f"{name}.csv").write_text("\n".join(["x,y", *lines]))
    block = DataBlock(source={"train": "train.csv", "test": ["test.csv"]}, label="y")
    data = read_dataset(block, folder, 0)
    assert data.parts.tolist() == [0, 0, 0, 0, 2, 2]
    (split,) = divide(data, block.split, 0)
    assert split.rows(Part.TEST).tolist() == [4, 5]


def test_a_subset_is_scikit_learns_stratified_draw(folder):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 200)
    lines = [f"{i},c{c}" for i, c in enumerate(codes)]
    (folder / "t.csv").write_text("\n".join(["x,y", *lines]))
    for subset in (50, 0.25):
        data = read(folder, seed=4, source="t.csv", label="y", subset=subset)
        expected, _ = train_test_split(
            np.arange(200), train_size=subset, stratify=codes, random_state=4
        )
        assert data.inputs.ids.tolist() == sorted(expected)
        assert data.inputs.arrays["features"][:, 0].tolist() == sorted(expected)
    assert len(read(folder, source="t.csv", label="y", subset=1.0)) == 200
    assert len(read(folder, source="t.csv", label="y", subset=5000)) == 200
    assert len(read(folder, source="t.csv", label="y", subset=199)) == 199


def test_infinite_values_become_missing_when_asked(folder):
    (folder / "t.csv").write_text("x,y\n1,a\ninf,b\n-inf,a\n")
    data = read(folder, source="t.csv", label="y", infinite="missing")
    np.testing.assert_array_equal(data.inputs.arrays["features"][:, 0], [1, np.nan, np.nan])
    assert "2 infinite feature values counted as missing." in data.notes


def test_constant_and_empty_features_are_noted(folder):
    (folder / "t.csv").write_text("x,c,e,y\n1,5,,a\n2,5,,b\n3,,,a\n")
    data = read(folder, source="t.csv", label="y")
    assert data.notes == ("constant feature: c.", "no value known of feature: e.")


def test_parquet_keeps_float32(folder):
    table = pa.table(
        {
            "x": pa.array([1.5, None], pa.float32()),
            "z": pa.array([2.5, 1], pa.float32()),
            "y": [True, False],
        }
    )
    parquet.write_table(table, folder / "t.parquet")
    data = read(folder, source="t.parquet", label="y")
    assert data.inputs.arrays["features"].dtype == np.float32
    assert data.labels.classes == ("False", "True")
    assert data.labels.codes.tolist() == [1, 0]


def test_files_that_differ_in_a_labels_type_agree_as_text(folder):
    for name, labels in (("one", [1, 2]), ("two", ["2", "x"])):
        parquet.write_table(pa.table({"x": [1.0, 2.0], "y": labels}), folder / f"{name}.parquet")
    data = read(folder, source=["one.parquet", "two.parquet"], label="y")
    assert data.labels.classes == ("1", "2", "x")
    assert data.labels.codes.tolist() == [0, 1, 1, 2]


def test_arrays_are_inputs_by_name(folder):
    rng = np.random.default_rng(0)
    np.savez(
        folder / "a.npz",
        features=rng.normal(size=(4, 2)),
        features_names=np.array(["p", "q"]),
        stamp=rng.integers(0, 255, (4, 5, 5)).astype(np.uint8),
        snr=np.arange(4.0),
        signal=np.arange(6.0),
        signal_offsets=np.array([0, 1, 1, 4, 6]),
        labels=np.array([b"x", b"y", b"x", b"y"]),
        who=np.array(["a", "b", "c", "d"]),
    )
    data = read(folder, source="a.npz", id="who")
    arrays = data.inputs.arrays
    assert set(arrays) == {"features", "stamp", "snr", "signal"}
    assert data.names == {"features": ("p", "q"), "snr": ("snr",), "stamp": (), "signal": ()}
    assert arrays["stamp"].shape == (4, 1, 5, 5)
    assert arrays["snr"].shape == (4, 1)
    assert isinstance(arrays["signal"], Ragged)
    assert data.inputs.ids.tolist() == ["a", "b", "c", "d"]
    assert data.labels.classes == ("x", "y")
    padded = read(folder, source="a.npz", inputs=["signal"], length=2).inputs.arrays["signal"]
    np.testing.assert_array_equal(padded, [[0, 0], [0, 0], [1, 2], [4, 5]])


def test_files_of_arrays_are_joined_and_equal_signals_resized(folder):
    for number in (1, 2):
        np.savez(
            folder / f"{number}.npz",
            signal=np.full((2, 2 + number), number),
            labels=np.array([0, 1]),
        )
    data = read(folder, source=["1.npz", "2.npz"], length=4)
    np.testing.assert_array_equal(
        data.inputs.arrays["signal"], [[1, 1, 1, 0], [1, 1, 1, 0], [2, 2, 2, 2], [2, 2, 2, 2]]
    )


def test_ragged_files_are_joined(folder):
    for number in (1, 2):
        np.savez(
            folder / f"{number}.npz",
            signal=np.arange(3.0) + 10 * number,
            signal_offsets=np.array([0, 1, 3]),
            labels=np.array(["u", "v"]),
        )
    signal = read(folder, source=["1.npz", "2.npz"]).inputs.arrays["signal"]
    assert signal.offsets.tolist() == [0, 1, 3, 4, 6]
    assert signal.values.tolist() == [10, 11, 12, 20, 21, 22]


def test_records_of_a_npy_are_a_table(folder):
    records = np.array(
        [(1.0, 2, b"u"), (3.0, 4, b"v")], dtype=[("x", "f4"), ("k", "i2"), ("y", "S1")]
    )
    np.save(folder / "r.npy", records)
    data = read(folder, source="r.npy", label="y")
    assert data.inputs.arrays["features"].tolist() == [[1, 2], [3, 4]]
    assert data.labels.classes == ("u", "v")


def test_named_datasets_know_their_label_and_class_order(folder):
    data = read(folder, source="breast_cancer", exclude=["mean radius"])
    assert data.labels.classes == ("malignant", "benign")
    assert len(data.names["features"]) == 29
    assert len(read(folder, source="iris", classes=["virginica", "setosa"])) == 100


def test_a_file_wins_over_a_named_dataset_only_by_its_full_name(folder):
    (folder / "iris.csv").write_text("x,y\n1,a\n2,b\n")
    assert len(read(folder, source="iris")) == 150
    assert len(read(folder, source="iris.csv", label="y")) == 2


def test_the_signature_changes_with_the_file(folder):
    block = DataBlock(source="sky.csv", label="kind")
    before = source_signature(block, folder)
    assert before == source_signature(block, folder)
    (path, size, changed) = before[0]
    assert (path, size) == (str((folder / "sky.csv").resolve()), len(TABLE))
    os.utime(folder / "sky.csv", ns=(changed, changed + 1))
    assert source_signature(block, folder) != before
    assert source_signature(DataBlock(source="iris"), folder)[0][0].startswith("named:iris ")


def test_a_dataset_read_twice_has_one_fingerprint(folder):
    options = {"source": "sky.csv", "label": "kind", "inputs": ["a", "b"], "weight": "w"}
    first, again = read(folder, **options), read(folder, **options)
    assert first.fingerprint == again.fingerprint
    (folder / "sky.csv").write_text(TABLE.replace("s6,6,", "s6,6.0000001,"))
    assert read(folder, **options).fingerprint != first.fingerprint


@pytest.mark.realdata
def test_the_higgs_sample_is_read_whole():
    folder = Path(__file__).parents[3].parent / "shared/data/hep"
    if not folder.is_dir():
        pytest.skip("no real data beside the repository")
    data = read(folder, source="higgs_uci_subset_10984.csv.gz", label="label")
    assert data.inputs.arrays["features"].shape == (10984, 28)
    assert sorted(np.bincount(data.labels.codes)) == [5163, 5821]
