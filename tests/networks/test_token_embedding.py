import pytest
import torch

from sortal.errors import DataError, OptionError
from sortal.networks.layer import Held, Pass
from sortal.networks.network import Network
from sortal.networks.token_embedding import TokenEmbedding

LAYER = TokenEmbedding(tokens=3, size=2)
TABLES = torch.arange(12.0).view(2, 3, 2)
"""Of two members."""


def looked(tokens, *, training=False):
    held = Held({"weight": TABLES})
    return LAYER.forward(torch.tensor(tokens), held, Pass(members=2, training=training))


def test_every_member_looks_the_same_tokens_up_in_its_own_table():
    result = looked([[[2.0, 0.0]]])
    assert result.shape == (2, 1, 2, 2)
    assert result[0, 0].tolist() == [[4.0, 0.0], [5.0, 1.0]]
    assert result[1, 0].tolist() == [[10.0, 6.0], [11.0, 7.0]]


def test_slopes_add_up_where_a_token_comes_twice():
    held, into = Held({"weight": TABLES}), {"weight": torch.zeros(2, 3, 2)}
    result, memory = LAYER.record(
        torch.tensor([[[1.0, 1.0, 0.0]]]), held, Pass(members=2, training=True), deep=False
    )
    assert LAYER.backward(torch.ones_like(result), memory, held, into, deep=False) is None
    assert into["weight"][0].tolist() == [[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]


@pytest.mark.parametrize("wrong", [3.0, -1.0, 0.5, float("nan")])
def test_what_is_no_token_is_told(wrong):
    with pytest.raises(DataError, match=r"whole numbers from 0 to 2 \(num_words 3\), got"):
        looked([[[1.0, wrong]]])


def test_tables_start_small_and_even():
    network = Network(shape=(4,), layers=(TokenEmbedding(tokens=500, size=8),))
    start = network.start(3, "he_normal")
    assert 0.0499 < start.abs().max() <= 0.05
    assert start.std().item() == pytest.approx(0.1 / 12**0.5, rel=0.02)


def test_only_rows_of_tokens_are_embedded():
    with pytest.raises(OptionError, match="one row of tokens"):
        LAYER.result_shape((2, 3))
