"""`sortal cms apply` as a command."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.reading.new_examples import InputSpec
from sortal.errors import DataError, OptionError, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import load_predictor, save_predictor
from sortal.jobs.applying.scorer import ResultMembers, Scorer
from sortal.methods.neural.model import TrainedStack
from sortal.networks.activation import Activation
from sortal.networks.dense import Dense
from sortal.networks.network import Network
from sortal.systems.cms.applying.command import apply

VARIABLES = ("Met", "HT")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    """The folder of a run, with a network of random weights in it."""
    seen = Inputs({"features": np.random.default_rng(1).normal(size=(99, 2))}, np.arange(99))
    recipe = Preparation(scaling="minmax_symmetric")
    network = Network(shape=(2,), layers=(Dense(units=4), Activation(name="relu"), Dense(units=1)))
    weights = network.start(0, "he_normal")[None].float()
    scorer = Scorer(
        method="mlp",
        calibration="",
        preparer=Preparer.fit(seen, {"features": VARIABLES}, np.arange(99), recipe),
        weighers={},
        model=TrainedStack(("m",), network, Outputs.INDEPENDENT, weights),
        weight=1.0,
        fold=None,
    )
    predictor = Predictor(
        outputs=Outputs.INDEPENDENT,
        classes=("Signal",),
        probabilities=True,
        spec=InputSpec(names={"features": VARIABLES}, shapes={"features": (2,)}),
        columns=(ResultMembers((scorer,)),),
    )
    folder = tmp_path_factory.mktemp("models") / "2017_1l_first"
    save_predictor(predictor, folder / "network")
    return folder


@pytest.fixture
def command():
    app = typer.Typer()
    app.command("apply")(apply)
    runner = CliRunner()

    def invoked(*arguments):
        return runner.invoke(app, [*map(str, arguments)])

    return invoked


@pytest.fixture
def file(tmp_path):
    generator = np.random.default_rng(0)
    frame = pl.DataFrame({name: generator.normal(size=50) for name in VARIABLES})
    frame.with_columns(weight=pl.lit(1.0), run=pl.lit(7)).write_parquet(tmp_path / "in.parquet")
    return tmp_path / "in.parquet"


def test_scores_are_written_and_how_fast_is_told(run_folder, command, file, tmp_path):
    done = command(run_folder, file, "--out", tmp_path / "out.parquet")
    assert done.exit_code == 0
    assert "wrote scores of 50 events" in done.output
    assert "events/s" in done.output
    assert "reading" in done.output
    assert pl.read_parquet(tmp_path / "out.parquet").columns == ["score", "weight"]


def test_options_reach_what_is_written(run_folder, command, file, tmp_path):
    (tmp_path / "shifts.yaml").write_text("low:\n  HT: HT - 1\nup:\n  HT: HT * 1.1\n")
    done = command(
        run_folder, file, "--out", tmp_path / "out.parquet", "--cut", "Met > 0", "--keep", "run, twice",
        "--alias", "twice=2 * run", "--shift", "up:Met=Met * 1.1", "--shifts", tmp_path / "shifts.yaml",
        "--chunk", 7, "--threads", 1, "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table.columns == ["score", "score_low", "score_up", "run", "twice"]
    events = pl.read_parquet(file).filter(pl.col("Met") > 0)
    assert len(table) == len(events)
    network = load_predictor(run_folder / "network")
    shifted = {"Met": events["Met"] * 1.1, "HT": events["HT"] * 1.1}
    (block,) = network.held(pl.DataFrame(shifted))
    np.testing.assert_allclose(table["score_up"], block.scores[:, 0], atol=1e-6)


@pytest.mark.parametrize(
    "case",
    [
        (["--shift", "jes"], OptionError, "SHIFT:COLUMN=EXPRESSION"),
        (["--shift", "Met=Met * 2"], OptionError, "SHIFT:COLUMN=EXPRESSION"),
        (["--alias", "Met"], OptionError, "NAME=EXPRESSION"),
        (["--missing", "zero"], OptionError, "refuse or nan"),
        (["--keep", "wieght"], DataError, "Did you mean 'weight'"),
        (["--shifts", "nowhere.yaml"], UserError, "no such file"),
    ],
)
def test_a_wrong_option_is_told(case, run_folder, command, file, tmp_path):
    arguments, kind, told = case
    done = command(run_folder, file, "--out", tmp_path / "out.csv", *arguments)
    assert isinstance(done.exception, kind)
    assert told in str(done.exception)


@pytest.mark.parametrize("text", ["up: HT * 2", "- up", "up: {HT: 2}", "up: [", "up: {}"])
def test_a_file_of_shifts_that_holds_none_is_told(text, run_folder, command, file, tmp_path):
    (tmp_path / "shifts.yaml").write_text(text)
    done = command(run_folder, file, "-o", tmp_path / "o.csv", "--shifts", tmp_path / "shifts.yaml")
    assert isinstance(done.exception, UserError)
    assert "shifts.yaml" in str(done.exception)


SLOW = """
import sys, time
import sortal.systems.cms.applying.score_table as tables
of = tables.ScoreTable.of
def slow(self, chunk):
    print("chunk", flush=True)
    time.sleep(0.2)
    return of(self, chunk)
tables.ScoreTable.of = slow
import typer
from sortal.systems.cms.applying.command import apply
app = typer.Typer(); app.command()(apply); app()
"""


def test_ctrl_c_ends_with_130_and_leaves_no_file(run_folder, file, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, run_folder, file, "--out", tmp_path / "out.root", "--chunk", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "chunk\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]


def test_a_damaged_network_is_told(run_folder, command, file, tmp_path):
    shutil.copytree(run_folder, tmp_path / "copy")
    (tmp_path / "copy" / "network" / "models" / "0" / "model.json").unlink()
    done = command(tmp_path / "copy", file, "--out", tmp_path / "out.csv")
    assert "model.json" in str(done.exception)
