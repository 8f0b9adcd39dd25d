"""With `compat` both commands compute what the scripts of the guide compute, from six files to the last figure."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sortal.engines.inline import InlineEngine
from sortal.jobs.applying.export import load_portable
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.networks.dense import Dense
from sortal.networks.network import Network
from sortal.networks.stream import stream_seed
from sortal.store.store import Store
from sortal.systems.cms import binary, session
from sortal.systems.cms.binary import run_binary
from sortal.systems.cms.multiclass import run_multiclass
from sortal.systems.cms.settings import BinarySettings
from sortal.systems.cms.simulation.example import write_example
from sortal.systems.cms.training.campaign import Call, job_name
from sortal.systems.cms.training.scored import Scored, scored
from sortal.training.examples.batches import epoch_order

# Keras itself copies its variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PREFIXES = ("train", "val", "test")
CODES = {"Wj": 1, "TT": 2, "ZJ": 3}
POINT = "T2DegStop_550_520"
LUMINOSITY, F = 35866.0, 0.2
NAMES = {
    "loss": "loss",
    "val_loss": "validation_loss",
    "accuracy": "accuracy",
    "val_accuracy": "validation_accuracy",
}


@dataclass(frozen=True)
class Read:
    """One part as the scripts read it: signal rows, then background rows."""

    variables: np.ndarray
    weights: np.ndarray
    processes: np.ndarray
    labels: np.ndarray


IN_PROCESS = Call(store=Path(".sortal"), options=RunOptions(cores=1), engines=InlineEngine())
"""Where and how the commands train."""


@pytest.fixture(scope="module")
def scripts() -> Iterator[ModuleType]:
    """The two scripts in plain Keras."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        import keras_scripts

        yield keras_scripts


@pytest.fixture(scope="module")
def in_example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Path]]:
    """Make an example of so many events, and work in it."""
    with pytest.MonkeyPatch.context() as patch:
        # Pictures take longer than all the rest, and are those of the commands' own tests.
        patch.setattr("sortal.systems.cms.multiclass.draw_all", lambda *given: [])
        patch.setattr("sortal.systems.cms.multiclass.draw_course", lambda *given, **how: None)

        def example(events: int) -> Path:
            folder = tmp_path_factory.mktemp("example")
            write_example(folder, events=events)
            patch.chdir(folder)
            return folder

        yield example


def read(folder: Path, *, several: bool) -> dict[str, Read]:
    """The three parts of a folder of six files."""
    parts = {}
    for prefix in PREFIXES:
        signal, background = (
            pd.read_csv(folder / f"{prefix}_{kind}.csv", header=None) for kind in ("sig", "bkg")
        )
        table = pd.concat([signal, background])
        processes = table.iloc[:, -1].str[:-5].to_numpy()
        is_signal = np.arange(len(table)) < len(signal)
        other = [CODES.get(process[:2], 4) for process in processes]
        labels = np.where(is_signal, 0, other) if several else is_signal.astype(int)
        variables = table.iloc[:, :-2].to_numpy(dtype=float)
        parts[prefix] = Read(variables, table.iloc[:, -2].to_numpy(dtype=float), processes, labels)
    return parts


def events(scripts: ModuleType, part: Read) -> Any:
    return scripts.Events(part.variables, part.weights, part.labels)


def start(seed: int, *sizes: int) -> list[np.ndarray]:
    """Kernels and biases with which a network of this seed starts."""
    network = Network(shape=sizes[:1], layers=tuple(Dense(units=units) for units in sizes[1:]))
    state = network.start(seed, "he_normal", "glorot_uniform")
    slots = [held.slots for held in network.held(state.unsqueeze(0))]
    return [held[name][0].numpy() for held in slots for name in ("weight", "bias")]


def order(store: Store, one: Scored) -> Callable[[int], np.ndarray]:
    """Rows of the training events in the order of each epoch of that run."""
    record = one.member.record
    split = store.datasets.splits.get(record.dataset, record.split)
    seed = stream_seed(split.fingerprint, one.seed)
    return lambda epoch: epoch_order(seed, epoch, len(split.train)).numpy()


def trained(title: str) -> tuple[Store, list[Scored]]:
    store = Store.open(Path(".sortal"))
    return store, scored(JobResults.read(store, job_name(title)), store)


def assert_same_course(one: Scored, ran: Any, *, within: float) -> None:
    """Losses and accuracies of no epoch differ by more."""
    for theirs, ours in NAMES.items():
        mine = [row[ours] for row in one.history]
        np.testing.assert_allclose(mine, ran.history[theirs], rtol=0, atol=within, err_msg=ours)


