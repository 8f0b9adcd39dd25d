"""Job files of ClaVis: comments, all problems at once, titles that tell apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.job.problems import JobError
from sortal.systems.clavis.batch.jobfile import read_batch_job
from sortal.systems.clavis.batch.titles import Titles, visible

DATA = {"title": "a job", "dataset": "sklearn_iris"}


def write(folder, content, name="job.json"):
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, classifiers=(), data=None, **more):
    job = {"data": DATA | (data or {}), "classifiers": list(classifiers), **more}
    return read_batch_job(write(folder, job))


def problems_of(folder, content):
    with pytest.raises(JobError) as caught:
        read_batch_job(write(folder, content))
    return caught.value.problems


def titles(job):
    return [one.title for one in job.classifiers]


def test_comments_stand_wherever_json_allows_a_blank(tmp_path):
    job = read_batch_job(
        write(
            tmp_path,
            """{
            // above
            "data": { "title": "x # 1", "dataset": "https://d" /* behind */, },
            "projections": [ // none yet
            ],
            "classifiers": [
              { "title": "KNN {n_neighbors}", "method": "kneighbors", # three of them
                "n_neighbors": {"is_meta": true, "values": [1, 2, 3]} },
              // ...
            ]
            }""",
        )
    )
    assert (job.data.title, job.data.dataset) == ("x # 1", "https://d")
    assert titles(job) == ["KNN 1", "KNN 2", "KNN 3"]
    assert job.classifiers[1].arguments == {"n_neighbors": 2}
    assert (job.classifiers[0].place, job.classifiers[0].line) == ("classifiers[0]", 7)


def test_a_missing_comma_is_told_with_line_column_and_cure(tmp_path):
    text = '{\n"data": {\n// a title\n"title": "MNIST"\n// a plugin\n"dataset": "m"},\n"classifiers": []}'
    (problem,) = problems_of(tmp_path, text)
    assert str(problem) == (
        "line 4: expected valid JSON, got an error at column 17: "
        "a comma is missing at the end of line 4."
    )
    mended = text.replace('"MNIST"', '"MNIST",')
    assert read_batch_job(write(tmp_path, mended)).classifiers == ()


def test_all_problems_are_told_at_once_with_their_lines(tmp_path):
    text = """{
    "data": {"title": "a/b", "datset": "x", "subset_train": 2, "scale": 1},
    "projection": [],
    "classifiers": [
      {"title": "x", "method": "m", "p": {"is_meta": true, "min": 1, "max": 0,
        "step": {"type": "add", "value": 1}}},
      {"method": "m"}
    ]}"""
    found = problems_of(tmp_path, text)
    assert {(p.line, p.path, p.nearest) for p in found} == {
        (2, "data.title", ""),
        (2, "data.datset", "dataset"),
        (2, "data.subset_train", ""),
        (2, "data.scale", ""),
        (3, "projection", "projections"),
        (6, "classifiers[0].p.step.value", ""),
        (7, "classifiers[1].title", ""),
    }


def test_what_the_page_leaves_out_has_a_default(tmp_path):
    data = read(tmp_path).data
    assert (data.subset_train, data.subset_test, data.test_size) == (1, 1, None)
    assert (data.scale, data.random_state, data.subset) == (False, 42, "first")
    assert not data.disable_cross_validation
    assert not data.save_clfs_for_folds


@pytest.mark.parametrize("title", ["a/b", "a\\b", "a:b", "..", ".a", "a ", "a.", "con", "\n", ""])
def test_job_titles_that_name_no_file_are_refused(tmp_path, title):
    (problem,) = problems_of(tmp_path, {"data": DATA | {"title": title}, "classifiers": []})
    assert problem.path == "data.title"
    assert "that can name a file" in problem.expected


@pytest.mark.parametrize("title", ["MNIST Experiment 1", "Größe 2", "iris_1.5", "実験", "(a+b)"])
def test_job_titles_may_be_any_name_of_a_file(tmp_path, title):
    assert read(tmp_path, data={"title": title}).data.title == title


def test_equal_titles_get_a_number_and_a_warning(tmp_path):
    job = read(tmp_path, [{"title": "KNN", "method": "kneighbors", "k": k} for k in (1, 2, 3)])
    assert titles(job) == ["KNN", "KNN (2)", "KNN (3)"]
    (warning,) = job.warnings
    assert warning.startswith("3 classifiers of different parameters are called 'KNN' (line ")
    assert "the others are called 'KNN (2)' to 'KNN (3)'" in warning


def test_a_warning_of_equal_titles_says_what_to_write(tmp_path):
    entry = {
        "title": "KNN {a}",
        "method": "m",
        "a": {"is_meta": True, "values": [1]},
        "b": {"is_meta": True, "values": [1, 2]},
    }
    job = read(tmp_path, [entry])
    assert titles(job) == ["KNN 1", "KNN 1 (2)"]
    (warning,) = job.warnings
    assert "the second is called 'KNN 1 (2)'. To tell them apart, write {b}" in warning


def test_one_warning_of_a_job_tells_all_equal_titles(tmp_path):
    def entry(method, varied, values):
        return {
            "title": f"{method} {{k}}",
            "method": method,
            "k": {"is_meta": True, "values": [1, 2, 3]},
            varied: {"is_meta": True, "values": values},
        }

    entries = [entry("a", "b", [1, 2]), entry("c", "d", [1, 2, 3])]
    text = json.dumps({"data": DATA, "classifiers": entries}, indent=1)
    job = read_batch_job(write(tmp_path, text))
    (warning,) = job.warnings
    lines = sorted({one.line for one in job.classifiers})
    assert warning == (
        f"15 of 15 classifiers share 6 titles, though their parameters differ (lines {lines[0]}, "
        f"{lines[1]}): the first of each title keeps it, and the others get numbers, as 'a 1' is "
        f"followed by 'a 1 (2)'. To tell them apart, write {{b}} into the title of line {lines[0]}, "
        f"{{d}} into that of line {lines[1]}."
    )


def test_of_equal_keys_the_last_counts_with_a_warning(tmp_path, monkeypatch):
    asked = []
    is_taken = Titles._is_taken
    monkeypatch.setattr(Titles, "_is_taken", lambda *one: asked.append(one) or is_taken(*one))
    seeds = {"is_meta": True, "min": 1, "max": 5000, "step": {"type": "add", "value": 1}}
    job = read(tmp_path, [{"title": "KNN", "method": "m", "seed": seeds}])
    assert len(asked) == 4999, "one question for each title but the first"
    assert titles(job)[-1] == "KNN (5000)"
    assert "the others are called 'KNN (2)' to 'KNN (5000)'" in job.warnings[0]


def test_one_note_tells_all_that_stands_twice(tmp_path):
    entry = {"title": "K {k}", "method": "m", "k": {"is_meta": True, "values": [1, 2, 3, 4]}}
    job = read(tmp_path, [entry, entry])
    assert len(job.classifiers) == 4
    (note,) = job.notes
    assert note.startswith(
        "4 configurations repeat the parameters and title of an earlier one, and "
    )
    assert "'K 1' (lines " in note
    assert note.endswith(" and 1 more.")


def test_a_number_leads_to_no_title_that_another_has(tmp_path):
    given = ["KNN", "KNN (2)", "KNN", "KNN (2)", "KNN (2) (2)"]
    job = read(tmp_path, [{"title": one, "method": "m", "k": k} for k, one in enumerate(given)])
    assert titles(job) == ["KNN", "KNN (2)", "KNN (3)", "KNN (2) (3)", "KNN (2) (2)"]


@pytest.mark.parametrize("other", ["KNN 5 ", " KNN 5", "KNN  5", "KNN\t5", "KNN\u00a05"])
def test_titles_that_look_alike_count_as_equal(tmp_path, other):
    entries = [{"title": one, "method": "m", "k": k} for k, one in enumerate(["KNN 5", other])]
    job = read(tmp_path, entries)
    assert titles(job)[1].endswith(" (2)")
    assert len(job.warnings) == 1


def test_titles_of_composed_and_split_letters_are_equal(tmp_path):
    pair = ["Na\u00efve", "Nai\u0308ve"]
    job = read(tmp_path, [{"title": one, "method": "m", "k": k} for k, one in enumerate(pair)])
    assert len(job.warnings) == 1


def test_titles_that_differ_in_case_stay_as_they_are(tmp_path):
    entries = [{"title": one, "method": "m", "k": k} for k, one in enumerate(["knn", "KNN"])]
    job = read(tmp_path, entries)
    assert titles(job) == ["knn", "KNN"]
    assert not job.warnings


def test_a_value_that_a_list_has_twice_is_one_configuration(tmp_path):
    entry = {"title": "KNN {k}", "method": "m", "k": {"is_meta": True, "values": [1, 2, 1]}}
    job = read(tmp_path, [entry])
    assert titles(job) == ["KNN 1", "KNN 2"]
    assert "'KNN 1' occurs twice with the same parameters" in job.notes[0]


def test_a_title_of_thousands_is_numbered_without_a_search(tmp_path):
    """One question finds the number of each."""
    text = """{"data": {"title": "t", "dataset": "d"},
      "classifiers": [],
      "classifiers": [{"title": "a", "method": "svm", "C": 1,
        "C": 2}]}"""
    job = read_batch_job(write(tmp_path, text))
    assert [dict(one.arguments) for one in job.classifiers] == [{"C": 2}]
    assert job.warnings == (
        "line 3, classifiers: 'classifiers' again (first on line 2); the last value counts.",
        "line 4, classifiers[0].C: 'C' again (first on line 3); the last value counts.",
    )


def test_a_key_that_stands_twice_in_yaml_stays_a_problem(tmp_path):
    path = write(tmp_path, "data: {title: t, dataset: d, dataset: e}\n", "job.yaml")
    with pytest.raises(JobError, match="each key once"):
        read_batch_job(path)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff{job}",
        "// by hand\n{job}\n# the end",
        "{job_with_commas}",
        "\t{job}\r\n",
    ],
)
def test_files_as_editors_leave_them_are_read(tmp_path, text):
    job = '{"data":\t{"title": "t", "dataset": "d"},\r\n "classifiers": [{"title": "a", "method": "m"}]}'
    text = text.replace("{job_with_commas}", job.replace("}]}", ",},],}")).replace("{job}", job)
    assert titles(read_batch_job(write(tmp_path, text))) == ["a"]


@given(st.lists(st.sampled_from(["a", " a", "a (2)", "A", "b", "a (2) (2)"]), max_size=12))
def test_all_titles_of_a_job_are_unlike_each_other(given_titles):
    names = Titles.among(given_titles)
    new = [visible(names.give(one)) for one in given_titles]
    assert len(set(new)) == len(new)
    first = {visible(one): place for place, one in reversed(list(enumerate(given_titles)))}
    assert all(new[place] == title for title, place in first.items())


def test_one_classifier_named_twice_is_one_with_a_note(tmp_path):
    job = read(
        tmp_path,
        [
            {"title": "KNN 1", "method": "kneighbors", "n_neighbors": 1},
            {
                "title": "KNN {n_neighbors}",
                "method": "kneighbors",
                "n_neighbors": {"is_meta": True, "values": [1, 2]},
            },
        ],
    )
    assert titles(job) == ["KNN 1", "KNN 2"]
    assert "'KNN 1' occurs twice" in job.notes[0]


def test_one_meaning_under_two_titles_is_two_configurations(tmp_path):
    job = read(tmp_path, [{"title": "a", "method": "m"}, {"title": "b", "method": "m"}])
    assert [one.title for one in job.classifiers] == ["a", "b"]
    assert job.classifiers[0].meaning == job.classifiers[1].meaning


def test_methods_and_projections_may_be_meta_too(tmp_path):
    method = {"is_meta": True, "values": ["svm", "naive"]}
    perplexity = {"is_meta": True, "values": [10, 20]}
    job = read(
        tmp_path,
        [{"title": "🌲 {method}", "method": method}],
        projections=[{"title": "t {perplexity}", "method": "tsne", "perplexity": perplexity}],
    )
    assert [(one.title, one.method) for one in job.classifiers] == [
        ("🌲 svm", "svm"),
        ("🌲 naive", "naive"),
    ]
    assert [one.title for one in job.projections] == ["t 10", "t 20"]


@pytest.mark.parametrize("method", [3, {"kind": "svm"}, {"is_meta": True, "values": [1]}])
def test_a_method_is_a_name(tmp_path, method):
    entry = {"title": "x", "method": method}
    (problem,) = problems_of(tmp_path, {"data": DATA, "classifiers": [entry]})
    assert (problem.path, problem.expected) == ("classifiers[0].method", "the name of a method")


def test_a_missing_file_names_its_nearest_neighbour(tmp_path):
    write(tmp_path, {}, "iris.json")
    with pytest.raises(JobError, match=r"Did you mean 'iris.json'"):
        read_batch_job(tmp_path / "irs.json")


@pytest.mark.parametrize("text", ["", "[]", "3", "// nothing"])
def test_a_file_that_is_no_map_is_refused(tmp_path, text):
    (problem,) = problems_of(tmp_path, text)
    assert "a block with the keys data, projections, classifiers" in problem.expected
