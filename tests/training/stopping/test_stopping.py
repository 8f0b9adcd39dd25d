import csv
import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sortal.errors import OptionError
from sortal.training.stopping.stopping import Stopping, StopRule

HERE = Path(__file__).parents[1]
KERAS = json.loads((HERE / "schedules/keras_callbacks.json").read_text("utf-8"))["stopping"]
HISTORY = HERE.parents[2] / "shared/data/stamps/deephits_published_history.csv"
WEIGHTS = torch.zeros(2, 1)
DEEP_HITS = StopRule(
    patience=100_000, relative_gain=0.01, growth=2, longest_wait=100_000, unit="updates"
)


def _feed(stopping, *epochs):
    """Losses of each epoch; weights are the epoch's number."""
    return [
        stopping.update(
            torch.tensor(losses, dtype=torch.float64), torch.full((2, 1), float(epoch)), epoch
        )
        for epoch, losses in enumerate(epochs, start=1)
    ]


def _train_one(rule, losses, *, every=1, start=0):
    """When one member ends (None: never) and when its best weights were, validated every so often."""
    stopping = Stopping.of([rule], torch.full((1, 1), -1.0), updates_per_epoch=1)
    now = torch.full((1, 1), -2.0)
    for at, loss in enumerate(losses, start=start):
        now = torch.full((1, 1), float(at * every))
        if stopping.update(torch.tensor([loss], dtype=torch.float64), now, at * every):
            return at * every, float(stopping.kept(0, now)[0])
    return None, float(stopping.kept(0, now)[0])


def test_a_member_ends_once_its_own_patience_has():
    stopping = Stopping([2, 3], [0.0, 0.0], WEIGHTS)
    ended = _feed(stopping, (1.0, 1.0), (0.5, 1.1), (0.6, 0.9), (0.5, 1.0), (0.7, 1.0), (0.1, 1.0))
    assert ended[:3] == [[], [], []]
    assert ended[3] == [0]
    assert ended[5] == [1]


def test_the_weights_of_the_best_epoch_are_kept():
    stopping = Stopping([5, 5], [0.0, 0.0], WEIGHTS)
    _feed(stopping, (1.0, 1.0), (0.5, 0.9), (0.6, 0.8))
    now = torch.full((2, 1), 3.0)
    assert stopping.kept(0, now) == (torch.tensor([2.0]), 2)
    assert stopping.kept(1, now) == (torch.tensor([3.0]), 3)


def test_a_gain_that_is_too_small_does_not_count():
    stopping = Stopping([1, 1], [0.0, 0.2], WEIGHTS)
    assert _feed(stopping, (1.0, 1.0), (0.9, 0.9))[1] == [1]
    assert stopping.best_epoch.tolist() == [2, 1]


def test_without_patience_none_stops_and_current_weights_count():
    stopping = Stopping([0, 0], [0.0, 0.0], WEIGHTS)
    assert _feed(stopping, (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)) == [[], [], []]
    assert stopping.kept(0, torch.full((2, 1), 3.0)) == (torch.tensor([3.0]), 0)
    assert stopping.best.shape == (2, 0)


def test_a_member_whose_loss_is_always_nan_keeps_its_weights():
    stopping = Stopping([2, 2], [0.0, 0.0], WEIGHTS)
    assert _feed(stopping, (math.nan, 1.0), (math.nan, 0.5))[1] == [0]
    assert stopping.kept(0, torch.full((2, 1), 2.0)) == (torch.tensor([2.0]), 0)


def test_a_tile_may_have_no_members_left():
    nobody = torch.zeros(0, 1)
    for stopping in (Stopping([], [], nobody), Stopping.of([], nobody, updates_per_epoch=1)):
        assert stopping.update(torch.zeros(0, dtype=torch.float64), nobody, 1) == []
        stopping.restore(stopping.state())
        assert stopping.expires.shape == (0,)


@pytest.mark.parametrize("kept", [[0], [1], [1, 0]])
def test_those_that_stay_keep_their_course(kept):
    stopping = Stopping([2, 3], [0.0, 0.1], WEIGHTS)
    _feed(stopping, (1.0, 2.0), (1.5, 2.5))
    stopping.keep(torch.tensor(kept))
    assert stopping.best_loss.tolist() == [[1.0, 2.0][row] for row in kept]
    assert stopping.patience.tolist() == [[2, 3][row] for row in kept]
    assert stopping.waited.tolist() == [1] * len(kept)


@pytest.mark.parametrize("case", KERAS, ids=range(len(KERAS)))
def test_training_ends_where_keras_ends_it(case):
    rule = StopRule(patience=case["patience"], min_gain=case["min_gain"])
    assert _train_one(rule, case["losses"], start=1) == (case["stopped"], case["best"])


