"""Trained classifiers as folders that need no store."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sortal.data.inputs import Inputs
from sortal.errors import Damaged, DataError, NotFound, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import load_predictor, save_predictor
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def store(run, survey_block, tmp_path):
    """Several kinds of classifiers of the survey, one of them with seeds."""
    launched = run(
        {
            "title": "survey",
            "data": survey_block,
            "bootstrap": 0,
            "classifiers": [
                {"method": "gaussiannb"},
                {"method": "kneighbors", "parameters": {"n_neighbors": [3, 5]}},
                {"method": "svm", "title": "calibrated", "calibrate": "sigmoid"},
                {"method": "mlp", "seeds": 2, "parameters": {"epochs": 3}},
                {"method": "optimal"},
            ],
        }
    )
    assert launched.summary.exit_code == 0
    return Store.open(tmp_path / "store")


@pytest.fixture
def in_folds(run, survey_block, tmp_path):
    """Results in folds that a column gives."""
    split = {"kind": "given_folds", "column": "fold"}
    classifiers = [
        {"method": "gaussiannb"},
        {"method": "mlp", "seeds": 2, "parameters": {"epochs": 3}},
    ]
    launched = run(
        {"title": "folds", "data": {**survey_block, "split": split}, "classifiers": classifiers,
         "bootstrap": 0}
    )  # fmt: skip
    return Store.open(tmp_path / "store"), launched.results


def _load(store: Store, title: str) -> Predictor:
    return Predictor.load(store, JobResults.read(store, "survey").titled(title))


def _scores(predictor: Predictor, file: Path) -> np.ndarray:
    (block,) = predictor.files([file])
    return block.scores


@pytest.mark.parametrize("title", ["gaussiannb", "kneighbors n_neighbors=5", "calibrated", "mlp"])
def test_a_folder_scores_as_the_store_does_without_it(title, store, survey_files, tmp_path):
    predictor = _load(store, title)
    expected = _scores(predictor, survey_files / "survey.csv")
    save_predictor(predictor, tmp_path / "network", {"yields": {"star": 2.5}})
    shutil.rmtree(store.folder)
    (tmp_path / "network").rename(tmp_path / "elsewhere")
    loaded = load_predictor(tmp_path / "elsewhere")
    np.testing.assert_array_equal(_scores(loaded, survey_files / "survey.csv"), expected)
    assert loaded.about == {"yields": {"star": 2.5}}
    assert loaded.classes == ("galaxy", "quasar", "star")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".tmp")] == []


def test_an_ensemble_keeps_its_weights(store, survey_files, tmp_path):
    ensemble(store, ["survey/gaussiannb", "survey/mlp"], title="both", weights=[1.0, 3.0])
    predictor = _load(store, "both")
    save_predictor(predictor, tmp_path / "network")
    expected = _scores(predictor, survey_files / "survey.csv")
    np.testing.assert_array_equal(
        _scores(load_predictor(tmp_path / "network"), survey_files / "survey.csv"), expected
    )


def test_a_folder_holds_no_pickle_and_says_what_it_is(store, tmp_path):
    save_predictor(_load(store, "mlp"), tmp_path / "network")
    about = json.loads((tmp_path / "network" / "about.json").read_text())
    assert about["inputs"]["names"]["features"] == ["flux", "colour", "period", "skew", "amplitude"]
    assert [one["method"] for one in about["columns"][0]] == ["mlp", "mlp"]
    assert set(about["software"]) >= {"sortal", "python", "numpy", "torch"}
    endings = {path.suffix for path in (tmp_path / "network").rglob("*") if path.is_file()}
    assert endings <= {".json", ".npz", ".safetensors"}


def _stored_scores(store, results, title):
    """Mean over the seeds of what each example's own fold gave it, by id."""
    stored: dict[str, list[np.ndarray]] = {}
    for member in results.titled(title)[0].members:
        record = member.record
        rows = store.datasets.splits.get(record.dataset, record.split).test
        ids = store.datasets.get(record.dataset).inputs.ids[rows]
        scores = store.members.scores([member.entry.key])[0][-len(rows) :]
        for name, score in zip(ids, scores, strict=True):
            stored.setdefault(str(name), []).append(score)
    return {name: np.mean(several, axis=0) for name, several in stored.items()}


