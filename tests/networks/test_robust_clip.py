import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sortal.errors import OptionError
from sortal.networks.layer import Held, Pass
from sortal.networks.network import Network
from sortal.networks.robust_clip import RobustClip

TABLES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 12), st.just(3)), elements=st.floats(-1e6, 1e6)
)


def clipped(layer, rows):
    values = torch.as_tensor(rows).unsqueeze(0)
    return layer.forward(values, Held(), Pass(members=1))[0].numpy()


def test_it_is_the_formula_of_the_paper():
    rows = np.random.default_rng(0).normal(size=(200, 3)) * [1, 50, 0.01] + [0, 7, -3]
    low, middle, high = np.percentile(rows, [25, 50, 75], axis=0)
    scaled = (rows - middle) / (high - low)
    expected = scaled / np.sqrt(1 + (scaled / 3) ** 2)
    np.testing.assert_allclose(
        clipped(RobustClip.fitted(rows), rows), expected, rtol=1e-12, atol=1e-12
    )


def test_features_of_equal_quartiles_are_scaled_by_half_range():
    rare = np.array([0.0] * 9 + [8.0])[:, None]
    assert RobustClip.fitted(rare).factor == (0.25,)


@given(TABLES)
def test_results_lie_between_minus_three_and_three(rows):
    assert (np.abs(clipped(RobustClip.fitted(rows), rows)) <= 3 * (1 + 1e-15)).all()


@given(TABLES)
def test_constant_features_are_silenced(rows):
    rows[:, 1] = rows[0, 1]
    assert (clipped(RobustClip.fitted(rows), rows + 5)[:, 1] == 0).all()


@pytest.mark.parametrize("scale", [1e-6, 30.0, -2.0])
def test_a_linear_scaling_before_it_changes_the_sign_at_most(scale):
    rows = np.random.default_rng(1).normal(size=(50, 3))
    other = rows * scale + 4
    expected = clipped(RobustClip.fitted(rows), rows) * np.sign(scale)
    np.testing.assert_allclose(clipped(RobustClip.fitted(other), other), expected, rtol=1e-6)


def test_the_farthest_float32_is_clipped_and_not_lost():
    layer = RobustClip(centre=(0.0,), factor=(9.0,))
    far = torch.tensor([[3.4e38], [-3.4e38]])
    np.testing.assert_allclose(clipped(layer, far), [[3], [-3]], rtol=1e-6)


def test_other_numbers_of_features_are_refused():
    with pytest.raises(OptionError, match="2 features"):
        _ = Network(shape=(3,), layers=(RobustClip(centre=(0, 0), factor=(1, 1)),)).shapes
