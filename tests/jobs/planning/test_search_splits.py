import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels
from sortal.data.splitting.divide import divide
from sortal.errors import DataError
from sortal.job.models import DataBlock, Job
from sortal.jobs.planning.search_splits import search_splits


def dataset(count: int = 200, classes: int = 3) -> Dataset:
    generator = np.random.default_rng(0)
    codes = generator.integers(0, classes, count)
    codes[:4] = UNKNOWN
    return Dataset(
        name="d",
        inputs=Inputs(
            {"features": generator.normal(size=(count, 2))}, np.arange(count).astype(str)
        ),
        labels=Labels(codes, tuple("abc"[:classes])),
        names={"features": ("x", "y")},
        groups=generator.integers(0, 20, count),
        folds=generator.integers(0, 4, count),
    )


def job(split: dict, **tuning: object) -> Job:
    return Job.model_validate(
        {
            "data": {"source": "iris", "group": "g", "split": split},
            "classifiers": [{"method": "svm"}],
            "tuning": tuning,
        }
    )


def divided(split: dict, **tuning: object):
    data, asked = dataset(), job(split, **tuning)
    own = divide(data, asked.data.split, asked.seed)
    return data, own, search_splits(asked, data, own)


SPLITS = st.sampled_from(
    [
        {"kind": "random"},
        {"kind": "random", "validation": 0.2},
        {"kind": "group"},
        {"kind": "folds", "folds": 3},
        {"kind": "folds", "folds": 3, "by_group": True, "stratified": False},
        {"kind": "given_folds", "column": "f", "validation": True},
    ]
)


@settings(max_examples=40)
@given(SPLITS, st.none() | st.floats(0.1, 0.5), st.integers(0, 100))
def test_no_test_example_trains_or_validates_and_parts_differ(split, share, seed):
    _, own, found = divided(split, validation=share, seed=seed)
    assert len(found) == len(own)
    for mine, theirs in zip(found, own, strict=True):
        assert len(mine.test) == 0
        assert len(mine.validation)
        assert not set(mine.train) & set(mine.validation)
        if share is not None or len(theirs.validation) or theirs.fold is None:
            assert not (set(mine.train) | set(mine.validation)) & set(theirs.test)


def test_a_fifth_of_training_validates_in_proportion_of_classes():
    data, (own,), (mine,) = divided({"kind": "random"})
    assert set(mine.train) | set(mine.validation) == set(own.train)
    assert len(mine.validation) == pytest.approx(len(own.train) / 5, abs=1)
    codes = data.labels.codes
    for code in range(3):
        share = np.mean(codes[mine.validation] == code)
        assert share == pytest.approx(np.mean(codes[own.train] == code), abs=0.03)


def test_validation_examples_of_the_split_precede_a_draw():
    _, (own,), (mine,) = divided({"kind": "random", "validation": 0.3})
    assert np.array_equal(mine.validation, own.validation)
    assert np.array_equal(mine.train, own.train)


def test_folds_validate_where_there_is_nothing_else():
    _, own, found = divided({"kind": "folds", "folds": 4})
    for mine, theirs in zip(found, own, strict=True):
        assert np.array_equal(mine.validation, theirs.test)
        assert mine.fold == theirs.fold


def test_folds_of_training_examples_validate_each_of_them_once():
    _, (own,), found = divided({"kind": "random"}, folds=4)
    every = np.concatenate([one.validation for one in found])
    assert np.array_equal(np.sort(every), own.train)


def test_groups_stay_together_where_the_split_goes_by_groups():
    for tuning in ({}, {"folds": 3}, {"validation": 0.3}):
        data, _, found = divided({"kind": "group"}, **tuning)
        for one in found:
            assert not set(data.groups[one.train]) & set(data.groups[one.validation])


def test_folds_within_folds_are_refused():
    with pytest.raises(DataError, match="within the folds of a cross-validation"):
        divided({"kind": "folds", "folds": 3}, folds=3)


def test_another_seed_draws_others():
    one, two = (divided({"kind": "random"}, seed=seed)[2][0] for seed in (1, 2))
    assert one.fingerprint != two.fingerprint


def test_the_block_of_data_is_unchanged_by_a_search():
    assert DataBlock.model_validate({"source": "iris"}) == job({"kind": "random"}).data.model_copy(
        update={"group": None}
    )
