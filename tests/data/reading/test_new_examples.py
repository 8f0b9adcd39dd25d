"""New files are found by name and walked over block by block."""

import json

import h5py
import numpy as np
import pyarrow as pa
import pytest
from new_inputs import read_inputs
from pyarrow import parquet

from sortal.data.inputs import Ragged
from sortal.data.readers.in_memory import InMemoryTable
from sortal.data.readers.registry import TableOptions
from sortal.data.reading.dataset import read_dataset
from sortal.data.reading.new_examples import InputSpec, read_blocks
from sortal.data.reading.new_ids import IdColumn
from sortal.errors import DataError
from sortal.job.models import DataBlock

ROWS = 40


def spec_of(tmp_path, **options) -> InputSpec:
    block = DataBlock(**options)
    return InputSpec.of(read_dataset(block, tmp_path, 0), block)


@pytest.fixture
def table_spec(tmp_path) -> InputSpec:
    (tmp_path / "train.csv").write_text("a,b,y\n1,2,u\n3,4,v\n")
    return spec_of(tmp_path, source="train.csv", label="y")


def columns() -> dict[str, list]:
    return {
        "y": ["?"] * ROWS,
        "b": [float(i) for i in range(ROWS)],
        "who": [f"r{i}" for i in range(ROWS)],
        "a": [0.5 * i for i in range(ROWS)],
    }


def test_a_spec_survives_json(table_spec):
    again = InputSpec.restore(json.loads(json.dumps(table_spec.described())))
    assert again == table_spec


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_are_found_in_any_order(tmp_path, table_spec, size, kind):
    path = tmp_path / f"new.{kind}"
    if kind == "csv":
        rows = zip(*columns().values(), strict=True)
        path.write_text("\n".join(["y,b,who,a", *(",".join(map(str, r)) for r in rows)]))
    else:
        parquet.write_table(pa.table(columns()), path)
    blocks = list(read_inputs([path, path], table_spec, id_column="who", size=size))
    assert max(map(len, blocks)) <= size
    features = np.concatenate([block.arrays["features"] for block in blocks])
    expected = np.column_stack([columns()["a"], columns()["b"]])
    np.testing.assert_array_equal(features, np.concatenate([expected, expected]))
    assert np.concatenate([b.ids for b in blocks]).tolist() == columns()["who"] * 2
    numbered = list(read_inputs([path, path], table_spec, size=size))
    assert np.concatenate([b.ids for b in numbered]).tolist() == list(range(2 * ROWS))


@pytest.mark.parametrize("aliases", [{}, {"b": "a * 2"}, {"b": "twice + 0", "twice": "a * 2"}])
def test_columns_that_no_input_needs_may_hold_any_text(tmp_path, aliases):
    (tmp_path / "new.csv").write_text('a,code\n1,"1,200"\n2,"3,400"\n')
    wanted = ("a", *aliases)[:2]
    spec = InputSpec(
        names={"features": wanted},
        shapes={"features": (len(wanted),)},
        options=TableOptions(aliases=aliases),
    )
    (inputs,) = read_inputs([tmp_path / "new.csv"], spec)
    assert inputs.arrays["features"].tolist() == [[1, 2][: len(wanted)], [2, 4][: len(wanted)]]


def test_a_column_that_an_alias_needs_is_read_as_numbers(tmp_path):
    (tmp_path / "new.csv").write_text("a;code\n1,5;x\n2,25;y\n")
    spec = InputSpec(
        names={"features": ("b",)},
        shapes={"features": (1,)},
        options=TableOptions(aliases={"b": "a * 2"}),
    )
    (inputs,) = read_inputs([tmp_path / "new.csv"], spec)
    assert inputs.arrays["features"].tolist() == [[3], [4.5]]


def test_all_missing_columns_are_told_with_the_nearest(tmp_path, table_spec):
    (tmp_path / "new.csv").write_text("who,aa\n1,2\n")
    with pytest.raises(
        DataError,
        match=r"expected the columns 'a' .*'aa'.*'b', 'whom' .*'who'.*, which are missing",
    ):
        list(read_inputs([tmp_path / "new.csv"], table_spec, id_column="whom"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,who\n1,2,x\n1,bad,y\n", "new.csv, row 2: column 'b': expected a number, got 'bad'"),
        ("a,b,who\n1,2,x\n1,inf,y\n", "new.csv, row 2: feature 'b' is infinite"),
        ("a,b,who\n1,2,x\n1,2,\n", "new.csv, row 2: id: expected a name"),
        ("a,b,who\n", "expected examples, got none"),
    ],
)
def test_bad_values_have_their_place(tmp_path, table_spec, text, said):
    (tmp_path / "new.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        list(read_inputs([tmp_path / "new.csv"], table_spec, id_column="who", size=1))


def test_infinite_values_are_missing_if_they_were_in_training(tmp_path):
    (tmp_path / "train.csv").write_text("a,y\n1,u\ninf,v\n")
    spec = spec_of(tmp_path, source="train.csv", label="y", infinite="missing")
    (block,) = read_inputs([tmp_path / "train.csv"], spec)
    assert np.isnan(block.arrays["features"][1, 0])


def write_signals(path, length=None):
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 9, ROWS)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    arrays = {
        "signal": rng.normal(size=offsets[-1]),
        "signal_offsets": offsets,
        "features": rng.normal(size=(ROWS, 2)),
        "features_names": np.array(["p", "q"]),
        "labels": np.arange(ROWS) % 2,
        "read": np.arange(ROWS) + 100,
    }
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, values in arrays.items():
                file[name] = values.astype("S") if values.dtype.kind == "U" else values
    return arrays


