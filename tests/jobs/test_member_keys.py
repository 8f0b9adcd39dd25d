"""Keys of members stay what they were, so that stores written before are still found.

The keys and what they are hashes of were written by the code at commit d7bcf7e, November 2026:
`golden/member_keys.json`. A key that is meant to change (a method's `version` is raised, a default
is another one) is entered there by hand, with a line in CHANGELOG.md, because its results are
computed again in every store.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sortal.jobs.launch import prepare
from sortal.jobs.planning.members import PlannedMember
from sortal.methods.contract.library_versions import library_version
from sortal.plugins.loading.provide import with_plugins

KEYS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "member_keys.json").read_text(encoding="utf-8")
)
"""By classifier, target, seed and fold: the key, and the fields that it is a hash of."""

PLUGIN = """\
from sklearn.neighbors import KNeighborsClassifier

CLF_INFO = {
    "name": "my_knn",
    "parameters": [
        {"name": "k", "type": "integer", "range": [1, 50], "default_value": 5},
    ],
}


def get_info():
    return CLF_INFO


def get_clf(args, data_specs):
    return Classifier(args)


class Classifier:
    def __init__(self, args):
        self.clf = KNeighborsClassifier(n_neighbors=args["k"])

    def fit(self, X, y):
        self.clf.fit(X, y)

    def predict(self, X, y):
        return self.clf.predict(X)
