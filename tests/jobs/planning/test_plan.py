"""Members are divided into populations by what they can share, whatever the store holds."""

import pytest

from sortal.jobs.launch import prepare
from sortal.jobs.planning.members import render_title
from sortal.jobs.planning.plan import plan
from sortal.jobs.running.run_options import RunOptions

IRIS = {"source": "iris"}


def planned(*classifiers, data=IRIS, cores=2, **job):
    return prepare(
        {"data": data, "classifiers": list(classifiers), **job}, options=RunOptions(cores=cores)
    )


def test_members_that_can_share_are_one_population():
    _, made = planned(
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3, 5], "p": [1, 2]}},
        {"method": "randomforest", "parameters": {"n_estimators": [5, 9], "max_depth": [2, 3]}},
    )
    sizes = {}
    for task in made.tasks:
        sizes.setdefault(task.method.name, []).append(len(task.entries))
    assert sizes == {"kneighbors": [3, 3], "randomforest": [2, 2]}


def test_every_member_is_planned_once():
    resolved, made = planned(
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3, 5]}, "seeds": 3},
        {"method": "kneighbors", "title": "again {seed}", "parameters": {"n_neighbors": 3}},
        data={"source": "iris", "split": {"kind": "folds", "folds": 3}},
    )
    keys = [entry.member.key for task in made.tasks for entry in task.entries]
    assert sorted(keys) == sorted({entry.member.key for entry in resolved.entries})
    assert len(resolved.entries) == 3 * 3 * 3 + 3


def test_a_population_has_rows_of_one_split_only():
    _, made = planned(
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3]}},
        data={"source": "iris", "split": {"kind": "folds", "folds": 4}},
    )
    assert [{entry.listed.fold for entry in task.entries} for task in made.tasks] == [
        {0},
        {1},
        {2},
        {3},
    ]


def test_the_plan_is_the_same_every_time_and_its_names_differ():
    blocks = [
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 3]}},
        {"method": "svm", "parameters": {"C": [1, 2]}},
    ]
    first, second = planned(*blocks)[1], planned(*blocks)[1]
    names = [task.name for task in first.tasks]
    assert names == [task.name for task in second.tasks]
    assert len(set(names)) == len(names)


def test_a_task_keeps_its_name_without_its_stored_members():
    _, made = planned({"method": "kneighbors", "parameters": {"n_neighbors": [1, 3]}})
    task = made.tasks[0]
    rest = task.without({task.entries[0].member.key})
    assert rest.name == task.name
    assert rest.entries == task.entries[1:]
    names = {single.name for single in task.singles()}
    assert len(names) == 2
    assert task.name not in names


@pytest.mark.parametrize(
    ("cores", "workers", "threads"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (9, 3, 3), (100, 3, 33)]
)
def test_cores_are_divided_between_workers(cores, workers, threads):
    _, made = planned(
        *({"method": name} for name in ("lda", "gaussiannb", "decisiontree")), cores=cores
    )
    assert (made.workers, made.threads) == (workers, threads)


def test_long_work_that_shares_nothing_is_cut_for_balance():
    resolved, whole = planned({"method": "svm", "parameters": {"C": [1, 2, 3, 4]}})
    assert len(whole.tasks) == 1
    import dataclasses

    large = dataclasses.replace(resolved.shape, examples=100_000, features=100)
    parts = plan(resolved.entries, large, cores=4).tasks
    assert len(parts) > 1
    assert sum(len(task.entries) for task in parts) == 4


def test_estimates_grow_with_the_work():
    small = planned({"method": "svm"})[1].cost
    large = planned({"method": "svm", "parameters": {"C": [1, 2, 3, 4]}}, {"method": "qda"})[1].cost
    assert 0 < small.seconds < large.seconds
    assert 0 < small.memory_bytes <= large.memory_bytes
    assert 0 < small.disk_bytes < large.disk_bytes


def test_the_key_of_a_member_is_its_meaning_not_its_title():
    def key(data=IRIS, seed=0, **block):
        resolved, _ = planned({"method": "decisiontree", **block}, data=data, seed=seed)
        return resolved.entries[0].member.key

    plain = key()
    assert key(title="another title") == plain
    assert key(parameters={"criterion": "gini"}) == plain
    differing = {
        "parameter": key(parameters={"criterion": "entropy"}),
        "seed": key(seeds=[1]),
        "split seed": key({"source": "iris", "split": {"seed": 1}}),
        "scaling": key({"source": "iris", "scaling": "standard"}),
        "classes": key({"source": "iris", "classes": ["setosa", "virginica"]}),
        "data": key({"source": "wine"}),
        "calibration": key(calibrate="sigmoid"),
    }
    assert len({plain, *differing.values()}) == len(differing) + 1


def test_a_title_without_template_names_what_varies():
    parameters = {"C": 0.25, "kernel": "rbf", "layers": [8, 8]}
    assert render_title(None, "svm", parameters, ("C", "layers"), 0) == "svm C=0.25 layers=8x8"
    assert render_title(None, "svm", parameters, (), 0) == "svm"
