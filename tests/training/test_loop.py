from typing import get_args

import pytest
import torch

from sortal.methods.contract.base import Verdict
from sortal.training.loop import TileEnd, step, train
from sortal.training.losses.normalisation import Normalisation
from sortal.training.optimisers.choice import OptimiserKind
from sortal.training.schedules.annealing import FlatCos
from sortal.training.schedules.decay import Constant, Exponential
from sortal.training.schedules.plateau import Plateau
from sortal.training.snapshots.snapshot import Snapshot, save_snapshot
from sortal.training.tile import Tile, members_per_tile


def test_training_lowers_the_loss(recipe, course, tile, watch, examples):
    trained = tile(recipe(), course(epochs=10))
    assert train(trained, examples(), examples(60, seed=1), watch()) is TileEnd.ENDED
    rows = trained.history["a"]
    assert [row["epoch"] for row in rows] == list(range(1, 11))
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert rows[-1]["validation_loss"] < rows[0]["validation_loss"]


@pytest.mark.parametrize("optimiser", get_args(OptimiserKind))
@pytest.mark.parametrize("dropout", [False, True])
def test_ten_updates_alone_equal_ten_among_eight(
    *, recipe, course, tile, examples, optimiser, dropout
):
    chosen = recipe(optimiser=optimiser, dropout=dropout, sizes=(6, 32, 32, 3))
    courses = [
        course(
            str(number),
            seed=number,
            learning_rate=0.002 * (number + 1),
            weight_decay=0.01 * number,
            momentum=0.1 * number,
            beta1=0.8 + 0.01 * number,
            l1=1e-4 * number,
            l2=1e-3 * number,
            schedule=Exponential(gamma=0.9, unit="updates") if number % 2 else Constant(),
            dropout_schedule=FlatCos(),
            dropout=0.1 * number if dropout else 0.0,
            initialiser="he_uniform" if number % 2 else "glorot_uniform",
            output_initialiser="he_normal" if number % 3 else None,
            epsilon=1e-3,
            epsilon_added_to="uncorrected" if number % 2 else "corrected",
        )
        for number in range(8)
    ]
    together, alone = tile(chosen, *courses), tile(chosen, courses[5])
    batch = examples(64)
    for _ in range(10):
        step(together, batch)
        step(alone, batch)
    torch.testing.assert_close(together.state[5], alone.state[0], rtol=0, atol=1e-5)


def test_three_epochs_alone_equal_three_among_eight_in_float64(
    recipe, course, tile, watch, examples
):
    chosen = recipe(precision="float64", dropout=True)
    courses = [course(str(n), seed=n, dropout=0.1 * n, epochs=3 - n % 2) for n in range(8)]
    data = examples(200, dtype=torch.float64)
    together, alone = tile(chosen, *courses), tile(chosen, courses[4])
    for one in (together, alone):
        train(one, data, None, watch())
    difference = together.ended["4"].state - alone.ended["4"].state
    assert difference.abs().max() <= 1e-9


def test_chunks_of_rows_add_up_to_the_gradient_of_the_minibatch(
    recipe, course, tile, examples, monkeypatch
):
    data = examples(100, dtype=torch.float64)
    whole, chunked = (tile(recipe(precision="float64"), course()) for _ in range(2))
    step(whole, data)
    monkeypatch.setattr(Tile, "chunk_rows", 30)
    step(chunked, data)
    torch.testing.assert_close(whole.state, chunked.state, rtol=0, atol=1e-12)


def test_members_end_at_their_own_epochs(recipe, course, tile, watch, examples):
    trained = tile(recipe(), course("long", epochs=4), course("short", epochs=2))
    train(trained, examples(), None, watch())
    assert {key: len(rows) for key, rows in trained.history.items()} == {"long": 4, "short": 2}
    assert all(seconds > 0 for seconds in trained.seconds.values())


