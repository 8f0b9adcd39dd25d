"""Numbers that mean a missing value are filled in alike in training, in `apply` and in ONNX."""

import json

import h5py
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.systems.cms.applying.apply import apply

onnxruntime = pytest.importorskip("onnxruntime")

NAMES = ("pt", "met", "csv")
SETTINGS = """
year: "1"
channel: x
name: gaps
variables: [half, met, csv]
aliases: {half: pt / 2}
missing: [-999, -1]
imputation: median
epochs: 3
batch_size: 50
bootstrap: 0
layers: [4]
activation: tanh
onnx: true
"""


def table(rows, seed, signal):
    generator = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "pt": generator.exponential(40 + 30 * signal, rows) + 20,
            "met": generator.exponential(50, rows) + 10,
            "csv": generator.random(rows),
            "weight": generator.choice([1.0, 1.0, 1.0, -1.0], rows),
            "process": ["S" if signal else "B"] * rows,
        }
    ).with_row_index("row")
    return frame.with_columns(
        pt=pl.when(pl.col("row") % 4 == 0).then(-999.0).otherwise("pt"),
        csv=pl.when(pl.col("row") % 5 == 0).then(-1.0).otherwise("csv"),
    ).drop("row")


@pytest.fixture(scope="module")
def folder(workplace):
    """The folder of a network that was trained on events with -999 and -1."""
    data = workplace.path / "gaps"
    data.mkdir()
    parts = [(part, kind) for part in ("train", "val", "test") for kind in ("sig", "bkg")]
    for place, (part, kind) in enumerate(parts):
        table(80, place, kind == "sig").write_csv(data / f"{part}_{kind}.csv")
    (workplace.path / "gaps.yaml").write_text(SETTINGS)
    done = workplace.cms("binary", "-s", "gaps.yaml", "--data", "gaps")
    assert done.exit_code == 0, done.output
    return workplace.path / "models" / "1_x_gaps"


def scores(folder, tmp_path, frame, **options):
    path, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.write_parquet(path)
    apply(folder, [path], out, **options)
    return pl.read_parquet(out)


def medians(folder):
    """Medians of the known values of training events."""
    train = [
        pl.read_csv(folder.parents[1] / "gaps" / f"train_{kind}.csv") for kind in ("sig", "bkg")
    ]
    events = pl.concat(train)
    pt, csv = events["pt"].to_numpy(), events["csv"].to_numpy()
    return float(np.median(pt[pt > 0])), float(np.median(csv[csv >= 0]))


def test_new_events_are_filled_with_the_medians_of_training(folder, tmp_path):
    frame, (pt, csv) = table(60, 9, True), medians(folder)
    found = scores(folder, tmp_path, frame)
    filled = frame.with_columns(
        pt=pl.col("pt").replace(-999.0, pt), csv=pl.col("csv").replace(-1.0, csv)
    )
    np.testing.assert_allclose(found["score"], scores(folder, tmp_path, filled)["score"], rtol=1e-6)
    empty = frame.with_columns(
        pt=pl.col("pt").replace(-999.0, None), csv=pl.col("csv").replace(-1.0, None)
    )
    np.testing.assert_allclose(found["score"], scores(folder, tmp_path, empty)["score"], rtol=1e-6)
    assert (found["weight"] == frame["weight"]).all()


def test_a_missing_value_stays_missing_under_a_shift(folder, tmp_path):
    frame = table(60, 9, True)
    shifts = {"up": {"pt": "pt * 1.5"}}
    for one in (frame, frame.with_columns(pl.col("pt").cast(pl.Float32))):
        found = scores(folder, tmp_path, one, shifts=shifts)
        gone = frame["pt"].to_numpy() == -999
        same = np.isclose(found["score_up"], found["score"], rtol=1e-6)
        np.testing.assert_array_equal(same, gone)


def test_the_network_for_cmssw_fills_the_same_in(folder, tmp_path):
    frame = table(60, 9, True)
    rows = frame.select("pt", "met", "csv").to_numpy().astype(np.float32)
    rows[:, 0] = np.where(rows[:, 0] == -999, -999, rows[:, 0] / 2)
    session = onnxruntime.InferenceSession(folder / "network.onnx")
    (found,) = session.run(["scores"], {"features": rows})
    expected = scores(folder, tmp_path, frame)["score"]
    np.testing.assert_allclose(found[:, 0], expected, atol=2e-6)
    told = json.loads(session.get_modelmeta().custom_metadata_map["scaler"])
    assert told["missing"] == [-999, -1]
    with h5py.File(folder / "best_weights.h5") as file:
        assert json.loads(file.attrs["sortal"])["scaler"]["missing"] == [-999, -1]


@pytest.mark.parametrize("command", ["predict", "export"])
def test_general_commands_fill_the_same_in(folder, tmp_path, command):
    frame = table(60, 9, True)
    expected = scores(folder, tmp_path, frame)["score"]
    plain = frame.select(half=pl.when(pl.col("pt") == -999).then("pt").otherwise(pl.col("pt") / 2))
    plain = plain.with_columns(frame["met"], frame["csv"])
    network, store = f"{folder.name}/network", folder.parents[1] / ".sortal"
    out = tmp_path / ("s.parquet" if command == "predict" else "n.onnx")
    plain.write_csv(tmp_path / "new.csv")
    given = [str(tmp_path / "new.csv")] if command == "predict" else []
    words = [command, network, *given, "--out", str(out), "--store", str(store)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    if command == "predict":
        found = pl.read_parquet(out)["score_Signal"].to_numpy()
    else:
        rows = plain.to_numpy().astype(np.float32)
        (found,) = onnxruntime.InferenceSession(out).run(["scores"], {"features": rows})
    np.testing.assert_allclose(np.ravel(found), expected, atol=2e-6)


def test_files_of_scores_are_those_of_apply(folder, tmp_path):
    source = folder.parents[1] / "gaps" / "test_sig.csv"
    apply(folder, [source], tmp_path / "s.parquet")
    written = np.loadtxt(folder / "test_output.csv", delimiter=",", usecols=0)[:80]
    np.testing.assert_allclose(pl.read_parquet(tmp_path / "s.parquet")["score"], written, atol=1e-6)


def test_the_report_says_what_is_missing(folder):
    notes = (folder / "report.md").read_text()
    assert "the variable 'csv' is missing in 20 % of signal" in notes
