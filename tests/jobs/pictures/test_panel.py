"""What classifiers of a job said, side by side: poles, folds, targets, decision values."""

import numpy as np
import polars as pl
import pytest

from sortal.data.split import Part
from sortal.errors import NotFound
from sortal.jobs.pictures import panel as panels
from sortal.jobs.pictures.panel import Panel

IRIS = {
    "title": "iris",
    "data": {"source": "iris", "split": {"kind": "folds", "folds": 3}},
    "classifiers": [
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 9]}},
        {"method": "svm", "seeds": 2},
        {"method": "kneighbors", "title": "too many", "parameters": {"n_neighbors": 1000}},
    ],
    "bootstrap": 0,
}


@pytest.fixture
def iris(inline, run):
    return run(IRIS).results


@pytest.fixture
def survey_results(inline, run, survey_block):
    def of(data, classifiers):
        return run(
            {
                "title": "survey",
                "data": {**survey_block, **data},
                "classifiers": [{"method": one} for one in classifiers],
                "bootstrap": 0,
            }
        ).results

    return of


def test_blocks_laid_end_to_end_are_what_results_say_is_right(iris, monkeypatch):
    whole = np.concatenate(list(Panel.of(iris).right()), axis=1)
    shown = Panel.of(iris).shown
    assert whole.shape == (len(shown) + 2, 150)
    # Examples of `correct` stand in the same order: split after split.
    assert np.array_equal(whole[: len(shown)], iris.correct(shown))
    monkeypatch.setattr(panels, "_BLOCK_NUMBERS", 100)
    assert len(list(Panel.of(iris).right())) > 3
    assert np.array_equal(np.concatenate(list(Panel.of(iris).right()), axis=1), whole)


def test_failed_classifiers_are_left_out_and_told(iris):
    panel = Panel.of(iris)
    assert "too many" not in {one.title for one in panel.mapped}
    assert panel.notes == (
        "No classifier of the job is Optimal and Naive: computed from the labels.",
    )


def test_one_that_lacks_a_fold_is_left_out_and_told(iris):
    (first, *_) = (r for r in iris.ranked if len(r.members) == 3)
    first.__dict__["members"] = first.members[:2]
    panel = Panel.of(iris)
    assert first.title not in {one.title for one in panel.mapped}
    assert f"Left out, for they have no figures on some fold: 1 ({first.title})." in panel.notes


def test_the_computed_poles_are_what_trained_references_are(survey_results):
    trained = survey_results({}, ["gaussiannb", "lda", "optimal", "naive"])
    bare = survey_results({}, ["gaussiannb", "lda"])
    with_both, without = Panel.of(trained), Panel.of(bare)
    assert [one.anchor for one in without.mapped] == ["", "", "optimal", "naive"]
    order = [
        [one.title.lower() for one in with_both.mapped].index(one.title.lower())
        for one in without.mapped
    ]
    for what in ("right", "probabilities"):
        theirs = np.concatenate(list(getattr(with_both, what)()), axis=1)[order]
        ours = np.concatenate(list(getattr(without, what)()), axis=1)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    (theirs, names), (ours, same) = with_both.figures(), without.figures()
    assert names == same
    np.testing.assert_allclose(ours, theirs[order], atol=1e-9)


def test_decision_values_of_two_classes_match_the_probabilities(inline, run):
    job = {
        "data": {"source": "breast_cancer", "scaling": "standard"},
        "classifiers": [{"method": one} for one in ("svm", "logistic", "naive")],
        "bootstrap": 0,
    }
    results = run(job).results
    panel = Panel.of(results)
    assert panel.squashed == ("svm",)
    (block,) = panel.probabilities()
    rows = {one.title: row for row, one in enumerate(panel.mapped)}
    svm, logistic, naive = (block[rows[t]] for t in ("svm", "logistic", "naive"))
    decided = next(panel.decided())[0][rows["svm"]]
    assert (svm.argmax(axis=1) == decided).all()
    assert np.square(svm - logistic).mean() < 0.25 * np.square(svm - naive).mean()
    assert np.square(svm - logistic).mean() < 0.1 * np.square(1 - svm - logistic).mean()


def test_of_several_targets_every_answer_counts(survey, survey_files, survey_results, tmp_path):
    table = survey.with_columns(
        far=(pl.col("period").fill_null(0) > 0).cast(int),
        red=(pl.col("skew").fill_null(0) > 1).cast(int),
    )
    table.write_csv(tmp_path / "targets.csv")
    data = {"source": str(tmp_path / "targets.csv"), "label": ["far", "red"], "exclude": ["kind"]}
    results = survey_results(data, ["gaussiannb", "decisiontree"])
    panel = Panel.of(results)
    (right,) = panel.right()
    assert right.shape == (4, panel.examples, 2)
    assert right[2].all()
    one_each = survey_results({**data, "targets": "independent"}, ["gaussiannb", "decisiontree"])
    (of_red,) = Panel.of(one_each, "red").right()
    assert of_red.shape == (4, panel.examples, 1)
    assert (of_red[2:] == right[2:, :, 1:]).all()
    (scores,) = Panel.of(one_each, "red").probabilities()
    assert scores.shape == of_red.shape


def test_only_some_titles_and_no_poles(iris):
    panel = Panel.of(iris, titles=["svm"], poles=False)
    assert [one.title for one in panel.mapped] == ["svm"]
    with pytest.raises(NotFound, match="'smv'"):
        Panel.of(iris, titles=["smv"])
    assert panel.results.part is Part.TEST