def test_a_member_that_diverges_leaves_alone(recipe, course, tile, watch, examples):
    trained = tile(
        recipe(optimiser="sgd"),
        course("wild", learning_rate=1e30),
        course("calm", learning_rate=0.01),
    )
    train(trained, examples(), None, watch())
    assert trained.ended["wild"].failed
    assert "epoch 1; lower learning_rate (1e+30)" in trained.ended["wild"].remark
    assert not trained.ended["calm"].failed
    assert trained.ended["calm"].state.isfinite().all()


def test_weights_infinite_after_the_last_update_are_a_failure(
    recipe, course, tile, watch, examples
):
    trained = tile(recipe(optimiser="sgd", batch_size=100), course(learning_rate=1e39, epochs=1))
    train(trained, examples(), None, watch())
    assert trained.ended["a"].failed


def test_early_stopping_keeps_the_best_weights(recipe, course, tile, watch, examples):
    noise = examples(60, seed=5)
    noise.truth.copy_(noise.truth.roll(1, dims=1))
    trained = tile(recipe(), course(epochs=50, patience=2, learning_rate=0.02))
    train(trained, examples(), noise, watch())
    losses = [row["validation_loss"] for row in trained.history["a"]]
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 2 < 50
    assert f"the weights of epoch {best} are kept" in trained.ended["a"].remark
    until_best = tile(recipe(), course(epochs=best, learning_rate=0.02))
    train(until_best, examples(), None, watch())
    assert torch.equal(until_best.ended["a"].state, trained.ended["a"].state)


def test_a_member_asked_to_stop_keeps_what_it_is(recipe, course, tile, watch, examples):
    def answer(current, _):
        return Verdict(stop=frozenset({"a"}) if current.epoch == 2 else frozenset())

    trained = tile(recipe(), course("a", epochs=9), course("b", epochs=4))
    assert train(trained, examples(), None, watch(answer)) is TileEnd.ENDED
    assert len(trained.history["a"]) == 2
    assert trained.ended["a"].remark == "stopped on request after 2.0 epochs"
    two = tile(recipe(), course("a", epochs=2))
    train(two, examples(), None, watch())
    torch.testing.assert_close(trained.ended["a"].state, two.ended["a"].state)


def test_weight_two_equals_a_row_that_is_there_twice(recipe, course, tile, examples):
    data = examples(40, dtype=torch.float64)
    twice = torch.cat([torch.arange(40), torch.arange(10)])
    (doubled,) = data.blocks(twice, 50)
    data.weights[0, :10] = 2
    data.weights.div_(data.weights.mean())
    chosen = recipe(precision="float64", batch_size=50)
    weighted, repeated = tile(chosen, course()), tile(chosen, course())
    for _ in range(5):
        step(weighted, data)
        step(repeated, doubled)
    torch.testing.assert_close(weighted.state, repeated.state, rtol=0, atol=1e-10)


@pytest.mark.parametrize("stop_at", [1, 3, 8, 9, 20])
def test_leaving_and_resuming_at_any_minibatch_changes_no_bit(
    *, recipe, course, tile, watch, examples, tmp_path, monkeypatch, stop_at
):
    monkeypatch.setattr("sortal.training.reporting._REPORT_SECONDS", 0.0)
    chosen = recipe(dropout=True)
    courses = [
        course("a", dropout=0.3, epochs=5, patience=2),
        course("b", seed=1, epochs=2, patience=9),
        course("c", seed=2, dropout=0.1, epochs=5, patience=9),
    ]
    path = tmp_path / "tile.safetensors"
    calls = []

    def answer(*_):
        calls.append(1)
        return Verdict(stop_all=len(calls) == stop_at)

    data, validation = examples(), examples(40, seed=8)
    whole, part = tile(chosen, *courses), tile(chosen, *courses)
    train(whole, data, validation, watch())
    saving = watch(answer, save=lambda one: save_snapshot(one, path, "m"))
    assert train(part, data, validation, saving) is TileEnd.ASKED
    again = Snapshot.read(path).restore(chosen, courses, torch.device("cpu"), rows=100)
    assert train(again, data, validation, watch()) is TileEnd.ENDED
    assert again.history == whole.history
    for key, one in whole.ended.items():
        assert torch.equal(one.state, again.ended[key].state)
        assert one.remark == again.ended[key].remark


