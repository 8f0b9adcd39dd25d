"""Keras of 2020 on the Keras of today: for plugins alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.methods.contract.base import Failed, Trained
from sortal.methods.contract.train_one import train_alone
from sortal.plugins.keras import keras_2020
from sortal.plugins.loading.imports import plugin_builtins
from sortal.plugins.loading.load import load, methods
from sortal.testing.data import make_members, make_prepared

from .. import page
from ..conftest import write


@pytest.fixture(autouse=True)
def on_torch(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")


def run(code: str, **names: object) -> dict[str, object]:
    """Run code as that of a plugin."""
    space: dict[str, object] = {"__builtins__": plugin_builtins(), "__name__": "plugin", **names}
    exec(compile(code, "plugin", "exec"), space)
    return space


def test_the_page_s_plugin_fails_with_its_first_undefined_name(modules):
    write(modules, {"classifiers/mlpc_keras/__init__.py": page.KERAS})
    plugins = load([modules])
    assert plugins.broken == ()
    assert [one for one in plugins.notices if "mlpc_keras imports Keras" in one]
    (method,) = methods(modules / "classifiers" / "mlpc_keras")
    outcome = train_alone(method, make_members(method, ({},))[0], make_prepared())
    assert isinstance(outcome, Failed)
    assert "object has no attribute 'hidden_layer_sizes'" in outcome.reason
    assert "__init__.py, line" in outcome.reason


def test_completed_it_learns_reproducibly_and_tells_its_history(modules):
    write(modules, {"classifiers/mlpc_keras/__init__.py": page.COMPLETED_KERAS})
    (method,) = methods(modules / "classifiers" / "mlpc_keras")
    data = make_prepared()
    given = {"learning_rate_init": 0.03, "epochs": 20, "dropout": 0.0, "early_stopping": False}
    (member,) = make_members(method, (given,))
    first, second = (train_alone(method, member, data) for _ in range(2))
    assert isinstance(first, Trained), first
    assert isinstance(second, Trained)
    test = data.inputs(Part.TEST)
    found = first.model.scores(test)[0]
    np.testing.assert_array_equal(found, second.model.scores(test)[0])
    learnt = first.model.scores(data.inputs(Part.TRAIN))[0].argmax(axis=1)
    assert (learnt == data.labels(Part.TRAIN).codes).mean() > 0.7
    rows = first.history[member.key]
    assert set(rows[0]) == {"epoch", "loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert rows[-1]["loss"] < rows[0]["loss"]
    notes = first.notes[member.key]
    assert any("lr= of an optimizer is passed on as learning_rate=" in note for note in notes)
    assert any("predict_classes" in note for note in notes)
    assert not any("input_dim" in note for note in notes)


@pytest.mark.parametrize(
    "line",
    [
        "import keras; Dense = keras.layers.Dense",
        "import keras.layers; Dense = keras.layers.Dense",
        "import keras.layers as L; Dense = L.Dense",
        "from keras import layers; Dense = layers.Dense",
        "from keras.layers import Dense",
        "from keras.layers.core import Dense",
        "from keras.layers import core; Dense = core.Dense",
        "from keras.layers import *",
    ],
)
def test_every_way_of_importing_leads_to_keras(line):
    from keras.layers import Dense

    assert run(line)["Dense"] is Dense


def test_modules_that_moved_are_found():
    space = run("from keras.utils import np_utils\ncategorical = np_utils.to_categorical")
    categorical: object = space["categorical"]
    np.testing.assert_array_equal(categorical([1, 0], 2), [[0, 1], [1, 0]])


@pytest.mark.parametrize("line", ["import keras.nowhere", "from keras.layers import Nothing"])
def test_what_keras_has_not_cannot_be_imported(line):
    with pytest.raises(ImportError):
        run(line)


def test_decay_divides_the_rate_as_it_did():
    with pytest.warns(UserWarning, match="Keras of 2020"):
        space = run("from keras.optimizers import SGD\nopt = SGD(lr=0.1, decay=0.5)")
    rate = space["opt"]._learning_rate
    np.testing.assert_allclose([float(rate(step)) for step in (0, 1, 2)], [0.1, 0.1 / 1.5, 0.05])


@pytest.mark.parametrize("given", ["0.1, 0.9, decay=1e-3", "0.1, momentum=0.9, decay=1e-3"])
def test_decay_leaves_what_stands_behind_the_rate_where_it_was(given):
    with pytest.warns(UserWarning, match="Keras of 2020"):
        made = run(f"from keras.optimizers import SGD\nopt = SGD({given})")["opt"]
    assert made.momentum == 0.9
    assert float(made._learning_rate(1000)) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("name", "rate"), [("Adadelta", 1.0), ("Adagrad", 0.01), ("Adamax", 0.002), ("Nadam", 0.002)]
)
def test_optimizers_begin_with_the_rates_of_then(name, rate):
    with pytest.warns(UserWarning, match=f"{name} begins with learning_rate={rate:g}"):
        made = run(f"from keras.optimizers import {name}\nopt = {name}()")["opt"]
    assert float(made.learning_rate) == pytest.approx(rate)
    with pytest.warns(UserWarning, match="Keras of 2020"):
        made = run(f"from keras.optimizers import {name}\nopt = {name}(decay=0.5)")["opt"]
    assert float(made._learning_rate(2)) == pytest.approx(rate / 2)


@pytest.mark.parametrize("given", ["", "0.5", "lr=0.5"])
def test_adagrad_starts_with_an_accumulator_of_0_at_any_rate(given):
    with pytest.warns(UserWarning, match="Keras of 2020"):
        made = run(f"from keras.optimizers import Adagrad\nopt = Adagrad({given})")["opt"]
    assert made.initial_accumulator_value == 0.0


@pytest.mark.parametrize(
    ("line", "rate"),
    [
        ("Adadelta(0.5)", 0.5),
        ("Adadelta(learning_rate=0.5)", 0.5),
        ("Adam()", 0.001),
        ("SGD()", 0.01),
    ],
)
def test_rates_that_are_said_or_have_not_changed_stay(line, rate, recwarn):
    made = run(f"from keras.optimizers import Adadelta, Adam, SGD\nopt = {line}")["opt"]
    assert float(made.learning_rate) == pytest.approx(rate)
    assert not [one for one in recwarn if "begins with" in str(one.message)]


def test_an_optimizer_that_is_named_begins_so_too():
    code = """\
