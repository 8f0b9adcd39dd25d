import math
from itertools import pairwise
from typing import Any

import pytest

from sortal.errors import NotFound
from sortal.events import Event, RoundEnded, TaskStarted
from sortal.job.problems import JobError
from sortal.jobs.launch import launch
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.searching.study import Study, TrialState
from sortal.store.store import Store
from sortal.store.upkeep.collect import free_disk
from sortal.store.upkeep.remove import remove_job

DATA = {"source": "digits", "subset": 300, "scaling": "standard"}
SVM = {
    "method": "svm",
    "title": "svm {kernel} {C}",
    "parameters": {
        "kernel": ["linear", "rbf"],
        "C": {"tune": True, "min": 0.0001, "max": 10, "initial": 0.0001},
    },
}
NETWORK = {
    "method": "mlp",
    "title": "mlp {learning_rate}",
    "parameters": {
        "learning_rate": {"tune": True, "min": 0.00001, "max": 0.1, "initial": 0.0001},
        "hidden_layer_sizes": {"value": [12]},
        "epochs": 12,
    },
}


@pytest.fixture(autouse=True)
def _inline(inline) -> None:
    """All of this trains in the test's process."""


def job(*classifiers: dict, data: dict | None = None, **tuning: Any) -> dict[str, Any]:
    return {
        "title": "t",
        "bootstrap": 0,
        "data": data or DATA,
        "classifiers": list(classifiers),
        "tuning": {"trials": 8, "batch": 4, **tuning},
    }


def evolution(*classifiers: dict, **tuning: Any) -> dict[str, Any]:
    made = job(*classifiers)
    few = {"rounds": 2, "population": 3, "offspring": 2}
    return {**made, "tuning": {"sampler": "evolution", **few, **tuning}}


def problems(made: dict[str, Any], run) -> list[str]:
    with pytest.raises(JobError) as caught:
        run(made)
    return [one.path for one in caught.value.problems]


def course(study: Study) -> list[tuple[Any, ...]]:
    return [(one.title, one.keys, one.value, one.state, one.rungs) for one in study.trials]


def test_the_best_on_validation_examples_is_trained_and_tested(run):
    launched = run(job(SVM, {"method": "naive"}, keep=2))
    study, results = launched.searched.study, launched.results
    best = study.ranked
    assert [one.state for one in study.trials] == [TrialState.COMPLETE] * len(study.trials)
    assert all(a.value >= b.value for a, b in pairwise(best))
    assert best[0].value > study.trials[0].value
    assert {one.title for one in results.results} == {"naive", best[0].title, best[1].title}
    assert results.part == "test"
    assert launched.summary.exit_code == 0


def test_candidates_are_never_scored_on_test_examples(run):
    launched = run(job(SVM, keep=1))
    store = launched.results.store
    keys = [key for one in launched.searched.study.trials for key in one.keys]
    assert all(set(one.figures) == {"validation"} for one in store.members.records(keys).values())
    tested = {member.entry.key for one in launched.results.results for member in one.members}
    assert not tested & set(keys)


def test_values_are_means_over_seeds_folds_and_targets(run):
    launched = run(job({**SVM, "seeds": 2}, folds=2, trials=2, batch=2, metric="mcc"))
    searched = JobResults.read(launched.results.store, "t.search")
    for one in launched.searched.study.trials:
        (result,) = searched.titled(one.title)
        assert len(result.members) == len(one.keys) == 4
        spread = result.figures["mcc"]
        assert (one.value, one.spread) == (spread.mean, spread.sd)


@pytest.mark.parametrize("sampler", ["tpe", "random", "cmaes"])
def test_a_rerun_trains_nothing_and_equal_seeds_search_alike(run, tmp_path, sampler):
    asked = job(
        {**SVM, "parameters": {**SVM["parameters"], "degree": {"tune": True, "min": 1, "max": 4}}},
        sampler=sampler,
        trials=6,
        batch=3,
    )
    first = run(asked)
    again = run(asked)
    assert again.searched.summary.trained == again.summary.trained == 0
    assert course(again.searched.study) == course(first.searched.study)
    elsewhere = run(asked, store=tmp_path / "elsewhere")
    assert course(elsewhere.searched.study) == course(first.searched.study)
    other = run({**asked, "tuning": {**asked["tuning"], "seed": 5}}, store=tmp_path / "other")
    assert course(other.searched.study) != course(first.searched.study)