def test_the_best_weights_are_kept_without_stopping_if_asked():
    ended, best = _train_one(StopRule(keep_best=True), [3.0, 1.0, 2.0, 4.0], start=1)
    assert (ended, best) == (None, 2.0)


def test_patience_in_epochs_spans_validations_between_them():
    rules = [StopRule(patience=2), StopRule(patience=5, unit="updates")]
    stopping = Stopping.of(rules, WEIGHTS, updates_per_epoch=6)
    losses = torch.tensor([1.0, 1.0], dtype=torch.float64)
    ended = [stopping.update(losses, WEIGHTS, at) for at in (3, 6, 9, 12, 15)]
    assert ended == [[], [], [1], [1], [0, 1]]
    assert stopping.expires.tolist() == [15, 8]


def test_a_relative_gain_is_a_share_of_the_last_gains_loss():
    losses = [10.0, 9.2, 8.9, 8.2, 8.05]
    assert _train_one(StopRule(patience=2, relative_gain=0.1), losses, start=1) == (5, 3.0)
    both = StopRule(patience=2, relative_gain=0.1, min_gain=2.0)
    assert _train_one(both, losses, start=1) == (3, 1.0)


def test_losses_of_negative_weights_must_gain_all_the_same():
    rule = StopRule(patience=1, relative_gain=0.1)
    assert _train_one(rule, [-1.0, -1.05, -2.0], start=1) == (2, 1.0)
    assert _train_one(rule, [-1.0, -1.2, -1.21], start=1) == (3, 2.0)


@pytest.mark.realdata
@pytest.mark.skipif(not HISTORY.exists(), reason="the published history is not here")
def test_the_published_training_of_deep_hits_ends_where_it_did():
    rows = list(csv.DictReader(HISTORY.read_text("utf-8").splitlines()))
    assert [int(row["iter"]) for row in rows] == list(range(0, 440_000, 5000))
    losses = [float(row["val_err"]) for row in rows]
    stopping = Stopping.of([DEEP_HITS], torch.zeros(1, 1), updates_per_epoch=24_400)
    for at, loss in zip(range(0, 440_000, 5000), losses, strict=True):
        ended = stopping.update(torch.tensor([loss], dtype=torch.float64), torch.zeros(1, 1), at)
        assert ended == []
    assert stopping.expires.tolist() == [440_000]
    assert stopping.kept(0, torch.ones(1, 1))[1] == 355_000
    assert _train_one(DEEP_HITS, [*losses, 0.0], every=5000) == (440_000, 355_000.0)


