import json
from pathlib import Path
from typing import Any

import pytest

from sortal.job.problems import JobError
from sortal.systems.clavis.tuning.jobfile import read_tuning_job
from sortal.tuning.space import Candidate, Choices, Range

PAGE = """\
{
"data": {
"title": "MNIST Experiment 1",
"dataset": "sklearn_digits",
"subset_train": 1,
"subset_test": 1,
"test_size": 0.2,
"scale": false,
"random_state": 42,
// Number of rounds
"tuning_rounds": 3,
// Size of the population _after_ each round
// (number of best configurations that are kept)
"tuning_population": 10,
// Number of variations that are created for
// each configuration that is kept
"tuning_offspring": 5
},
// No projections in this kind of job
"classifiers": [
{
"title": "SVM {kernel} {C}",
"method": "svm",
"kernel": {
"tune": true,
// Categorical for strings and booleans
// (and other values with limited possibilities)
"type": "categorical",
// Categorical values are defined as an array
"values": [
"linear",
"rbf"
],
// In the first round, initial values are used
// together with the first offspring generation
"initial": "rbf"
},
"degree": 3,
"C": {
"tune": true,
// Float or int for numerical values
// (int will be rounded)
"type": "float",
// Numerical values have min and max
"min": 0.001,
"max": 10,
"initial": 1,
// Sigma is used to sample a normal distribution around
// the current value when creating a variation
"sigma": 2
},
"random_state": 42
},
// ..
]
}
"""

SVM: dict[str, Any] = {"title": "SVM {C}", "method": "svm", "C": 1}


def read(folder: Path, *classifiers: dict[str, Any], **data: Any):
    path = folder / "tuningjob.json"
    block = {
        "title": "t",
        "dataset": "sklearn_iris",
        "tuning_rounds": 2,
        "tuning_population": 3,
        "tuning_offspring": 4,
        **data,
    }
    path.write_text(json.dumps({"data": block, "classifiers": list(classifiers)}, indent=1))
    return read_tuning_job(path)


def problems(folder: Path, *classifiers: dict[str, Any], **data: Any) -> list[tuple[str, str]]:
    with pytest.raises(JobError) as caught:
        read(folder, *classifiers, **data)
    assert all(one.line for one in caught.value.problems)
    return [(one.path, one.expected) for one in caught.value.problems]


def tuned(kind: str, **said: Any) -> dict[str, Any]:
    return {"tune": True, "type": kind, **said}


def test_the_example_of_the_page_is_read_as_it_stands(tmp_path):
    path = tmp_path / "tuningjob.json"
    path.write_text(PAGE)
    job = read_tuning_job(path)
    assert (job.data.tuning_rounds, job.data.tuning_population, job.data.tuning_offspring) == (
        *(3, 10),
        5,
    )
    (entry,) = job.entries
    assert entry.space.dimensions == {
        "kernel": Choices(values=("linear", "rbf"), initial="rbf"),
        "C": Range(low=0.001, high=10, initial=1, sigma=2),
    }
    one = job.configuration(Candidate(kind=0, values={"kernel": "linear", "C": 2.5}))
    assert one.title == "SVM linear 2.5"
    assert list(one.arguments.items()) == [
        ("kernel", "linear"),
        ("degree", 3),
        ("C", 2.5),
        ("random_state", 42),
    ]
    assert list(job.plain_data) == [
        *("title", "dataset", "subset_train", "subset_test"),
        *("test_size", "scale", "random_state"),
    ]


def test_numbers_without_initial_value_start_in_the_middle(tmp_path):
    """Whole numbers stay whole."""
    entry = {**SVM, "degree": tuned("int", min=2, max=9), "C": tuned("float", min=1, max=5)}
    (one,) = read(tmp_path, entry).entries
    assert one.space.dimensions["degree"].whole
    assert one.space.initial == {"degree": 6, "C": 3.0}
    assert not one.space.dimensions["C"].log


def test_meta_parameters_and_tuned_ones_go_together(tmp_path):
    entry = {
        **SVM,
        "kernel": {"is_meta": True, "values": ["linear", "rbf"]},
        "C": tuned("float", min=1, max=5),
    }
    one, two = read(tmp_path, entry).entries
    assert one.fixed == {"kernel": "linear"}
    assert two.fixed == {"kernel": "rbf"}
    assert one.space == two.space


def test_references_take_no_part_and_a_note_says_so(tmp_path):
    job = read(tmp_path, {"title": "N", "method": "naive"}, SVM)
    assert [one.method for one in job.entries] == ["svm"]
    assert job.notes == ("naive marks an end of the scale; it takes no part.",)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (tuned("flaot", min=1, max=2), "C.type"),
        ({"tune": True}, "C.type"),
        ({"tune": False, "type": "float", "min": 1, "max": 2}, "C.tune"),
        (tuned("float", min=1), "C.max"),
        (tuned("float", min=3, max=2), "C.max"),
        (tuned("float", min=1, max=2, initial=3), "C.initial"),
        (tuned("int", min=1.5, max=2), "C.min"),
        (tuned("float", min=1, max=2, sigma=0), "C.sigma"),
        (tuned("float", min=1, max=2, values=[1]), "C.values"),
        (tuned("categorical", values=[]), "C.values"),
        (tuned("categorical", values=[1, 2], initial=3), "C.initial"),
    ],
)
def test_a_wrong_tuned_parameter_is_reported_with_its_line(tmp_path, said, path):
    found = problems(tmp_path, {**SVM, "C": said})
    assert [where for where, _ in found] == [f"classifiers[0].{path}"]


def test_all_problems_are_told_at_once(tmp_path):
    broken = {**SVM, "C": tuned("float", min=3, max=2)}
    found = problems(tmp_path, SVM, broken, {**broken, "title": "x"})
    assert [where for where, _ in found] == ["classifiers[1].C.max", "classifiers[2].C.max"]
    assert [where for where, _ in problems(tmp_path, SVM, tuning_rounds=0)] == [
        "data.tuning_rounds"
    ]
    assert problems(tmp_path)[0][0] == "classifiers"


def test_projections_have_no_place_in_a_tuning_job(tmp_path):
    path = tmp_path / "tuningjob.json"
    text = PAGE.replace(
        '"classifiers"', '"projections": [{"title": "P", "method": "pca"}],"classifiers"'
    )
    path.write_text(text)
    with pytest.raises(JobError, match="none, for a tuning job has no projections"):
        read_tuning_job(path)


def test_values_that_only_python_takes_as_equal_stay_apart(tmp_path):
    def listed(*values: Any) -> dict[str, Any]:
        return {"is_meta": True, "values": list(values)}

    forest = {"title": "RF", "method": "randomforest", "max_features": listed(1, 1.0, 1)}
    svm = {**SVM, "C": tuned("float", min=1, max=5)}
    entries = read(tmp_path, {**forest, "bootstrap": listed(True, 1)}, svm).entries
    found = [(one.fixed["max_features"], one.fixed["bootstrap"]) for one in entries[:-1]]
    assert list(map(repr, found)) == ["(1, True)", "(1, 1)", "(1.0, True)", "(1.0, 1)"]
