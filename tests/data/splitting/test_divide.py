"""Splits are scikit-learn's draws; parts never overlap, groups are never divided."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    train_test_split,
)

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part, Split
from sortal.data.splitting.divide import divide
from sortal.errors import DataError
from sortal.job.models import (
    ColumnSplit,
    FilesSplit,
    FoldSplit,
    GivenFoldSplit,
    GroupSplit,
    RandomSplit,
)


def make(codes, features=None, **kwargs) -> Dataset:
    codes = np.asarray(codes)
    if features is None:
        features = np.zeros((len(codes), 1))
    if codes.ndim == 2:
        names = tuple(f"t{n}" for n in range(codes.shape[1]))
        labels = Labels(codes, names, Outputs.INDEPENDENT)
    else:
        labels = Labels(codes, tuple("abcd"[: codes.max() + 1]))
    inputs = Inputs({"features": features}, np.arange(len(codes)))
    return Dataset(name="d", inputs=inputs, labels=labels, names={"features": ("x",)}, **kwargs)


def drawn_codes(seed=0, examples=120, classes=3):
    return np.random.default_rng(seed).permutation(np.arange(examples) % classes)


def parts_of(split: Split) -> list[np.ndarray]:
    return [split.rows(part) for part in Part]


def assert_sound(split: Split, rows) -> None:
    together = np.concatenate(parts_of(split))
    assert sorted(together) == sorted(rows)
    for part in parts_of(split):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()


@pytest.mark.parametrize("stratified", [True, False])
def test_random_split_is_train_test_split(stratified):
    codes = drawn_codes()
    (split,) = divide(make(codes), RandomSplit(test=0.3, stratified=stratified), 7)
    train, test = train_test_split(
        np.arange(120), test_size=0.3, stratify=codes if stratified else None, random_state=7
    )
    assert split.test.tolist() == sorted(test)
    assert split.train.tolist() == sorted(train)


def test_validation_is_drawn_from_what_the_test_left():
    codes = drawn_codes()
    (split,) = divide(make(codes), RandomSplit(test=0.2, validation=0.2, seed=3), 99)
    rest, test = train_test_split(np.arange(120), test_size=0.2, stratify=codes, random_state=3)
    _, validation = train_test_split(
        rest, test_size=0.2 / 0.8, stratify=codes[rest], random_state=3
    )
    assert split.test.tolist() == sorted(test)
    assert split.validation.tolist() == sorted(validation)


def test_own_seed_wins_over_the_jobs():
    data = make(drawn_codes())
    (own,) = divide(data, RandomSplit(seed=5), 1)
    (jobs,) = divide(data, RandomSplit(), 5)
    (other,) = divide(data, RandomSplit(), 6)
    assert own.fingerprint == jobs.fingerprint != other.fingerprint


def test_unknown_classes_belong_to_no_part():
    codes = drawn_codes()
    codes[::10] = -1
    for block in (RandomSplit(), FoldSplit(kind="folds", folds=3)):
        for split in divide(make(codes), block, 0):
            assert_sound(split, np.flatnonzero(codes != -1))


@pytest.mark.parametrize(
    ("stratified", "by_group", "kind"),
    [
        (True, False, StratifiedKFold),
        (False, False, KFold),
        (True, True, StratifiedGroupKFold),
        (False, True, GroupKFold),
    ],
)
def test_folds_are_those_of_scikit_learn(stratified, by_group, kind):
    codes, groups = drawn_codes(), np.arange(120) // 4
    block = FoldSplit(kind="folds", folds=4, stratified=stratified, by_group=by_group)
    splits = divide(make(codes, groups=groups), block, 11)
    splitter = kind(n_splits=4, shuffle=True, random_state=11)
    for fold, (train, test) in enumerate(
        splitter.split(codes, codes, groups if by_group else None)
    ):
        assert splits[fold].fold == fold
        assert splits[fold].train.tolist() == sorted(train)
        assert splits[fold].test.tolist() == sorted(test)


def test_group_split_is_group_shuffle_split():
    groups = np.arange(120) // 4
    (split,) = divide(make(drawn_codes(), groups=groups), GroupSplit(kind="group", test=0.2), 2)
    _, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=2).split(groups, groups=groups))
    assert split.test.tolist() == sorted(test)


def test_given_folds_may_have_gaps():
    folds = np.repeat([2, 9, 40], 4)
    block = GivenFoldSplit(kind="given_folds", column="f")
    splits = divide(make(drawn_codes(examples=12), folds=folds), block, 0)
    assert [split.fold for split in splits] == [2, 9, 40]
    assert splits[1].test.tolist() == [4, 5, 6, 7]


@given(
    st.integers(3, 6).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1)))),
    st.booleans(),
)
def test_each_example_tests_once_and_validates_once(drawn, numbered):
    count, more = drawn
    folds = np.array([*range(count), *more]) * 10
    data = make(np.arange(len(folds)) % 2, folds=folds)
    block = GivenFoldSplit(kind="given_folds", column="f", validation=True)
    if not numbered:
        block = FoldSplit(kind="folds", folds=count, stratified=False, validation=True)
    splits = divide(data, block, 0)
    assert len(splits) == count
    for part in (Part.TEST, Part.VALIDATION):
        rows = np.concatenate([split.rows(part) for split in splits])
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(folds)))
    for split, following in zip(splits, [*splits[1:], splits[0]], strict=True):
        np.testing.assert_array_equal(split.validation, following.test)
        every = np.concatenate([split.train, split.validation, split.test])
        np.testing.assert_array_equal(np.sort(every), np.arange(len(folds)))


def test_folds_test_the_same_examples_without_validation_too():
    plain, validated = (
        divide(make([0, 1] * 20), FoldSplit(kind="folds", validation=validation), 3)
        for validation in (False, True)
    )
    for one, other in zip(plain, validated, strict=True):
        assert not len(one.validation)
        np.testing.assert_array_equal(one.test, other.test)


def test_two_folds_cannot_train_validate_and_test():
    with pytest.raises(DataError, match=r"needs 3 or more folds.*there are 2"):
        divide(make([0, 1] * 9), FoldSplit(kind="folds", folds=2, validation=True), 0)


@pytest.mark.parametrize(
    "block", [ColumnSplit(kind="column", column="part"), FilesSplit(kind="files"), RandomSplit()]
)
def test_given_parts_are_kept(block):
    parts = np.array([0, 0, 2, 1, 0, 2], dtype=np.int8)
    (split,) = divide(make([0, 1, 0, 1, 0, -1], parts=parts), block, 0)
    assert [p.tolist() for p in parts_of(split)] == [[0, 1, 4], [3], [2]]


@settings(max_examples=40)
@given(
    examples=st.integers(40, 200),
    classes=st.integers(2, 4),
    test=st.floats(0.1, 0.4),
    validation=st.one_of(st.just(0.0), st.floats(0.1, 0.4)),
    seed=st.integers(0, 1000),
)
def test_random_parts_cover_all_rows_in_proportion(examples, classes, test, validation, seed):
    codes = drawn_codes(seed, examples, classes)
    data = make(codes)
    (split,) = divide(data, RandomSplit(test=test, validation=validation), seed)
    assert_sound(split, range(examples))
    share = np.bincount(codes) / examples
    for part in parts_of(split):
        counts = np.bincount(codes[part], minlength=classes)
        assert (np.abs(counts - share * len(part)) <= 2).all()
    (again,) = divide(data, RandomSplit(test=test, validation=validation), seed)
    assert again.fingerprint == split.fingerprint


@settings(max_examples=40)
@given(
    groups=st.lists(st.integers(0, 9), min_size=60, max_size=120),
    seed=st.integers(0, 1000),
    folds=st.integers(2, 4),
)
def test_groups_are_never_divided(groups, seed, folds):
    groups = np.array([*groups, *range(10)])
    data = make(drawn_codes(seed, len(groups), 2), groups=groups)
    blocks = (
        GroupSplit(kind="group", test=0.3, validation=0.2),
        FoldSplit(kind="folds", folds=folds, by_group=True, stratified=False),
    )
    for block in blocks:
        for split in divide(data, block, seed):
            assert_sound(split, range(len(groups)))
            held = [set(groups[part]) for part in parts_of(split)]
            assert sum(map(len, held)) == len(set().union(*held))


def test_features_have_no_say_in_the_split():
    codes = drawn_codes()
    rng = np.random.default_rng(0)
    first, second = (
        divide(make(codes, rng.normal(size=(120, 1))), RandomSplit(), 0)[0] for _ in range(2)
    )
    assert first.fingerprint == second.fingerprint


def test_independent_targets_are_stratified_by_combination():
    """Rare combinations are pooled."""
    codes = np.zeros((100, 2), dtype=np.int8)
    codes[:50, 0] = 1
    codes[:20, 1] = -1
    codes[99] = (-1, 1)
    codes[98] = (1, 1)
    (split,) = divide(make(codes), RandomSplit(test=0.2), 0)
    assert_sound(split, range(100))
    assert (split.test < 20).sum() == 4
    assert ((split.test >= 20) & (split.test < 50)).sum() == 6
    for fold in divide(make(codes), FoldSplit(kind="folds", folds=5), 0):
        assert (fold.test < 20).sum() == 4


@pytest.mark.parametrize(
    ("codes", "block", "said"),
    [
        (
            [0] * 9 + [1],
            RandomSplit(),
            "class 'b' has 1 example, .*data.classes.*stratified: false",
        ),
        (
            [0] * 9 + [1] * 2,
            FoldSplit(kind="folds", folds=3),
            "class 'b' has 2 examples, .*3 strat",
        ),
        ([0] * 2, FoldSplit(kind="folds", folds=3), "2 examples cannot be divided into 3 folds"),
        ([-1, -1, -1], RandomSplit(), "no example has a known class"),
        ([0, 1] * 9, RandomSplit(test=0.6, validation=0.4), "leave nothing to train on"),
        ([0, 1] * 9, RandomSplit(test=0, validation=0), "both 0"),
        ([0, 1, 2] * 2, RandomSplit(test=0.3), "6 examples cannot be divided: .*number of classes"),
        ([0, 1] * 9, GroupSplit(kind="group"), "needs data.group"),
        ([0, 1] * 9, FilesSplit(kind="files"), "does not say which part"),
        ([0, 1] * 9, GivenFoldSplit(kind="given_folds", column="f"), "needs the fold numbers"),
    ],
)
def test_what_cannot_be_divided_says_why(codes, block, said):
    with pytest.raises(DataError, match=said):
        divide(make(codes), block, 0)


def test_too_few_groups_say_how_many_there_are():
    data = make([0, 1] * 9, groups=np.arange(18) % 2)
    with pytest.raises(DataError, match="3 parts need at least 3 groups, and the data has 2"):
        divide(data, GroupSplit(kind="group", validation=0.2), 0)
    with pytest.raises(DataError, match="5 folds need at least 5 groups"):
        divide(data, FoldSplit(kind="folds", by_group=True), 0)


def test_a_single_given_fold_and_empty_parts_are_refused():
    block = GivenFoldSplit(kind="given_folds", column="f")
    with pytest.raises(DataError, match="one fold only"):
        divide(make([0, 1, 0], folds=np.array([1, 1, 1])), block, 0)
    given_parts = ColumnSplit(kind="column", column="p")
    with pytest.raises(DataError, match="no example to test or validate on"):
        divide(make([0, 1, 0], parts=np.array([0, 0, 0])), given_parts, 0)
    with pytest.raises(DataError, match="no example to train on"):
        divide(make([0, 1, 0], parts=np.array([2, 2, 1])), given_parts, 0)


def test_validation_alone_may_be_drawn():
    (split,) = divide(make(drawn_codes()), RandomSplit(test=0, validation=0.25), 0)
    assert (len(split.test), len(split.validation)) == (0, 30)
    assert split.reported is Part.VALIDATION