def test_training_to_a_budget_and_on_equals_training_through(recipe, course, tile, watch, examples):
    whole, part = tile(recipe(), course(epochs=5)), tile(recipe(), course(epochs=5))
    train(whole, examples(), None, watch())
    assert train(part, examples(), None, watch(), until=2) is TileEnd.BUDGET
    assert part.epoch == 2
    train(part, examples(), None, watch(), until=9)
    assert torch.equal(whole.ended["a"].state, part.ended["a"].state)


def test_the_size_of_a_tile_depends_on_shapes_alone(recipe):
    assert members_per_tile(recipe()) == 64
    assert members_per_tile(recipe(sizes=(6, 10_000, 3), batch_size=5000)) == 1
    assert 1 < members_per_tile(recipe(sizes=(6, 300, 3), batch_size=512)) < 64


def test_validations_may_come_every_few_updates(recipe, course, tile, watch, examples):
    chosen = recipe(validate_every=3)
    trained = tile(chosen, course(epochs=2))
    train(trained, examples(), examples(40, seed=1), watch())
    assert [row["epoch"] for row in trained.history["a"]] == [3 / 7, 6 / 7, 9 / 7, 12 / 7]


def test_the_training_loss_is_measured_on_validation_s_weights(
    recipe, course, tile, watch, examples
):
    data = examples()
    trained = tile(recipe(), course(epochs=2))
    train(trained, data, data, watch())
    for row in trained.history["a"]:
        assert row["training_loss"] == row["validation_loss"]
        assert row["loss"] > row["training_loss"]
    brief = tile(recipe(measure_training=False), course(epochs=2))
    train(brief, data, data, watch())
    assert "training_loss" not in brief.history["a"][0]
    assert torch.equal(brief.ended["a"].state, trained.ended["a"].state)


def test_a_plateau_slows_its_own_member_alone(recipe, course, tile, watch, examples):
    rule = Plateau(factor=0.5, patience=1, min_gain=100.0)
    slowed = tile(recipe(), course("a", epochs=4, plateau=rule), course("b", epochs=4, seed=1))
    free = tile(recipe(), course("b", epochs=4, seed=1))
    for one in (slowed, free):
        train(one, examples(), examples(40, seed=1), watch(), until=3)
    assert slowed.pace.plateaus.factors.tolist() == [0.25, 1.0]
    rates = slowed.pace.rates(slowed.optimiser.steps).learning_rate
    torch.testing.assert_close(rates.ravel(), torch.tensor([0.0025, 0.01]))
    torch.testing.assert_close(slowed.state[1], free.state[0], rtol=0, atol=1e-5)


def test_dividing_by_weights_gives_the_weighted_mean(recipe, course, tile, examples):
    data = examples(40, dtype=torch.float64)
    few = data.cut(slice(0, 10))
    data.weights[0, 10:] = 0
    steps = []
    for batch, kind in ((data, "weights"), (few, "rows"), (data, "rows")):
        chosen = recipe(
            precision="float64", batch_size=40, normalisation=Normalisation(kind), optimiser="sgd"
        )
        one = tile(chosen, course())
        before = one.state.clone()
        step(one, batch)
        steps.append(one.state - before)
    torch.testing.assert_close(steps[0], steps[1])
    torch.testing.assert_close(steps[2] * 4, steps[1])