@pytest.mark.parametrize("title", ["gaussiannb", "mlp"])
def test_each_example_is_scored_by_members_that_never_saw_it(title, in_folds, survey, tmp_path):
    store, results = in_folds
    save_predictor(Predictor.load(store, results.titled(title)), tmp_path / title)
    loaded = load_predictor(tmp_path / title)
    assert loaded.folds == (0, 1, 2)
    table = survey.select(loaded.spec.names["features"]).to_numpy().astype(float)
    inputs = Inputs({"features": table}, survey["name"].to_numpy())
    block = loaded.predict(inputs, folds=survey["fold"].to_numpy())
    stored = _stored_scores(store, results, title)
    assert len(stored) == 240
    expected = np.array([stored[name] for name in survey["name"]])
    np.testing.assert_allclose(block.scores, expected, atol=1e-6)
    assert (block.spread is not None) == (title == "mlp")
    assert np.abs(loaded.predict(inputs).scores - block.scores).max() > 1e-4


def test_folds_that_no_member_knows_are_refused(in_folds, survey, tmp_path):
    store, results = in_folds
    predictor = Predictor.load(store, results.titled("gaussiannb"))
    inputs = Inputs({"features": np.zeros((2, 5))}, np.arange(2))
    with pytest.raises(DataError, match="expected the numbers 0, 1, 2, got 7"):
        predictor.predict(inputs, folds=np.array([1, 7]))
    none = inputs.take(slice(0, 0))
    assert predictor.predict(none, folds=np.array([], dtype=int)).scores.shape == (0, 3)


def test_without_folds_there_is_nobody_who_never_saw_an_example(store):
    inputs = Inputs({"features": np.zeros((1, 5))}, np.arange(1))
    with pytest.raises(DataError, match="trained on one division"):
        _load(store, "gaussiannb").predict(inputs, folds=np.array([0]))


def test_a_folder_is_replaced_only_if_it_holds_a_predictor(store, tmp_path):
    save_predictor(_load(store, "mlp"), tmp_path / "network")
    save_predictor(_load(store, "gaussiannb"), tmp_path / "network")
    assert len(load_predictor(tmp_path / "network").columns[0].scorers) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="expected a new folder"):
        save_predictor(_load(store, "mlp"), tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").exists()


@pytest.mark.parametrize(
    "name", ["about.json", "models/0/tensors.safetensors", "preparers/0/preparer.npz"]
)
@pytest.mark.parametrize("what", ["changed", "cut", "gone"])
def test_damage_is_named(name, what, store, tmp_path):
    save_predictor(_load(store, "mlp"), tmp_path / "network")
    path = tmp_path / "network" / name
    content = path.read_bytes()
    if what == "gone":
        path.unlink()
    else:
        changed = bytes([content[len(content) // 2] ^ 1])
        path.write_bytes(content[: len(content) // 2] + (changed if what == "changed" else b"")
                         + (content[len(content) // 2 + 1 :] if what == "changed" else b""))  # fmt: skip
    with pytest.raises((Damaged, UserError), match=Path(name).name):
        load_predictor(tmp_path / "network")


def test_what_is_no_such_folder_is_told(store, tmp_path):
    save_predictor(_load(store, "mlp"), tmp_path / "network")
    with pytest.raises(NotFound, match="'network'"):
        load_predictor(tmp_path / "netwrok")
    with pytest.raises(UserError, match="expected the folder of a trained classifier"):
        load_predictor(tmp_path / "store")


def test_a_folder_of_a_later_format_asks_for_an_update(store, tmp_path):
    from sortal.store.files import manifest

    save_predictor(_load(store, "mlp"), tmp_path / "network")
    about = tmp_path / "network" / "about.json"
    about.write_text(about.read_text().replace('"format": 1', '"format": 2'))
    (tmp_path / "network" / manifest.FILE).unlink()
    manifest.write(tmp_path / "network")
    with pytest.raises(UserError, match="update sortal"):
        load_predictor(tmp_path / "network")


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.75])
def test_a_folder_decides_at_its_own_threshold(run, tmp_path, threshold):
    rows = np.random.default_rng(0).normal(size=(80, 2))
    lines = [f"{x},{y},{int(x > 0)},{int(y > 0)}" for x, y in rows]
    (tmp_path / "two.csv").write_text("\n".join(["x,y,red,hot", *lines]) + "\n")
    data = {"source": str(tmp_path / "two.csv"), "label": ["red", "hot"], "targets": "independent"}
    job = {"title": "two", "bootstrap": 0, "data": data, "classifiers": [{"method": "gaussiannb"}]}
    results = run(job).results
    predictor = Predictor.load(results.store, results.titled("gaussiannb"))
    assert predictor.threshold == 0.5
    save_predictor(replace(predictor, threshold=threshold), tmp_path / "network")
    loaded = load_predictor(tmp_path / "network")
    assert loaded.threshold == threshold
    (block,) = loaded.files([tmp_path / "two.csv"])
    np.testing.assert_array_equal(block.decided, block.scores > threshold)