def _by_the_tutorial(rule, losses, every):
    """The loop of Deep-HiTS: validate, train on one minibatch, then look at patience."""
    patience, mark, best, best_at = rule.patience, math.inf, math.inf, None
    for update in range(every * len(losses)):
        if update % every == 0 and (loss := losses[update // every]) < best:
            if loss < (1 - rule.relative_gain) * mark:
                longest = update + (rule.longest_wait or math.inf)
                patience, mark = max(patience, min(int(rule.growth * update), longest)), loss
            best, best_at = loss, update
        if patience <= update + 1:
            return update + 1, best_at
    return None, best_at


GROWING = st.builds(
    StopRule,
    patience=st.integers(1, 30),
    relative_gain=st.sampled_from([0.0, 0.1, 0.5]),
    growth=st.sampled_from([1.5, 2.0, 3.0]),
    longest_wait=st.sampled_from([0, 4, 10]),
    unit=st.just("updates"),
)
COURSE = st.lists(st.integers(1, 64).map(lambda part: part / 7), min_size=1, max_size=40)


@given(GROWING, st.integers(1, 5), COURSE)
def test_growing_patience_is_that_of_the_tutorial(rule, every, losses):
    expected = _by_the_tutorial(rule, losses, every)
    # The end between two validations is noticed at the next, and nothing kept changes by that.
    ended, best = _train_one(rule, [*losses, 0.0], every=every)
    assert best == (expected[1] if expected[0] else ended or every * len(losses))
    assert ended == (None if expected[0] is None else every * math.ceil(expected[0] / every))


def test_growing_patience_in_epochs_counts_whole_epochs():
    rule = StopRule(patience=2, growth=2, longest_wait=3)
    stopping = Stopping.of([rule, rule], WEIGHTS, updates_per_epoch=10)
    assert stopping.expires.tolist() == [20, 20]
    for at, losses in [(10, (3.0, 3.0)), (15, (2.0, 4.0))]:
        assert stopping.update(torch.tensor(losses, dtype=torch.float64), WEIGHTS, at) == []
    assert stopping.expires.tolist() == [30, 20]
    stopping.update(torch.tensor([1.0, 4.0], dtype=torch.float64), WEIGHTS, 19)
    assert stopping.expires.tolist() == [38, 20]
    assert stopping.update(torch.tensor([0.5, 0.1], dtype=torch.float64), WEIGHTS, 35) == [1]
    assert stopping.expires.tolist() == [65, 20]


def test_a_member_whose_weights_hardly_change_ends():
    rules = [StopRule(min_change=0.01), StopRule(min_change=0.2), StopRule()]
    stopping = Stopping.of(rules, torch.ones(3, 4), updates_per_epoch=1)
    losses = torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64)
    ended = [
        stopping.update(losses, torch.full((3, 4), weight), at)
        for at, weight in enumerate([1.0, 2.0, 2.3, 2.31, 2.31])
    ]
    assert ended == [[], [], [1], [0, 1], [0, 1]]
    assert stopping.kept(0, torch.full((3, 4), 7.0))[0].tolist() == [7.0] * 4


def test_the_first_validation_has_no_weights_to_compare_with():
    stopping = Stopping.of([StopRule(min_change=1.0)], torch.ones(1, 4), updates_per_epoch=1)
    losses = torch.ones(1, dtype=torch.float64)
    assert stopping.update(losses, torch.ones(1, 4), 0) == []
    assert stopping.update(losses, torch.ones(1, 4), 1) == [0]


def test_weights_that_are_no_numbers_do_not_count_as_settled():
    stopping = Stopping.of([StopRule(min_change=1.0)], torch.ones(1, 4), updates_per_epoch=1)
    for at in range(3):
        broken = torch.full((1, 4), torch.nan)
        assert stopping.update(torch.ones(1, dtype=torch.float64), broken, at) == []


def test_running_statistics_beside_the_weights_are_no_change():
    state = torch.ones(1, 4)
    rules = [StopRule(min_change=0.01)]
    stopping = Stopping.of(rules, state, updates_per_epoch=1, trained=2)
    losses = torch.ones(1, dtype=torch.float64)
    assert stopping.update(losses, state, 1) == []
    later = torch.tensor([[1.0, 1.0, 50.0, -50.0]])
    assert stopping.update(losses, later, 2) == [0]


RULES = st.builds(
    StopRule,
    patience=st.integers(1, 6),
    min_gain=st.sampled_from([0.0, 0.1]),
    relative_gain=st.sampled_from([0.0, 0.1]),
    growth=st.sampled_from([0.0, 2.0]),
    min_change=st.sampled_from([0.0, 0.3]),
    unit=st.sampled_from(["epochs", "updates"]),
)


@given(st.lists(RULES, min_size=3, max_size=3), st.integers(0, 20), st.integers(0, 2**20))
def test_leaving_others_and_coming_back_changes_nothing(rules, pause, seed):
    draw = torch.Generator().manual_seed(seed)
    losses = torch.rand(20, 3, dtype=torch.float64, generator=draw)
    weights = torch.rand(20, 3, 4, generator=draw)

    def judged(stopping, rows, times):
        return [stopping.update(losses[at, rows], weights[at, rows], at) for at in times]

    whole = Stopping.of(rules, weights[0], updates_per_epoch=3, trained=3)
    ended = judged(whole, [0, 1, 2], range(20))
    before = Stopping.of(rules, weights[0], updates_per_epoch=3, trained=3)
    judged(before, [0, 1, 2], range(pause))
    stay = [2, 0]
    before.keep(torch.tensor(stay))
    after = Stopping.of(
        [rules[row] for row in stay],
        weights[1, stay],
        updates_per_epoch=3,
        trained=3,
    )
    after.restore(before.state())
    later = judged(after, stay, range(pause, 20))
    assert later == [[place for place, row in enumerate(stay) if row in at] for at in ended[pause:]]
    assert after.expires.tolist() == whole.expires[stay].tolist()
    for place, row in enumerate(stay):
        ours, theirs = after.kept(place, weights[-1, stay]), whole.kept(row, weights[-1])
        assert torch.equal(ours[0], theirs[0])
        assert ours[1] == theirs[1]


def test_a_state_is_a_copy():
    stopping = Stopping([3, 3], [0.0, 0.0], WEIGHTS)
    state = stopping.state()
    _feed(stopping, (1.0, 1.0))
    assert state["best"].tolist() == [[0.0], [0.0]]
    assert state["best_loss"].tolist() == [math.inf] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": -1}, "stopping.patience: expected a whole number of at least 0, got -1."),
        ({"growth": 2}, "stopping.patience: expected a whole number of at least 1, got 0."),
        ({"patience": 3, "growth": 1}, "stopping.growth: expected a number above 1, got 1."),
        ({"relative_gain": 1}, "stopping.relative_gain: .* at least 0 and below 1, got 1."),
        ({"unit": "days"}, "stopping.unit: expected one of epochs, updates, got 'days'."),
    ],
)
def test_impossible_rules_are_refused_by_name(options, message):
    with pytest.raises(OptionError, match=message):
        StopRule(**options)
