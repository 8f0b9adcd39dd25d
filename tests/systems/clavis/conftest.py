"""A folder to run batches in, with small data sets and classifiers as plugins."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.jobs.results import Results
from sortal.store.store import Store

DATASET = '''\
"""A data set for tests."""

import os

import numpy as np

NAMES = {names!r}


def get_info():
    return {{"name": {name!r}, "description": "for tests", "class_names": NAMES}}


def get_data(datasets_path):
    assert os.path.isabs(datasets_path)
    data = np.load(os.path.join(datasets_path, {name!r}, "data.npz"))
    specs = {{key[6:]: data[key] for key in data.files if key.startswith("specs_")}}
    specs = {{key: value if value.ndim else bool(value) for key, value in specs.items()}}
    arrays = {{key: data[key] for key in data.files if not key.startswith("specs_")}}
    return {{**arrays, "class_names": NAMES, "specs": specs}}
'''

CLASSIFIER = '''\
"""A classifier for tests."""

CLF_INFO = {{
    "name": {name!r},
    "short": "T",
    "description": "for tests",
    "parameters": [
        {{"name": "depth", "description": "d", "type": "integer", "range": [1, 9], "default_value": 2}}
    ],
}}


def get_info():
    return CLF_INFO


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


class Classifier:
    def __init__(self, args, data_specs):
        from sklearn.tree import DecisionTreeClassifier

        self.clf = DecisionTreeClassifier(max_depth=args["depth"], random_state=0)

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        {fit}

    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
'''


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    store: Path

    def results(self, job: str) -> Results:
        """Results of a job by its name in the store."""
        return Results.read(Store.open(self.store, create=False), job)

    def record(self, job: str) -> dict[str, Any]:
        """A job's record."""
        return Store.open(self.store, create=False).read_job(job)

    @property
    def lines(self) -> list[str]:
        """What was printed, without the rules of tables."""
        return [line.rstrip() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Bench:
    """A working directory with jobs and plugins."""

    folder: Path

    def job(self, name: str, content: Any) -> Path:
        """Write a job file; a list is the classifiers of a job on iris."""
        if isinstance(content, list):
            content = {"data": {"title": name, "dataset": "sklearn_iris"}, "classifiers": content}
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path = self.folder / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        return path

    def dataset(
        self,
        name: str,
        train: tuple[np.ndarray, np.ndarray],
        test: tuple[np.ndarray, np.ndarray] | None = None,
        *,
        classes: int | None = None,
        specs: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a plugin that gives these examples."""
        labels = train[1]
        count = classes or (labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1)
        folder = self.folder / "modules/datasets" / name
        folder.mkdir(parents=True)
        names = [f"class {number}" for number in range(count)]
        (folder / "__init__.py").write_text(DATASET.format(name=name, names=names))
        empty = np.array([])
        given = test or (empty, empty)
        np.savez(
            folder / "data.npz",
            X_train=train[0],
            y_train=labels,
            X_test=given[0],
            y_test=given[1],
            **{f"specs_{key}": value for key, value in (specs or {}).items()},
        )

    def classifier(self, name: str, fit: str = "self.clf.fit(X_train, y_train)") -> None:
        """Write a plugin that is a small tree, or fails."""
        folder = self.folder / "modules/classifiers" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(CLASSIFIER.format(name=name, fit=fit))

    def batch(self, *words: str | Path) -> Ran:
        """Run `sortal clavis batch` on two cores."""
        store = self.folder / "store"
        given = ["--store", str(store), "--cores", "2", *map(str, words)]
        ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["clavis", "batch", *given])
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.output, store)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SORTAL_DATASETS", raising=False)
    return Bench(tmp_path)
