"""Which columns of a file of predictions hold the scores of which classes."""

from pathlib import Path

import numpy as np
import pytest

from sortal.data.reading.predictions import read_predictions
from sortal.errors import DataError

TRUTH = np.array([0, 1, 1, 0])
HIT = np.array([0.25, 0.75, 0.5, 0.125])
SCORES = np.column_stack([1 - HIT, HIT])


def written(folder: Path, header: str, *columns: object) -> Path:
    path = folder / "theirs.csv"
    lines = [",".join(map(str, row)) for row in zip(range(4), *columns, strict=True)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_hundreds_of_classes_find_their_columns(tmp_path):
    classes = [str(number) for number in range(500)]
    header = ",".join(f"score_{name}.0" for name in reversed(classes))
    path = tmp_path / "theirs.csv"
    path.write_text(f"id,label,{header}\n0,7,{','.join(classes)}\n")
    read = read_predictions(path, classes=classes)
    assert read.scores.tolist() == [[499.0 - number for number in range(500)]]


@pytest.mark.parametrize(
    "labels", [["0.0", "1.0"], ["0", "1"], ["false", "TRUE"], ["False", "True"]]
)
@pytest.mark.parametrize("known", [None, ("0", "1"), ("False", "True")])
@pytest.mark.parametrize("header", ["0.0,1.0", "score_0.0,score_1.0", "0,1", "False,True"])
def test_headers_and_labels_find_classes_in_any_spelling(tmp_path, labels, known, header):
    path = written(tmp_path, f"id,label,{header}", [labels[t] for t in TRUTH], 1 - HIT, HIT)
    read = read_predictions(path, classes=known)
    np.testing.assert_array_equal(read.scores, SCORES)
    assert read.labels is not None
    assert len(read.classes) == 2


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("prob", [HIT]),
        ("anything", [HIT]),
        ("score_1", [HIT]),
        ("score_0", [1 - HIT]),
        ("fold,proba", [[3, 1, 2, 0], HIT]),
        ("0,1,fold", [1 - HIT, HIT, [3, 1, 2, 0]]),
        ("score_0,score_1,comment", [1 - HIT, HIT, ["fine"] * 4]),
        ("0,1,comment", [1 - HIT, HIT, ["fine"] * 4]),
    ],
)
def test_what_is_clear_of_two_classes_is_read(tmp_path, header, columns):
    read = read_predictions(written(tmp_path, f"id,label,{header}", TRUTH, *columns))
    assert read.classes == ("0", "1")
    np.testing.assert_array_equal(read.scores, SCORES)
    assert bool(read.notes) == ("," not in header or "proba" in header)


@pytest.mark.parametrize(
    ("labels", "header", "columns", "sentence"),
    [
        (["a", "b"], "prob", [HIT], "named after its class, such as score_b"),
        (["0", "1"], "prob,proba", [HIT, HIT], "named after its class, such as score_1"),
        (["0", "1"], "logit", [HIT * 9 - 4], "expected probabilities from 0 to 1 of the class '1'"),
        (["0", "1"], "prob", [["x"] * 4], "expected probabilities from 0 to 1"),
    ],
)
def test_what_is_not_clear_is_refused_with_the_cure(tmp_path, labels, header, columns, sentence):
    path = written(tmp_path, f"id,label,{header}", [labels[t] for t in TRUTH], *columns)
    with pytest.raises(DataError, match=sentence):
        read_predictions(path)


def test_a_class_without_examples_keeps_its_column(tmp_path):
    path = written(tmp_path, "id,label,0,1,2", TRUTH, 0.5 - HIT / 2, HIT, 0.5 - HIT / 2)
    assert read_predictions(path).classes == ("0", "1", "2")


def test_a_column_without_name_holds_ids_if_asked_for(tmp_path):
    path = written(tmp_path, ",label,0,1", TRUTH, 1 - HIT, HIT)
    assert read_predictions(path, id_column="").ids.tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match="--id '' is the column without a name"):
        read_predictions(path)


def test_decisions_may_be_floats_of_whole_labels(tmp_path):
    path = written(
        tmp_path,
        "id,label,prediction_label,prediction_score",
        TRUTH,
        ["0.0", "1.0", "1.0", "0.0"],
        HIT,
    )
    read = read_predictions(path)
    assert read.only_decisions
    assert read.scores.argmax(axis=1).tolist() == TRUTH.tolist()
