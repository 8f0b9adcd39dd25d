"""`sortal cms binary` as its user calls it, and what it leaves behind read as its user would."""

import json
import os
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from sklearn.metrics import roc_auc_score

from sortal.data.split import Part
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.systems.cms import binary
from sortal.systems.cms.results.page_files import rate_text
from sortal.systems.cms.training import job
from sortal.systems.cms.training.scored import scored

NAMES = ("-y", "2017", "-c", "1l", "-n")
QUICK = ("--epochs", 6, "--batch-size", 100, "--learning-rate", 5e-3, "--bootstrap", 20)
PAGE = {
    *("best_weights.h5", "val_output.csv", "test_output.csv"),
    *("TrnVal_loss.png", "TrnVal_accuracy.png", "TrnVal_roc.png"),
}
PICTURES = {
    *("FOM.png", "scores.png", "confusion.png"),
    *("train_against_validation.png", "validation_against_test.png"),
}
REPORT = {"report.json", "report.md", "network"}
PICKLES = {"acc.pickle", "loss.pickle", "val_acc.pickle", "val_loss.pickle"}


def names(folder):
    return {path.name for path in folder.iterdir()}


def contents(folder):
    """Bytes of all files but the pictures, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".png"
    }


def report(folder):
    return json.loads((folder / "report.json").read_text())


def history(folder):
    return json.loads((folder / "history.json").read_text())["script"]


def output(path):
    """Scores, weights and processes of a score file, as the page's user reads it."""
    frame = pd.read_csv(path, header=None)
    return frame[0].to_numpy(), frame[1].to_numpy(), frame[2].to_numpy()


def raw(folder, prefix):
    """Variables of a part's events, signal first."""
    frames = [pd.read_csv(folder / f"{prefix}_{kind}.csv", header=None) for kind in ("sig", "bkg")]
    return pd.concat(frames).iloc[:, :-2].to_numpy(dtype=float)


def normalised(values, train):
    """To [-1, 1] by the page's formula, with the extremes of the training events."""
    top, bottom = train.max(axis=0), train.min(axis=0)
    return (2 * values - top - bottom) / (top - bottom)


def forward(path, values):
    """Scores of the network whose weights a file holds: ReLU, and a sigmoid at the end."""
    with h5py.File(path) as file:
        layers = [file[name][name] for name in ("dense", "dense_1", "dense_2")]
        weights = [(np.asarray(one["kernel:0"]), np.asarray(one["bias:0"])) for one in layers]
    for kernel, bias in weights[:-1]:
        values = np.maximum(values @ kernel + bias, 0)
    kernel, bias = weights[-1]
    return 1 / (1 + np.exp(-(values @ kernel + bias)[:, 0]))


def in_onnxruntime(path, values):
    """Scores of a network in ONNX on raw variables, and what it says of itself."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    (scores,) = session.run(None, {entry.name: values.astype(np.float32)})
    return scores[:, 0], session.get_modelmeta().custom_metadata_map


@pytest.fixture(scope="module")
def page(workplace):
    """What the page's own command leaves and prints; the one whose pictures are painted."""
    done = workplace.cms("binary", "-v", *NAMES, "page", *QUICK, painted=True)
    assert done.exit_code == 0, done.output
    return workplace.path / "models" / "2017_1l_page", done.stdout


@pytest.fixture(scope="module")
def runs(workplace):
    """Three runs, asked for by a file of settings and options before it."""
    (workplace.path / "three.yaml").write_text(
        "year: 2016\nchannel: 1l\nname: three\nepochs: 9\nruns: 3\nlayers: [6]\nbootstrap: 20\n"
        "batch_size: 100\nonnx: true\n"
    )
    done = workplace.cms("binary", "-s", "three.yaml", "-y", "2017", "--epochs", 3)
    assert done.exit_code == 0, done.output
    return workplace.path / "models" / "2017_1l_three", done.stdout


