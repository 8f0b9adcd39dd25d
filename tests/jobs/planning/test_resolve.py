"""Everything that is wrong with a job is told at once, whoever finds it."""

from pathlib import Path

import numpy as np
import pytest

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.job.problems import JobError, Problem
from sortal.jobs.launch import launch, prepare
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store

MISTAKES = """\
titel: mistaken
data:
  source: iris
  subset: many
  weight: nosuch
  scaling: standrd
classifiers:
  - method: kneighbours
  - title: nothing to train
  - method: svm
    parameters: {C: [1, -2], kernel: rbff}
  - method: logistic
    parameters:
      C: {start: 1, stop: 2, step: 0}
  - method: lda
    parameters: {shrinkag: auto}
"""


def problems_of(job) -> list[Problem]:
    with pytest.raises(JobError) as caught:
        prepare(job, options=RunOptions(cores=1))
    return list(caught.value.problems)


def test_mistakes_of_every_kind_are_reported_with_their_lines(tmp_path):
    job = tmp_path / "job.yaml"
    job.write_text(MISTAKES)
    told = [(one.line, one.path, one.nearest) for one in problems_of(job)]
    assert told == [
        (1, "titel", "title"),
        (4, "data.subset", ""),
        (5, "data.weight", ""),
        (6, "data.scaling", "standard"),
        (8, "classifiers[0].method", "kneighbors"),
        (9, "classifiers[1].method", ""),
        (11, "classifiers[2].parameters.C", ""),
        (11, "classifiers[2].parameters.kernel", "rbf"),
        (14, "classifiers[3].parameters.C.step", ""),
        (16, "classifiers[4].parameters.shrinkag", "shrinkage"),
    ]


def test_a_job_with_mistakes_leaves_no_store(tmp_path):
    job = tmp_path / "job.yaml"
    job.write_text(MISTAKES)
    with pytest.raises(JobError):
        launch(job, store=tmp_path / "store", options=RunOptions(cores=1))
    assert list(tmp_path.iterdir()) == [job]


def test_a_job_with_mistakes_leaves_an_existing_store_as_it_is(tmp_path):
    Store.open(tmp_path / "store")
    job = tmp_path / "job.yaml"
    job.write_text(MISTAKES)

    def everything() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*")}

    before = everything()
    with pytest.raises(JobError):
        launch(job, store=tmp_path / "store", options=RunOptions(cores=1))
    assert everything() == before


def test_methods_are_looked_up_though_the_source_is_lost():
    told = problems_of({"data": {"sauce": 3}, "classifiers": [{"method": "svn"}]})
    assert [one.path for one in told] == ["classifiers[0].method", "data.sauce"]


def test_data_is_read_though_no_classifier_is_left():
    told = problems_of({"data": {"source": "irish"}, "classifiers": [{"title": "x"}]})
    assert [one.path for one in told] == ["classifiers[0].method", "data.source"]


def test_a_wrong_column_name_causes_no_further_complaints(survey_files):
    data = {"source": str(survey_files / "survey.csv"), "label": "kind", "id": 5}
    told = problems_of({"data": data, "classifiers": [{"method": "svm"}]})
    assert [one.path for one in told] == ["data.id"]


def test_misspelt_imputation_is_the_only_problem_reported(survey_block):
    data = {**survey_block, "imputation": "medium well"}
    told = problems_of({"data": data, "classifiers": [{"method": "lda"}]})
    assert [one.path for one in told] == ["data.imputation"]


def test_a_method_that_takes_no_missing_values_is_told_so(survey_block):
    data = {**survey_block, "imputation": "none"}
    classifiers = [{"method": "lda"}, {"method": "histgradientboosting"}]
    told = problems_of({"data": data, "classifiers": classifiers})
    assert [one.path for one in told] == ["classifiers[0].method"]
    assert "data.imputation" in told[0].expected


def test_signals_of_unequal_length_need_a_length(tmp_path):
    lengths = np.array([5, 7] * 10)
    np.savez(
        tmp_path / "signals.npz",
        signal=np.arange(lengths.sum(), dtype=np.float32),
        signal_offsets=np.concatenate([[0], np.cumsum(lengths)]),
        labels=np.array(["a", "b"] * 10),
    )
    data = {"source": str(tmp_path / "signals.npz")}
    told = problems_of({"data": data, "classifiers": [{"method": "lda"}]})
    assert [one.path for one in told] == ["classifiers[0].method"]
    assert "unequal length" in told[0].expected
    resolved, _ = prepare({"data": {**data, "length": 6}, "classifiers": [{"method": "lda"}]})
    assert resolved.shape.features == 6


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("sklearn.linear_model.RidgeClasifier", "'RidgeClassifier'"),
        ("sklearn.linear_model.Ridge", "classifier"),
        ("skleam.svm.SVC", "installed package"),
        ("os.path.join", "installed package"),
    ],
)
def test_an_import_path_without_a_classifier_is_a_problem(method, expected):
    told = problems_of({"data": {"source": "iris"}, "classifiers": [{"method": method}]})
    assert [one.path for one in told] == ["classifiers[0].method"]
    assert expected in told[0].expected