def test_evolution_keeps_and_varies_the_best_of_all_classifiers(run):
    neighbours = {"method": "kneighbors", "parameters": {"n_neighbors": [1, 30]}}
    launched = run(evolution(SVM, neighbours, rounds=3))
    study = launched.searched.study
    assert {one.method for one in study.trials} == {"svm", "kneighbors"}
    bests = [study.of(one)[0].value for one in study.rounds]
    assert bests == sorted(bests), "a survivor is kept until a better one comes"
    for before, after in pairwise(study.rounds):
        kept = [one.number for one in study.of(before)[:3]]
        assert list(after.trials[: len(kept)]) == kept
    for one in study.trials[2:]:
        assert one.parent < one.number


def test_the_smallest_loss_is_the_best(run):
    network = {**NETWORK, "parameters": {**NETWORK["parameters"], "epochs": 3}}
    study = run(job(network, metric="log_loss", trials=4)).searched.study
    values = [one.value for one in study.trials]
    assert study.ranked[0].value == min(values)
    assert study.smaller_is_better


RUNGS = {"lowest": 1, "highest": 12, "factor": 2}


def test_rungs_drop_the_worst_and_do_not_change_the_others(run, tmp_path):
    launched = run(job(NETWORK, rungs=RUNGS, trials=8, batch=8, sampler="random"))
    store, study = launched.results.store, launched.searched.study
    pruned = [one for one in study.trials if one.state is TrialState.PRUNED]
    (stayed,) = [one for one in study.trials if one.state is TrialState.COMPLETE]
    assert len(pruned) == 7
    assert list(stayed.rungs) == ["1", "2", "4", "8"]
    assert {len(one.rungs) for one in pruned} == {1, 2, 3}
    assert all(one.value == one.rungs[max(one.rungs, key=int)] for one in pruned)
    assert set(store.members.find(key for one in pruned for key in one.keys)) == set()
    whole = run(
        job(NETWORK, trials=8, batch=8, sampler="random"), store=tmp_path / "whole"
    ).searched.study
    same = next(one for one in whole.trials if one.keys == stayed.keys)
    assert same.value == stayed.value
    other = Store.open(tmp_path / "whole")
    (kept,), (trained) = store.members.scores(stayed.keys), other.members.scores(stayed.keys)
    assert (kept == trained[0]).all()
    assert not store.snapshots.folders(), "what was given up leaves no snapshot"


def test_a_rerun_with_rungs_trains_nothing_and_drops_the_same(run):
    asked = job(NETWORK, rungs={**RUNGS, "factor": 3}, trials=9, batch=5)
    told: list[Event] = []
    first, again = run(asked), run(asked, listener=told.append)
    assert course(again.searched.study) == course(first.searched.study)
    assert again.searched.study.rounds == first.searched.study.rounds
    assert not [one for one in told if isinstance(one, TaskStarted)]


def test_methods_that_cannot_pause_are_trained_to_the_end(run):
    launched = run(job(NETWORK, SVM, rungs=RUNGS, trials=8, batch=8, sampler="random"))
    study = launched.searched.study
    svms = [one for one in study.trials if one.method == "svm"]
    assert svms
    assert {one.state for one in svms} == {TrialState.COMPLETE}
    assert any(one.state is TrialState.PRUNED for one in study.trials if one.method == "mlp")


def test_hyperband_starts_many_low_and_few_high(run):
    asked = job(NETWORK, rungs={"rule": "hyperband", "lowest": 2, "highest": 8, "factor": 2})
    del asked["tuning"]["batch"]
    study = run({**asked, "tuning": {**asked["tuning"], "trials": 11}}).searched.study
    assert [one.budgets for one in study.rounds] == [(2, 4), (4,), (), (2, 4)][: len(study.rounds)]
    assert [len(one.trials) for one in study.rounds] == [4, 3, 3, 1]


