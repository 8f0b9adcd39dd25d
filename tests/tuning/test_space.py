import math

from hypothesis import given
from hypothesis import strategies as st

from sortal.tuning.space import Candidate, Choices, Range, Space


@st.composite
def ranges(draw):
    whole, log = draw(st.booleans()), draw(st.booleans())
    least = 1 if log else -1000
    ends = st.integers(least, 100_000) if whole else st.floats(1e-6 if log else -1e3, 1e5)
    low, high = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return Range(low=low, high=high, initial=low, whole=whole, log=log)


@given(ranges(), st.floats(-400, 400))
def test_every_place_becomes_a_value_of_the_range(one, place):
    place = min(place, 300.0) if one.log else place * 1e3
    assert one.holds(one.at(place))


@given(ranges())
def test_the_ends_are_where_they_are_said_to_be(one):
    for end in (one.low, one.high):
        assert math.isclose(one.at(one.place(end)), end, rel_tol=1e-9)


def test_a_step_is_a_fifth_of_the_range_unless_given():
    """On a logarithmic scale decades are counted."""
    assert Range(low=0, high=10, initial=1).step == 2
    assert math.isclose(Range(low=0.001, high=100, initial=1, log=True).step, 1.0)
    assert Range(low=0, high=10, initial=1, sigma=3).step == 3


def test_yes_and_no_are_neither_numbers_nor_one_and_zero():
    assert not Range(low=0, high=10, initial=1).holds(True)
    assert not Range(low=0, high=10, initial=1, whole=True).holds(2.5)
    assert not Choices(values=(0, 1), initial=0).holds(True)


def test_a_candidate_is_its_values_whoever_its_parent_is():
    one = Candidate(kind=0, values={"a": 1, "b": [2, 3]})
    assert one == Candidate(kind=0, values={"b": [2, 3], "a": 1}, parent="x")
    assert one != Candidate(kind=1, values={"a": 1, "b": [2, 3]})
    assert one != Candidate(kind=0, values={"a": True, "b": [2, 3]})
    assert len({one, Candidate(kind=0, values={"b": [2, 3], "a": 1})}) == 1


def test_a_space_starts_at_initial_values_and_lists_its_numbers():
    space = Space({"C": Range(low=1, high=9, initial=3), "k": Choices(values=("a",), initial="a")})
    assert space.initial == {"C": 3, "k": "a"}
    assert space.numeric == ("C",)
    assert space.holds({"C": 4.5, "k": "a"})
    assert not space.holds({"C": 10, "k": "a"})
    assert not space.holds({"C": 4})
    assert Space().initial == {}
