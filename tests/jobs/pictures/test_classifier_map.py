"""Maps of a job: computed once, found again, computed anew where they must be."""

import numpy as np
import pytest

from sortal.errors import DataError, NotFound
from sortal.evaluation.maps.classifier_map import MapMds, MapTsne
from sortal.evaluation.maps.dissimilarity import ComparedBy
from sortal.jobs.pictures import classifier_map as maps
from sortal.jobs.pictures.classifier_map import KIND, classifier_map
from sortal.jobs.results.results import JobResults
from sortal.store.upkeep.remove import remove_members

JOB = {
    "title": "iris",
    "data": {"source": "iris"},
    "classifiers": [
        {"method": "kneighbors", "parameters": {"n_neighbors": [1, 5, 25]}},
        {"method": "svm"},
        {"method": "naive"},
    ],
    "bootstrap": 0,
}


@pytest.fixture
def results(inline, run):
    return run(JOB).results


@pytest.fixture
def counted(monkeypatch):
    calls = []

    def draw(*given, **named):
        calls.append(given)
        return drawn(*given, **named)

    drawn = maps.place_classifiers
    monkeypatch.setattr(maps, "place_classifiers", draw)
    return calls


@pytest.mark.parametrize("by", list(ComparedBy))
def test_a_map_is_drawn_once_and_found_again(results, counted, by):
    first = classifier_map(results, by=by)
    again = classifier_map(JobResults.read(results.store, "iris"), by=by)
    assert len(counted) == 1
    assert first.rows() == again.rows()
    assert first.quality == again.quality
    assert first.notes == again.notes
    assert len(first.classifiers) == 6
    assert first.by is again.by is by


def test_other_parameters_or_classifiers_make_another_map(results, counted):
    classifier_map(results)
    classifier_map(results, way=MapTsne())
    classifier_map(results, way=MapTsne(random_state=1))
    classifier_map(results, poles=False)
    classifier_map(results, titles=["svm"])
    assert len(counted) == len(results.store.artifacts.names(KIND)) == 5


def test_a_renamed_classifier_keeps_its_place_on_the_map(results, run, inline, counted):
    first = classifier_map(results)
    job = {**JOB, "classifiers": [*JOB["classifiers"][:1], {"method": "svm", "title": "new"}]}
    job["classifiers"].append({"method": "naive"})
    renamed = classifier_map(run(job).results)
    assert len(counted) == 1
    titles = {row["title"] for row in renamed.rows()}
    assert "new" in titles
    assert "svm" not in titles
    assert np.array_equal(first.coordinates, renamed.coordinates)


def test_a_kept_map_tells_who_is_left_out_of_the_job_that_asks(inline, run, counted):
    folds = {"source": "iris", "split": {"kind": "folds", "folds": 2}}
    whole = run({**JOB, "title": "whole", "data": folds}).results
    classifiers = [JOB["classifiers"][0], JOB["classifiers"][2]]
    run({"title": "without", "data": folds, "classifiers": classifiers, "bootstrap": 0})
    store = whole.store
    (svm,) = whole.titled("svm")
    remove_members(store, [svm.members[0].entry.key])
    without = classifier_map(JobResults.read(store, "without"))
    lacking = classifier_map(JobResults.read(store, "whole"))
    assert len(counted) == 1
    assert not any(note.startswith("Left out") for note in without.notes)
    assert any("Left out" in note and "svm" in note for note in lacking.notes)
    again = classifier_map(JobResults.read(store, "without"))
    assert again.notes == without.notes


def test_a_stored_map_s_note_on_decision_values_has_no_title(results):
    (note,) = [n for n in classifier_map(results, by="probabilities").notes if "decision" in n]
    assert note.startswith("1 gives decision values")
    assert "svm" not in note


def test_a_damaged_map_is_drawn_again(results, counted):
    classifier_map(results)
    (name,) = results.store.artifacts.names(KIND)
    (results.store.artifacts.get(KIND, name).folder / "coordinates.npy").write_bytes(b"short")
    classifier_map(results)
    assert len(counted) == 2
    classifier_map(results)
    assert len(counted) == 2


def test_the_distance_from_optimal_is_the_error_rate(results):
    drawn = classifier_map(results)
    for row in drawn.rows():
        if not row["computed"]:
            (result,) = results.titled(row["title"])
            expected = 1 - result.figures["accuracy"].mean
            assert row["from_optimal"] == pytest.approx(expected, abs=1e-6)


def test_an_unknown_comparison_is_told_with_the_nearest(results):
    with pytest.raises(NotFound, match=r"'error'.*Did you mean 'errors'"):
        classifier_map(results, by="error")


def test_too_few_classifiers_are_told(results):
    with pytest.raises(DataError, match="3 classifiers or more, got 1"):
        classifier_map(results, titles=["svm"], poles=False, way=MapMds())
