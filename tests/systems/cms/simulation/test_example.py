import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.errors import OptionError
from sortal.job.settings import read_settings
from sortal.metrics.ranking import roc_auc
from sortal.systems.cms.data.read import read_files
from sortal.systems.cms.settings import BinarySettings, MulticlassSettings
from sortal.systems.cms.simulation.example import write_example, write_root
from sortal.systems.cms.simulation.observables import NAMES
from sortal.systems.cms.simulation.processes import make_problem
from sortal.systems.cms.simulation.simulate import events_in_chunks
from sortal.systems.cms.training.optimum import TITLE, read_optimum

PARTS = ("train", "val", "test")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example") / "cms"
    write_example(folder, events=8_000, seed=5)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".root"
    }


def test_folders_are_those_that_the_scripts_look_for(example):
    for kind in ("sig", "bkg"):
        for part in PARTS:
            assert (example / "data" / f"{part}_{kind}.csv").is_file()
            assert (example / "17var" / "data" / f"{part}_{kind}.csv").is_file()
    assert not any((example / "models").iterdir())
    assert not any((example / "17var_models_5C").iterdir())


def test_the_binary_files_are_read_as_the_script_reads_them(example):
    table = np.loadtxt(example / "data" / "train_sig.csv", delimiter=",", dtype=str)
    assert table.shape[1] == 14
    assert len(table) == pytest.approx(800, abs=5)
    assert np.isfinite(table[:, :-1].astype(float)).all()
    assert {name[-5:] for name in table[:, -1]} == {".root"}


def test_the_multiclass_files_are_read_as_the_script_reads_them(example):
    import pandas as pd

    names = [*NAMES, "Weights", "Tag"]
    read = {
        kind: pd.read_csv(
            example / "17var" / "data" / f"train_{kind}.csv", header=None, names=names, index_col=18
        )
        for kind in ("sig", "bkg")
    }
    assert len(read["sig"].loc["T2DegStop_550_520.root"]) > 300
    assert set(read["sig"].index) == {"T2DegStop_550_520.root", "T2DegStop_500_470.root"}
    assert {"Wj", "TT", "ZJ"} < {name[:2] for name in read["bkg"].index}
    for frame in read.values():
        assert frame.shape[1] == 18
        assert all(kind.kind == "f" for kind in frame.dtypes)
    assert (read["bkg"]["Weights"] < 0).any()


def test_parts_are_a_quarter_a_quarter_and_a_half_by_process(example):
    import pandas as pd

    for folder, columns in (("data", 14), ("17var/data", 19)):
        counts = [
            pd.concat(
                pd.read_csv(example / folder / f"{part}_{kind}.csv", header=None)
                for kind in ("sig", "bkg")
            )[columns - 1].value_counts()
            for part in PARTS
        ]
        assert [count.sum() for count in counts] == [2000, 2000, 4000]
        for count, factor in zip(counts, (4, 4, 2), strict=True):
            assert (abs(count * factor - sum(counts)) < 40).all()


def test_the_same_seed_writes_the_same_bytes(example, tmp_path):
    write_example(tmp_path / "again", events=8_000, seed=5)
    assert contents(tmp_path / "again") == contents(example)


@pytest.mark.parametrize(
    ("model", "kind"), [(BinarySettings, "binary"), (MulticlassSettings, "multiclass")]
)
def test_settings_and_true_scores_fit_the_events(example, monkeypatch, model, kind):
    monkeypatch.chdir(example)
    settings = read_settings(model, Path(f"{kind}.yaml"))
    events = read_files(settings)
    assert events.variables == make_problem(kind).observables
    optimum = read_optimum(settings, events)
    rows = optimum.rows[Part.TEST]
    point = events.process == events.processes.index("T2DegStop_550_520")
    kept = (point | ~events.is_signal)[rows]
    area = float(
        roc_auc(point[rows][kept], optimum.scores[Part.TEST][kept, 0], events.weights[rows][kept])
    )
    assert area == pytest.approx(json.loads(Path("optimum.json").read_text())[kind]["test"]["auc"])


def test_the_optimum_of_these_events_is_near_that_of_many(example):
    about = json.loads((example / "optimum.json").read_text())
    assert about["simulated"] is True
    for kind in ("binary", "multiclass"):
        test, many = about[kind]["test"], about[kind]["many_events"]
        assert test["auc"] == pytest.approx(many["auc"], abs=0.02)
        assert test["merit"] == pytest.approx(many["merit"], abs=5 * test["merit_error"])


def test_what_the_balance_costs_is_told(example):
    about = json.loads((example / "optimum.json").read_text())["multiclass"]
    balanced, best = about["balanced"]["merit"], about["many_events"]["merit"]
    assert 0.95 * best < balanced < best
    assert f"figure of merit of {balanced:.4g} only" in (example / "README.md").read_text()


