"""Scores of one division, of folds together, and of several networks as one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.split import Part
from sortal.jobs.applying.rescore import part_scores
from sortal.systems.cms.training.scored import Scored, mean_of

TRAINING = {"epochs": 2, "batch_size": 16, "layers": [4], "bootstrap": 0}
FOLDS = 4


@pytest.fixture(scope="module")
def divided(train, settings, lasting_folder):
    """Two networks of the six files."""
    return train(settings(data=str(lasting_folder.path), **TRAINING, runs=2))


@pytest.fixture(scope="module")
def crossed(train, settings, lasting_folder):
    """Two networks a fold."""
    return train(settings(data=str(lasting_folder.path), **TRAINING, folds=FOLDS, runs=2))


def test_rows_are_those_of_the_parts_ascending(divided):
    for network in divided.networks:
        for part in Part:
            np.testing.assert_array_equal(network.rows[part], divided.sample.events.rows(part))
            assert network.scores[part].shape == (len(network.rows[part]), 1)


def test_a_run_is_one_classifier_with_its_own_history(divided):
    first, second = divided.networks
    assert (first.seed, second.seed) == (0, 1)
    assert [len(one.members) for one in (first, second)] == [1, 1]
    assert first.member is first.members[0]
    assert len(first.history) == TRAINING["epochs"]
    assert first.history != second.history
    assert first.parameters["hidden_layer_sizes"] == [4]


def test_folds_of_a_run_are_one_classifier_and_runs_stay_apart(crossed):
    assert [one.seed for one in crossed.networks] == [0, 1]
    for network in crossed.networks:
        assert [one.entry.fold for one in network.members] == list(range(FOLDS))
        assert {one.entry.seed for one in network.members} == {network.seed}
        assert network.history == crossed.store.members.history(network.members[0].entry.key)


def test_folds_together_score_all_events_of_all_parts_in_order(crossed):
    everyone = np.arange(len(crossed.sample.events))
    for network in crossed.networks:
        for part in Part:
            np.testing.assert_array_equal(network.rows[part], everyone)


def test_a_test_or_validation_score_is_of_its_one_fold(crossed):
    (network, _) = crossed.networks
    for part in (Part.VALIDATION, Part.TEST):
        seen = []
        for member in network.members:
            rows, scores = part_scores(crossed.store, member, part)
            np.testing.assert_array_equal(network.scores[part][rows], scores)
            seen += rows.tolist()
        assert sorted(seen) == list(range(len(crossed.sample.events)))


def test_of_folds_that_train_on_an_event_the_first_scores_it(crossed):
    (network, _) = crossed.networks
    spoken = {}
    trained = np.zeros(len(crossed.sample.events), dtype=int)
    for member in network.members:
        rows, scores = part_scores(crossed.store, member, Part.TRAIN)
        trained[rows] += 1
        for row, score in zip(rows, scores, strict=True):
            spoken.setdefault(row, score)
    assert (trained == FOLDS - 2).all()
    wanted = np.stack([spoken[row] for row in range(len(trained))])
    np.testing.assert_array_equal(network.scores[Part.TRAIN], wanted)


def test_the_mean_of_folded_networks_keeps_all_their_members(crossed):
    together = mean_of(crossed.networks)
    assert together.title == "ensemble"
    assert len(together.members) == 2 * FOLDS
    assert together.history == []
    for part in Part:
        both = [one.scores[part] for one in crossed.networks]
        np.testing.assert_allclose(together.scores[part], sum(both) / 2, rtol=1e-6)
        np.testing.assert_array_equal(together.rows[part], crossed.networks[0].rows[part])


@given(
    st.lists(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), min_size=1, max_size=6),
    st.randoms(),
)
def test_a_mean_of_scores_stays_among_them_whatever_their_order(scores, order):
    rows = {part: np.arange(4) for part in Part}
    networks = [
        Scored(
            title="one",
            seed=0,
            members=(),
            rows=rows,
            scores={part: np.array(values, dtype=np.float32)[:, np.newaxis] for part in Part},
        )
        for values in scores
    ]
    mean = mean_of(networks).scores[Part.TEST]
    stacked = np.stack([one.scores[Part.TEST] for one in networks])
    assert (mean >= stacked.min(axis=0) - 1e-6).all()
    assert (mean <= stacked.max(axis=0) + 1e-6).all()
    order.shuffle(networks)
    np.testing.assert_allclose(mean_of(networks).scores[Part.TEST], mean, atol=1e-6)