def test_parameters_of_an_imported_classifier_are_checked():
    method = "sklearn.linear_model.RidgeClassifier"
    parameters = {"alpha": [-1.0, 2.0], "fit_intercept": "perhaps"}
    told = problems_of(
        {
            "data": {"source": "iris"},
            "classifiers": [{"method": method, "parameters": parameters}],
        }
    )
    assert {one.path for one in told} == {
        "classifiers[0].parameters.alpha",
        "classifiers[0].parameters.fit_intercept",
    }


def test_two_classifiers_of_one_title_are_a_problem_if_unequal():
    iris = {"source": "iris"}
    two = [{"method": "lda", "title": "it {method}"}, {"method": "svm", "title": "it svm"}]
    prepare({"data": iris, "classifiers": two})
    two[0]["title"] = "it {seed}"
    two[1]["title"] = "it 0"
    assert [one.path for one in problems_of({"data": iris, "classifiers": two})] == [
        "classifiers[1].title"
    ]
    same = [{"method": "lda"}, {"method": "lda"}]
    resolved, plan = prepare({"data": iris, "classifiers": same})
    assert len({entry.member.key for entry in resolved.entries}) == 1
    assert sum(len(task.entries) for task in plan.tasks) == 1


def test_a_title_that_does_not_name_its_values_is_a_problem():
    block = {"method": "svm", "title": "machine", "parameters": {"C": [1, 2]}}
    told = problems_of({"data": {"source": "iris"}, "classifiers": [block]})
    assert [one.path for one in told] == ["classifiers[0].title"]


@pytest.mark.parametrize("title", ["C is {c}", "{C", "{C.real.x}", "{}", "{C:{seed}q}"])
def test_a_title_that_names_no_parameter_is_a_problem(title):
    block = {"method": "svm", "title": title}
    told = problems_of({"data": {"source": "iris"}, "classifiers": [block]})
    assert [one.path for one in told] == ["classifiers[0].title"]


def test_titles_are_filled_with_values_as_people_write_them():
    blocks = [
        {"method": "mlp", "title": "{method} {hidden_layer_sizes} {learning_rate} s{seed}"},
        {"method": "svm", "parameters": {"C": [0.5, 1e-7], "kernel": ["rbf", "linear"]}},
    ]
    resolved, _ = prepare({"data": {"source": "iris"}, "classifiers": blocks, "seed": 4})
    assert [entry.title for entry in resolved.entries] == [
        "mlp 64x64 0.001 s4",
        "svm C=0.5 kernel=rbf",
        "svm C=0.5 kernel=linear",
        "svm C=1e-07 kernel=rbf",
        "svm C=1e-07 kernel=linear",
    ]


def test_a_job_from_python_has_no_lines_and_is_named_job():
    told = problems_of({"data": {"source": "irs"}, "classifiers": [{"method": "lda"}]})
    assert told[0].line is None
    assert told[0].nearest == "iris"
    assert (
        prepare({"data": {"source": "iris"}, "classifiers": [{"method": "lda"}]})[0].name == "job"
    )


def test_a_class_with_one_example_cannot_be_stratified(tmp_path):
    file = tmp_path / "rare.csv"
    file.write_text("x,kind\n" + "\n".join(f"{n},{'b' if n else 'a'}" for n in range(20)))
    data = {"source": str(file), "label": "kind"}
    told = problems_of({"data": data, "classifiers": [{"method": "naive"}]})
    assert [one.path for one in told] == ["data.split"]
    assert "'a'" in told[0].got
    free = {**data, "split": {"stratified": False}}
    assert prepare({"data": free, "classifiers": [{"method": "naive"}]})


def test_examples_that_are_given_are_used_in_place_of_files(tmp_path):
    labels = Labels(np.tile([0, 1], 20), ("background", "signal"))
    features = np.random.default_rng(0).normal(size=(40, 2))
    given = Dataset(
        name="events",
        inputs=Inputs({"features": features}, np.arange(40)),
        labels=labels,
        names={"features": ("x", "y")},
    )
    job = {"data": {"source": "events"}, "classifiers": [{"method": "gaussiannb"}]}
    launched = launch(job, store=tmp_path / "store", dataset=given)
    assert launched.resolved.dataset is given
    assert launched.results.results[0].figures["accuracy"].n == 1
    again = launch(job, store=tmp_path / "store", dataset=given)
    assert again.summary.trained == 0