def test_candidates_of_incompatible_values_fail_with_the_reason(run):
    network = {
        "method": "mlp",
        "title": "mlp {optimiser}",
        "parameters": {
            "optimiser": {"tune": True, "values": ["sgd", "adam"], "initial": "sgd"},
            "momentum": 0.5,
            "epochs": 2,
            "hidden_layer_sizes": {"value": [4]},
        },
    }
    study = run(job(network, trials=4, sampler="random")).searched.study
    told = {one.values["optimiser"]: (one.state, one.reason) for one in study.trials}
    assert told["sgd"] == (TrialState.COMPLETE, "")
    assert told["adam"][0] is TrialState.FAILED
    assert "momentum has no effect with optimiser adam" in told["adam"][1]


def test_an_undefined_metric_fails_candidates_and_tests_nothing(run):
    launched = run(job(SVM, metric="log_loss", trials=2))
    assert {one.state for one in launched.searched.study.trials} == {TrialState.FAILED}
    assert "log_loss is undefined" in launched.searched.study.trials[0].reason
    assert launched.searched.best == ()
    assert launched.results.name == "t.search"


def test_titles_that_look_alike_are_told_apart(run):
    tuned = {"C": {"tune": True, "min": 1, "max": 1.0000001}}
    study = run(job({"method": "logistic", "parameters": tuned}, trials=4)).searched.study
    titles = [one.title for one in study.trials]
    assert titles[:2] == ["logistic C=1", "logistic C=1 (2)"]
    assert len(set(titles)) == len(titles)


def test_independent_targets_choose_one_configuration_together(run, tmp_path):
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(0)
    features = generator.normal(size=(120, 3))
    table = pl.DataFrame(features, schema=["x", "y", "z"]).with_columns(
        a=pl.Series((features[:, 0] > 0).astype(int)), b=pl.Series((features[:, 1] > 0).astype(int))
    )
    table.write_csv(tmp_path / "d.csv")
    data = {"source": str(tmp_path / "d.csv"), "label": ["a", "b"], "targets": "independent"}
    launched = run(job(SVM, data=data, trials=3, metric="balanced_accuracy"))
    assert all(len(one.keys) == 2 for one in launched.searched.study.trials)
    assert {one.target for one in launched.results.results} == {"a", "b"}
    assert len({one.title for one in launched.results.results}) == 1


def test_every_round_is_told_with_the_best_so_far(run):
    told: list[Event] = []
    launched = run(job(SVM), listener=told.append)
    rounds = [one for one in told if isinstance(one, RoundEnded)]
    assert [(one.round, one.rounds, one.candidates) for one in rounds] == [(1, 2, 4), (2, 2, 4)]
    best = launched.searched.study.ranked[0]
    assert (rounds[-1].best_title, rounds[-1].best) == (best.title, best.value)


@pytest.mark.parametrize(
    ("text", "by"), [("{", ""), ("format", "former"), ('"format": 1', '"format": 99')]
)
def test_a_study_is_read_back_and_a_damaged_one_made_anew(run, text, by):
    launched = run(job(SVM))
    store, study = launched.results.store, launched.searched.study
    assert Study.read(store, "t") == study
    (path,) = (store.folder / "artifacts" / "study" / "t").glob("v-*/study.json")
    path.write_text(path.read_text().replace(text, by))
    told: list[Event] = []
    again = run(job(SVM), listener=told.append)
    assert any("is not a readable study" in getattr(one, "text", "") for one in told)
    assert course(again.searched.study) == course(study)
    assert again.searched.summary.trained == 0


