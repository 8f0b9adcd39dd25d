"""The explorer's menu, answered as a person answers: what it lists, shows, deletes and shrugs off."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages
from sortal.systems.clavis.explorer import explore


def explored(stored, *answers):
    """Answer in this order, then end the input; returns the exit code and the questions."""
    left, asked = list(answers), []

    def ask(prompt):
        asked.append(prompt)
        if not left:
            raise EOFError
        return left.pop(0)

    return explore(stored, ask), asked


def test_jobs_are_listed_with_data_numbers_sizes_and_hashes(stored, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert explored(stored, "q")[0] == 0
    told = capsys.readouterr().out
    flowers = next(line.split() for line in told.splitlines() if " flowers " in line)
    assert flowers[:5] == ["2", "flowers", "iris", "2", "2"]
    assert flowers[-1] == stored.jobs.read("flowers").dataset


def test_a_job_lists_its_items_with_arguments_scores_and_matrix(stored, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    explored(stored, "show 2", "s1", "s 3", "s 4", "q")
    told = capsys.readouterr().out
    segment = next(iter(stored.members.find([stored.jobs.read("flowers").entries[0].key]).values()))
    assert segment.segment in told
    for part in ("parameters of lda", "balanced_accuracy", "confusion matrix", "as virginica"):
        assert part in told
    assert "artifacts/projection/" in told
    assert "artifacts/classifier-map/" in told


def test_arguments_of_the_job_are_shown_beside_parameters(stored, capsys):
    record = stored.jobs.read("wines")
    asked = {"system": "clavis", "arguments": {"num_neighbors": 3}}
    first = record.entries[0].model_copy(update={"asked": asked})
    entries = (first, *record.entries[1:])
    stored.jobs.write(record.model_copy(update={"entries": entries}))
    explored(stored, "s 3", "s 1", "q")
    told = capsys.readouterr().out
    assert told.index("arguments of lda") < told.index("num_neighbors") < told.index("parameters")


@pytest.mark.parametrize("answer", ["", "n", "NO"])
def test_nothing_is_deleted_without_a_clear_yes(stored, capsys, answer):
    explored(stored, "d 1", answer, "a 1", answer, "s 2", "d 1", answer, "m", answer, "q")
    assert capsys.readouterr().out.count("nothing is deleted.") == 4
    assert stored.jobs.names() == ["again", "flowers", "wines"]
    assert len(stored.artifacts.names("projection")) == 1


def test_an_unclear_answer_is_asked_again(stored):
    _, asked = explored(stored, "d 1", "perhaps", "Y", "q")
    assert asked[1] == asked[2]
    assert stored.jobs.names() == ["flowers", "wines"]


def test_deleting_a_classifier_names_all_jobs_that_have_it(stored):
    _, asked = explored(stored, "s 2", "d 1", "yes", "b", "q")
    assert asked[2].startswith("delete 'lda', which again has too?")
    assert [r.title for r in JobResults.read(stored, "flowers").results] == ["gaussiannb"]
    assert JobResults.read(stored, "again").results == ()
    assert len(JobResults.read(stored, "wines").results) == 1


def test_one_picture_or_all_are_deleted(stored, capsys):
    explored(stored, "s 2", "d 3", "y", "q")
    assert stored.artifacts.names("projection") == []
    assert len(stored.artifacts.names("classifier-map")) == 1
    explored(stored, "s 2", "m", "y", "m", "q")
    assert stored.artifacts.names("classifier-map") == []
    assert "there are no projections or maps." in capsys.readouterr().out


def test_all_of_a_dataset_goes_at_once_and_the_disk_is_freed(stored, capsys):
    _, asked = explored(stored, "a 1", "y", "g", "q")
    assert "again, flowers" in asked[1]
    assert "freed" in capsys.readouterr().out
    assert stored.jobs.names() == ["wines"]
    assert stored.artifacts.names("projection") == stored.artifacts.names("classifier-map") == []
    assert measure_usage(stored)["data"].count == 1
    assert find_damages(stored) == []


def test_a_running_job_is_no_reason_to_crash(stored, capsys):
    with stored.leases.take("wines"):
        assert explored(stored, "d 1", "y", "q")[0] == 0
    assert "error: " in capsys.readouterr().out
    assert stored.jobs.names() == ["again", "flowers", "wines"]


def test_a_job_that_cannot_be_read_is_named_beside_the_others(stored, capsys):
    (stored.folder / "jobs" / "again.json").write_text("{")
    explored(stored, "q")
    told = capsys.readouterr().out
    assert "again cannot be read" in told
    assert "wines" in told


def test_ctrl_c_and_the_end_of_input_leave(stored):
    def interrupted(prompt):
        raise KeyboardInterrupt

    assert explore(stored, interrupted) == 130
    assert explored(stored)[0] == 0


def test_an_empty_store_says_so(tmp_path, capsys):
    explored(Store.open(tmp_path / "empty"), "s 1", "q")
    assert "there are no jobs" in capsys.readouterr().out


WORDS = st.sampled_from(
    ["s", "s 0", "s 99", "s -1", "d x", "r", "b", "zz", "s 2", "show", "m", "1"]
)


@given(answers=st.lists(WORDS | st.text(max_size=6), max_size=8))
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_input_crashes_the_menu_or_deletes(flowers_and_wines, answers):
    stored = Store.open(flowers_and_wines)
    safe = [a for a in answers if a.strip().lower() not in ("y", "yes")]
    assert explored(stored, *safe)[0] == 0
    assert stored.jobs.names() == ["again", "flowers", "wines"]
