"""Means and spreads that are updated member by member are those of all members at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sortal.jobs.applying.average import Average

probabilities = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.just(3), st.just(2)), elements=st.floats(0, 1)
)
weights = st.floats(0.01, 100)


def averaged(scores, counts):
    average = Average()
    for one, weight in zip(scores, counts, strict=True):
        average.add(one, weight)
    return average


@given(probabilities, weights)
def test_equal_weights_give_numpys_mean_and_deviation(scores, weight):
    average = averaged(scores, [weight] * len(scores))
    np.testing.assert_allclose(average.mean, scores.mean(axis=0), atol=1e-12)
    if len(scores) == 1:
        assert average.spread is None
    else:
        np.testing.assert_allclose(average.spread, scores.std(axis=0, ddof=1), atol=1e-7)


@given(probabilities, st.data())
def test_weights_give_the_documented_mean_and_deviation(scores, data):
    counts = np.array(data.draw(st.lists(weights, min_size=len(scores), max_size=len(scores))))
    average = averaged(scores, counts)
    shares = counts / counts.sum()
    mean = np.average(scores, axis=0, weights=shares)
    np.testing.assert_allclose(average.mean, mean, atol=1e-12)
    if len(scores) > 1:
        squares = np.average((scores - mean) ** 2, axis=0, weights=shares)
        expected = np.sqrt(squares / (1 - (shares**2).sum()))
        np.testing.assert_allclose(average.spread, expected, atol=1e-6)


@given(probabilities, st.randoms())
def test_the_order_of_members_does_not_matter(scores, random):
    shuffled = random.sample(list(scores), len(scores))
    one, other = averaged(scores, [1.0] * len(scores)), averaged(shuffled, [1.0] * len(scores))
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-12)


def test_what_is_added_is_not_changed():
    scores = np.array([[0.1, 0.9]])
    averaged([scores, scores + 0.1], [1.0, 1.0])
    assert scores.tolist() == [[0.1, 0.9]]
