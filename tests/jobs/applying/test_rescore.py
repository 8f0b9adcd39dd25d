import numpy as np
import pytest

from sortal.data.split import Part
from sortal.errors import UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.rescore import part_scores
from sortal.store.store import Store

pytestmark = pytest.mark.usefixtures("inline")

NETWORK = {"method": "mlp", "parameters": {"hidden_layer_sizes": [8], "epochs": 2}}
PARTS = {"kind": "random", "test": 0.25, "validation": 0.2, "seed": 1}


@pytest.fixture
def trained(run, survey_block, tmp_path):
    def launched(*classifiers, **data):
        block = {**survey_block, "split": PARTS, **data}
        done = run({"title": "survey", "data": block, "classifiers": classifiers, "bootstrap": 0})
        return done.results, Store.open(tmp_path / "store")

    return launched


def test_every_part_has_its_rows_and_together_they_are_all(trained, survey):
    results, store = trained(NETWORK)
    parts = [part_scores(store, results.results[0].members[0], part) for part in Part]
    assert sorted(np.concatenate([rows for rows, _ in parts])) == list(range(len(survey)))
    for rows, scores in parts:
        assert (np.diff(rows) > 0).all()
        assert scores.shape == (len(rows), 3)
        assert scores.dtype == np.float32
        np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_scores_of_every_part_are_those_of_a_prediction(trained, survey, survey_files):
    results, store = trained(NETWORK, {"method": "randomforest", "parameters": {"n_estimators": 5}})
    for result in results.results:
        (block,) = Predictor.load(store, [result]).files([survey_files / "survey.csv"])
        for part in Part:
            rows, scores = part_scores(store, result.members[0], part)
            np.testing.assert_allclose(scores, block.scores[rows], atol=1e-5)


def test_members_of_one_population_are_told_apart(trained):
    results, store = trained({**NETWORK, "seeds": 2})
    first, second = (
        part_scores(store, member, Part.TRAIN)[1] for member in results.results[0].members
    )
    assert np.abs(first - second).max() > 1e-3


def test_of_folds_each_member_has_its_own_parts(trained, survey):
    split = {"kind": "given_folds", "column": "fold", "validation": True}
    results, store = trained(NETWORK, split=split)
    folds = survey["fold"].to_numpy()
    for member in results.results[0].members:
        fold = member.entry.fold
        for part, others in ((Part.TEST, 0), (Part.VALIDATION, 1), (Part.TRAIN, 2)):
            rows, _ = part_scores(store, member, part)
            assert set((folds[rows] - fold) % 3) == {others}


def test_training_examples_need_a_stored_model(trained):
    results, store = trained({"method": "optimal"})
    member = results.results[0].members[0]
    assert len(part_scores(store, member, Part.TEST)[0])
    with pytest.raises(UserError, match="not stored"):
        part_scores(store, member, Part.TRAIN)