"""


def _write_data(folder: Path) -> None:
    """60 examples as a table, as signals and as stamps, by formulas that need no random numbers."""
    rows = np.arange(60)
    lines = ["name,a,b,c,w,w2,kind,x,y,night"]
    for i in rows:
        a, b, c = (i * 7 % 13) / 4, (i * 5 % 11) / 8, "" if i % 17 == 3 else (i * 3 % 7) / 2
        y = "" if i % 19 == 5 else int(a > b)
        kind = ("galaxy", "quasar", "star")[i % 3]
        w = -0.5 if i % 10 == 4 else 0.25 * (1 + i % 5)
        lines.append(f"obs-{i},{a},{b},{c},{w},{1 + i % 2},{kind},{i % 2},{y},{i // 6}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    signal = ((rows[:, None] * np.arange(1, 21)) % 16 / 8).astype(np.float32)
    stamps = ((rows[:, None] * np.arange(1, 163)) % 32 / 16).astype(np.float32)
    np.savez(folder / "signal.npz", labels=rows % 2, signal=signal)
    np.savez(folder / "stamps.npz", labels=rows % 3, stamps=stamps.reshape(60, 2, 9, 9))
    plugin = folder / "modules" / "classifiers" / "my_knn"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(PLUGIN, encoding="utf-8")


def _jobs(folder: Path) -> dict[str, dict[str, Any]]:
    """Small jobs, by name, whose members are of every family and of every kind of block."""
    table = {
        "source": str(folder / "table.csv"),
        "id": "name",
        "label": "kind",
        "inputs": ["a", "b", "c"],
        "scaling": "standard",
        "imputation": "median",
    }
    network = {"hidden_layer_sizes": [8], "epochs": 3}
    return {
        "plain": {
            "data": table,
            "classifiers": [
                {"method": "optimal"},
                {"method": "naive"},
                {"method": "gaussiannb"},
                {"method": "lda"},
                {"method": "qda"},
                {"method": "gaussianprocess"},
                {"method": "svm", "parameters": {"C": 0.5, "kernel": "linear"}},
                {"method": "kneighbors", "parameters": {"n_neighbors": 3, "weights": "distance"}},
                {"method": "my_knn"},
                {"method": "realmlp", "parameters": {"epochs": 3}},
                {"method": "sklearn.linear_model.RidgeClassifier", "parameters": {"alpha": 2.0}},
            ],
        },
        "weighted": {
            "seed": 3,
            "data": {
                **table,
                "weight": "w",
                "training_weights": {"power": 0.5, "reference": "star", "negative": "drop"},
                "scaling": "robust",
                "split": {"test": 0.3, "validation": 0.2},
            },
            "classifiers": [
                {"method": "logistic", "calibrate": "isotonic"},
                {"method": "adaboost", "parameters": {"n_estimators": 5}},
                {"method": "mlp", "parameters": {**network, "dropout": 0.1}, "seeds": [3, 11]},
            ],
        },
        "folds": {
            "data": {
                **table,
                "group": "night",
                "weight": "w2",
                "scaling": "none",
                "imputation": "none",
                "split": {"kind": "folds", "folds": 3, "by_group": True},
            },
            "classifiers": [
                {"method": "decisiontree", "parameters": {"max_depth": 3}},
                {"method": "randomforest", "parameters": {"n_estimators": 7}},
                {"method": "extratrees"},
                {"method": "histgradientboosting", "calibrate": "sigmoid"},
            ],
        },
        "targets": {
            "data": {
                **table,
                "label": ["x", "y"],
                "targets": "independent",
                "weight": {"x": "w2"},
                "scaling": "minmax",
            },
            "classifiers": [
                {"method": "xgboost", "parameters": {"n_estimators": 4}},
                {"method": "mlp", "parameters": network, "title": "net"},
            ],
        },
        "signal": {
            "data": {"source": str(folder / "signal.npz")},
            "classifiers": [
                {"method": "lstm", "parameters": {"layer_sizes": [4], "epochs": 2}},
                {"method": "cnn", "parameters": {"filters": [4], "epochs": 2}},
            ],
        },
        "stamps": {
            "data": {"source": str(folder / "stamps.npz"), "split": {"validation": 0.2}},
            "classifiers": [{"method": "cnn", "parameters": {"filters": [4], "epochs": 2}}],
        },
    }


def _entries(folder: Path) -> Iterator[tuple[str, PlannedMember]]:
    with with_plugins([folder / "modules"]):
        for name, job in _jobs(folder).items():
            resolved, _ = prepare({"title": name, "bootstrap": 0, **job})
            for entry in resolved.entries:
                place = (entry.title, entry.member.target, entry.member.seed, entry.listed.fold)
                words = (str(word) for word in place if word is not None)
                yield f"{name}: {' '.join(words)}", entry


def _meaning(entry: PlannedMember) -> dict[str, Any]:
    """The fields that a key is a hash of, as far as a member has them."""
    member, method = entry.member, entry.method
    return {
        "method": member.method,
        "version": method.version,
        "library": library_version(method.library),
        "parameters": member.parameters.meaning(),
        "seed": member.seed,
        "target": member.target,
        "weights": member.weights,
        "rows": member.rows,
        "preparation": member.preparation,
        "calibration": member.calibration,
        "precision": "float32",
    }


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return [f"  {name} was {before.get(name)!r} and is {now.get(name)!r}" for name in names]


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PlannedMember]:
    folder = tmp_path_factory.mktemp("keys")
    _write_data(folder)
    return dict(_entries(folder))


def test_the_same_members_are_made_of_the_jobs(entries):
    assert list(entries) == list(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_a_member_has_the_key_that_it_had(entries, name):
    kept, entry = KEYS[name], entries[name]
    before, now = kept["meaning"], _meaning(entry)
    if now["library"] != before["library"]:
        pytest.skip(f"the key is of {before['library']}, and {now['library']} is installed")
    changed = _changes({**before, "dataset": ""}, {**now, "dataset": ""})
    reason = "\n".join(changed) or "  the fingerprint of the dataset, or how the hash is made"
    assert entry.member.key == kept["key"], f"{name} is computed again in every store:\n{reason}"


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_the_hash_of_the_fields_beside_it(name):
    text = json.dumps(KEYS[name]["meaning"], sort_keys=True, allow_nan=False)
    assert hashlib.blake2b(text.encode(), digest_size=16).hexdigest() == KEYS[name]["key"]


def test_every_built_in_method_has_a_key_that_is_kept():
    from sortal.methods.registry import method_names

    assert {kept["meaning"]["method"] for kept in KEYS.values()} >= set(method_names())


def test_the_tested_versions_are_those_of_the_keys():
    lines = (Path(__file__).parents[2] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    kept = {kept["meaning"]["library"] for kept in KEYS.values()} - {""}
    assert len(kept) >= 2
    for name, minor in (library.split() for library in kept):
        version = pinned.get(name, pinned.get(f"{name}-cpu", ""))
        assert not version or version.startswith(f"{minor}."), f"keys are of {name} {minor}"
