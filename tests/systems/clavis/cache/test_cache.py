"""Cache folders of ClaVis: what their JSON files tell, and what is said of those that cannot be used."""

import json
import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.errors import UserError
from sortal.systems.clavis.cache.cache import read_cache


def changed(path, **values):
    """Change what a file says; `absent` takes a key away."""
    said = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({key: value for key, value in said.items() if value != "absent"}))


def told(cache):
    return [str(fault) for fault in read_cache(cache.folder).faults]


def test_data_blocks_and_classifiers_are_read_with_their_scores(cache):
    block = cache.data(random_state=42)
    test, train = cache.iris(3), cache.iris(1)
    block.classifier("KNN 5", test, train, n_neighbors=5, seconds=(1.5, 0.1))
    block.projection("proj", method="pca")
    block.projection("clf_proj", data_type="scores")
    block.projection("clf_proj", data_type="pred_proba")
    found = read_cache(cache.folder)
    assert (found.faults, found.projections, found.maps) == ((), 1, 2)
    (data,) = found.data
    assert (data.title, data.dataset, f"data_{data.hash}") == ("iris", "sklearn_iris", block.name)
    assert data.arguments["random_state"] == 42
    (one,) = data.classifiers
    assert (one.title, one.method, one.arguments) == ("KNN 5", "kneighbors", {"n_neighbors": 5})
    assert (one.fit_seconds, one.score_seconds) == (1.5, 0.1)
    assert one.test.confusion.tolist() == test["conf_matrix"]
    assert one.train.accuracy == train["accuracy"]
    assert one.test.weighted == tuple(test["pre_rec_fs_supp"][:3])
    assert not one.test.is_mean


def test_means_over_folds_are_told_from_counts(cache):
    block = cache.data()
    folds = [cache.iris(2), cache.iris(3)]
    block.classifier("mean", cache.mean(folds))
    block.classifier("whole", cache.mean([cache.iris(0)]))  # 10.0, and not 10
    block.classifier("counts", cache.iris(2))
    means = {one.title: one.test.is_mean for one in read_cache(cache.folder).data[0].classifiers}
    assert means == {"mean": True, "whole": True, "counts": False}


def test_a_sound_classifier_is_read_beside_one_that_is_not(cache):
    block = cache.data()
    block.classifier("sound", cache.iris(1))
    broken = block.classifier("broken", cache.iris(1))
    broken.write_text('{\n  "hash": "x",\n  "data_hash" 5\n}')
    found = read_cache(cache.folder)
    assert [one.title for one in found.data[0].classifiers] == ["sound"]
    (fault,) = map(str, found.faults)
    assert fault.startswith(f"{broken.name}, line 3, column 15: expected JSON, got a mistake")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_scores": "absent"}, "test_scores: expected"),
        ({"test_scores": None}, "test_scores: expected scores, got null: nothing was tested"),
        ({"clf_time": "1 s"}, "clf_time: expected a number of seconds, got '1 s'"),
        ({"clf_time": -1.0}, "clf_time: expected a number of seconds"),
        ({"clf_time": float("nan")}, "clf_time: expected a number of seconds"),
        ({"hash": "data_1"}, "hash: expected 'data_.*', as the file is named, got 'data_1'"),
        ({"data_hash": "data_1"}, "data_hash: expected 'data_.*', as the file is named"),
        (
            {"accuracy": 0.5},
            r"test_scores.accuracy: expected 0\.93+, that of conf_matrix, got 0\.5",
        ),
        ({"accuracy": 1.5}, "test_scores.accuracy: expected"),
        ({"accuracy": True}, "test_scores.accuracy: expected"),
        ({"conf_matrix": []}, "test_scores.conf_matrix: expected"),
        ({"conf_matrix": [[1, 2], [3]]}, "conf_matrix: expected 2 columns, .* got a row of 1"),
        ({"conf_matrix": [[0, 0], [0, 0]]}, "conf_matrix: expected an example or more, got none"),
        (
            {"conf_matrix": [[1e15, 0], [0, 1e15]]},
            r"test_scores.conf_matrix: expected at most 1e15 examples in all, got 2e\+15",
        ),
        ({"conf_matrix": [[1, -1], [0, 1]]}, r"test_scores.conf_matrix\[0\]\[1\]: expected"),
        (
            {"conf_matrix": [["1"]]},
            r"conf_matrix\[0\]\[0\]: expected a number of examples, got '1'",
        ),
        ({"pre_rec_fs_supp": [1.0]}, "test_scores.pre_rec_fs_supp: expected"),
        ({"conf_matrix": None}, "conf_matrix: expected a matrix of both training and test"),
    ],
)
def test_an_invalid_file_of_scores_is_refused_with_its_place(cache, change, message):
    block = cache.data()
    scores, inner = cache.iris(3), {"accuracy", "conf_matrix", "pre_rec_fs_supp"}
    path = block.classifier("odd", scores, cache.iris(0))
    if inner & set(change):
        change = {"test_scores": {**scores, **change}}
    changed(path, **change)
    assert read_cache(cache.folder).data == ()
    (fault,) = told(cache)
    assert fault.startswith(path.name)
    assert re.search(message, fault), fault


