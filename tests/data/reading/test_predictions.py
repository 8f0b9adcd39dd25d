"""Files of predictions: what is in them comes out, whatever the order, and faults have their place."""

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sortal.data.labels import UNKNOWN, Labels
from sortal.data.reading.predictions import read_predictions, recoded
from sortal.errors import DataError

NAMES = st.text("abcxyz", min_size=1, max_size=4)
SCORES = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def tables(draw):
    classes = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    ids = draw(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8, unique=True))
    scores = [[draw(SCORES) for _ in classes] for _ in ids]
    labels = [draw(st.sampled_from(classes)) for _ in ids]
    return classes, ids, np.array(scores), labels


@given(table=tables(), order=st.randoms(), suffix=st.sampled_from(["csv", "tsv", "parquet"]))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_comes_back_whatever_the_order_of_columns(tmp_path, table, order, suffix):
    classes, ids, scores, labels = table
    columns = {"id": ids, "label": labels}
    columns |= {f"score_{name}": scores[:, place] for place, name in enumerate(classes)}
    names = list(columns)
    order.shuffle(names)
    frame = pl.DataFrame({name: columns[name] for name in names})
    path = tmp_path / f"file.{suffix}"
    match suffix:
        case "csv":
            frame.write_csv(path)
        case "tsv":
            frame.write_csv(path, separator="\t")
        case _:
            frame.write_parquet(path)
    read = read_predictions(path, classes=classes)
    assert read.ids.tolist() == ids
    assert [read.labels.classes[code] for code in read.labels.codes] == labels
    np.testing.assert_array_equal(read.scores, scores)
    assert not read.only_decisions
    alone = read_predictions(path)
    assert set(alone.classes) == set(classes)
    again = alone.scores[:, [alone.classes.index(name) for name in classes]]
    np.testing.assert_array_equal(again, scores)


@given(codes=st.lists(st.integers(0, 2), max_size=9), classes=st.permutations(["a", "b", "c", "d"]))
def test_recoded_labels_mean_what_they_meant(codes, classes):
    labels = Labels(np.array(codes, dtype=np.int64), ("a", "b", "e"))
    for code, new in zip(codes, recoded(labels, classes), strict=True):
        name = labels.classes[code]
        assert new == (classes.index(name) if name in classes else UNKNOWN)


@pytest.mark.parametrize(
    ("rows", "nearly"),
    [
        ("0.25,0.75\n0.5,0.4995", True),
        ("0.25,0.75\n0.5,0.6", False),
        ("-0.1,1.1\n0.5,0.5", False),
    ],
)
def test_probabilities_are_told_by_their_sums(tmp_path, rows, nearly):
    lines = [f"{number},{row}" for number, row in enumerate(rows.split("\n"))]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["id,a,b", *lines]))
    read = read_predictions(path)
    assert read.classes == ("a", "b")
    assert read.labels is None
    assert read.nearly_probabilities is nearly


def test_probabilities_of_two_decimals_are_probabilities(tmp_path):
    drawn = np.random.default_rng(0).dirichlet(np.full(7, 0.5), size=500).round(2)
    path = tmp_path / "file.csv"
    frame = pl.DataFrame({f"score_{place}": drawn[:, place] for place in range(7)})
    frame.with_row_index("id").write_csv(path)
    assert abs(drawn.sum(axis=1) - 1).max() > 0.01
    assert read_predictions(path).nearly_probabilities
    path.write_text("id,a,b\n1,0.01,1.0\n2,0.3,0.7")
    assert read_predictions(path).nearly_probabilities


def test_decisions_beside_scores_are_those_of_the_highest(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("id,label,class,a,b\n1,a,a,0.9,0.1\n2,b,b,0.5,0.5\n3,b,a,0.5,0.5\n")
    read = read_predictions(path)
    assert not read.only_decisions
    assert read.scores.tolist() == [[0.9, 0.1], [0.5, 0.5], [0.5, 0.5]]


def test_a_label_column_called_class_is_read_as_truth(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("id,class,a,b\n1,b,0.9,0.1\n2,a,0.2,0.8\n")
    read = read_predictions(path, label_column="class")
    assert [read.labels.classes[code] for code in read.labels.codes] == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,a\n1,0.5", "expected a column of scores for each of two or more classes"),
        ("id,a,b\n1,0.5,inf", r"line 2, column 'b': expected a finite score, got inf"),
        ('id,a,b\n"x\ny",0.5,0.5\nx,one,0.5', "line 4, column 'a': expected a number, got 'one'"),
        (
            "id,predicted,a,b\n1,a,0.9,0.1\n2,b,0.6,0.4",
            r"line 3, column 'predicted': expected the class of the highest score, 'a', got 'b'; "
            "leave the column out",
        ),
        ("id,predicted,score_a,score_b\n1,c,0.9,0.1", "expected one of a, b, got 'c'"),
        ("id,a,b\n,0.5,0.5", "line 2, column 'id': expected a name for each example"),
    ],
)
def test_faults_have_their_place(tmp_path, text, message):
    path = tmp_path / "file.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_predictions(path)


def test_named_arrays_are_no_table(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, id=np.arange(3), a=np.ones(3))
    with pytest.raises(DataError, match="expected a table of predictions"):
        read_predictions(path)
