"""Stored classifiers applied to new files."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sortal.cli.results import predict as command
from sortal.errors import DataError, NotFound, OptionError, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def trained(run, survey_block, tmp_path):
    """Results of several classifiers on the survey, and where they are."""
    launched = run(
        {
            "title": "survey",
            "data": survey_block,
            "bootstrap": 0,
            "classifiers": [
                {"method": "gaussiannb"},
                {"method": "optimal"},
                {"method": "svm"},
                {"method": "svm", "title": "many svm", "seeds": 2},
                {"method": "kneighbors", "parameters": {"n_neighbors": [3, 5]}},
                {
                    "method": "randomforest",
                    "title": "forest {n_estimators}",
                    "parameters": {"n_estimators": [4, 8]},
                    "seeds": 3,
                },
            ],
        }
    )
    assert launched.summary.exit_code == 0
    return launched


@pytest.fixture
def predict(trained, tmp_path):
    def applied(title: str, *files: Path, out: str = "out.parquet", **options: Any) -> pl.DataFrame:
        settings = {"id_column": "name", "seed": None, "block": 50_000, "quiet": True, **options}
        command.predict(
            f"survey/{title}", files, out=tmp_path / out, store=tmp_path / "store", **settings
        )
        read = pl.read_parquet if out.endswith("parquet") else pl.read_csv
        return read(tmp_path / out)

    return applied


def test_new_data_may_be_written_otherwise_and_that_is_said(
    predict, survey_files, tmp_path, capsys
):
    plain = pl.read_csv(survey_files / "survey.csv")
    marks = {".": ",", ",": ";"}
    lines = (survey_files / "survey.csv").read_text().splitlines()
    text = "\n".join("".join(marks.get(sign, sign) for sign in line) for line in lines)
    (tmp_path / "excel.csv").write_text(f"{text}\n", encoding="utf-16")
    table = predict("gaussiannb", tmp_path / "excel.csv")
    assert len(table) == len(plain)
    assert table.equals(predict("gaussiannb", survey_files / "survey.csv"))
    said = "note: excel.csv: read as UTF-16 text with semicolons and decimal commas."
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("title", ["gaussiannb", "svm", "kneighbors n_neighbors=5"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_test_examples_get_the_scores_that_are_stored(
    title, suffix, trained, predict, survey_files
):
    table = predict(title, survey_files / f"survey.{suffix}", out=f"out.{suffix}")
    assert table.columns == ["id", "class", "score_galaxy", "score_quasar", "score_star"]
    stored = trained.results.scores(title)
    joined = stored.join(table, on="id", suffix="_new")
    assert len(joined) == len(stored) == 60
    scores = [name for name in stored.columns if name.startswith("score_")]
    np.testing.assert_allclose(
        joined.select(f"{name}_new" for name in scores).to_numpy(),
        joined.select(scores).to_numpy(),
        rtol=1e-6,
        atol=1e-7,
    )
    classes = np.array(["galaxy", "quasar", "star"])
    assert joined["class"].to_list() == classes[joined.select(scores).to_numpy().argmax(1)].tolist()


def test_blocks_do_not_change_what_is_predicted(predict, survey_files):
    whole = predict("gaussiannb", survey_files / "survey.csv")
    for block in (1, 7, 239):
        assert predict("gaussiannb", survey_files / "survey.csv", block=block).equals(whole)


def test_columns_are_found_by_name_and_others_are_ignored(predict, survey, survey_files, tmp_path):
    expected = predict("gaussiannb", survey_files / "survey.parquet")
    survey.select(sorted(survey.columns)).drop("kind", "weight").with_columns(
        comment=pl.lit("text")
    ).write_csv(tmp_path / "mixed.csv")
    assert predict("gaussiannb", tmp_path / "mixed.csv").equals(expected)


def test_several_files_are_one_after_another_with_rows_for_ids(predict, survey_files):
    files = [survey_files / "survey.csv", survey_files / "survey.parquet"]
    table = predict("gaussiannb", *files, id_column="")
    assert table["id"].to_list() == list(range(480))
    assert table["class"][:240].to_list() == table["class"][240:].to_list()


def test_seeds_are_averaged_with_their_spread_or_chosen(predict, survey_files):
    file = survey_files / "survey.csv"
    alone = [predict("forest 4", file, seed=seed) for seed in (0, 1, 2)]
    together = predict("forest 4", file)
    assert "spread_star" not in alone[0].columns
    each = np.stack([one["score_star"].to_numpy() for one in alone])
    assert each.std(axis=0).max() > 0
    np.testing.assert_allclose(together["score_star"], each.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(together["spread_star"], each.std(axis=0, ddof=1), atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("optimal", {}, UserError), "optimal cannot be applied"),
        (("many svm", {}, UserError), "--seed"),
        (("forest 4", {"seed": 7}, UserError), r"one of the seeds \[0, 1, 2\], got 7"),
        (("forrest 4", {}, NotFound), "'forest 4'"),
        (("svm", {"out": "out.txt"}, OptionError), r"\.csv or \.parquet"),
        (("svm", {"out": "nowhere/out.csv"}, UserError), "nowhere does not exist"),
        (("svm", {"id_column": "names"}, DataError), "'names'"),
    ],
)
def test_what_cannot_be_predicted_is_refused(asked, told, predict, survey_files, tmp_path):
    title, options, kind = asked
    with pytest.raises(kind, match=told):
        predict(title, survey_files / "survey.csv", **options)
    assert not list(tmp_path.glob("*out*"))


def test_one_of_several_seeds_without_probabilities_is_applied(predict, survey_files):
    assert len(predict("many svm", survey_files / "survey.csv", seed=1)) == 240


def test_all_missing_columns_are_named(predict, survey, tmp_path):
    survey.drop("flux", "skew").rename({"period": "Period"}).write_csv(tmp_path / "short.csv")
    with pytest.raises(DataError) as caught:
        predict("gaussiannb", tmp_path / "short.csv")
    assert all(f"'{name}'" in str(caught.value) for name in ("flux", "skew", "period"))


def test_an_error_half_way_leaves_the_file_that_was_there(predict, survey, tmp_path):
    survey.write_csv(tmp_path / "good.csv")
    before = predict("gaussiannb", tmp_path / "good.csv")
    lines = (tmp_path / "good.csv").read_text().splitlines()
    lines[200] = lines[200].replace(",", ",text", 1)
    (tmp_path / "bad.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"bad\.csv"):
        predict("gaussiannb", tmp_path / "bad.csv", block=20)
    assert pl.read_parquet(tmp_path / "out.parquet").equals(before)
    assert not list(tmp_path.glob("*unfinished*"))


def test_features_outside_the_range_of_training_are_warned_of(predict, survey, tmp_path, capsys):
    far = survey.with_columns(
        flux=pl.when(pl.int_range(240) < 30).then(1e3).otherwise(0.0), skew=pl.lit(0.0)
    )
    far.write_csv(tmp_path / "far.csv")
    predict("gaussiannb", tmp_path / "far.csv", block=17)
    told = capsys.readouterr()
    assert "outside the range seen in training, of 240 examples" in told.out + told.err
    assert "flux in 30" in told.out + told.err
    survey.with_columns(pl.lit(0.0).alias(name) for name in ("flux", "colour", "period", "skew",
        "amplitude")).write_csv(tmp_path / "near.csv")  # fmt: skip
    predict("gaussiannb", tmp_path / "near.csv")
    told = capsys.readouterr()
    assert "outside" not in told.out + told.err


def test_folds_are_averaged(run, survey_block, survey_files, tmp_path):
    data = {**survey_block, "split": {"kind": "folds", "folds": 3}}
    classifiers = [{"method": "gaussiannb"}, {"method": "svm"}]
    launched = run({"data": data, "classifiers": classifiers, "bootstrap": 0})
    store = Store.open(tmp_path / "store")
    predictor = Predictor.load(store, launched.results.titled("gaussiannb"))
    (block,) = predictor.files([survey_files / "survey.csv"])
    assert block.spread.shape == block.scores.shape == (240, 3)
    np.testing.assert_allclose(block.scores.sum(axis=1), 1.0, atol=1e-5)
    with pytest.raises(UserError, match="instead of folds"):
        Predictor.load(store, launched.results.titled("svm"))


def test_independent_targets_are_columns_of_one_file(run, tmp_path):
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(80, 2))
    frame = pl.DataFrame(
        {
            "x": inputs[:, 0],
            "y": inputs[:, 1],
            "red": (inputs[:, 0] > 0).astype(int),
            "hot": (inputs[:, 1] > 0).astype(int),
        }
    )
    frame.write_csv(tmp_path / "two.csv")
    data = {
        "source": str(tmp_path / "two.csv"),
        "label": ["red", "hot"],
        "targets": "independent",
    }
    run({"title": "two", "data": data, "classifiers": [{"method": "lda"}], "bootstrap": 0})
    command.predict(
        "two/lda", [tmp_path / "two.csv"], out=tmp_path / "out.csv", store=tmp_path / "store",
        id_column=None, seed=None, block=30, quiet=True,
    )  # fmt: skip
    table = pl.read_csv(tmp_path / "out.csv")
    assert table.columns == ["id", "red", "hot", "score_red", "score_hot"]
    assert (table["red"] == frame["red"]).mean() > 0.9
    assert (table["hot"] == frame["hot"]).mean() > 0.9
    assert ((table["score_hot"] > 0.5) == (table["hot"] == 1)).all()


PREDICT = """
from sortal.cli.results import predict as command
command.predict(sys.argv[1], [Path(sys.argv[2])], out=Path(sys.argv[3]), store=Path(sys.argv[4]),
              id_column=None, seed=None, block=50_000, quiet=True)
"""


@pytest.mark.slow
def test_more_examples_need_no_more_memory(trained, tmp_path, private_megabytes):
    def megabytes(rows: int, suffix: str) -> float:
        generator = np.random.default_rng(0)
        names = ["flux", "colour", "period", "skew", "amplitude"]
        frame = pl.DataFrame({name: generator.normal(size=rows) for name in names})
        file = tmp_path / f"rows.{suffix}"
        if suffix == "csv":
            frame.write_csv(file)
        else:  # a row group is read whole, so both files have groups of one size
            frame.write_parquet(file, row_group_size=50_000)
        arguments = ["survey/gaussiannb", file, tmp_path / f"out.{suffix}", tmp_path / "store"]
        return private_megabytes(PREDICT, *arguments)

    for suffix in ("csv", "parquet"):
        few, many = megabytes(100_000, suffix), megabytes(2_000_000, suffix)
        assert many < few + 40, f"{suffix}: {few:.0f} MB for 100,000 rows, {many:.0f} for 2,000,000"