def test_files_without_their_partner_are_told(cache):
    block = cache.data()
    scores = block.classifier("no scores", cache.iris(1))
    scores.unlink()
    arguments = block.classifier("no arguments", cache.iris(1))
    arguments.with_name(arguments.name.replace("_scores", "_args")).unlink()
    other = cache.data("lost")
    other.classifier("orphan", cache.iris(1))
    (cache.folder / f"{other.name}_args.json").unlink()
    faults = told(cache)
    assert len(faults) == 3
    assert any(fault.startswith(f"{scores.name}: expected a file beside") for fault in faults)
    assert any("_args.json: expected a file beside" in fault for fault in faults)
    assert f"{other.name}_args.json: expected the data block of 1 classifier," in " ".join(faults)


def test_links_folders_and_giants_are_not_read(cache, tmp_path):
    block = cache.data()
    block.classifier("sound", cache.iris(1))
    linked, folder = (block.classifier(title, cache.iris(1)) for title in ("linked", "folder"))
    linked.rename(tmp_path / "elsewhere.json")
    linked.symlink_to(tmp_path / "elsewhere.json")
    folder.unlink()
    folder.mkdir()
    giant = block.classifier("giant", cache.iris(1))
    with giant.open("ab") as file:
        file.truncate((1 << 24) + 1)
    found = read_cache(cache.folder)
    assert [one.title for one in found.data[0].classifiers] == ["sound"]
    faults = " ".join(map(str, found.faults))
    assert f"{linked.name}: expected a plain file, got a link." in faults
    assert f"{folder.name}: expected a plain file, got no file." in faults
    assert f"{giant.name}: expected at most" in faults


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(cache):
    path = cache.data().classifier("secret", cache.iris(1))
    path.chmod(0)
    assert "expected a file that can be read" in told(cache)[0]


def test_one_of_several_labels_among_others_of_one_is_told(cache):
    block = cache.data()
    block.classifier("one", cache.iris(1))
    labels = np.array([[1, 0], [0, 1], [1, 1]])
    block.classifier("several", cache.scores(labels, labels))
    found = read_cache(cache.folder)
    assert [one.title for one in found.data[0].classifiers] == ["one"]
    assert "expected a matrix, as others of the same data have, got null" in str(found.faults[0])


def test_a_data_block_without_classifiers_is_nothing(cache):
    cache.data()
    assert read_cache(cache.folder).data == ()
    assert told(cache) == []


def test_files_of_other_names_are_let_be(cache):
    cache.data().classifier("sound", cache.iris(1))
    for name in ("notes_args.json", "data_1__clf_2_args.json", "data_x_scores.json.bak"):
        (cache.folder / name).write_text("{")
    assert told(cache) == []


@pytest.mark.parametrize("name", ["absent", "file", "empty", "other"])
def test_what_is_no_cache_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "photo.jpg").write_text("")
    with pytest.raises(UserError, match=f"{name}: expected the cache folder of ClaVis"):
        read_cache(tmp_path / name)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[]", '{"hash": 1' + "0" * 5000 + "}", '"\\ud800"']
)
def test_texts_that_are_hard_to_read_are_faults(cache, text):
    block = cache.data()
    for kind in ("_args.json", "_scores.json"):
        path = block.classifier(f"hard{kind}", cache.iris(1))
        path.with_name(path.name.replace("_scores.json", kind)).write_text(text)
    assert read_cache(cache.folder).data == ()
    assert len(told(cache)) == 2


@pytest.mark.parametrize("title", ["half \ud800", "\x1b[2J", "two\nlines", ""])
def test_titles_that_a_terminal_cannot_show_are_refused(cache, title):
    path = cache.data().classifier(title, cache.iris(1))
    assert "title: expected a text" in told(cache)[0]
    assert path.name.replace("_scores", "_args") in told(cache)[0]


@pytest.mark.parametrize("name", ["\x1b]0;x\x07", "half \ud800", "two\nlines", "\x9b2J"])
@pytest.mark.parametrize("depth", [0, 3])
def test_argument_names_a_terminal_cannot_show_are_refused(cache, name, depth):
    inner = {name: 1}
    for _ in range(depth):
        inner = {"within": [inner]}
    path = cache.data().classifier("odd", cache.iris(1), **inner)
    cache.data(**inner).classifier("sound", cache.iris(1))
    assert read_cache(cache.folder).data == ()
    faults = told(cache)
    assert len(faults) == 2
    assert all("expected names that can be printed, got " in fault for fault in faults)
    assert any(path.name.replace("_scores", "_args") in fault for fault in faults)
    assert all(fault.isprintable() for fault in faults)


def test_values_that_are_nested_too_deep_are_refused(cache):
    nested = []
    for _ in range(400):
        nested = [nested]
    cache.data().classifier("deep", cache.iris(1), layers=nested)
    assert "expected values nested at most 50 deep" in told(cache)[0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_bytes_is_more_than_a_fault(cache, data):
    block = cache.data()
    path = block.classifier("changed", cache.iris(2), cache.iris(0), n_neighbors=5)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path.write_bytes(bytes(content))
    found = read_cache(cache.folder)
    assert len(found.faults) >= 1 or len(found.data) == 1
