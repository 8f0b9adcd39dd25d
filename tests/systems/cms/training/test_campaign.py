"""From events to trained networks: what trains, what is told, what ends it."""

import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sortal.data.split import Part
from sortal.engines.inline import InlineEngine
from sortal.errors import TaskError
from sortal.events import JobPlanned, MemberTrained, Warned, silent
from sortal.jobs.applying.export import load_portable
from sortal.jobs.running.run_options import RunOptions
from sortal.systems.cms.settings import MulticlassSettings
from sortal.systems.cms.training.campaign import Call, job_name, read_sample, run
from sortal.systems.cms.training.job import network_job, peer_job

TRAINING = {"epochs": 2, "batch_size": 16, "layers": [4], "bootstrap": 0}
CLASSES = {"Wjets": ["Wj*"], "TTbar": ["TT*"]}


@pytest.fixture(scope="module")
def data(lasting_folder):
    return str(lasting_folder.path)


@pytest.fixture
def trained(tmp_path):
    """Train in the store of a test; returns the campaign and what was told."""

    def called(settings, sample=None, interrupted=silent, engines=None):
        told = []
        campaign = run(
            settings,
            sample or read_sample(settings),
            "a (title)",
            Call(
                store=tmp_path / "store",
                options=RunOptions(cores=1),
                engines=engines or InlineEngine(),
            ),
            listener=told.append,
            interrupted=interrupted,
        )
        return campaign, told

    return called


def negated(data, folder):
    """The same six files with a few weights below zero."""
    folder.mkdir()
    for path in sorted(folder.parent.joinpath(data).iterdir()):
        frame = pd.read_csv(path, header=None)
        frame.loc[:2, 3] *= -1
        frame.to_csv(folder / path.name, header=False, index=False)
    return str(folder)


def planned(told):
    return [event for event in told if isinstance(event, JobPlanned)]


def test_runs_and_decays_are_one_job_that_trains_together(trained, data):
    """Those of one order of events are one population."""
    asked = MulticlassSettings(
        data=data, classes=CLASSES, signal_point="", runs=2, decays=[0.0, 0.5], **TRAINING
    )
    campaign, told = trained(asked)
    (plan,) = planned(told)
    assert (plan.members, plan.tasks) == (4, 2)
    assert len(campaign.networks) == 4
    assert len({one.parameters["decay"] for one in campaign.networks}) == 2
    assert campaign.seconds > 0


def test_stored_networks_are_not_trained_again_and_take_no_time(trained, settings, data):
    asked = settings(data=data, **TRAINING, compare=["lda"])
    first, _ = trained(asked)
    again, told = trained(asked)
    assert not [event for event in told if isinstance(event, MemberTrained)]
    assert [plan.stored for plan in planned(told)] == [1, 1]
    assert again.seconds == 0
    for one, other in ((first.networks, again.networks), (first.peers, again.peers)):
        np.testing.assert_array_equal(one[0].scores[Part.TEST], other[0].scores[Part.TEST])


def test_more_runs_train_only_the_missing_ones(trained, settings, data):
    few, _ = trained(settings(data=data, **TRAINING, runs=1))
    many, told = trained(settings(data=data, **TRAINING, runs=3))
    assert planned(told)[0].stored == 1
    np.testing.assert_array_equal(
        few.networks[0].scores[Part.TEST], many.networks[0].scores[Part.TEST]
    )


def test_other_methods_train_on_the_same_events_with_own_titles(trained, settings, data):
    campaign, told = trained(settings(data=data, **TRAINING, compare=["lda", "logistic"]))
    assert [plan.job for plan in planned(told)] == ["a (title)", "a (title) compared"]
    assert [one.title for one in campaign.peers] == ["lda", "logistic"]
    for peer in campaign.peers:
        assert peer.history == []
        for part in Part:
            np.testing.assert_array_equal(peer.rows[part], campaign.networks[0].rows[part])


def test_trees_can_be_compared_where_weights_are_negative(
    trained, settings, lasting_folder, tmp_path
):
    folder = negated(lasting_folder.path, tmp_path / "negative")
    campaign, _ = trained(settings(data=folder, **TRAINING, compare=["xgboost"]))
    assert (campaign.sample.events.weights < 0).any()
    (peer,) = campaign.peers
    assert np.isfinite(peer.scores[Part.TEST]).all()


def test_notes_on_the_events_are_not_told_by_every_job_anew(
    trained, settings, lasting_folder, tmp_path
):
    folder = negated(lasting_folder.path, tmp_path / "negative")
    asked = settings(data=folder, **TRAINING, compare=["lda"])
    sample = read_sample(asked)
    assert any("are negative" in note for note in sample.events.notes)
    _, told = trained(asked, sample)
    assert not [event for event in told if isinstance(event, Warned) and "negative;" in event.text]


def test_a_network_that_cannot_be_trained_ends_it_with_a_reason(trained, settings, data):
    wild = {**TRAINING, "learning_rate": 1e30, "optimiser": "sgd"}
    with pytest.raises(TaskError, match=r"^network \(seed 0.*: the loss became"):
        trained(settings(data=data, **wild))


def test_an_end_that_was_asked_for_goes_no_further(trained, settings, data):
    class Ended(Exception):
        pass

    class Halted(InlineEngine):
        def map(self, function, tasks):
            signal.raise_signal(signal.SIGINT)
            yield from super().map(function, tasks)

    launches = []

    def end(launched):
        launches.append(launched)
        raise Ended

    asked = settings(data=data, **TRAINING, compare=["lda"])
    with pytest.raises(Ended):
        trained(asked, interrupted=end, engines=Halted())
    assert [one.summary.exit_code for one in launches] == [130]
    campaign, told = trained(asked)
    assert planned(told)[1].stored == 0, "the other methods had not begun"
    assert len(campaign.networks) == len(campaign.peers) == 1


def test_a_network_does_not_depend_on_its_test_events(train, settings, lasting_folder, data):
    asked = settings(data=data, **TRAINING, folds=3)
    sample = read_sample(asked)
    tested = np.arange(len(sample.events)) % 3 == 0
    features = np.where(
        tested[:, np.newaxis], 5 - 3 * sample.events.features, sample.events.features
    )
    weights = np.where(tested, 7 * sample.events.weights, sample.events.weights)
    other = replace(sample, events=replace(sample.events, features=features, weights=weights))
    found = [tensors_of(train(asked, given)) for given in (sample, other)]
    for fold, same in ((0, True), (1, False), (2, False)):
        equal = all(
            np.array_equal(one, two) for one, two in zip(*(f[fold] for f in found), strict=True)
        )
        assert equal == same, fold


def tensors_of(campaign):
    """Every fold's weights as they would be exported, its scaler with them."""
    found = []
    for member in campaign.networks[0].members:
        portable = load_portable(campaign.store, member)
        found.append([held for layer in portable.tensors if layer for held in layer.values()])
    return found


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("2017_1l_first", "2017_1l_first"),
        ("2017_1l_T2tt(550,520)", "2017_1l_T2tt(550,520)"),
        ("../models", "models"),
        ("=", "network"),
        ("", "network"),
        ("x" * 300, "x" * 100),
    ],
)
def test_any_title_becomes_a_name_of_a_job(title, name, settings, events):
    assert job_name(title) == name
    assert network_job(settings(), name).title == name
    assert peer_job(settings(compare=["lda"]), name, events(["S", "B"])).title == f"{name} compared"