def outputs(folder: Path, name: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Scores, and weights with processes, as the script's files have them."""
    table = pd.read_csv(folder / name, header=None)
    return table.iloc[:, :-2].to_numpy(dtype=np.float32), table.iloc[:, -2:]


def compare_binary(
    scripts: ModuleType, folder: Path, *, epochs: int, precision: str, within: float
) -> None:
    """Train both ways, and hold everything against one another."""
    drawn: list[Any] = []

    def remember(curves: Any, **others: Any) -> Any:
        drawn.extend(curves)
        return roc_figure(curves, **others)

    roc_figure = binary.roc_figure
    given = {
        "year": "2016",
        "channel": "1l",
        "name": "compat",
        "bootstrap": 0,
        "compat": True,
        "epochs": epochs,
        "precision": precision,
        "seed": 3,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binary, "roc_figure", remember)
        assert run_binary(given, None, IN_PROCESS) == 0
    store, networks = trained("2016_1l_compat")
    (ours,) = (one for one in networks if one.parameters["keep_best"])
    parts = read(folder / "data", several=False)
    ran = scripts.run_binary_script(
        *(events(scripts, parts[prefix]) for prefix in PREFIXES),
        start=start(3, 12, 50, 50, 1),
        order=order(store, ours),
        epochs=epochs,
        precision=precision,
    )
    assert_same_course(ours, ran, within=within)
    assert [
        int(np.argmin([row["validation_loss"] for row in one.history])) for one in networks
    ] == [ran.best_epoch] * 2
    place = folder / "models" / "2016_1l_compat"
    for name, part, prefix in (
        ("val_output.csv", "validation", "val"),
        ("test_output.csv", "test", "test"),
    ):
        scores, beside = outputs(place, name)
        np.testing.assert_allclose(scores, ran.scores[part], rtol=0, atol=within)
        np.testing.assert_array_equal(beside.iloc[:, 0], parts[prefix].weights)
        np.testing.assert_array_equal(beside.iloc[:, 1], parts[prefix].processes)
    # The script's ROC curves: unweighted, of the last epoch's weights.
    assert [curve.label for curve in drawn] == ["Training ROC", "Validation ROC"]
    for curve, prefix, part in zip(drawn, PREFIXES[:2], ("train", "validation"), strict=True):
        area = roc_auc_score(parts[prefix].labels, ran.last_scores[part][:, 0])
        assert curve.area == pytest.approx(area, abs=max(within, 1e-5))
    weighted = roc_auc_score(
        parts["val"].labels,
        ran.scores["validation"][:, 0],
        sample_weight=np.abs(parts["val"].weights),
    )
    assert abs(drawn[1].area - weighted) > 1e-4, "weights or another epoch would have been seen"


def one_epoch(train: Read, rows: np.ndarray) -> list[np.ndarray]:
    """Weights behind one epoch of the binary script, from its formulas in double precision."""
    weights = start(3, 12, 50, 50, 1)
    mean, square = ([np.zeros_like(one) for one in weights] for _ in range(2))
    top, bottom = train.variables.max(axis=0), train.variables.min(axis=0)
    scaled = (2 * train.variables - top - bottom) / (top - bottom)
    sums = np.bincount(train.labels, train.weights)
    balanced = train.weights * np.count_nonzero(train.labels == 0) / sums[train.labels]
    for step, batch in enumerate((rows[:5000], rows[5000:]), 1):
        w1, b1, w2, b2, w3, b3 = weights
        x, y = scaled[batch], train.labels[batch, np.newaxis]
        first = np.maximum(x @ w1 + b1, 0)
        second = np.maximum(first @ w2 + b2, 0)
        scores = 1 / (1 + np.exp(-(second @ w3 + b3)))
        slope = balanced[batch, np.newaxis] * (scores - y) / len(batch)
        back = (slope @ w3.T) * (second > 0)
        back_first = (back @ w2.T) * (first > 0)
        slopes = [x.T @ back_first, back_first.sum(0), first.T @ back, back.sum(0)]
        slopes += [second.T @ slope, slope.sum(0)]
        for place, one in enumerate(slopes):
            mean[place] = 0.9 * mean[place] + 0.1 * one
            square[place] = 0.999 * square[place] + 0.001 * one**2
            pace = 5e-3 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights[place] = weights[place] - pace * mean[place] / (np.sqrt(square[place]) + 1e-7)
    return weights


def naive_merit(signal: float, background: float) -> float:
    """The figure of merit as the script has it: 0 where its logarithms are not defined."""
    s, b, variance = signal, background, (F * background) ** 2
    if b <= 0 or s + b <= 0 or 1 + F**2 * b**2 * s / (b * (b + variance)) <= 0:
        return 0.0
    first = (s + b) * math.log((s + b) * (b + variance) / (b**2 + (s + b) * variance))
    second = math.log(1 + F**2 * b**2 * s / (b * (b + variance))) / F**2
    return math.sqrt(2 * (first - second)) if first > second else 0.0


def script_scan(part: Read, scores: np.ndarray, *, factors: list[float], point: str) -> np.ndarray:
    """Figure of merit above each of the script's 200 cuts."""
    weights = part.weights * LUMINOSITY * np.array(factors)[part.labels]
    counted = (part.labels > 0) | (part.processes == point) | (point == "")
    chosen = counted & (scores.argmax(axis=1) == 0)
    signal = scores[:, 0].astype(float)
    found = []
    for number in range(200):
        keep = chosen & (signal > 0.7 + number * 0.0015) & (signal < 1.0)
        yields = [weights[keep & (part.labels == code)].sum() for code in range(5)]
        found.append(naive_merit(yields[0], sum(yields[1:])))
    return np.array(found)


def compare_multiclass(
    scripts: ModuleType, folder: Path, *, epochs: int, precision: str, within: float, **given: Any
) -> None:
    """Train both decays both ways, and hold everything against one another."""
    chosen = {
        "compat": True,
        "epochs": epochs,
        "precision": precision,
        "seed": 1,
        "runs": 1,
        "bootstrap": 0,
        **given,
    }
    assert run_multiclass(chosen, None, IN_PROCESS) == 0
    store, networks = trained("17var_models_5C")
    parts = read(folder / "17var" / "data", several=True)
    table = pd.read_csv(folder / "17var_fom.csv", index_col=0)
    (batch_size,) = {one.parameters["batch_size"] for one in networks}
    (learning_rate,) = {one.parameters["learning_rate"] for one in networks}
    assert [one.parameters["decay"] for one in networks] == [1e-3, 1e-4]
    assert list(table["Decay Rate"]) == [1e-3, 1e-4]
    for ours, (_, row) in zip(networks, table.iterrows(), strict=True):
        decay = ours.parameters["decay"]
        ran = scripts.run_multiclass_script(
            *(events(scripts, parts[prefix]) for prefix in PREFIXES),
            start=start(1, 17, 100, 100, 5),
            order=order(store, ours),
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            decay=decay,
            precision=precision,
        )
        assert_same_course(ours, ran, within=within)
        (place,) = (folder / "17var_models_5C").glob(f"*_D1e-{round(-math.log10(decay))}")
        written = {}
        for prefix, name in (("val", "val_output.csv"), ("test", "test_output.csv")):
            written[prefix], beside = outputs(place, name)
            part = {"val": "validation", "test": "test"}[prefix]
            np.testing.assert_allclose(written[prefix], ran.scores[part], rtol=0, atol=within)
            np.testing.assert_array_equal(beside.iloc[:, 1], parts[prefix].processes)
        assert_same_table(row, parts, written)


def assert_same_table(
    row: pd.Series, parts: dict[str, Read], scores: dict[str, np.ndarray]
) -> None:
    """One line of 17var_fom.csv is what the script makes of these scores."""
    # The script multiplies the last class of validation with the factor of test, and counts
    # all signal points in test.
    validation = script_scan(parts["val"], scores["val"], factors=[4, 4, 4, 4, 2], point=POINT)
    test = script_scan(parts["test"], scores["test"], factors=[2] * 5, point="")
    best = int(np.argmax(validation))
    assert validation[best] > 0
    assert row["Max Val FOM"] == pytest.approx(validation[best], rel=1e-6)
    assert row["at x_cut"] == round(0.7 + best * 0.0015, 4)
    assert row["Test FOM"] == pytest.approx(test[best], rel=1e-6)
    assert row["Max Test FOM"] == pytest.approx(test.max(), rel=1e-6)


def test_a_binary_network_is_the_scripts(scripts, in_example):
    # 6000 training events: a whole batch of 5000 and a partial one, as the script keeps it.
    # Keras sums gradients in float32 even so; the next test asks for more.
    compare_binary(scripts, in_example(24_000), epochs=4, precision="float64", within=1e-4)


def test_an_epoch_of_the_binary_script_is_that_of_the_formulas(in_example):
    folder = in_example(24_000)
    given = {
        "year": "2016",
        "channel": "1l",
        "name": "formulas",
        "compat": True,
        "epochs": 1,
        "precision": "float64",
        "seed": 3,
    }
    settings = session.read(BinarySettings, given, None)
    sample = session.load(settings)
    campaign = session.train(settings, sample, "formulas", IN_PROCESS)
    last = next(one for one in campaign.networks if not one.parameters["keep_best"])
    weights = one_epoch(
        read(folder / "data", several=False)["train"], order(campaign.store, last)(0)
    )
    layers = filter(None, load_portable(campaign.store, last.member).tensors)
    found = [layer[name] for layer in layers for name in ("weight", "bias")]
    for ours, theirs in zip(found, weights, strict=True):
        np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=0, atol=1e-12)


def test_five_class_networks_and_merits_are_the_script_s(scripts, in_example):
    folder = in_example(8_000)
    fast = {"learning_rate": 5e-3, "batch_size": 500}
    compare_multiclass(scripts, folder, epochs=6, precision="float64", within=1e-6, **fast)
    names = {path.name for path in (folder / "17var_models_5C").iterdir()}
    assert names == {f"2016_1l_Tanh_CatCrossEnt_100-100_L5e-3_D1e-{number}" for number in (3, 4)}


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "within"), [("float64", 1e-4), ("float32", 1e-4)])
def test_twenty_epochs_of_the_binary_script(scripts, in_example, precision, within):
    compare_binary(scripts, in_example(90_000), epochs=20, precision=precision, within=within)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "within"), [("float64", 1e-6), ("float32", 1e-4)])
def test_twenty_epochs_of_the_multiclass_script(scripts, in_example, precision, within):
    folder = in_example(90_000)
    compare_multiclass(scripts, folder, epochs=20, precision=precision, within=within)
