"""Built-in classifiers trained on one data set, as the batch runner's workers would."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part, Split
from sortal.export.formats import Format
from sortal.export.portable import Portable
from sortal.export.write import write
from sortal.methods import registry
from sortal.methods.contract.base import Member, Population, Progress, Trained, Verdict
from sortal.plugins.declaration import resolve_arguments
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin.classifiers import find


class _Quiet:
    def report(self, progress: Progress) -> Verdict:
        return Verdict()


def _prepared(source: GivenData, train: np.ndarray, test: np.ndarray) -> Prepared:
    outputs = Outputs.INDEPENDENT if source.is_multilabel else Outputs.EXCLUSIVE
    dataset = Dataset(
        name=source.name,
        inputs=Inputs({"features": source.X_train}, np.arange(len(source.X_train))),
        labels=Labels(source.y_train, source.class_names, outputs),
        names={"features": tuple(f"x{n}" for n in range(source.X_train.shape[1]))},
    )
    split = Split(train=train, validation=train[:0], test=test)
    return Prepared.fit(dataset, split, Preparation())


class Learnt:
    """What one classifier became."""

    def __init__(self, outcome: Trained, data: Prepared, source: GivenData, dropout: float) -> None:
        self.outcome, self.data, self.dropout = outcome, data, dropout
        self.history = outcome.history.get("m", [])
        self.scores = outcome.model.scores(data.inputs(Part.TEST))[0]
        (probable,) = getattr(outcome.model, "probable", (True,))
        self.answers = (
            (self.scores > (0.5 if probable else 0.0)).astype(int)
            if source.is_multilabel
            else self.scores.argmax(axis=1)
        )


@pytest.fixture(scope="session")
def halves() -> Callable[[GivenData], tuple[np.ndarray, np.ndarray]]:
    """Rows that train and rows that test: one half each, in random order of the data."""

    def halves(source: GivenData) -> tuple[np.ndarray, np.ndarray]:
        order = np.random.default_rng(1).permutation(len(source.X_train))
        middle = len(order) // 2
        return np.sort(order[:middle]), np.sort(order[middle:])

    return halves


@pytest.fixture(scope="session")
def learn(halves: Any) -> Callable[..., Learnt]:
    """Trains a built-in classifier by its name and arguments on one half of a data set."""

    def learn(name: str, source: GivenData, arguments: Mapping[str, Any] | None = None) -> Learnt:
        built_in = find(name)
        checked = resolve_arguments(arguments or {}, built_in.declaration)
        assert checked.warnings == ()
        translated = built_in.translated(checked, source)
        method, data = registry.find(translated.method), _prepared(source, *halves(source))
        parameters = method.Parameters.model_validate(dict(translated.parameters))
        member = Member(
            key="m", method=translated.method, parameters=parameters, seed=translated.seed
        )
        (outcome,) = method.train(Population(members=(member,)), data, _Quiet())
        assert isinstance(outcome, Trained), outcome
        return Learnt(outcome, data, source, getattr(parameters, "dropout", 0.0))

    return learn


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., str]:
    """Writes what was learnt as the runner does."""

    def saved(learnt: Learnt, source: GivenData, form: Format = Format.H5) -> str:
        path = tmp_path / f"model{'.h5' if form is Format.H5 else '.keras'}"
        names, width = learnt.data.dataset.names, source.X_train.shape[1]
        portable = Portable.of(
            learnt.outcome.model,
            learnt.data.preparer,
            InputSpec(names=names, shapes={"features": (width,)}),
            classes=source.class_names,
            dropout=learnt.dropout,
        )
        write(portable, path, form)
        return str(path)

    return saved


@pytest.fixture(scope="session")
def squares() -> GivenData:
    """Images of 16 x 16 bytes: a bright square in one of two corners of noise."""
    return _squares(())


@pytest.fixture(scope="session")
def coloured() -> GivenData:
    """The same with three channels."""
    return _squares((3,))


def _squares(channels: tuple[int, ...]) -> GivenData:
    rng = np.random.default_rng(8)
    images, codes = rng.integers(0, 60, (120, 16, 16, *channels)).astype(float), np.arange(120) % 2
    images[codes == 0, 8:15, 8:15] += 150
    images[codes == 1, 1:8, 1:8] += 150
    X = images.reshape(120, -1)
    return GivenData(
        name="squares",
        class_names=("lower", "upper"),
        X_train=X,
        y_train=codes,
        X_test=X[:0],
        y_test=codes[:0],
        specs={"original_shape": images.shape},
    )
