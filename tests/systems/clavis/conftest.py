"""A folder to run batches in, with small data sets and classifiers as plugins."""

import json
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.engines.base import Engines
from sortal.errors import UserError
from sortal.jobs.results.results import JobResults
from sortal.store.records.job_record import JobRecord
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

    def results(self, job: str) -> JobResults:
        """Results of a job by its name in the store."""
        return JobResults.read(Store.open(self.store, create=False), job)

    def record(self, job: str) -> JobRecord:
        """A job's record."""
        return Store.open(self.store, create=False).jobs.read(job)

    @property
    def lines(self) -> list[str]:
        """What was printed, without the rules of tables."""
        return [line.rstrip() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Bench:
    """A working directory with jobs and plugins."""

    folder: Path
    engines: Engines | None = None
    """What batches train on; processes if None."""

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
        ran = CliRunner(env={"COLUMNS": "200"}).invoke(
            app, ["clavis", "batch", *given], obj=self.engines
        )
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.output, store)


@pytest.fixture
def bench(tmp_path: Path, engines: Engines | None, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SORTAL_DATASETS", raising=False)
    return Bench(tmp_path, engines)


def scores_of(truth: Any, predicted: Any) -> dict[str, Any]:
    """What ClaVis computes of one part: no matrix of several labels."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    several = truth.ndim > 1
    weighted = metrics.precision_recall_fscore_support(
        truth, predicted, average="weighted", zero_division=0
    )
    return {
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "conf_matrix": None if several else _matrix(truth, predicted),
        "pre_rec_fs_supp": [None if one is None else float(one) for one in weighted],
    }


def _matrix(truth: np.ndarray, predicted: np.ndarray) -> list[list[int]]:
    """Of the classes that occur or are predicted, as scikit-learn gives it unasked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a single class
        counts: list[list[int]] = metrics.confusion_matrix(truth, predicted).tolist()
    return counts


def mean_scores(folds: list[dict[str, Any]]) -> dict[str, Any]:
    """What ClaVis makes of the scores of folds."""
    count = len(folds)
    matrix = np.sum([fold["conf_matrix"] for fold in folds], axis=0).tolist()
    return {
        "accuracy": sum(fold["accuracy"] for fold in folds) / count,
        "conf_matrix": [[round(one / count, 1) for one in row] for row in matrix],
        "pre_rec_fs_supp": [
            sum(fold["pre_rec_fs_supp"][place] for fold in folds) / count for place in range(3)
        ],
    }


def _md5(said: Mapping[str, Any]) -> str:
    return md5(json.dumps(said, sort_keys=True).encode()).hexdigest()


class Evil:
    """What breaks a test when its pickle is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was opened",))


@dataclass(frozen=True)
class CachedBlock:
    """One data block of a cache that is being written."""

    folder: Path
    name: str

    def classifier(
        self,
        title: str,
        test: dict[str, Any] | None,
        train: dict[str, Any] | None = None,
        *,
        method: str = "kneighbors",
        seconds: tuple[float, float] = (0.5, 0.25),
        **arguments: Any,
    ) -> Path:
        """Write the files of a classifier; returns that of its scores."""
        said = {"title": title, "method": method, **arguments}
        stem = f"{self.name}__clf_{_md5(said)}"
        scores = {
            "train_scores": train,
            "test_scores": test,
            "hash": stem,
            "data_hash": self.name,
            "clf_time": seconds[0],
            "pred_time": seconds[1],
        }
        self.write(stem, said)
        path = self.folder / f"{stem}_scores.json"
        path.write_text(json.dumps(scores, indent=4))
        (self.folder / f"{stem}_proba").write_bytes(pickle.dumps(Evil()))
        return path

    def projection(self, kind: str, **said: Any) -> None:
        """Write a projection: of examples (`proj`) or classifiers (`clf_proj`)."""
        self.write(f"{self.name}__{kind}_{_md5(said)}", said)

    def write(self, stem: str, said: Mapping[str, Any]) -> None:
        """Write a pickle, and the arguments beside it."""
        (self.folder / stem).write_bytes(pickle.dumps(Evil()))
        (self.folder / f"{stem}_args.json").write_text(json.dumps(said, indent=4))


@dataclass(frozen=True)
class CacheFolder:
    """A cache as ClaVis writes one."""

    folder: Path

    def data(self, title: str = "iris", dataset: str = "sklearn_iris", **more: Any) -> CachedBlock:
        """Write a data block."""
        said = {"title": title, "dataset": dataset, "test_size": 0.2, "scale": False, **more}
        name = f"data_{_md5(said)}"
        (self.folder / f"{name}_args.json").write_text(json.dumps(said, indent=4))
        return CachedBlock(self.folder, name)

    def another(self) -> "CacheFolder":
        """An empty one beside it, with a store of its own."""
        folder = Path(mkdtemp(dir=self.folder.parent)) / "cache"
        folder.mkdir()
        return CacheFolder(folder)

    @staticmethod
    def scores(truth: Any, predicted: Any) -> dict[str, Any]:
        """What ClaVis computes of one part."""
        return scores_of(truth, predicted)

    @staticmethod
    def mean(folds: list[dict[str, Any]]) -> dict[str, Any]:
        """What ClaVis makes of the scores of folds."""
        return mean_scores(folds)

    @staticmethod
    def iris(wrong: int = 0) -> dict[str, Any]:
        """Scores on 30 irises of which the last so many are taken for the first class."""
        truth = np.arange(30) % 3
        predicted = truth.copy()
        predicted[len(truth) - wrong :] = 0
        return scores_of(truth, predicted)

    def sortal(self, *words: str | Path) -> Ran:
        """Run a command on the store beside the cache."""
        store = self.folder.parent / "store"
        given = [*map(str, words), "--store", str(store)]
        ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, given)
        if ran.exception and not isinstance(ran.exception, (SystemExit, UserError)):
            raise ran.exception
        told = ran.output + (str(ran.exception) if isinstance(ran.exception, UserError) else "")
        return Ran(2 if isinstance(ran.exception, UserError) else ran.exit_code, told, store)

    def bring(self, *words: str | Path) -> Ran:
        """Import it."""
        return self.sortal("clavis", "import", self.folder, *words)


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    """An empty cache folder."""
    (tmp_path / "cache").mkdir()
    return CacheFolder(tmp_path / "cache")
