"""Values that are missing or cannot be read in new data: told with their place, or left blank."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest

from sortal.api.notebook import Results
from sortal.cli.results import predict as command
from sortal.data.inputs import Inputs
from sortal.errors import Damaged, DataError, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import load_predictor, save_predictor
from sortal.methods import registry
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")

FEATURES = ("a", "b", "c")
REFUSING = [
    {"method": "gaussiannb"},
    {"method": "kneighbors"},
    {"method": "logistic"},
    {"method": "lda"},
    {"method": "qda"},
    {"method": "svm"},
    {"method": "adaboost", "parameters": {"n_estimators": 3}},
    {"method": "gaussianprocess"},
    {"method": "mlp", "parameters": {"epochs": 2}},
    {"method": "mlp", "parameters": {"epochs": 2}, "seeds": 2, "title": "two"},
    {"method": "realmlp", "parameters": {"epochs": 2}},
    {"method": "gaussiannb", "calibrate": "sigmoid", "title": "calibrated"},
    {"method": "sklearn.linear_model.RidgeClassifier", "title": "ridge"},
]
TAKING = [
    {"method": "randomforest", "parameters": {"n_estimators": 3}},
    {"method": "extratrees", "parameters": {"n_estimators": 3}},
    {"method": "decisiontree"},
    {"method": "histgradientboosting", "parameters": {"max_iter": 3}},
    {"method": "xgboost", "parameters": {"n_estimators": 3}},
    {"method": "naive"},
]
REFUSING_TITLES = [one.get("title", one["method"]) for one in REFUSING]
TAKING_TITLES = [one["method"] for one in TAKING]


def table(rows: int, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, rows)
    values = random.normal(size=(rows, 3)) + kind[:, None]
    columns = {name: values[:, n] for n, name in enumerate(FEATURES)}
    names = [f"s{n}" for n in random.permutation(rows)]
    return pl.DataFrame({"who": names, **columns, "y": np.array(["u", "v", "w"])[kind]})


@pytest.fixture
def new(tmp_path) -> Path:
    """Six new examples, of which the second and the fifth lack a value."""
    frame = table(6, 1).drop("y")
    path = tmp_path / "new.csv"
    rows = [list(map(str, row)) for row in frame.rows()]
    rows[1][2] = ""
    rows[4][1] = rows[4][3] = ""
    path.write_text("\n".join(map(",".join, [frame.columns, *rows])) + "\n")
    return path


@pytest.fixture
def train(run, tmp_path):
    def trained(classifiers: list[dict[str, Any]], title: str = "job", **data: Any) -> Results:
        table(90, 0).write_csv(tmp_path / "train.csv")
        block = {"source": str(tmp_path / "train.csv"), "label": "y", "id": "who"}
        launched = run(
            {
                "title": title,
                "data": {**block, "scaling": "standard", **data},
                "bootstrap": 0,
                "classifiers": classifiers,
            }
        )
        assert launched.summary.exit_code == 0
        return launched.results

    return trained


@pytest.fixture
def predict(tmp_path):
    def applied(what: str, *files: Path, **options: Any) -> pl.DataFrame:
        settings = {"id_column": None, "seed": None, "block": 4, "quiet": True, **options}
        command.predict(what, files, out=tmp_path / "o.csv", store=tmp_path / "store", **settings)
        return pl.read_csv(tmp_path / "o.csv")

    return applied


def test_every_method_tells_a_gap_or_takes_it(train, predict, new, tmp_path):
    train([*REFUSING, *TAKING])
    for title in REFUSING_TITLES:
        (tmp_path / "o.csv").write_text("earlier\n")
        with pytest.raises(DataError, match=r"new.csv, row 2: column 'b' is missing, and"):
            predict(f"job/{title}", new)
        assert (tmp_path / "o.csv").read_text() == "earlier\n"
        found = predict(f"job/{title}", new, skip_bad=True)
        blank = found["class"].is_null().to_list()
        assert blank == [False, True, False, False, True, False], title
        scores = found.select(pl.selectors.starts_with("score_", "spread_", "uncertainty"))
        assert (scores.null_count().row(0) == np.full(scores.width, 2)).all()
    for title in TAKING_TITLES:
        assert predict(f"job/{title}", new)["class"].null_count() == 0


def test_a_range_is_left_by_so_many_of_predicted_examples(train, predict, new, tmp_path, capsys):
    train([{"method": "gaussiannb"}])
    lines = new.read_text().splitlines()
    cells = lines[3].split(",")
    new.write_text("\n".join([*lines[:3], ",".join([*cells[:3], "1e6"]), *lines[4:]]) + "\n")
    predict("job/gaussiannb", new, skip_bad=True)
    sentence = "features outside the range seen in training, of 4 examples: c in 1"
    assert f"warning: {sentence}" in capsys.readouterr().out
    results = Results.read(Store.open(tmp_path / "store"), "job")
    with (
        pytest.warns(UserWarning, match=sentence),
        pytest.warns(UserWarning, match="2 of 6 examples have no prediction"),
    ):
        results.predict("gaussiannb", new, skip_bad=True)


def test_rows_left_blank_change_no_other_row(train, predict, new):
    train([{"method": "gaussiannb"}, {"method": "mlp", "parameters": {"epochs": 2}}])
    for title in ("gaussiannb", "mlp"):
        found = predict(f"job/{title}", new, skip_bad=True)
        lines = new.read_text().splitlines()
        new.with_name("whole.csv").write_text("\n".join(lines[n] for n in (0, 1, 3, 4, 6)) + "\n")
        whole = predict(f"job/{title}", new.with_name("whole.csv"))
        kept = found.drop_nulls("class")
        assert kept["id"].to_list() == whole["id"].to_list()
        scores = [name for name in whole.columns if name.startswith("score_")]
        np.testing.assert_allclose(kept.select(scores), whole.select(scores), atol=1e-6)


def test_what_cannot_be_read_is_left_blank_too(train, predict, tmp_path, capsys):
    train([{"method": "xgboost", "parameters": {"n_estimators": 3}}])
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b,c\n1,2,3\n1,broken,3\n1,2,inf\n1,,3\nnone,x,y\n")
    with pytest.raises(
        DataError, match=r"odd.csv, row 5: column 'a': expected a number, got 'none'"
    ):
        predict("job/xgboost", odd, id_column="", block=100)
    found = predict("job/xgboost", odd, id_column="", skip_bad=True)
    assert found["class"].is_null().to_list() == [False, True, True, False, True]
    said = capsys.readouterr().out.replace("\n", " ")
    assert "3 of 5 examples have no prediction" in said
    assert "odd.csv, row 2: column 'b' holds no number" in said


def test_a_file_without_any_usable_row_is_all_blank(train, predict, tmp_path):
    train([{"method": "gaussiannb"}, {"method": "gaussiannb", "seeds": 2, "title": "two"}])
    (tmp_path / "none.csv").write_text("a,b,c\n,1,2\n,2,3\n")
    for title in ("gaussiannb", "two"):
        found = predict(f"job/{title}", tmp_path / "none.csv", skip_bad=True)
        assert found["class"].null_count() == 2
        assert found["id"].to_list() == [0, 1]


def test_an_imputer_fills_first_and_empty_columns_are_told(train, predict, new, tmp_path, capsys):
    train([{"method": "gaussiannb"}], imputation="median")
    assert predict("job/gaussiannb", new)["class"].null_count() == 0
    assert "no example has a value" not in capsys.readouterr().out
    (tmp_path / "empty.csv").write_text("a,b,c\n1,,2\n2,,3\n")
    assert predict("job/gaussiannb", tmp_path / "empty.csv")["class"].null_count() == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "no example has a value in column 'b'; it is filled as in training" in said


def test_ids_are_those_of_the_column_that_the_job_names(train, predict, new, tmp_path, capsys):
    train([{"method": "naive"}])
    names = pl.read_csv(new)["who"].to_list()
    assert predict("job/naive", new)["id"].to_list() == names
    assert predict("job/naive", new, id_column="")["id"].to_list() == list(range(6))
    (tmp_path / "nameless.csv").write_text("a,b,c\n1,1,2\n")
    both = predict("job/naive", new, tmp_path / "nameless.csv")
    assert both["id"].to_list() == list(range(7))
    assert "nameless.csv has no column 'who'" in capsys.readouterr().out.replace("\n", " ")


def test_python_code_gets_nulls_and_a_warning(train, new):
    results = train([{"method": "gaussiannb"}])
    results = Results.read(results.store, "job")
    with pytest.raises(DataError, match="row 2: column 'b' is missing"):
        results.predict("gaussiannb", new)
    with pytest.warns(UserWarning, match="2 of 6 examples have no prediction"):
        found = results.predict("gaussiannb", new, skip_bad=True)
    assert found["class"].null_count() == found["score_u"].null_count() == 2
    frame = pl.read_csv(new)
    with pytest.raises(DataError, match="the table, row 2: column 'b' is missing"):
        results.predict("gaussiannb", frame)


def test_folders_of_predictors_tell_gaps_as_stores_do(train, new, tmp_path):
    results = train([{"method": "gaussiannb"}])
    loaded = Predictor.load(Store.open(tmp_path / "store"), results.titled("gaussiannb"))
    save_predictor(loaded, tmp_path / "folder")
    again = load_predictor(tmp_path / "folder")
    with pytest.raises(DataError, match=r"new.csv, row 2: column 'b' is missing"):
        list(again.files([new]))
    (block,) = again.files([new], skip_bad=True)
    assert block.blank.tolist() == [False, True, False, False, True, False]


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_gaps_in_arrays_are_told_with_their_place(run, predict, tmp_path, kind):
    random = np.random.default_rng(2)
    signal = random.normal(size=(40, 12)) + np.repeat([0, 3], 20)[:, None]
    np.savez(tmp_path / "train.npz", signal=signal, labels=np.repeat([0, 1], 20))
    block = {"source": str(tmp_path / "train.npz"), "scaling": "standard"}
    run({"title": "job", "data": block, "bootstrap": 0, "classifiers": [{"method": "gaussiannb"}]})
    holey = signal.copy()
    holey[33, 7] = np.nan
    path = tmp_path / f"new.{kind}"
    if kind == "npz":
        np.savez(path, signal=holey)
    else:
        with h5py.File(path, "w") as file:
            file["signal"] = holey
    with pytest.raises(DataError, match=rf"new.{kind}, row 34: input 'signal' at \[7\] is missing"):
        predict("job/gaussiannb", path)
    found = predict("job/gaussiannb", path, skip_bad=True)
    assert np.flatnonzero(found["class"].is_null()).tolist() == [33]


def test_independent_targets_are_blank_together(run, predict, tmp_path):
    frame = table(80, 3).with_columns(
        (pl.col("y") == "u").cast(int).alias("u"), (pl.col("y") == "v").cast(int).alias("v")
    )
    frame.drop("y", "who").write_csv(tmp_path / "train.csv")
    block = {"source": str(tmp_path / "train.csv"), "label": ["u", "v"], "targets": "independent"}
    run({"title": "job", "data": block, "bootstrap": 0, "classifiers": [{"method": "gaussiannb"}]})
    (tmp_path / "new.csv").write_text("a,b,c\n1,1,1\n1,,1\n")
    with pytest.raises(DataError, match="row 2: column 'b'"):
        predict("job/gaussiannb", tmp_path / "new.csv")
    found = predict("job/gaussiannb", tmp_path / "new.csv", skip_bad=True)
    assert found["u"].is_null().to_list() == found["v"].is_null().to_list() == [False, True]


def test_the_lists_here_name_every_plain_method():
    named = {one["method"] for one in [*REFUSING, *TAKING]}
    elsewhere = {"cnn", "lstm", "optimal"}  # for signals and stamps, and without a model
    assert set(registry.method_names()) - named <= elsewhere


BEYOND = [
    {"method": "mlp", "parameters": {"epochs": 2}},
    {"method": "mlp", "parameters": {"epochs": 2}, "calibrate": "isotonic"},
    {"method": "sklearn.linear_model.RidgeClassifier"},
]


@pytest.mark.parametrize("classifier", BEYOND, ids=["network", "calibrated", "margins"])
def test_values_beyond_what_is_computed_are_told(train, predict, tmp_path, classifier):
    train([{**classifier, "title": "mlp"}])
    (tmp_path / "far.csv").write_text("a,b,c\n1,1,1\n1e300,-1e300,1e300\n")
    with pytest.raises(DataError, match=r"far.csv, row 2: the score is no finite number"):
        predict("job/mlp", tmp_path / "far.csv")
    found = predict("job/mlp", tmp_path / "far.csv", skip_bad=True)
    assert found["class"].is_null().to_list() == [False, True]


@pytest.mark.parametrize("file", ["models/0/model.json", "preparer/preparer.json", "members.jsonl"])
def test_a_changed_model_is_not_applied(train, predict, new, tmp_path, file):
    train([{"method": "xgboost", "parameters": {"n_estimators": 2}}])
    predict("job/xgboost", new)
    (path,) = (tmp_path / "store" / "segments").glob(f"*/*/{file}")
    content = path.read_bytes()
    place = next(n for n in reversed(range(len(content))) if chr(content[n]).isdigit())
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(Damaged, match=file.rpartition("/")[2]):
        predict("job/xgboost", new)


def test_the_output_may_not_be_one_of_the_inputs(train, predict, new, tmp_path):
    train([{"method": "gaussiannb"}])
    whole = new.read_bytes()
    new.rename(tmp_path / "o.csv")
    with pytest.raises(UserError, match="is one of the files to classify"):
        predict("job/gaussiannb", tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_bytes() == whole


def test_gaps_are_told_by_their_example_where_folds_score(run, survey_block, tmp_path):
    split = {"kind": "given_folds", "column": "fold"}
    block = {**survey_block, "split": split, "imputation": "none"}
    frame = pl.read_csv(survey_block["source"]).fill_null(0.0)
    frame.write_csv(tmp_path / "whole.csv")
    block["source"] = str(tmp_path / "whole.csv")
    launched = run(
        {"title": "j", "data": block, "bootstrap": 0, "classifiers": [{"method": "gaussiannb"}]}
    )
    store = Store.open(tmp_path / "store")
    predictor = Predictor.load(store, launched.results.titled("gaussiannb"))
    values = np.ones((4, 5))
    values[2, 1] = np.nan
    inputs = Inputs({"features": values}, np.arange(4))
    with pytest.raises(DataError, match=r"example 3: column 'colour' is missing"):
        predictor.predict(inputs, folds=np.array([1, 0, 1, 2]))


@pytest.mark.parametrize(
    ("name", "kind"), [("stamps", "last"), ("signal", "first"), ("signal", "ragged")]
)
def test_arrays_are_predicted_as_they_were_trained(run, predict, tmp_path, name, kind):
    random = np.random.default_rng(4)
    labels = np.repeat([0, 1], 30)
    if name == "stamps":
        arrays = {name: random.normal(size=(60, 8, 8, 2)) + labels[:, None, None, None]}
    elif kind == "first":
        arrays = {name: random.normal(size=(60, 2, 16)) + labels[:, None, None]}
    else:
        lengths = random.integers(4, 20, 60)
        values = random.normal(4, 1, size=lengths.sum()) + np.repeat(labels, lengths)
        arrays = {name: values, f"{name}_offsets": np.concatenate([[0], np.cumsum(lengths)])}
    np.savez(tmp_path / "train.npz", labels=labels, **arrays)
    block = {"source": str(tmp_path / "train.npz"), "scaling": "standard"}
    if kind == "ragged":
        block["length"] = 16
    cnn = {"method": "cnn", "parameters": {"filters": [2], "epochs": 1, "kernel_size": 3}}
    lstm = {"method": "lstm", "parameters": {"layer_sizes": [3], "epochs": 1}}
    if name == "stamps":
        cnn["parameters"]["channels"] = "last"
    networks = [cnn] if name == "stamps" else [cnn, lstm]
    launched = run(
        {
            "title": "job",
            "data": block,
            "bootstrap": 0,
            "classifiers": [{"method": "gaussiannb"}, *networks],
        }
    )
    assert launched.summary.exit_code == 0
    for title in ("gaussiannb", *(one["method"] for one in networks)):
        found = predict(f"job/{title}", tmp_path / "train.npz")
        stored = launched.results.scores(title).join(found, on="id", suffix="_new")
        scores = [one for one in found.columns if one.startswith("score_")]
        np.testing.assert_allclose(
            stored.select(f"{one}_new" for one in scores), stored.select(scores), atol=1e-5
        )