def test_the_readme_says_events_are_simulated_and_what_to_run(example):
    text = (example / "README.md").read_text()
    assert "SIMULATED" in text
    assert "sortal cms binary -s binary.yaml" in text
    assert "sortal cms multiclass -s multiclass.yaml" in text
    assert "(8,000 of each kind, seed 5)" in text
    assert "of 500,000 events)" in text
    assert "$" not in text


def test_the_readme_counts_the_negative_weights(example):
    weights = [
        np.loadtxt(path, delimiter=",", usecols=-2, dtype=float)
        for path in (example / "data").glob("*.csv")
    ]
    share = 100 * (np.concatenate(weights) < 0).mean()
    assert f"{share:.1f} % of the weights are negative" in (
        " ".join((example / "README.md").read_text().split())
    )


def test_without_uproot_the_readme_explains_the_root_file(tmp_path, monkeypatch):
    monkeypatch.setattr("sortal.systems.cms.simulation.example.find_spec", lambda _: None)
    write_example(tmp_path / "cms", events=1_000, kinds=("binary",))
    assert not (tmp_path / "cms" / "new_events.root").exists()
    assert "pip install 'sortal[root]'" in (tmp_path / "cms" / "README.md").read_text()


def test_a_root_file_is_written_piece_by_piece(tmp_path):
    uproot = pytest.importorskip("uproot")
    pieces = events_in_chunks(make_problem("multiclass"), 2_500, seed=1, chunk=1_000)
    assert write_root(tmp_path / "new.root", pieces) == 2_500
    with uproot.open(tmp_path / "new.root") as file:
        columns = file["Events"].arrays(library="np")
    assert list(columns) == [*NAMES, "Weights", "process", "event"]
    np.testing.assert_array_equal(columns["event"], np.arange(2_500))
    assert (columns["Weights"] < 0).any()


def test_a_folder_with_files_is_left_alone_unless_forced(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="a new or empty folder"):
        write_example(tmp_path, events=1_000, kinds=("binary",))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    write_example(tmp_path, events=1_000, kinds=("binary",), force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "data" / "test_bkg.csv").is_file()


def test_too_few_events_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(OptionError, match="1000 or more"):
        write_example(tmp_path / "cms", events=999)
    assert not (tmp_path / "cms").exists()


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sortal", *words],
        cwd=folder, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True,
        check=False, timeout=900,
    )  # fmt: skip


def test_the_command_writes_the_example_and_says_what_is_next(tmp_path):
    written = run(tmp_path, "example", "cms", "here", "--events", "2000", "--seed", "3")
    assert written.returncode == 0, written.stderr
    assert "sortal cms binary -s binary.yaml" in written.stdout
    refused = run(tmp_path, "example", "cms", "here")
    assert refused.returncode == 2
    assert "a new or empty folder" in refused.stderr


@dataclass(frozen=True)
class Told:
    """A line of a report's table."""

    auc: float
    merit: float
    merit_error: float


def told(folder: Path) -> dict[str, Told]:
    """What a report says of each classifier, by its title."""
    lines = json.loads((folder / "report.json").read_text())["classifiers"]
    return {
        line["title"]: Told(line["auc"], line["merit_test"], line["merit_test_error"])
        for line in lines
    }


@pytest.fixture(scope="module")
def whole_example(tmp_path_factory):
    """The example as it is without an option, XGBoost and all."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder, "example", "cms", ".").returncode == 0
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_network_of_the_example_comes_near_the_optimum(whole_example):
    trained = run(whole_example, "cms", "binary", "-s", "binary.yaml")
    assert trained.returncode == 0, trained.stderr
    found = told(whole_example / "models" / "2016_1l_example")
    network, best = found["network"], found[TITLE]
    assert network.auc >= 0.99 * best.auc
    assert network.merit >= 0.95 * best.merit
    assert found["lda"].auc <= 0.97 * best.auc
    assert found["lda"].merit + found["lda"].merit_error < 0.95 * best.merit
    assert "xgboost" in found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_class_networks_together_come_near_the_optimum(whole_example):
    few = ("--runs", "3", "--decays", "1e-4")
    trained = run(whole_example, "cms", "multiclass", "-s", "multiclass.yaml", *few)
    assert trained.returncode == 0, trained.stderr
    (folder,) = (whole_example / "17var_models_5C").iterdir()
    found = told(folder)
    ensemble, best = found["ensemble"], found[TITLE]
    assert ensemble.auc >= 0.99 * best.auc
    assert ensemble.merit + ensemble.merit_error >= 0.95 * best.merit
    assert min(found[f"run {number}"].auc for number in range(3)) >= 0.985 * best.auc
    assert "xgboost" in found
