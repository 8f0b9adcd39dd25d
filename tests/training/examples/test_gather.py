import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.training.examples.gather import gather
from sortal.training.examples.holdout import hold_out
from sortal.training.examples.targets import TargetSpec

PLAIN = TargetSpec(None, weighted=False, balanced=False)


def _data(codes, *, weights=None, groups=None, validation=0):
    codes = np.asarray(codes)
    rows = np.arange(len(codes))
    dataset = Dataset(
        name="made",
        inputs=Inputs({"features": np.arange(len(codes) * 2.0).reshape(-1, 2)}, rows),
        labels=Labels(
            codes,
            ("p", "q", "r", "s")[: codes.max() + 1 if codes.ndim == 1 else codes.shape[1]],
            Outputs.EXCLUSIVE if codes.ndim == 1 else Outputs.INDEPENDENT,
        ),
        names={"features": ("x", "y")},
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
        groups=None if groups is None else np.asarray(groups),
    )
    cut = len(codes) - validation
    split = Split(train=rows[:cut], validation=rows[cut:], test=rows[:0])
    return Prepared.fit(dataset, split, Preparation())


def _gather(data, *lessons, validated=False):
    return gather(
        data,
        lessons,
        validated=validated,
        precision=torch.float64,
        device=torch.device("cpu"),
    )


def test_absolute_weights_average_one_and_keep_their_signs():
    train, _ = _gather(_data([0, 1, 1], weights=[3, -1, 2]), TargetSpec(None, True, False))
    assert train.weights.tolist() == [[1.5, -0.5, 1.0]]


def test_a_lesson_without_weights_ignores_those_of_the_data():
    train, _ = _gather(_data([0, 1], weights=[3, 1]), PLAIN, TargetSpec(None, True, False))
    assert train.weights.tolist() == [[1.0, 1.0], [1.5, 0.5]]


def test_balanced_classes_weigh_the_same():
    train, _ = _gather(_data([0, 1, 1, 1], weights=[4, 1, 1, 2]), TargetSpec(None, True, True))
    weights = train.weights[0]
    assert weights[0].item() == pytest.approx(weights[1:].sum().item())
    assert weights.sum().item() == pytest.approx(4)


def test_validation_is_weighed_with_factors_of_training():
    data = _data([0, 1, 1, 1, 0, 0], validation=2)
    train, validation = _gather(data, TargetSpec(None, False, True))
    assert validation.weights.tolist() == [[train.weights[0, 0].item()] * 2]


def test_each_target_is_balanced_and_masked_on_its_own():
    data = _data([[1, 0], [0, UNKNOWN], [0, 1], [0, 1]])
    train, _ = _gather(data, TargetSpec("p", False, True), TargetSpec("q", False, True))
    torch.testing.assert_close(
        train.weights[..., 0],
        torch.tensor([[2, 2 / 3, 2 / 3, 2 / 3], [1.5, 0, 0.75, 0.75]], dtype=torch.float64),
    )
    assert train.truth[..., 0].tolist() == [[1, 0, 0, 0], [0, 0, 1, 1]]


def test_what_training_never_saw_is_out_of_reach_and_not_judged():
    data = _data([0, 2, 0, 2, 1], validation=1)
    train, validation = _gather(data, PLAIN, TargetSpec(None, False, True))
    assert train.offsets.tolist() == [[0, -1000, 0]] * 2
    assert validation.weights.tolist() == [[0], [0]]


def test_targets_that_never_or_always_hold_are_certain():
    codes = [[0, 1, 0, UNKNOWN], [0, 1, 1, UNKNOWN]]
    train, _ = _gather(_data(codes), TargetSpec(None, False, False))
    assert train.offsets.tolist() == [[-1000, 1000, 0, 0]]


def test_nothing_is_held_out_unless_it_is_needed():
    train, validation = _gather(_data([0, 1] * 20), PLAIN)
    assert (len(train), validation) == (40, None)


def test_a_tenth_is_held_out_where_the_split_has_no_validation():
    train, validation = _gather(_data([0, 1] * 20), PLAIN, validated=True)
    assert (len(train), len(validation)) == (36, 4)
    assert validation.truth.sum() == 2


def test_given_validation_examples_are_used_as_they_are():
    train, validation = _gather(_data([0, 1] * 20, validation=6), PLAIN, validated=True)
    assert (len(train), len(validation)) == (34, 6)


def test_whole_groups_are_held_out():
    groups = np.repeat(np.arange(20), 3)
    held = hold_out(_data([0, 1, 0] * 20, groups=groups))
    assert held.sum() == 6
    assert all(held[groups == group].all() or not held[groups == group].any() for group in groups)


@pytest.mark.parametrize(("rows", "held"), [(1, 0), (2, 1), (3, 1), (9, 1), (25, 2), (26, 3)])
def test_holding_out_leaves_something_to_learn(rows, held):
    assert hold_out(_data([1] + [0] * (rows - 1))).sum() == held


@given(st.integers(2, 400), st.integers(1, 99))
def test_about_the_share_that_is_asked_for_is_held_out(rows, hundredths):
    held = hold_out(_data([0, 1] * (rows // 2) + [0] * (rows % 2)), hundredths / 100).sum()
    assert 1 <= held < rows
    assert abs(held - rows * hundredths / 100) <= 1


def test_a_fifth_is_stratified_by_label():
    held = hold_out(_data([0] * 50 + [1] * 20), 0.2)
    assert (held[:50].sum(), held[50:].sum()) == (10, 4)


def test_holding_out_depends_on_labels_of_all_targets():
    codes = np.zeros((100, 2), dtype=np.int64)
    codes[:40, 0] = codes[20:60, 1] = 1
    held = hold_out(_data(codes))
    assert codes[held].sum(axis=0).tolist() == [4, 4]
