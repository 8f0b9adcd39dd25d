"""Training on a CUDA device, where there is one."""

import pytest
import torch

from sortal.training.loop import TileEnd, step, train
from sortal.training.snapshots.snapshot import Snapshot, save_snapshot
from sortal.training.tile import Tile

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
GPU = torch.device("cuda")


def moved(examples):
    features, truth, weights = (
        tensor.to(GPU) for tensor in (examples.features, examples.truth, examples.weights)
    )
    return type(examples)(features, truth, weights, None)


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "nadam"])
def test_a_few_updates_equal_those_of_the_processor(recipe, course, tile, examples, optimiser):
    chosen = recipe(optimiser=optimiser, precision="float64")
    courses = [course(str(seed), seed=seed) for seed in range(4)]
    there, here = Tile(chosen, courses, GPU, rows=100), tile(chosen, *courses)
    batch = examples(64, dtype=torch.float64)
    for _ in range(5):
        step(there, moved(batch))
        step(here, batch)
    torch.testing.assert_close(there.state.cpu(), here.state, rtol=0, atol=1e-9)


def test_leaving_and_coming_back_changes_no_bit(recipe, course, watch, examples, tmp_path):
    chosen = recipe(dropout=True)
    courses = [course("a", dropout=0.3, epochs=4, patience=9), course("b", seed=1, epochs=4)]
    data, validation = moved(examples()), moved(examples(40, seed=8))
    whole, part = (Tile(chosen, courses, GPU, rows=100) for _ in range(2))
    train(whole, data, validation, watch())
    saving = watch(save=lambda one: save_snapshot(one, tmp_path / "tile.safetensors", "m"))
    assert train(part, data, validation, saving, until=2) is TileEnd.BUDGET
    snapshot = Snapshot.read(tmp_path / "tile.safetensors")
    again = snapshot.restore(chosen, courses, GPU, rows=100)
    assert train(again, data, validation, watch()) is TileEnd.ENDED
    for key, one in whole.ended.items():
        assert torch.equal(one.state, again.ended[key].state)
