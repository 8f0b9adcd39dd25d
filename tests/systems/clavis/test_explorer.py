"""The explorer's menu, answered as a person answers: what it lists, shows, deletes and shrugs off."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.evaluation.projections.parameters import Pca
from sortal.jobs.classifier_map import classifier_map
from sortal.jobs.launch import launch
from sortal.jobs.projections import projected_examples
from sortal.jobs.results import Results
from sortal.store.store import Store
from sortal.systems.clavis.explorer import explore


def job(title, *methods, source="iris"):
    return {
        "title": title,
        "data": {"source": source},
        "bootstrap": 0,
        "classifiers": [{"method": method} for method in methods],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored") / "store"
    launch(job("flowers", "lda", "gaussiannb"), store=folder, cores=1)
    launch(job("again", "lda"), store=folder, cores=1)
    launch(job("wines", "lda", source="wine"), store=folder, cores=1)
    results = Results.read(Store.open(folder), "flowers")
    projected_examples(results, Pca())
    classifier_map(results)
    return folder


@pytest.fixture
def store(made, tmp_path):
    return Store.open(shutil.copytree(made, tmp_path / "store"))


def explored(store, *answers):
    """Answer in this order, then end the input; returns the exit code and the questions."""
    left, asked = list(answers), []

    def ask(prompt):
        asked.append(prompt)
        if not left:
            raise EOFError
        return left.pop(0)

    return explore(store, ask), asked


def test_jobs_are_listed_with_data_numbers_sizes_and_hashes(store, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert explored(store, "q")[0] == 0
    told = capsys.readouterr().out
    flowers = next(line.split() for line in told.splitlines() if " flowers " in line)
    assert flowers[:5] == ["2", "flowers", "iris", "2", "2"]
    assert flowers[-1] == store.read_job("flowers")["dataset"]


def test_a_job_lists_its_items_and_shows_arguments_scores_and_matrix(store, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    explored(store, "show 2", "s1", "s 3", "s 4", "q")
    told = capsys.readouterr().out
    segment = next(iter(store.find([store.read_job("flowers")["entries"][0]["key"]]).values()))
    assert segment.segment in told
    for part in ("parameters of lda", "balanced_accuracy", "confusion matrix", "as virginica"):
        assert part in told
    assert "artifacts/projection/" in told
    assert "artifacts/classifier-map/" in told


def test_arguments_stand_in_the_words_of_the_job_beside_the_parameters_of_the_method(store, capsys):
    record = store.read_job("wines")
    record["entries"][0]["asked"] = {"system": "clavis", "arguments": {"num_neighbors": 3}}
    store.write_job("wines", record)
    explored(store, "s 3", "s 1", "q")
    told = capsys.readouterr().out
    assert told.index("arguments of lda") < told.index("num_neighbors") < told.index("parameters")


@pytest.mark.parametrize("answer", ["", "n", "NO"])
def test_nothing_is_deleted_without_a_clear_yes(store, capsys, answer):
    explored(store, "d 1", answer, "a 1", answer, "s 2", "d 1", answer, "m", answer, "q")
    assert capsys.readouterr().out.count("nothing is deleted.") == 4
    assert store.job_names() == ["again", "flowers", "wines"]
    assert len(store.artifact_names("projection")) == 1


def test_an_unclear_answer_is_asked_again(store):
    _, asked = explored(store, "d 1", "perhaps", "Y", "q")
    assert asked[1] == asked[2]
    assert store.job_names() == ["flowers", "wines"]


def test_one_classifier_is_deleted_in_every_job_that_has_it_and_the_question_says_so(store):
    _, asked = explored(store, "s 2", "d 1", "yes", "b", "q")
    assert asked[2].startswith("delete 'lda', which again has too?")
    assert [r.title for r in Results.read(store, "flowers").results] == ["gaussiannb"]
    assert Results.read(store, "again").results == ()
    assert len(Results.read(store, "wines").results) == 1


def test_one_picture_or_all_are_deleted(store, capsys):
    explored(store, "s 2", "d 3", "y", "q")
    assert store.artifact_names("projection") == []
    assert len(store.artifact_names("classifier-map")) == 1
    explored(store, "s 2", "m", "y", "m", "q")
    assert store.artifact_names("classifier-map") == []
    assert "there are no projections or maps." in capsys.readouterr().out


def test_all_of_a_dataset_goes_at_once_and_the_disk_is_freed(store, capsys):
    _, asked = explored(store, "a 1", "y", "g", "q")
    assert "again, flowers" in asked[1]
    assert "freed" in capsys.readouterr().out
    assert store.job_names() == ["wines"]
    assert store.artifact_names("projection") == store.artifact_names("classifier-map") == []
    assert store.usage()["data"].count == 1
    assert store.verify() == []


def test_a_running_job_is_no_reason_to_crash(store, capsys):
    with store.lease("wines"):
        assert explored(store, "d 1", "y", "q")[0] == 0
    assert "error: " in capsys.readouterr().out
    assert store.job_names() == ["again", "flowers", "wines"]


def test_a_job_that_cannot_be_read_is_named_beside_the_others(store, capsys):
    (store.folder / "jobs" / "again.json").write_text("{")
    explored(store, "q")
    told = capsys.readouterr().out
    assert "again cannot be read" in told
    assert "wines" in told


def test_ctrl_c_and_the_end_of_input_leave(store):
    def interrupted(prompt):
        raise KeyboardInterrupt

    assert explore(store, interrupted) == 130
    assert explored(store)[0] == 0


def test_an_empty_store_says_so(tmp_path, capsys):
    explored(Store.open(tmp_path / "empty"), "s 1", "q")
    assert "there are no jobs" in capsys.readouterr().out


WORDS = st.sampled_from(
    ["s", "s 0", "s 99", "s -1", "d x", "r", "b", "zz", "s 2", "show", "m", "1"]
)


@given(answers=st.lists(WORDS | st.text(max_size=6), max_size=8))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_input_crashes_the_menu_or_deletes(made, answers):
    store = Store.open(made)
    safe = [a for a in answers if a.strip().lower() not in ("y", "yes")]
    assert explored(store, *safe)[0] == 0
    assert store.job_names() == ["again", "flowers", "wines"]
