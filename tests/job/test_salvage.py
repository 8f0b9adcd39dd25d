import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.models import Job
from sortal.job.problems import JobError, Problem
from sortal.job.read import read_job, read_mapping
from sortal.job.salvage import salvage

HERE = Path(__file__).parent
SOUND = {"data": {"source": "a.csv"}, "classifiers": [{"method": "svm"}]}


def test_a_sound_job_is_left_as_it_is():
    saved = salvage(SOUND)
    assert saved.job == Job.model_validate(SOUND)
    assert saved.data_is_whole
    assert saved.origins == {}


def test_a_misspelt_key_is_taken_as_meant_and_keeps_its_place():
    data = {"data": {"source": "a.csv", "lable": "species"}, "classifiers": [{"method": "svm"}]}
    before = copy.deepcopy(data)
    saved = salvage(data)
    assert saved.job.data.label == "species"
    assert saved.data_is_whole
    wrong = Problem(path="data.label", expected="a column", got="species")
    assert [one.path for one in saved.as_written([wrong])] == ["data.lable"]
    assert data == before


def test_a_misspelt_word_is_taken_as_meant():
    saved = salvage({**SOUND, "data": {"source": "a.csv", "scaling": "standrd"}})
    assert saved.job.data.scaling == "standard"


def test_a_misspelt_key_beside_the_right_one_is_left_out():
    saved = salvage({**SOUND, "data": {"source": "a.csv", "label": "x", "lable": "y"}})
    assert saved.job.data.label == "x"


def test_a_classifier_without_method_is_left_out():
    """The others keep their places."""
    blocks = [{"title": "none"}, {"method": "svm"}, None, {"method": "lda"}]
    saved = salvage({"data": {"source": "a.csv"}, "classifiers": blocks})
    assert [block.method for block in saved.job.classifiers] == ["svm", "lda"]
    found = [Problem(path=f"classifiers[{n}].parameters.C", expected="", got="") for n in range(2)]
    written = [one.path for one in saved.as_written(found)]
    assert written == ["classifiers[1].parameters.C", "classifiers[3].parameters.C"]


def test_places_hold_where_a_key_is_mended_after_one_left_out():
    blocks = [{"title": "none"}, {"methd": "svm", "seed": 3}]
    saved = salvage({"data": {"sorce": "a.csv", "split": {"kind": "fold"}}, "classifers": blocks})
    assert [block.method for block in saved.job.classifiers] == ["svm"]
    assert saved.job.data.split.kind == "folds"
    wrong = Problem(path="classifiers[0].method", expected="", got="")
    assert [one.path for one in saved.as_written([wrong])] == ["classifers[1].methd"]


def test_the_stand_in_for_no_classifier_causes_no_problem():
    saved = salvage({"data": {"source": "a.csv"}, "classifiers": [{"title": "none"}]})
    assert len(saved.job.classifiers) == 1
    wrong = Problem(path="classifiers[0].method", expected="", got="")
    assert list(saved.as_written([wrong])) == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"source": 5},
        {"source": []},
        {"source": {"test": "a.csv"}},
        {"source": "a.csv", "weight": [5]},
        {"source": "a.csv", "split": {"kind": "column"}},
        {"source": "a.csv", "zzz": 1, "label": [True]},
    ],
)
def test_data_that_would_be_read_otherwise_is_not_read(data):
    saved = salvage({"data": data, "classifiers": [{"method": "svm"}]})
    assert saved is not None
    assert not saved.data_is_whole


@pytest.mark.parametrize(
    "data",
    [
        {"source": "a.csv", "subset": "many"},
        {"source": "a.csv", "imputation": 3},
        {"source": "a.csv", "split": {"test": "half"}},
        {"source": "a.csv", "split": {"kind": "folds", "folds": "five", "stratified": "yes"}},
    ],
)
def test_data_that_is_read_the_same_is_read(data):
    saved = salvage({"data": data, "classifiers": [{"method": "svm"}]})
    assert saved.data_is_whole


@pytest.mark.parametrize("data", [None, 3, "job", [], [SOUND]])
def test_what_is_nothing_like_a_job_is_not_mended(data):
    assert salvage(data) is None


def test_partial_reading_keeps_its_problems_for_a_later_report():
    with pytest.raises(JobError) as caught:
        read_job(HERE / "five_mistakes.yaml")
    file = read_job(HERE / "five_mistakes.yaml", partly=True)
    assert set(file.problems) == set(caught.value.problems)
    assert file.job.data.label == "species"
    later = Problem(path="data.label", expected="a column of iris.csv", got="'species'")
    assert file.placed([later]) == [], "there is a problem at this place already"
    elsewhere = Problem(path="data.source", expected="a file", got="none")
    assert [one.line for one in file.placed([elsewhere])] == [4]


def test_a_file_with_wrong_syntax_is_still_refused_at_once(tmp_path):
    (tmp_path / "job.yaml").write_text("data: {source: a.csv\n")
    with pytest.raises(JobError, match="valid YAML"):
        read_job(tmp_path / "job.yaml", partly=True)


_KEYS = st.sampled_from(
    [
        "title",
        "data",
        "classifiers",
        "seed",
        "source",
        "label",
        "split",
        "kind",
        "folds",
        "zzz",
        "method",
        "parameters",
        "seeds",
        "classes",
        "scaling",
        "lable",
        "sead",
        "stratified",
    ]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["svm", "standard", "folds", "random", "column", "five", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_whatever_the_values_a_salvaged_job_is_a_job(data):
    saved = salvage(data)
    if saved is not None:
        assert Job.model_validate(saved.job.model_dump()) == saved.job
        for place in range(len(saved.job.classifiers)):
            problem = Problem(path=f"classifiers[{place}]", expected="", got="")
            for one in saved.as_written([problem]):
                key, _, number = one.path.removesuffix("]").partition("[")
                assert data[key][int(number)] is not None


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_reading_partly_finds_what_reading_finds(data):
    try:
        problems = read_mapping(data).problems
    except JobError as error:
        problems = error.problems
    try:
        partly = read_mapping(data, partly=True).problems
    except JobError as error:
        partly = error.problems
    assert sorted(map(str, partly)) == sorted(map(str, problems))
