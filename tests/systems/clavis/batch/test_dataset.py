"""Examples of a job: divided, cut down and scaled as scikit-learn would."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.data.splitting.divide import divide
from sortal.errors import DataError
from sortal.job.models import DataBlock as JobData
from sortal.job.models import GivenFoldSplit
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.batch.dataset import dataset_of
from sortal.systems.clavis.batch.jobfile import BatchDataBlock


def source(examples=60, classes=3, *, test=0, specs=None, several=False, seed=0):
    random = np.random.default_rng(seed)
    every = examples + test
    X = random.normal(size=(every, 4))
    y = random.permutation(np.arange(every) % classes)
    if several:
        y = random.integers(0, 2, (every, classes))
    return GivenData(
        name="made",
        class_names=tuple(f"class {number}" for number in range(classes)),
        X_train=X[:examples],
        y_train=y[:examples],
        X_test=X[examples:],
        y_test=y[examples:],
        specs=specs or {},
    )


def block(**more):
    return BatchDataBlock.model_validate({"title": "a job", "dataset": "made", **more})


def parts(divided):
    """Row numbers of the data set that train and that test, in order, as the engine divides them."""
    given = {} if divided.split is None else {"split": divided.split}
    data = JobData.model_validate({"source": "made", **given})
    (split,) = divide(divided.dataset, data.split, 0)
    ids = divided.dataset.inputs.ids
    return ids[split.rows(Part.TRAIN)], ids[split.rows(Part.TEST)]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_draw_is_that_of_train_test_split_in_its_order(several, seed):
    data = source(several=several)
    divided = dataset_of(data, block(test_size=0.3, random_state=seed))
    expected = train_test_split(
        np.arange(60), test_size=0.3, stratify=data.y_train, random_state=seed
    )
    train, test = parts(divided)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(test, expected[1])
    rows = divided.dataset.inputs.ids
    np.testing.assert_array_equal(divided.dataset.inputs.matrix(), data.X_train[rows])
    np.testing.assert_array_equal(divided.dataset.labels.codes, data.y_train[rows])


def test_a_fifth_tests_where_nothing_is_said():
    train, test = parts(dataset_of(source(), block()))
    assert (len(train), len(test)) == (48, 12)


def test_a_dataset_s_test_examples_are_used_at_any_test_size():
    data = source(40, test=20)
    divided = dataset_of(data, block(test_size=0.5))
    train, test = parts(divided)
    np.testing.assert_array_equal(train, np.arange(40))
    np.testing.assert_array_equal(test, np.arange(40, 60))


def test_first_rows_are_the_first_of_each_part_with_a_note():
    data = source(40, test=20)
    divided = dataset_of(data, block(subset_train=0.55, subset_test=0.1))
    train, test = parts(divided)
    np.testing.assert_array_equal(train, np.arange(22))
    np.testing.assert_array_equal(test, [40, 41])
    assert "subset_train is 0.55: the first 22 of 40 examples" in divided.notes[0]


def test_first_rows_of_a_draw_are_the_first_that_were_drawn():
    data = source()
    drawn = train_test_split(np.arange(60), test_size=0.2, stratify=data.y_train, random_state=42)
    train, test = parts(dataset_of(data, block(subset_train=0.5, subset_test=0.5)))
    np.testing.assert_array_equal(train, drawn[0][:24])
    np.testing.assert_array_equal(test, drawn[1][:6])


def test_a_class_that_first_rows_lose_is_named():
    data = source()
    order = np.argsort(data.y_train, kind="stable")
    sorted_data = GivenData(
        name="sorted",
        class_names=data.class_names,
        X_train=data.X_train[order],
        y_train=data.y_train[order],
        X_test=data.X_train,
        y_test=data.y_train,
    )
    divided = dataset_of(sorted_data, block(subset_train=0.5))
    assert "None of them is of class 2: set subset to random." in divided.notes[0]
    balanced = dataset_of(sorted_data, block(subset_train=0.5, subset="random"))
    assert balanced.notes == ()
    train = balanced.dataset.parts == 0
    np.testing.assert_array_equal(np.bincount(balanced.dataset.labels.codes[train]), [10, 10, 10])


def test_random_subsets_follow_their_seed():
    first, again, other = (
        dataset_of(source(), block(subset="random", subset_train=0.5, random_state=seed))
        for seed in (1, 1, 2)
    )
    assert first.dataset.fingerprint == again.dataset.fingerprint
    assert first.dataset.fingerprint != other.dataset.fingerprint


def test_a_test_size_of_nothing_tests_nothing_and_says_so():
    divided = dataset_of(source(), block(test_size=0))
    train, test = parts(divided)
    assert (len(train), len(test)) == (60, 0)
    assert "no test scores" in divided.notes[0]


def test_a_test_size_of_1_tests_on_training_and_says_so():
    data = source()
    divided = dataset_of(data, block(test_size=1))
    assert "tested on the very examples" in divided.notes[0]
    matrix = divided.dataset.inputs.matrix()
    np.testing.assert_array_equal(matrix[:60], data.X_train)
    np.testing.assert_array_equal(matrix[60:], data.X_train)
    assert len(np.unique(divided.dataset.inputs.ids)) == 120


FOLDS = np.repeat([3, 1, 7], 20)


def test_folds_are_those_of_the_data_set_in_its_order():
    divided = dataset_of(source(specs={"cv_folds": FOLDS}), block(save_clfs_for_folds=True))
    assert divided.split == GivenFoldSplit(kind="given_folds", column="cv_folds", each_fold=True)
    splits = divide(divided.dataset, divided.split, 0)
    assert [split.fold for split in splits] == [1, 3, 7]
    for split in splits:
        np.testing.assert_array_equal(split.test, np.flatnonzero(split.fold == FOLDS))
        np.testing.assert_array_equal(split.train, np.flatnonzero(split.fold != FOLDS))


def test_disabled_cross_validation_ignores_folds():
    data = source(specs={"cv_folds": FOLDS})
    divided = dataset_of(data, block(disable_cross_validation=True, test_size=0.25))
    assert (divided.split, divided.dataset.folds) == (None, None)
    assert len(parts(divided)[1]) == 15


def test_folds_and_a_test_size_contradict_each_other():
    with pytest.raises(DataError, match=r"expected 0 .or nothing., because made gives folds"):
        dataset_of(source(specs={"cv_folds": FOLDS}), block(test_size=0.2))
    with pytest.raises(DataError, match="test examples too"):
        dataset_of(source(test=9, specs={"cv_folds": FOLDS}), block())


def test_folds_follow_the_first_rows():
    divided = dataset_of(source(specs={"cv_folds": FOLDS}), block(subset_train=0.5))
    np.testing.assert_array_equal(divided.dataset.folds, FOLDS[:30])


def test_folds_of_test_examples_leave_training_examples_alone():
    folds = np.repeat([2, 5], 10)
    specs = {"cv_folds": folds, "cv_folds_for_test_only": True}
    divided = dataset_of(source(40, test=20, specs=specs), block(subset_test=0.75))
    assert divided.folds_of_test
    np.testing.assert_array_equal(divided.dataset.folds[:40], np.full(40, -1))
    np.testing.assert_array_equal(divided.dataset.folds[40:], folds[:15])
    with pytest.raises(DataError, match="there are none"):
        dataset_of(source(20, specs={"cv_folds_for_test_only": True, "cv_folds": None}), block())


def test_several_labels_are_independent_targets():
    labels = dataset_of(source(several=True), block()).dataset.labels
    assert labels.outputs is Outputs.INDEPENDENT
    assert labels.codes.shape == (60, 3)


def test_a_class_of_one_example_is_named():
    data = source()
    y = data.y_train.copy()
    y[y == 2] = 1
    y[0] = 2
    alone = GivenData(
        name="alone",
        class_names=data.class_names,
        X_train=data.X_train,
        y_train=y,
        X_test=np.array([]),
        y_test=np.array([]),
    )
    with pytest.raises(DataError, match="class 'class 2' has 1 example"):
        dataset_of(alone, block())


def test_infinite_features_are_told_with_their_place():
    data = source()
    X = data.X_train.copy()
    X[3, 2] = np.inf
    bad = GivenData(
        name="bad",
        class_names=data.class_names,
        X_train=X,
        y_train=data.y_train,
        X_test=np.array([]),
        y_test=np.array([]),
    )
    with pytest.raises(DataError, match="got inf in row 3, column 2"):
        dataset_of(bad, block())