def test_more_trials_go_on_where_fewer_ended(run):
    few = run(job(SVM, trials=4))
    more = run(job(SVM, trials=8))
    assert course(more.searched.study)[: len(few.searched.study.trials)] == course(
        few.searched.study
    )
    known = {key for one in few.searched.study.trials for key in one.keys}
    new = {key for one in more.searched.study.trials for key in one.keys} - known
    assert more.searched.summary.trained == len(new)


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"classifiers": [{"method": "svm", "parameters": {"C": 1}}]}, ["tuning"]),
        (
            {"classifiers": [{"method": "svm", "parameters": {"c": {"tune": True}}}]},
            ["classifiers[0].parameters.c"],
        ),
        (
            {"classifiers": [{"method": "svm", "parameters": {"C": {"tune": True, "min": -1}}}]},
            ["classifiers[0].parameters.C.min"],
        ),
        (
            {"classifiers": [{"method": "svm", "parameters": {"kernel": ["rbf", "rfb"]}}]},
            ["classifiers[0].parameters.kernel[1]"],
        ),
        ({"classifiers": [SVM], "tuning": {"metric": "hamming_loss"}}, ["tuning.metric"]),
        ({"classifiers": [SVM], "tuning": {"sampler": "cmaes"}}, ["classifiers[0].parameters"]),
        ({"classifiers": [SVM], "tuning": {"folds": 500}}, ["tuning.folds"]),
        (
            {"classifiers": [SVM], "tuning": {"metric": "x", "trials": 0}},
            ["tuning.metric", "tuning.trials"],
        ),
        ({"classifiers": [SVM], "tuning": None}, ["classifiers[0].parameters.C"]),
    ],
)
def test_a_search_that_cannot_be_is_refused_at_its_places(run, change, paths):
    assert problems({**job(SVM), **change}, run) == paths


def test_problems_of_search_and_classifiers_are_told_together(run):
    made = job(
        {"method": "svm", "parameters": {"C": {"tune": True, "mim": 1}}}, metric="hamming_loss"
    )
    assert problems(made, run) == ["classifiers[0].parameters.C.mim", "tuning.metric"]


def test_the_metrics_to_optimise_are_those_that_are_computed():
    import numpy as np

    from sortal.data.labels import Labels, Outputs
    from sortal.evaluation.scores import evaluate
    from sortal.jobs.planning.tuning_problems import known_figures

    scores = np.array([[[0.6, 0.4], [0.3, 0.7], [0.5, 0.5]]])
    both = Labels(np.array([[0, 1], [1, 1], [0, 0]]), ("a", "b"), Outputs.INDEPENDENT)
    for labels, apart in (
        (Labels(np.array([0, 1, 1]), ("a", "b")), False),
        (both, False),
        (both.for_target("a"), True),
    ):
        chosen = scores[:, :, : len(labels.classes)]
        (one,) = evaluate(chosen, labels, None, probabilities=True, resamples=0, seed=0)
        assert known_figures(labels.outputs, apart=apart) == one.figures.keys()
        assert not math.isnan(one.figures["roc_auc"])


def test_a_search_has_nothing_to_show_as_it_is(tmp_path):
    from sortal.errors import OptionError

    with pytest.raises(OptionError, match="a job without `tuning`"):
        launch(job(SVM), store=tmp_path / "s", options=RunOptions(cores=1, as_is=True))


def test_check_tells_who_searches_on_what(tmp_path):
    from sortal.api.notebook import check

    told = repr(check(job(SVM, trials=30), store=tmp_path, cores=1))
    assert "search       tpe, 30 candidates in 8 rounds, on 45 validation examples;" in told
    assert "members      1, of which 0" in told
    assert "evolution, 2 rounds" in repr(check(evolution(SVM), store=tmp_path, cores=1))
    folds = repr(check(job(SVM, folds=3), store=tmp_path, cores=1))
    assert "on 75 validation examples of 3 folds" in folds


def test_a_study_stays_while_the_job_of_its_candidates_is_there(run):
    launched = run(job(SVM))
    store, name = launched.results.store, launched.results.name
    remove_job(store, name)
    free_disk(store)
    assert Study.read(store, name).trials
    remove_job(store, f"{name}.search")
    assert free_disk(store).artifacts == 1
    with pytest.raises(NotFound):
        Study.read(store, name)