def test_penalties_pull_weights_and_leave_biases(recipe, course, tile, examples):
    chosen = recipe(precision="float64", optimiser="sgd")
    plain, pulled = tile(chosen, course()), tile(chosen, course(l2=0.1, l1=0.01))
    start = plain.parameters.clone()
    for one in (plain, pulled):
        step(one, examples(16, dtype=torch.float64))
    drawn = chosen.network.drawn
    expected = -0.01 * (2 * 0.1 * start + 0.01 * start.sign()) * drawn
    torch.testing.assert_close(pulled.parameters - plain.parameters, expected)


def test_leaving_and_resuming_while_validating_changes_no_bit(
    *, recipe, course, tile, watch, examples, tmp_path, monkeypatch
):
    monkeypatch.setattr("sortal.training.reporting._REPORT_SECONDS", 0.0)
    monkeypatch.setattr(Tile, "chunk_rows", 5)
    courses, data, validation = (
        [course("a", epochs=3, patience=9)],
        examples(),
        examples(40, seed=8),
    )
    whole, part = tile(recipe(), *courses), tile(recipe(), *courses)
    train(whole, data, validation, watch())
    shares = []

    def answer(one, share):
        shares.append(share)
        return Verdict(stop_all=one.epoch == 1 and shares[-4:] == [1.0] * 4)

    path = tmp_path / "tile.safetensors"
    saving = watch(answer, save=lambda one: save_snapshot(one, path, "m"))
    assert train(part, data, validation, saving) is TileEnd.ASKED
    assert len(part.history["a"]) == 1
    again = Snapshot.read(path).restore(recipe(), courses, torch.device("cpu"), rows=100)
    assert train(again, data, validation, watch()) is TileEnd.ENDED
    assert again.history == whole.history
    assert torch.equal(again.ended["a"].state, whole.ended["a"].state)


def test_an_epoch_may_be_any_number_of_updates(recipe, course, tile, watch, examples):
    long = recipe(steps_per_epoch=30)
    through, paused = (tile(long, course(epochs=3)) for _ in range(2))
    assert train(through, examples(), examples(60, seed=1), watch()) is TileEnd.ENDED
    assert [row["epoch"] for row in through.history["a"]] == [1, 2, 3]
    assert through.optimiser.steps == 90
    assert train(paused, examples(), examples(60, seed=1), watch(), until=1) is TileEnd.BUDGET
    assert paused.optimiser.steps == 30
    assert train(paused, examples(), examples(60, seed=1), watch()) is TileEnd.ENDED
    assert torch.equal(paused.ended["a"].state, through.ended["a"].state)


def test_leaving_amid_an_epoch_of_many_passes_changes_no_bit(
    *, recipe, course, tile, watch, examples, tmp_path, monkeypatch
):
    monkeypatch.setattr("sortal.training.reporting._REPORT_SECONDS", 0.0)
    long, whole = recipe(steps_per_epoch=30, dropout=True), course(epochs=2, dropout=0.2)
    through = tile(long, whole)
    train(through, examples(), None, watch())
    left = tile(long, whole)

    half = watch(lambda _, share: Verdict(stop_all=share > 0.5))
    assert train(left, examples(), None, half) is TileEnd.ASKED
    assert 0 < left.position < left.rows_per_epoch == 480
    save_snapshot(left, tmp_path / "x", "meaning")
    again = Snapshot.read(tmp_path / "x").restore(long, [whole], left.device, rows=100)
    train(again, examples(), None, watch())
    assert torch.equal(again.ended["a"].state, through.ended["a"].state)


def test_a_member_of_no_epochs_ends_as_it_started(recipe, course, tile, watch, examples):
    made = tile(recipe(), course(epochs=0), course("b", epochs=1))
    start = made.state[0].clone()
    assert train(made, examples(), examples(60, seed=1), watch()) is TileEnd.ENDED
    assert torch.equal(made.ended["a"].state, start)
    assert not made.ended["a"].failed
    assert made.history["a"] == []
    assert len(made.history["b"]) == 1