from keras.models import Sequential
from keras.layers import Dense
model = Sequential([Dense(2)])
model.compile({given})
"""
    with pytest.warns(UserWarning, match="Adadelta begins with learning_rate=1"):
        model = run(code.format(given="loss='mse', optimizer='adadelta'"))["model"]
    assert float(model.optimizer.learning_rate) == 1.0
    with pytest.warns(UserWarning, match="Nadam begins with"):
        model = run(code.format(given="'Nadam', 'mse'"))["model"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.002)
    model = run(code.format(given="'adam', 'mse'"))["model"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def test_one_output_is_a_class_above_one_half():
    class Model:
        def predict(self, x, **_):
            return np.asarray(x)

    with pytest.warns(UserWarning, match="predict_classes"):
        found = keras_2020._predict_classes(Model(), [[0.4], [0.6]])
    np.testing.assert_array_equal(found, [[0], [1]])


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_files_hold_models_of_keras_itself(tmp_path):
    import keras

    code = """\
from keras.models import Sequential, load_model
from keras.layers import Dense
model = Sequential([Dense(2, activation='softmax')])
model.predict(X, verbose=0)
model.save(str(path))
again = load_model(str(path))
classes = again.predict_classes(X)
"""
    X, path = np.eye(3, dtype=np.float32), tmp_path / "model.keras"
    with pytest.warns(UserWarning, match="predict_classes"):
        space = run(code, X=X, path=path)
    plain = keras.models.load_model(path)
    assert type(plain) is keras.Sequential
    assert not hasattr(plain, "predict_classes")
    np.testing.assert_array_equal(space["classes"], plain.predict(X, verbose=0).argmax(axis=1))


def test_everybody_else_sees_keras_as_it_is():
    import keras

    run("from keras.models import Sequential\nmodel = Sequential()\nfrom keras import optimizers")
    assert not hasattr(keras.Sequential, "predict_classes")
    with pytest.raises((ValueError, TypeError)):
        keras.optimizers.SGD(lr=0.1)


def test_without_keras_the_plugin_alone_cannot_be_used(tmp_path):
    (tmp_path / "keras.py").write_text("raise ModuleNotFoundError(\"No module\", name='keras')\n")
    write(tmp_path / "modules", {"classifiers/k/__init__.py": page.KERAS})
    code = (
        "from pathlib import Path\nfrom sortal.plugins.loading.load import load\n"
        f"print(load([Path({str(tmp_path / 'modules')!r})]).broken[0].reason)\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(tmp_path),
    ).stdout
    assert "pip install 'sortal[keras]'" in out


def test_the_backend_is_torch_unless_the_user_says_otherwise(tmp_path):
    write(tmp_path, {"classifiers/k/__init__.py": page.KERAS})
    code = (
        "import os\nfrom pathlib import Path\n"
        "from sortal.plugins.loading.load import load\n"
        f"load([Path({str(tmp_path)!r})])\nimport keras\nprint(keras.backend.backend())\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == "torch"
