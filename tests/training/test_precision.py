import pytest
import torch

from sortal.training.loop import step, train
from sortal.training.precision import working_type

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("float32", torch.float32), ("float64", torch.float64), ("bfloat16", torch.bfloat16)],
)
def test_a_named_type_is_what_products_are_made_in(precision, expected):
    assert working_type(precision, batch_size=8, units=4, device=CPU) is expected


def test_auto_leaves_small_products_alone(monkeypatch):
    monkeypatch.setattr("sortal.training.precision._multiplies_bfloat16_faster", lambda _: True)
    assert working_type("auto", batch_size=512, units=256, device=CPU) is torch.bfloat16
    assert working_type("auto", batch_size=64, units=256, device=CPU) is torch.float32
    assert working_type("auto", batch_size=512, units=50, device=CPU) is torch.float32


def test_auto_stays_with_float32_where_bfloat16_is_no_faster(monkeypatch):
    monkeypatch.setattr("sortal.training.precision._multiplies_bfloat16_faster", lambda _: False)
    assert working_type("auto", batch_size=512, units=256, device=CPU) is torch.float32


def test_bfloat16_learns_what_float32_does(recipe, course, tile, watch, examples):
    losses = []
    for precision in ("float32", "bfloat16"):
        chosen = recipe(precision=precision, sizes=(6, 64, 64, 3), dropout=True)
        one = tile(chosen, course(epochs=8, dropout=0.1))
        train(one, examples(), examples(100, seed=5), watch())
        assert one.state.dtype is torch.float32
        losses.append(one.history["a"][-1]["validation_loss"])
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    assert losses[1] != losses[0]


def test_in_bfloat16_too_a_member_does_not_depend_on_others(recipe, course, tile, examples):
    chosen = recipe(precision="bfloat16", optimiser="sgd")
    courses = [course(str(seed), seed=seed) for seed in range(4)]
    together, alone = tile(chosen, *courses), tile(chosen, courses[2])
    for _ in range(5):
        step(together, examples(64))
        step(alone, examples(64))
    torch.testing.assert_close(together.state[2], alone.state[0], rtol=0, atol=1e-3)
