"""Names of runs tell them apart in folders, on screen and in reports."""

import pytest

from sortal.systems.cms.results import runs as results
from sortal.systems.cms.results.runs import runs_of

TRAINING = {"epochs": 2, "batch_size": 16, "layers": [4], "bootstrap": 0}


@pytest.fixture(scope="module")
def rates(train, settings, lasting_folder):
    """Two networks of each of two decay rates."""
    return train(settings(data=str(lasting_folder.path), **TRAINING, runs=2, decays=[0.0, 0.05]))


def test_runs_of_one_rate_are_numbered(rates):
    alone = [one for one in rates.networks if one.decay == 0.05]
    assert [run.title for run in runs_of(rates, alone)] == ["run 0", "run 1"]
    assert [run.folder for run in runs_of(rates, alone)] == ["run0", "run1"]


def test_among_several_rates_a_run_is_told_with_its_own(rates):
    runs = runs_of(rates, rates.networks)
    for run, (rate, told) in zip(
        runs, [(0.0, "0"), (0.0, "0"), (0.05, "5e-2"), (0.05, "5e-2")], strict=True
    ):
        assert run.network.decay == rate
        assert run.title == f"decay {told}, run {run.network.seed}"
        assert run.folder == f"D{told}_run{run.network.seed}"


def test_every_network_is_judged_once(rates, monkeypatch):
    judged = []

    def remember(scored, *others):
        judged.append(scored)
        return merit_of(scored, *others)

    merit_of = results.merit_of
    monkeypatch.setattr(results, "merit_of", remember)
    assert [run.network for run in runs_of(rates, rates.networks)] == list(rates.networks)
    assert judged == list(rates.networks)
