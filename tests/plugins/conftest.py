"""Folders of plugins: those of the page, and small ones made for a test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.methods.contract.base import Trained
from sortal.methods.contract.train_one import train_alone
from sortal.plugins.loading.load import Plugins, load, methods
from sortal.testing.data import make_members, make_prepared

from . import page

Write = Callable[..., Path]

CLASSIFIER = """\
import numpy as np
{imports}
CLF_INFO = {{
    'name': {name!r}, 'short': 'S', 'description': 'for tests', 'parameters': {parameters!r}
}}


def get_info():
    return CLF_INFO


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


class Classifier:
    def __init__(self, args, data_specs):
        self.args, self.specs = args, data_specs

{body}
"""

MAJORITY = """\
    def fit(self, X, y):
        self.counts = np.bincount(y, minlength=self.specs['num_classes'])

    def predict(self, X, y):
        return np.full(len(X), self.counts.argmax())
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """An empty folder of plugins."""
    folder = tmp_path / "modules"
    (folder / "classifiers").mkdir(parents=True)
    (folder / "datasets").mkdir()
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def classifier(modules: Path) -> Write:
    """Write a classifier's plugin; returns its folder."""

    def make(
        name: str = "small",
        *,
        body: str = MAJORITY,
        parameters: object = (),
        imports: str = "",
        root: Path = modules,
    ) -> Path:
        folder = root / "classifiers" / name
        text = CLASSIFIER.format(name=name, parameters=parameters, body=body, imports=imports)
        write(folder, {"__init__.py": text})
        return folder

    return make


@pytest.fixture
def page_modules(modules: Path) -> Path:
    """The page's iris, KNN, Random Forest and Keras plugins, and one of the MNIST kind."""
    write(
        modules,
        {
            "datasets/sklearn_iris/__init__.py": page.IRIS,
            "datasets/keras_mnist/__init__.py": page.MNIST,
            "classifiers/k_neighbors/__init__.py": page.KNN,
            "classifiers/random_forest/__init__.py": page.FOREST,
            "classifiers/reshaping/__init__.py": page.RESHAPING,
        },
    )
    digits = load_digits()
    np.savez(
        modules / "datasets" / "keras_mnist" / "digits.npz",
        X_train=digits.images[:400].astype(np.uint8),
        y_train=digits.target[:400],
        X_test=digits.images[400:500].astype(np.uint8),
        y_test=digits.target[400:500],
    )
    return modules


@pytest.fixture
def page_plugins(page_modules: Path) -> Plugins:
    return load([page_modules])


def method_of(folder):
    """The method of one classifier's folder."""
    (method,) = methods(folder)
    return method


def trained(folder, parameters=None, *, outputs=Outputs.EXCLUSIVE, seed=3, **options):
    """One member on small data."""
    method = method_of(folder)
    (member,) = make_members(method, ({} if parameters is None else parameters,), seeds=(seed,))
    return train_alone(method, member, make_prepared(outputs, **options))


def scores(outcome, data=None) -> np.ndarray:
    """Scores of one trained member on the test examples."""
    assert isinstance(outcome, Trained), outcome
    return outcome.model.scores((data or make_prepared()).inputs(Part.TEST))[0]
