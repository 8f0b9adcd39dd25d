import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.training.examples.examples import Examples
from sortal.training.loop import train
from sortal.training.losses.binary import BinaryCrossEntropy
from sortal.training.measures.accuracy import Accuracy, right_of_all
from sortal.training.snapshots.snapshot import Snapshot, save_snapshot
from sortal.training.tile import Tile

NAMES = ("accuracy", "training_accuracy", "validation_accuracy")


def drawn(seed, members=3, rows=17, outputs=4):
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(members, rows, outputs, generator=random)
    weights = torch.randn(members, rows, generator=random) + 1
    weights[:, ::5] = 0
    return logits, weights, random


@given(st.integers(0, 1000), st.sampled_from([Accuracy.WEIGHTED, Accuracy.UNWEIGHTED]))
def test_right_classes_are_those_of_the_largest_output(seed, accuracy):
    logits, weights, random = drawn(seed)
    truth = torch.randint(4, (3, 17), generator=random)
    right, every = right_of_all(logits, truth, weights, accuracy)
    counts = weights.numpy() if accuracy is Accuracy.WEIGHTED else weights.numpy() != 0
    correct = logits.numpy().argmax(axis=2) == truth.numpy()
    np.testing.assert_allclose(right, (correct * counts).sum(axis=1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(every, counts.sum(axis=1), rtol=1e-5, atol=1e-5)


@given(st.integers(0, 1000), st.sampled_from([Accuracy.WEIGHTED, Accuracy.UNWEIGHTED]))
def test_targets_are_held_to_be_there_above_one_half(seed, accuracy):
    logits, weights, random = drawn(seed)
    truth = torch.randint(2, (1, 17, 4), generator=random).float()
    weights = weights[:1].unsqueeze(2).expand(1, 17, 4)
    right, every = right_of_all(logits, truth, weights, accuracy)
    counts = weights.numpy() if accuracy is Accuracy.WEIGHTED else weights.numpy() != 0
    correct = (logits.sigmoid().numpy() > 0.5) == (truth.numpy() > 0)
    np.testing.assert_allclose(right, (correct * counts).sum(axis=(1, 2)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(every, counts.sum(axis=(1, 2)), rtol=1e-5, atol=1e-5)


def test_of_equal_outputs_the_first_is_the_answer():
    logits = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]]])
    ones = torch.ones(1, 2)
    assert right_of_all(logits, torch.tensor([[0, 1]]), ones, Accuracy.UNWEIGHTED)[0].item() == 2
    assert right_of_all(logits, torch.tensor([[1, 2]]), ones, Accuracy.UNWEIGHTED)[0].item() == 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_histories_hold_accuracies_if_they_are_asked_for(
    *, recipe, course, tile, watch, examples, precision
):
    plain = tile(recipe(precision=precision), course("a"), course("b", seed=1))
    asked = tile(
        recipe(precision=precision, accuracy=Accuracy.UNWEIGHTED), course("a"), course("b", seed=1)
    )
    for one in (plain, asked):
        train(one, examples(), examples(40, seed=1), watch())
    for key, rows in asked.history.items():
        for row, other in zip(rows, plain.history[key], strict=True):
            assert {name: value for name, value in row.items() if name not in NAMES} == other
            assert all(0 <= row[name] <= 1 for name in NAMES)
        assert torch.equal(asked.ended[key].state, plain.ended[key].state)
    assert asked.history["a"][-1]["training_accuracy"] > 0.7


def test_accuracies_are_those_of_the_weights_at_the_epochs_end(
    recipe, course, tile, watch, examples
):
    chosen = recipe(accuracy=Accuracy.UNWEIGHTED)
    one, data, validation = tile(chosen, course(epochs=2)), examples(), examples(40, seed=1)
    train(one, data, validation, watch())
    held = chosen.network.held(one.ended["a"].state.unsqueeze(0))
    for name, part in {"training_accuracy": data, "validation_accuracy": validation}.items():
        outputs = chosen.network.forward(part.features, held, one.open_pass(40, training=False))
        right = (outputs[0].argmax(dim=1) == part.truth[0]).double().mean().item()
        assert one.history["a"][-1][name] == pytest.approx(right)


def test_running_accuracy_is_the_mean_before_each_update(recipe, course, tile, watch, examples):
    chosen = recipe(accuracy=Accuracy.WEIGHTED, batch_size=100)
    one, data = tile(chosen, course(epochs=1)), examples()
    data.weights[0, :30] = 3.0
    held = chosen.network.held(one.state.clone())
    outputs = chosen.network.forward(data.features, held, one.open_pass(100, training=False))
    right = (outputs[0].argmax(dim=1) == data.truth[0]).double()
    train(one, data, None, watch())
    expected = (right @ data.weights[0].double()).item() / data.weights.sum().item()
    assert one.history["a"][0] == {
        "epoch": 1,
        "loss": one.history["a"][0]["loss"],
        "accuracy": pytest.approx(expected),
    }


def test_without_weights_accuracy_is_nan_and_nothing_fails(recipe, course, tile, watch):
    features = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    truth, weights = (features[:, :3] > 0).float(), torch.ones(2, 40, 3)
    seen = Examples(features, truth.expand(2, 40, 3), weights, None)
    unknown = Examples(features, seen.truth, weights * torch.tensor([1.0, 0]).view(2, 1, 1), None)
    chosen = recipe(accuracy=Accuracy.WEIGHTED, loss=BinaryCrossEntropy())
    one = tile(chosen, course("a", lesson=0), course("b", lesson=1), rows=40)
    train(one, seen, unknown, watch())
    assert not one.ended["a"].failed
    assert not one.ended["b"].failed
    assert one.history["a"][-1]["validation_accuracy"] > 0.5
    assert np.isnan(one.history["b"][-1]["validation_accuracy"])


def test_accuracies_go_on_where_a_snapshot_left_them(
    *, recipe, course, tile, watch, examples, tmp_path
):
    chosen = recipe(accuracy=Accuracy.WEIGHTED)
    courses, data, validation = [course("a"), course("b", epochs=1)], examples(), examples(40)
    whole, part = tile(chosen, *courses), tile(chosen, *courses)
    train(whole, data, validation, watch())
    path = tmp_path / "tile.safetensors"
    kept = []

    def keep_the_fourth(one: Tile) -> None:
        if not kept and one.optimiser.steps == 4:
            kept.append(save_snapshot(one, path, "m"))

    train(part, data, validation, watch(save=keep_the_fourth, snapshot_seconds=0.0))
    again = Snapshot.read(path).restore(chosen, courses, torch.device("cpu"), rows=100)
    assert again.tally.rows == 64
    train(again, data, validation, watch())
    assert again.history == whole.history
