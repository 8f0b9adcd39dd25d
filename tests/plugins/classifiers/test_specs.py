"""What data sets say of themselves survives the way to a worker: tuples, arrays and keys as they were."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sortal.errors import Damaged, DataError, OptionError
from sortal.plugins.classifiers.specs import meaning_of, pack, unpack

KEYS = st.text(max_size=5) | st.sampled_from(["__tuple__", "__items__", "__array__", "__file__"])
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
ARRAYS = npst.arrays(
    npst.integer_dtypes()
    | npst.floating_dtypes()
    | npst.boolean_dtypes()
    | npst.unicode_string_dtypes(max_len=4),
    npst.array_shapes(max_dims=3, max_side=4, min_side=0),
)
VALUES = st.recursive(
    PLAIN | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.dictionaries(st.integers() | st.tuples(st.integers()), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(one, other):
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.tobytes() == other.tobytes()
            and one.shape == other.shape
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_specs_come_back_as_they_were(specs):
    packed = json.loads(json.dumps(pack(specs), allow_nan=False))
    assert same(unpack(packed), specs)


def test_numbers_of_numpy_become_plain_ones():
    assert pack({"n": np.int64(3), "x": np.float32(0.5), "b": np.bool_(True)}) == {
        "n": 3,
        "x": 0.5,
        "b": True,
    }


def test_a_large_array_goes_to_a_file_named_after_its_content(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(200, 100))
    packed = pack({"embedding": matrix}, tmp_path / "specs")
    assert len(json.dumps(packed)) < 500
    np.testing.assert_array_equal(unpack(packed)["embedding"], matrix)
    elsewhere = pack({"embedding": matrix}, tmp_path / "others")
    assert packed != elsewhere
    assert meaning_of(packed) == meaning_of(elsewhere)
    assert meaning_of(packed) != meaning_of(pack({"embedding": -matrix}, tmp_path / "specs"))
    assert len(list((tmp_path / "specs").iterdir())) == 2


def test_folds_of_many_examples_stay_small():
    folds = np.arange(60_000) % 10
    assert len(json.dumps(pack({"cv_folds": folds}))) < 5_000


def test_a_large_array_without_a_folder_is_refused():
    with pytest.raises(OptionError, match="specs\\['embedding'\\]"):
        pack({"embedding": np.random.default_rng(0).normal(size=(200, 100))})


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, math.nan, math.inf, np.float64("nan"), np.array([None, 1]), [lambda: 0]],
)
def test_what_cannot_be_written_is_refused_with_its_place(value):
    with pytest.raises(DataError, match="specs\\['odd'\\]"):
        pack({"odd": value})


def test_a_file_that_is_gone_or_changed_is_told(tmp_path):
    packed = pack({"m": np.random.default_rng(0).normal(size=(200, 100))}, tmp_path)
    (path,) = tmp_path.iterdir()
    np.save(path, np.zeros(3))
    with pytest.raises(Damaged, match="not the array that was written"):
        unpack(packed)
    path.unlink()
    with pytest.raises(Damaged, match="not a readable array"):
        unpack(packed)
