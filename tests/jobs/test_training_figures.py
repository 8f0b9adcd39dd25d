import numpy as np
import pytest

from sortal.data.split import Part
from sortal.evaluation.scores import evaluate
from sortal.jobs.applying.rescore import part_scores
from sortal.store.store import Store
from sortal.views.ranking import columns

pytestmark = pytest.mark.usefixtures("inline")

FOREST = {"method": "randomforest", "parameters": {"n_estimators": 5}}
PARTS = {"kind": "random", "test": 0.25, "validation": 0.2, "seed": 1}


@pytest.fixture
def judged(run, survey_block):
    def launched(*classifiers, training_figures=True, split=PARTS, **more):
        return run(
            {
                "title": "survey",
                "data": {**survey_block, "split": split},
                "classifiers": classifiers,
                "bootstrap": 20,
                "training_figures": training_figures,
                **more,
            }
        ).results

    return launched


def test_training_metrics_are_those_of_the_training_examples(judged, tmp_path):
    results = judged(FOREST)
    store, (member,) = Store.open(tmp_path / "store"), results.results[0].members
    rows, scores = part_scores(store, member, Part.TRAIN)
    weights = store.datasets.get(results.record.dataset).weights_for(None)
    (expected,) = evaluate(
        scores[None],
        results.labels.take(rows),
        np.asarray(weights[rows]),
        probabilities=True,
        resamples=0,
        seed=0,
    )
    found = member.scores[Part.TRAIN]
    assert found.examples == len(results.splits[0].train)
    for name, value in expected.figures.items():
        assert found.figures[name] == pytest.approx(value, abs=1e-6), name
    assert found.intervals == {}


def test_what_was_learnt_by_heart_shows_in_ranking_and_table(judged):
    results = judged({"method": "kneighbors", "parameters": {"n_neighbors": 1}}, FOREST)
    (nearest,) = results.titled("kneighbors")
    assert nearest.training_figures["accuracy"].mean == 1.0
    assert nearest.figures["accuracy"].mean < 0.9
    ranked = {row["title"]: row for row in results.ranking().to_dicts()}
    assert ranked["kneighbors"]["training"] == 1.0
    told = {row["figure"]: row for row in nearest.table().to_dicts()}
    assert told["accuracy"]["training"] == 1.0
    assert "training" in {getattr(column, "name", column) for column in columns(results)}


def test_without_the_option_no_training_metrics_are_computed(judged):
    results = judged(FOREST, training_figures=False)
    (result,) = results.results
    assert set(result.members[0].scores) == {Part.VALIDATION, Part.TEST}
    assert result.training_figures == {}
    assert "training" not in result.table().columns
    assert results.ranking()["training"].to_list() == [None]
    assert "training" not in {getattr(column, "name", column) for column in columns(results)}


def test_members_of_the_store_stay_without_training_figures(judged):
    judged(FOREST, training_figures=False)
    results = judged(FOREST, {"method": "naive"})
    training = {result.title: bool(result.training_figures) for result in results.results}
    assert training == {"randomforest": False, "naive": True}
    assert results.ranking()["training"].null_count() == 1


def test_folds_and_seeds_have_their_mean_on_training_examples(judged):
    results = judged({**FOREST, "seeds": 2}, split={"kind": "folds", "folds": 3, "seed": 1})
    (result,) = results.results
    values = [member.scores[Part.TRAIN].figures["accuracy"] for member in result.members]
    assert len(values) == 6
    assert result.training_figures["accuracy"].mean == pytest.approx(np.mean(values))


def test_candidates_of_a_search_have_no_training_metrics(judged, tmp_path):
    results = judged(
        {"method": "decisiontree", "parameters": {"max_depth": [1, 2, 3]}},
        tuning={"sampler": "random", "trials": 3, "batch": 3},
    )
    store = Store.open(tmp_path / "store")
    assert results.results[0].training_figures
    parts = {
        part
        for name in store.jobs.names()
        if name != "survey"
        for record in store.members.records(e.key for e in store.jobs.read(name).entries).values()
        for part in record.figures
    }
    assert parts == {"validation"}


def test_a_mean_of_some_members_is_not_shown_beside_one_of_all(judged):
    judged({**FOREST, "seeds": 2}, training_figures=False)
    results = judged({**FOREST, "seeds": 3})
    (result,) = results.results
    assert [Part.TRAIN in member.scores for member in result.members] == [False, False, True]
    assert result.training_figures == {}