@pytest.mark.parametrize("kind", ["npz", "h5"])
@pytest.mark.parametrize("length", [None, 5])
def test_arrays_in_blocks_are_the_arrays_of_the_dataset(tmp_path, kind, length):
    path = tmp_path / f"s.{kind}"
    write_signals(path)
    block = DataBlock(source=path.name, inputs=["signal", "features"], length=length)
    data = read_dataset(block, tmp_path, 0)
    blocks = list(read_inputs([path], InputSpec.of(data, block), id_column="read", size=7))
    assert np.concatenate([b.ids for b in blocks]).tolist() == list(range(100, 140))
    for name, whole in data.inputs.arrays.items():
        pieces = [b.arrays[name] for b in blocks]
        if isinstance(whole, Ragged):
            assert length is None
            joined = np.concatenate([p.values for p in pieces])
            np.testing.assert_array_equal(joined, whole.values)
        else:
            np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_named_columns_of_an_array_are_put_in_the_models_order(tmp_path):
    arrays = write_signals(tmp_path / "s.npz")
    spec = spec_of(tmp_path, source="s.npz", inputs=["features"])
    turned = {"features": arrays["features"][:, ::-1], "features_names": np.array(["q", "p"])}
    np.savez(tmp_path / "new.npz", **turned)
    (block,) = read_inputs([tmp_path / "new.npz"], spec)
    np.testing.assert_array_equal(block.arrays["features"], arrays["features"])
    np.savez(tmp_path / "new.npz", **{**turned, "features_names": np.array(["q", "r"])})
    with pytest.raises(DataError, match="lacks the columns 'p'"):
        list(read_inputs([tmp_path / "new.npz"], spec))


def test_arrays_that_do_not_fit_the_model_are_refused(tmp_path, table_spec):
    write_signals(tmp_path / "s.npz")
    spec = spec_of(tmp_path, source="s.npz", inputs=["signal", "features"])
    np.savez(tmp_path / "new.npz", signal=np.zeros((2, 5)), features=np.zeros((2, 2)))
    with pytest.raises(DataError, match="expected examples of unequal length, got shape"):
        list(read_inputs([tmp_path / "new.npz"], spec))
    np.savez(tmp_path / "new.npz", features=np.zeros((2, 3)))
    with pytest.raises(DataError, match=r"expected examples of shape \(2,\), got shape \(3,\)"):
        list(read_inputs([tmp_path / "new.npz"], table_spec))
    with pytest.raises(DataError, match="expected the array 'signal', which is missing"):
        list(read_inputs([tmp_path / "new.npz"], spec))
    with pytest.raises(DataError, match="needs the array 'signal', which a table cannot hold"):
        list(read_inputs([tmp_path / "train.csv"], spec))


def test_new_files_get_the_aliases_of_training_but_not_its_cut(tmp_path):
    (tmp_path / "train.csv").write_text("1,2,u\n3,4,v\n5,0,v\n")
    spec = spec_of(
        tmp_path,
        source="train.csv",
        columns=["a", "b", "y"],
        label="truth",
        exclude=["y"],
        aliases={"ratio": "b / a", "a": "a * 2", "truth": "y == 'v'"},
        cut="b > 0",
    )
    again = InputSpec.restore(json.loads(json.dumps(spec.described())))
    assert again == spec
    (tmp_path / "new.csv").write_text("4,0,?\n2,1,?\n")
    # The alias `ratio` is made of the alias `a`, not of the column that it replaces.
    expected = [[8, 0, 0], [4, 1, 0.25]]
    (block,) = read_inputs([tmp_path / "new.csv"], again)
    np.testing.assert_array_equal(block.arrays["features"], expected)
    frame = pa.table({"b": [0, 1], "a": [4.0, 2.0]})
    parquet.write_table(frame, tmp_path / "new.parquet")
    (block,) = read_inputs([tmp_path / "new.parquet"], again)
    np.testing.assert_array_equal(block.arrays["features"], expected)
    (new,) = read_blocks([InMemoryTable(frame)], again, IdColumn(), size=9)
    np.testing.assert_array_equal(new.inputs.arrays["features"], expected)


def test_a_spec_stored_before_files_had_options_is_still_read(table_spec):
    described = table_spec.described()
    for key in ("columns", "header", "tree", "aliases"):
        del described[key]
    assert InputSpec.restore(described) == table_spec


def test_the_tree_of_training_is_the_tree_of_new_files(tmp_path):
    import uproot

    with uproot.recreate(tmp_path / "e.root") as file:
        for tree, shift in (("nominal", 0.0), ("up", 10.0)):
            file.mktree(tree, {"x": "f4", "y": "i4"}).extend(
                {"x": np.arange(4, dtype="f4") + shift, "y": np.arange(4) % 2}
            )
    spec = spec_of(tmp_path, source="e.root", tree="up", label="y")
    (block,) = read_inputs([tmp_path / "e.root"], spec)
    assert block.arrays["features"][:, 0].tolist() == [10, 11, 12, 13]
