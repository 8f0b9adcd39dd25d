"""What values mean."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.data.readers import column_values as columns
from sortal.data.readers.base import MISSING
from sortal.data.readers.column_values import natural_sort_key
from sortal.data.texts.values import BadValue, write_as_text


def test_numbers_take_every_numeric_type():
    for column in (
        pa.array([1, 2, None]),
        pa.array(["1", " 2 ", ""]),
        pa.array([1.0, 2.0, None], pa.float16()),
        pa.array([decimal.Decimal("1.0"), decimal.Decimal("2.0"), None]),
        pa.array(["1", "2", None]).dictionary_encode(),
        pa.chunked_array([["1"], ["2", "NaN"]]),
    ):
        np.testing.assert_array_equal(columns.numbers(column), [1, 2, np.nan])
    assert columns.numbers(pa.array([True, False])).tolist() == [1, 0]
    assert columns.numbers(pa.array([1.5, None], pa.float32())).dtype == np.float32
    assert np.isnan(columns.numbers(pa.nulls(3))).all()
    assert columns.numbers(pa.array([2**60 + 1]))[0] == float(2**60)


@pytest.mark.parametrize("wrong", ["abc", "1_0", "0x10", "1,5", "12 3", "--1", "e5", "1e"])
def test_what_is_no_number_is_named_with_its_row(wrong):
    with pytest.raises(BadValue) as raised:
        columns.numbers(pa.array(["1", None, wrong, "also"]))
    assert (raised.value.row, raised.value.got) == (2, repr(wrong))
    with pytest.raises(BadValue, match="timestamp"):
        columns.numbers(pa.array([datetime.datetime(2020, 1, 1)]))


@pytest.mark.parametrize(
    ("values", "codes", "names"),
    [
        (["b", "a", "", None, "b"], [1, 0, -1, -1, 1], ("a", "b")),
        (["10", "9", ""], [1, 0, -1], ("9", "10")),
        (["a", "NA", "null", None], [1, 0, 2, -1], ("NA", "a", "null")),
        (["1E3", "1000", "2"], [2, 1, 0], ("2", "1000", "1E3")),
        (["1.0", "1", "2"], [0, 0, 1], ("1", "2")),
        ([3, -1, None], [1, 0, -1], ("-1", "3")),
        ([1.0, 0.0, float("nan")], [1, 0, -1], ("0", "1")),
        ([True, None, False], [1, -1, 0], ("False", "True")),
        (["type10", "type9", "Type1"], [2, 1, 0], ("Type1", "type9", "type10")),
        (["1", "x", "0.5"], [0, 2, 1], ("1", "0.5", "x")),
        ([None, None], [-1, -1], ()),
    ],
)
def test_classes_are_named_and_ordered_naturally(values, codes, names):
    found, ordered = columns.classes(pa.array(values))
    assert ordered == names
    assert found.tolist() == codes


def test_fractions_are_no_classes():
    for values in (["0", "1", "0.37", "0.5"], [0.0, 1.0, 0.37, 0.5]):
        with pytest.raises(BadValue, match=r"name or a whole number, got 0\.37") as raised:
            columns.classes(pa.array(values))
        assert raised.value.row == 2


def test_an_infinite_number_is_no_class():
    with pytest.raises(BadValue, match="got inf"):
        columns.classes(pa.array([0.0, float("inf"), 1.0]))
    assert columns.classes(pa.array(["a", "inf"]))[1] == ("a", "inf")


def test_words_are_gaps_in_numbers_only_if_said():
    column = pa.array(["1", "NA", " NULL ", "nan", ""])
    np.testing.assert_array_equal(columns.numbers(column, MISSING), [1, *[np.nan] * 4])
    assert columns.count_missing_words(column, MISSING) == 3
    with pytest.raises(BadValue, match=r"or `missing: \[NA\]` to count that word") as raised:
        columns.numbers(column)
    assert raised.value.row == 1
    np.testing.assert_array_equal(columns.numbers(pa.array(["nAn", "NaN", ""])), [np.nan] * 3)


def test_targets_are_zero_one_or_unknown():
    assert columns.targets(pa.array(["0", "1.0", "", "true"])).tolist() == [0, 1, -1, 1]
    with pytest.raises(BadValue, match="0, 1 or nothing, got 2"):
        columns.targets(pa.array([0, 1, 2]))


def test_ids_are_whole_numbers_if_all_are_written_so():
    assert columns.ids(pa.array(["10", "-3"])).tolist() == [10, -3]
    assert columns.ids(pa.array(["10", "007"])).tolist() == ["10", "007"]
    assert columns.ids(pa.array([5.0, 6.0])).dtype == np.int64
    assert columns.ids(pa.array(["1", "2"]), as_text=True).tolist() == ["1", "2"]
    with pytest.raises(BadValue, match="a name for each example, got nothing"):
        columns.ids(pa.array(["a", None]))
    with pytest.raises(BadValue, match=r"whole number, got 0\.5"):
        columns.ids(pa.array([1.0, 0.5]))


def test_ids_of_any_type_stay_what_they_are():
    big = [2**63 + 1, 5]
    assert columns.ids(pa.array(big, pa.uint64())).tolist() == [str(big[0]), "5"]
    assert columns.ids(pa.array([7], pa.uint64())).dtype == np.int64
    assert columns.ids(pa.array([7], pa.uint64()), as_text=True).dtype == np.uint64
    assert columns.ids(pa.array(big, pa.uint64()), as_text=True).tolist() == big
    assert columns.ids(pa.array([decimal.Decimal(10**25)])).tolist() == [str(10**25)]
    assert columns.ids(pa.array([decimal.Decimal("1.50")])).tolist() == ["1.50"]
    assert columns.ids(pa.array([decimal.Decimal(12)])).dtype == np.int64
    assert columns.ids(pa.array([b"\xff\x01"])).tolist() == ["0xff01"]
    assert columns.ids(pa.array([datetime.date(2020, 1, 1)])).tolist() == ["2020-01-01"]
    assert columns.ids(pa.array([True, False])).tolist() == ["True", "False"]


def test_floats_that_may_have_been_rounded_are_told():
    assert columns.is_rounded(pa.array([2.0**53, None]))
    assert columns.is_rounded(pa.array([2.0**24], pa.float32()))
    for column in (pa.array([2.0**52]), pa.array([2**60]), pa.array(["9" * 30])):
        assert not columns.is_rounded(column)


def test_groups_and_folds_beyond_floats_stay_apart():
    large = [2**53, 2**53 + 1, 2**53]
    for column in (
        pa.array(large),
        pa.array(list(map(str, large))),
        pa.array([f"{n}.0" for n in large]),
    ):
        assert columns.groups(column).tolist() == [0, 1, 0]
        assert columns.folds(column).tolist() == large
        assert len(columns.classes(column)[1]) == 2
    assert columns.groups(pa.array(["1E2", "100", "0100"])).tolist() == [2, 1, 0]


def test_groups_of_any_type_rise_with_their_value():
    assert columns.groups(pa.array(["b", "a", "b"])).tolist() == [1, 0, 1]
    assert columns.groups(pa.array(["10", "9"])).tolist() == [1, 0]
    assert columns.groups(pa.array([0.5, 0.25, 0.5])).tolist() == [1, 0, 1]
    with pytest.raises(BadValue, match="a group for each example"):
        columns.groups(pa.array([1, None]))


def test_folds_and_parts_refuse_what_they_are_not():
    assert columns.folds(pa.array(["3", "1.0"])).tolist() == [3, 1]
    with pytest.raises(BadValue, match="whole number of a fold"):
        columns.folds(pa.array([1.5]))
    for beyond in (2.0**63, -(2.0**64)):
        with pytest.raises(BadValue, match="whole number of a fold"):
            columns.folds(pa.array([beyond]))
    assert columns.parts(pa.array(["Test", "train", "validation"])).tolist() == [2, 0, 1]
    with pytest.raises(BadValue, match="train, validation or test, got 'tst'"):
        columns.parts(pa.array(["train", "tst"]))


@settings(max_examples=50)
@given(st.lists(st.one_of(st.none(), st.text("0123456789.+-eainftru ", max_size=6)), min_size=1))
def test_texts_are_readable_as_if_each_stood_alone(values):
    found, wrong = columns.read_numbers_among_text(pa.array(values, pa.string()), ("nan",))
    for value, number, is_wrong in zip(values, found, wrong, strict=True):
        try:
            alone = columns.numbers(pa.array([value], pa.string()), ("nan",))[0]
        except BadValue:
            assert is_wrong
        else:
            assert not is_wrong
            np.testing.assert_equal(number, alone)


def test_many_texts_that_are_no_numbers_are_found_at_once(monkeypatch):
    # Read one by one, the distinct texts of a block took half a minute.
    calls = list[int]()
    monkeypatch.setattr(
        columns, "write_as_text", lambda column: calls.append(len(column)) or write_as_text(column)
    )
    values, wrong = columns.read_numbers_among_text(
        pa.array([*(f"star{n}" for n in range(5000)), "7"])
    )
    assert (int(wrong.sum()), values[-1], calls) == (5000, 7, [5001])


@pytest.mark.parametrize("kind", [np.int64, str])
def test_the_first_id_that_comes_again_is_found(kind):
    assert columns.find_repeated_id(np.array([9, 4, 7, 4, 1, 1], dtype=kind)) == (1, 3)
    assert columns.find_repeated_id(np.array([9, 4, 7], dtype=kind)) is None
    assert columns.find_repeated_id(np.array([], dtype=kind)) is None


def test_a_float_id_that_was_rounded_is_refused_as_such():
    for rounded in (1e18, -3e19):
        with pytest.raises(BadValue, match="of an integer type, for floating-point numbers of 18"):
            columns.ids(pa.array([2.0, rounded]))
    with pytest.raises(BadValue, match=r"expected text or a whole number, got 1\.5"):
        columns.ids(pa.array([2.0, 1.5]))


@pytest.mark.parametrize("values", [[True, None, False], ["1", None, "0"], [1, None, 0]])
def test_a_fold_that_is_missing_is_refused_with_its_row(values):
    with pytest.raises(
        BadValue, match="expected the whole number of a fold, got nothing"
    ) as raised:
        columns.folds(pa.array(values))
    assert raised.value.row == 1
    assert columns.folds(pa.array([True, False])).tolist() == [1, 0]


def test_weights_are_finite_and_keep_their_sign():
    assert columns.weights(pa.array([-1.5, 2.0])).tolist() == [-1.5, 2.0]
    for wrong in (float("nan"), float("inf"), None):
        with pytest.raises(BadValue, match="a finite weight") as raised:
            columns.weights(pa.array([1.0, wrong]))
        assert raised.value.row == 1


@settings(max_examples=100)
@given(st.lists(st.text(), max_size=8))
def test_natural_order_compares_any_names(names):
    forth, back = (
        sorted(given_order, key=natural_sort_key) for given_order in (names, names[::-1])
    )
    assert forth == back


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="ab0 1.", max_size=4), min_size=1), st.integers(1, 5))
def test_classes_do_not_depend_on_how_a_column_is_cut(values, size):
    pieces = [values[start : start + size] for start in range(0, len(values), size)]
    results = []
    for column in (pa.array(values), pa.chunked_array(pieces)):
        try:
            codes, names = columns.classes(column)
            results.append((codes.tolist(), names))
        except BadValue as error:
            results.append((error.row, error.got))
    assert results[0] == results[1]
