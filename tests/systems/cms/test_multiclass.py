"""`sortal cms multiclass` as its user calls it: runs x decays, their folders, and the table of all."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from sortal.store.store import Store
from sortal.systems.cms.multiclass import campaign_folder, table_row
from sortal.systems.cms.results.merit import merit_of
from sortal.systems.cms.results.page_files import TABLE_COLUMNS
from sortal.systems.cms.settings import MulticlassSettings

# Equal classes and any background: after few epochs the script's own would choose no cut.
QUICK = (
    *("--epochs", 20, "--batch-size", 50, "--learning-rate", 5e-3, "--layers", "12 12"),
    *("--bootstrap", 5, "--activation", "relu"),
    *("--balance", "binary", "--minimum-effective-background", 1),
)
CAMPAIGN = (*QUICK, "--runs", 2, "--decays", "1e-3 1e-2")
FOLDERS = [f"2016_1l_ReLU_CatCrossEnt_12-12_L5e-3_D1e-{number}" for number in (3, 2)]


@pytest.fixture(scope="module")
def campaign(workplace):
    """What two runs of two decay rates leave and print."""
    done = workplace.cms("multiclass", *CAMPAIGN)
    assert done.exit_code == 0, done.output
    return workplace.path / "17var_models_5C", done.stdout


@pytest.fixture(scope="module")
def table(campaign, workplace):
    """The text of the table that the campaign wrote."""
    return (workplace.path / "17var_fom.csv").read_text()


def names(folder):
    return {path.name for path in folder.iterdir()}


def report(folder):
    return json.loads((folder / "report.json").read_text())


def test_all_runs_and_decays_are_one_job_of_one_classifier(campaign, workplace):
    store = Store.open(workplace.path / ".sortal")
    entries = store.jobs.read("17var_models_5C").entries
    varied = {(one.seed, one.parameters["decay"]) for one in entries}
    assert varied == {(seed, decay) for seed in (0, 1) for decay in (1e-3, 1e-2)}
    assert len(entries) == 4


def test_each_decay_has_the_script_s_folder_with_each_run_in_it(campaign):
    models, _ = campaign
    assert names(models) == set(FOLDERS)
    for name in FOLDERS:
        folder = models / name
        assert {"run0", "run1", "FOM_figures_runs", "report.md", "report.json"} <= names(folder)
        assert names(folder / "FOM_figures_runs") == {"FOM_run0.png", "FOM_run1.png"}
        for number in range(2):
            assert names(folder / f"run{number}") == {
                *("best_weights.h5", "history.json"),
                *("TrnVal_loss.png", "TrnVal_accuracy.png"),
            }


def test_every_network_is_another(campaign):
    models, _ = campaign
    kernels = []
    for name in FOLDERS:
        for number in range(2):
            with h5py.File(models / name / f"run{number}" / "best_weights.h5") as file:
                kernels.append(np.asarray(file["dense_2"]["dense_2"]["kernel:0"]))
            assert kernels[-1].shape == (12, 5)
    for place, one in enumerate(kernels):
        assert all(np.abs(one - other).max() > 1e-4 for other in kernels[:place])


def test_scores_beside_the_runs_are_their_mean_by_class(campaign, workplace):
    models, _ = campaign
    frames = [
        pd.read_csv(workplace.path / "17var" / "data" / f"test_{kind}.csv", header=None)
        for kind in ("sig", "bkg")
    ]
    events = pd.concat(frames)
    for name in FOLDERS:
        frame = pd.read_csv(models / name / "test_output.csv", header=None)
        assert frame.shape == (len(events), 7)
        np.testing.assert_allclose(frame[[0, 1, 2, 3, 4]].sum(axis=1), 1, atol=1e-5)
        np.testing.assert_array_equal(frame[5], events[17])
        assert frame[6].tolist() == events[18].str[:-5].tolist()


def test_the_table_is_written_whole_with_one_header(table, workplace):
    frame = pd.read_csv(workplace.path / "17var_fom.csv", index_col=0)
    assert list(frame.columns) == list(TABLE_COLUMNS)
    assert frame.index.tolist() == [0, 1, 0, 1]
    assert frame["Decay Rate"].tolist() == [1e-3, 1e-3, 1e-2, 1e-2]
    assert set(frame["Learning Rate"]) == {5e-3}
    assert set(frame["NN Configuration"]) == {"12-12"}
    assert set(frame["Activation Function"]) == {"relu"}
    assert table.count("Scaling Function") == 1


def test_figures_of_the_table_are_those_of_the_reports(campaign, workplace):
    models, _ = campaign
    frame = pd.read_csv(workplace.path / "17var_fom.csv", index_col=0)
    lines = [
        line
        for name in FOLDERS
        for line in report(models / name)["classifiers"]
        if line["title"].startswith("run ")
    ]
    assert [line["title"] for line in lines] == ["run 0", "run 1"] * 2
    assert None not in {line["cut"] for line in lines}
    for (_, row), line in zip(frame.iterrows(), lines, strict=True):
        assert row["Max Val FOM"] == round(line["merit_validation"], 8)
        assert row["at x_cut"] == round(line["cut"], 4)
        assert row["Test FOM"] == round(line["merit_test"], 8)
        assert row["Max Test FOM"] == round(line["merit_test_maximum"], 8)


def test_each_network_has_one_line_with_the_folder_of_its_decay(campaign):
    models, out = campaign
    lines = out.splitlines()
    for name in FOLDERS:
        for number in range(2):
            text = (models / name / f"run{number}" / "history.json").read_text()
            losses = json.loads(text)["script"]["val_loss"]
            best = int(np.argmin(losses))
            told = f"{name}, run {number}: best epoch {best}, val_loss {losses[best]:.5f}"
            assert lines.count(told) == 1
    assert "saving model to" not in out
    assert lines[0] == "Loading data..."
    for wanted in ("Starting the training", "Training took:  0  minutes", "wrote 17var_fom.csv"):
        assert wanted in lines


def test_run_again_the_table_is_the_same_and_may_be_appended_to(
    campaign, table, workplace, nothing_to_train
):
    path = workplace.path / "17var_fom.csv"
    path.write_text("of another day\n")
    done = workplace.cms("multiclass", "-v", *CAMPAIGN, "--append", engines=nothing_to_train)
    assert done.exit_code == 0, done.output
    assert done.stdout.count(" - val_loss: ") == 4 * 20
    assert done.stdout.count("saving model to") > 4
    assert ": best epoch " not in done.stdout
    first, *lines = path.read_text().splitlines()
    assert first == "of another day"
    header, *rows = table.splitlines()
    assert lines == [header, *rows[:2], header, *rows[2:]]


def test_one_decay_is_printed_without_its_folder(workplace):
    done = workplace.cms(
        *("multiclass", *QUICK, "--runs", 1, "--decays", 0, "--name", "single"),
        *("--table", "single.csv", "--epochs", 2, "--signal-point", ""),
    )
    assert done.exit_code == 0, done.output
    folder = workplace.path / "17var_models_5C" / "single"
    assert [line["title"] for line in report(folder)["classifiers"]] == ["network"]
    told = [line for line in done.stdout.splitlines() if ": best epoch " in line]
    assert [line.split(":")[0] for line in told] == ["run 0"]
    assert len(pd.read_csv(workplace.path / "single.csv")) == 1


@pytest.mark.parametrize("given", [{}, {"name": "mine"}])
def test_two_rates_never_share_a_folder(given):
    decays = [0.0, 1e-3, 1.0000000001e-3, 0.00125, 1e-4, 12.0, 1e-300]
    settings = MulticlassSettings(decays=decays, **given)
    folders = {campaign_folder(settings, decay) for decay in decays}
    assert len(folders) == len(decays)
    assert {folder.parent.name for folder in folders} == {"17var_models_5C"}
    other = settings.model_copy(update={"learning_rate": 6e-5})
    if not given:
        assert not folders & {campaign_folder(other, decay) for decay in decays}


def test_one_rate_given_twice_is_refused(workplace):
    done = workplace.cms("multiclass", "--decays", "1e-3,0.001", "--models", "nowhere")
    assert "the decay rate 0.001 twice" in str(done.exception)
    assert not (workplace.path / "nowhere").exists()


def test_a_run_without_a_cut_has_the_script_s_first_cut(train, simulated):
    settings = MulticlassSettings(
        data=str(simulated / "17var" / "data"),
        runs=1,
        decays=[0.0],
        epochs=1,
        layers=[4],
        minimum_background=1e12,
    )
    campaign = train(settings)
    sample = campaign.sample
    merit = merit_of(campaign.networks[0], sample.events, sample.classes, sample.scales, settings)
    row = table_row(settings, 0.0, merit)
    assert list(row) == list(TABLE_COLUMNS)
    assert [row[name] for name in TABLE_COLUMNS[6:]] == [0.0, 0.7, 0.0, 0.0]
