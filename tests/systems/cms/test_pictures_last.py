"""Nothing that is drawn can lose what was trained: files are written first, then pictures."""

import pytest
from matplotlib.figure import Figure

from sortal.systems.cms.applying.apply import apply

TEXTS = {"report.json", "report.md", "val_output.csv", "test_output.csv"}
TRAINED = {"best_weights.h5", "history.json"}
FEW = ("--epochs", 2, "--batch-size", 500, "--bootstrap", 0, "--runs", 2)


@pytest.fixture
def broken_pen(monkeypatch):
    """Have every picture fail as it is saved."""

    def fail(figure, *given, **how):
        raise RuntimeError("no picture today")

    monkeypatch.setattr(Figure, "savefig", fail)


def test_pictures_of_a_binary_network_are_last(workplace, broken_pen):
    done = workplace.cms("binary", "-y", 1, "-c", "x", "-n", "n", *FEW, painted=True)
    assert done.exit_code == 0, done.output
    for name in ("scores.png", "run0/TrnVal_loss.png", "run1/TrnVal_roc.png"):
        assert f"warning: no picture models/1_x_n/{name}: RuntimeError" in done.stderr
    assert "no picture today" in done.stderr
    folder = workplace.path / "models" / "1_x_n"
    assert {path.name for path in folder.iterdir()} >= TEXTS
    for run in ("run0", "run1"):
        assert {path.name for path in (folder / run).iterdir()} >= TRAINED
    scores = workplace.path / "scores.csv"
    source = workplace.path / "data" / "test_sig.csv"
    assert apply(folder, [source], scores).events == len(source.read_text().splitlines())


def test_pictures_of_all_decay_rates_are_last(workplace, broken_pen):
    done = workplace.cms("multiclass", *FEW, painted=True)
    assert done.exit_code == 0, done.output
    assert "no picture today" in done.output
    assert (workplace.path / "17var_fom.csv").is_file()
    folders = list((workplace.path / "17var_models_5C").iterdir())
    assert len(folders) == 2
    for folder in folders:
        assert {path.name for path in folder.iterdir()} >= TEXTS
        assert (folder / "network").is_dir()
        assert {path.name for path in (folder / "run1").iterdir()} >= TRAINED


def test_names_of_processes_are_no_formulas(workplace):
    for path in (workplace.path / "data").glob("*_bkg.csv"):
        lines = path.read_text().splitlines()
        odd = [",".join([*line.split(",")[:-1], r"_$\frac{$ a"]) for line in lines]
        path.write_text("\n".join(odd) + "\n")
    done = workplace.cms("binary", "-y", 1, "-c", "x", "-n", "$a{", *FEW, painted=True)
    assert done.exit_code == 0, done.output
    assert "Results are not affected" not in done.output
    assert (workplace.path / "models" / "1_x_$a{" / "scores.png").is_file()