@pytest.fixture(scope="module")
def numbered(workplace):
    """All events with their numbers, signal first, as the two files hold them."""
    generator = np.random.default_rng(1)
    frames = []
    for kind in ("sig", "bkg"):
        parts = [
            pd.read_csv(workplace.path / "data" / f"{part}_{kind}.csv", header=None)
            for part in ("train", "val", "test")
        ]
        frame = pd.concat(parts, ignore_index=True)
        frame.columns = [*(f"v{number}" for number in range(12)), "weight", "process"]
        numbers = 2**55 + generator.permutation(10 * len(frame))[: len(frame)]
        frame.insert(0, "event", numbers)
        frame.to_csv(workplace.path / f"{kind}.csv", index=False)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def folds(workplace, numbered):
    done = workplace.cms(
        *("binary", *NAMES, "folds", *QUICK, "--folds", 3, "--event-number", "event"),
        *("--signal-files", "sig.csv", "--background-files", "bkg.csv", "--onnx"),
    )
    assert done.exit_code == 0, done.output
    return workplace.path / "models" / "2017_1l_folds", done.stdout


class TestThePagesCommand:
    """`-v -y -c -n` and nothing but quick hyperparameters."""

    def test_the_pages_files_are_there_and_no_pickle(self, page):
        folder, _ = page
        assert names(folder) == PAGE | PICTURES | REPORT | {"history.json"}

    def test_what_the_script_prints_is_printed(self, page):
        folder, out = page
        lines = out.splitlines()
        assert lines[0] == "LOADING DATA"
        assert "adam: learning rate 0.005, decay 0" in lines
        assert "Total params: 3,251" in lines
        path = folder.relative_to(folder.parents[1])
        for wanted in (f"Dir {path}/ created.", "Starting the training", "Getting predictions"):
            assert wanted in lines
        assert sum(line.startswith("Training took  0  minutes") for line in lines) == 1
        assert sum(" - loss: " in line for line in lines) == 6
        losses = history(folder)["val_loss"]
        improved = [line for line in lines if "val_loss improved" in line]
        assert len(improved) == sum(a < min(losses[:i], default=9) for i, a in enumerate(losses))
        assert improved[0].endswith(f"saving model to {path}/best_weights.h5")
        assert lines[-1] == f"Epoch of the best training:  {int(np.argmin(losses))}"

    def test_score_files_are_in_the_order_of_the_input_files(self, page, workplace):
        folder, _ = page
        for name, prefix in (("val_output.csv", "val"), ("test_output.csv", "test")):
            _, weights, processes = output(folder / name)
            frames = [
                pd.read_csv(workplace.path / "data" / f"{prefix}_{kind}.csv", header=None)
                for kind in ("sig", "bkg")
            ]
            events = pd.concat(frames)
            np.testing.assert_array_equal(weights, events[12])
            assert processes.tolist() == events[13].str[:-5].tolist()

    def test_the_best_weights_give_the_scores_of_the_files(self, page, workplace):
        folder, _ = page
        data = workplace.path / "data"
        for name, prefix in (("val_output.csv", "val"), ("test_output.csv", "test")):
            values = normalised(raw(data, prefix), raw(data, "train"))
            scores = forward(folder / "best_weights.h5", values)
            np.testing.assert_allclose(output(folder / name)[0], scores, atol=1e-5)

    @pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
    def test_stock_keras_loads_the_best_weights_into_its_network(self, page, workplace):
        os.environ.setdefault("KERAS_BACKEND", "torch")
        keras = pytest.importorskip("keras")
        folder, _ = page
        model = keras.Sequential(
            [
                keras.Input((12,)),
                keras.layers.Dense(50, activation="relu"),
                keras.layers.Dense(50, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.load_weights(folder / "best_weights.h5")
        data = workplace.path / "data"
        values = normalised(raw(data, "test"), raw(data, "train"))
        scores = np.asarray(model(values.astype(np.float32)).detach())[:, 0]
        np.testing.assert_allclose(output(folder / "test_output.csv")[0], scores, atol=1e-5)

    def test_pictures_are_pictures(self, page):
        folder, _ = page
        for path in folder.glob("*.png"):
            pixels = imread(path)
            assert min(pixels.shape[:2]) > 400
            assert pixels[..., :3].std() > 0.02, f"{path.name} is blank"

    def test_a_rerun_trains_nothing_and_writes_the_same_files(
        self, page, workplace, nothing_to_train
    ):
        folder, _ = page
        before = contents(folder)
        done = workplace.cms("binary", *NAMES, "page", *QUICK, engines=nothing_to_train)
        assert done.exit_code == 0, done.output
        assert contents(folder) == before
        assert "is there: its files are written anew." in done.stdout
        assert "Starting the training" not in done.stdout
        assert " - loss: " not in done.stdout
        assert "Epoch 00001: val_loss improved from inf" in done.stdout

    def test_pickles_are_written_where_they_are_asked_for(self, page, workplace, nothing_to_train):
        folder, _ = page
        copy = workplace.path / "models" / "2017_1l_pickled"
        shutil.copytree(folder, copy)
        shutil.copytree(workplace.path / ".sortal", workplace.path / "copied")
        # The networks are found by what they are, whatever their name.
        done = workplace.cms(
            *("binary", *NAMES, "pickled", *QUICK, "--pickles", "--store", "copied"),
            engines=nothing_to_train,
        )
        assert done.exit_code == 0, done.output
        assert names(copy) == names(folder) | PICKLES


class TestSeveralRuns:
    """`--runs 3` by a file, with options before it."""

    def test_each_run_has_a_folder_and_the_whole_a_report(self, runs):
        folder, _ = runs
        assert names(folder) == {
            *("run0", "run1", "run2", "val_output.csv", "test_output.csv"),
            *REPORT,
            *PICTURES,
        }
        for number in range(3):
            assert names(folder / f"run{number}") == PAGE | {"history.json", "network.onnx"}

    def test_the_files_outside_are_those_of_the_ensemble(self, runs):
        folder, _ = runs
        for name in ("val_output.csv", "test_output.csv"):
            each = [output(folder / f"run{number}" / name) for number in range(3)]
            scores, weights, processes = output(folder / name)
            np.testing.assert_allclose(scores, np.mean([one[0] for one in each], axis=0), atol=1e-6)
            for one in each:
                np.testing.assert_array_equal(weights, one[1])
                np.testing.assert_array_equal(processes, one[2])
            assert min(np.abs(each[a][0] - each[b][0]).max() for a, b in ((0, 1), (1, 2))) > 1e-3
        titles = [line["title"] for line in report(folder)["classifiers"]]
        assert titles == ["run 0", "run 1", "run 2", "ensemble"]

    def test_an_option_precedes_the_file_and_the_file_the_default(self, runs):
        folder, _ = runs
        settings = report(folder)["settings"]
        assert (settings["year"], settings["epochs"], settings["runs"]) == ("2017", 3, 3)
        assert settings["layers"] == [6]
        assert settings["learning_rate"] == 5e-3
        for number in range(3):
            assert len(history(folder / f"run{number}")["loss"]) == 3

    def test_each_run_has_a_line_and_the_best_run_its_best_epoch(self, runs):
        folder, out = runs
        courses = [history(folder / f"run{number}")["val_loss"] for number in range(3)]
        lines = out.splitlines()
        for number, losses in enumerate(courses):
            best = int(np.argmin(losses))
            told = f"run {number}: best epoch {best}, val_loss {losses[best]:.5f}"
            assert lines.count(told) == 1
        assert not [line for line in lines if "saving model to" in line]
        best = min(courses, key=min)
        assert lines[-1] == f"Epoch of the best training:  {int(np.argmin(best))}"

    def test_with_verbose_all_epochs_of_all_runs_are_told(self, runs, workplace, nothing_to_train):
        done = workplace.cms(
            *("binary", "-v", "-s", "three.yaml", "-y", "2017", "--epochs", 3),
            engines=nothing_to_train,
        )
        assert done.exit_code == 0, done.output
        assert done.stdout.count(" - loss: ") == 9
        assert done.stdout.count("Epoch 00001: val_loss improved from inf") == 3
        assert ": best epoch " not in done.stdout

    def test_onnx_takes_raw_variables_and_knows_their_names(self, runs, workplace):
        folder, _ = runs
        for number in range(3):
            place = folder / f"run{number}"
            for name, prefix in (("val_output.csv", "val"), ("test_output.csv", "test")):
                values = raw(workplace.path / "data", prefix)
                scores, about = in_onnxruntime(place / "network.onnx", values)
                np.testing.assert_allclose(output(place / name)[0], scores, atol=1e-5)
            assert json.loads(about["features"]) == [f"var{number + 1}" for number in range(12)]
            assert json.loads(about["classes"]) == ["Signal"]


def test_each_rate_is_reported_and_compat_draws_last_weights(workplace, monkeypatch):
    drawn = []

    def remember(curves, **others):
        drawn.append([curve.area for curve in curves])
        return roc_figure(curves, **others)

    roc_figure = binary.roc_figure
    monkeypatch.setattr(binary, "roc_figure", remember)
    done = workplace.cms(
        *("binary", *NAMES, "rates", *QUICK, "--layers", 6, "--runs", 2),
        *("--compat", "--decays", "0 0.5"),
    )
    assert done.exit_code == 0, done.output
    wanted = [(decay, seed) for decay in ("0", "5e-1") for seed in (0, 1)]
    folder = workplace.path / "models" / "2017_1l_rates"
    assert {path.name for path in folder.glob("*run*")} == {f"D{d}_run{s}" for d, s in wanted}
    titles = [f"decay {decay}, run {seed}" for decay, seed in wanted]
    assert [line["title"] for line in report(folder)["classifiers"]] == [*titles, "ensemble"]
    for title in titles:
        assert sum(line.startswith(f"{title}: best") for line in done.stdout.splitlines()) == 1
    store = Store.open(workplace.path / ".sortal")
    last = {
        (rate_text(one.decay), one.seed): one
        for one in scored(JobResults.read(store, "2017_1l_rates"), store)
        if not one.parameters["keep_best"]
    }
    for areas, which in zip(drawn, wanted, strict=True):
        for area, part, prefix in zip(areas, Part, ("train", "val"), strict=False):
            count = len((workplace.path / "data" / f"{prefix}_sig.csv").read_text().splitlines())
            scores = last[which].scores[part][:, 0]
            assert area == pytest.approx(roc_auc_score(np.arange(len(scores)) < count, scores))
    assert len({tuple(areas) for areas in drawn}) == 4


class TestFolds:
    """Cross-evaluation by event number, of events in two files with names and large numbers."""

    def test_each_fold_has_its_network(self, folds):
        folder, out = folds
        stems = [f"fold{fold}" for fold in range(3)]
        assert {path.name for path in folder.glob("*.h5")} == {
            f"best_weights_{stem}.h5" for stem in stems
        }
        assert {path.name for path in folder.glob("*.onnx")} == {
            f"network_{stem}.onnx" for stem in stems
        }
        assert "best_weights_fold0.h5" in out
        assert "best_weights.h5" not in out

    def test_each_event_is_scored_by_the_network_that_never_saw_it(self, folds, numbered):
        folder, _ = folds
        scores, weights, _ = output(folder / "test_output.csv")
        np.testing.assert_array_equal(weights, numbered["weight"])
        fold = numbered["event"].to_numpy() % 3
        variables = numbered[[f"v{number}" for number in range(12)]].to_numpy()
        watched, _, _ = output(folder / "val_output.csv")
        for tested in range(3):
            mine = fold == tested
            # Of the two others one validates and one trains, whose extremes scale.
            for trained in {0, 1, 2} - {tested}:
                values = normalised(variables, variables[fold == trained])
                found = forward(folder / f"best_weights_fold{tested}.h5", values)
                validated = fold == 3 - tested - trained
                if np.abs(scores - found)[mine].max() < 1e-5:
                    assert np.abs(watched - found)[validated].max() < 1e-5
                    break
            else:
                pytest.fail(f"no events train the network of fold {tested} to these scores")
            other = forward(folder / f"best_weights_fold{(tested + 1) % 3}.h5", values)
            assert np.abs(scores - other)[mine].max() > 1e-3

    def test_onnx_of_each_fold_gives_the_scores_of_its_events(self, folds, numbered):
        folder, _ = folds
        scores, _, _ = output(folder / "test_output.csv")
        fold = numbered["event"].to_numpy() % 3
        names = [f"v{number}" for number in range(12)]
        for tested in range(3):
            mine = fold == tested
            found, about = in_onnxruntime(
                folder / f"network_fold{tested}.onnx", numbered.loc[mine, names].to_numpy()
            )
            np.testing.assert_allclose(scores[mine], found, atol=1e-5)
            assert json.loads(about["features"]) == names

    def test_the_report_has_one_line_and_counts_every_event(self, folds, numbered):
        folder, _ = folds
        found = report(folder)
        assert [line["title"] for line in found["classifiers"]] == ["network"]
        assert found["details"]["parts"]["test"]["events"] == len(numbered)


def test_other_methods_stand_in_the_table_and_in_the_report(workplace, monkeypatch):
    # Hundreds of rounds show nothing more.
    monkeypatch.setitem(job._PEERS, "xgboost", {"n_estimators": 20, "max_depth": 3})
    monkeypatch.setitem(job._PEERS, "histgradientboosting", {"max_iter": 10})
    done = workplace.cms(
        *("binary", *NAMES, "compared", *QUICK),
        *("--compare", "xgboost,histgradientboosting", "--optimum", "truth/binary"),
    )
    assert done.exit_code == 0, done.output
    lines = report(workplace.path / "models" / "2017_1l_compared")["classifiers"]
    best = "optimum (true likelihood ratio)"
    assert [line["title"] for line in lines] == [
        *("network", "xgboost", "histgradientboosting", best)
    ]
    told = done.stdout.splitlines()
    for line in lines:
        assert 0.6 < line["auc"] <= lines[-1]["auc"]
        begun = f"{line['title']:<{len(best)}}  {line['auc']:.4f} ± {line['auc_error']:.4f}"
        assert sum(row.startswith(begun) for row in told) == 1


def test_a_second_name_trains_nothing_and_other_settings_do(workplace, page, nothing_to_train):
    folder, _ = page
    done = workplace.cms("binary", *NAMES, "other", *QUICK, engines=nothing_to_train)
    assert done.exit_code == 0, done.output
    other = workplace.path / "models" / "2017_1l_other"
    assert (other / "test_output.csv").read_bytes() == (folder / "test_output.csv").read_bytes()
    done = workplace.cms("binary", *NAMES, "other", *QUICK, "--l2", 0.1, engines=nothing_to_train)
    assert isinstance(done.exception, AssertionError)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--decays", "1e-3,0.001"), "the decay rate 0.001 twice"),
        (("--folds", 2), "2 folds"),
        (("--optimum", "truth/nowhere"), "there is no such file of true scores"),
        (("--folds", 3, "--optimum", "truth/binary"), "true scores are those of given parts"),
        (("--compare", "xgbost"), "xgboost"),
    ],
)
def test_wrong_settings_are_told_and_leave_nothing(workplace, words, told):
    done = workplace.cms("binary", *NAMES, "wrong", *words)
    assert told in str(done.exception)
    assert not (workplace.path / "models" / "2017_1l_wrong").exists()
