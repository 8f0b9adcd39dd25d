"""Losses of a tile at its present weights."""

from contextlib import closing

import torch
from torch import Tensor

from sortal.training.batches import minibatches
from sortal.training.examples import Source
from sortal.training.tile import Tile
from sortal.training.watch import Watch


@torch.no_grad()
def mean_loss(tile: Tile, examples: Source, watch: Watch | None = None) -> Tensor | None:
    """Mean loss of each member at its present weights, float64 on the CPU, shape (members,).

    None if the driver, asked through `watch`, wants everybody to leave.
    """
    total = torch.zeros_like(tile.loss_sum)
    with closing(examples.blocks(None, tile.chunk_rows)) as blocks:
        for block in blocks:
            for rows in minibatches(len(block), tile.chunk_rows):
                answer = watch.ask(tile, 1.0, now=False) if watch else None
                if answer is not None and answer.stop_all:
                    return None
                chunk = block.cut(rows)
                run = tile.open_pass(len(chunk), training=False)
                outputs = tile.recipe.network.forward(chunk.features, tile.held, run)
                outputs = chunk.shifted(outputs, tile.lessons)
                total += tile.recipe.loss.sums(outputs, *chunk.answers(tile.lessons))
    return total.cpu() / len(examples)


def measure(
    tile: Tile, examples: Source, validation: Source | None, watch: Watch | None
) -> dict[str, Tensor] | None:
    """Losses by name, or None if told to leave; nothing of the tile is changed."""
    measured = {"loss": tile.loss_sum.cpu() / max(1, tile.loss_rows)}
    seen = {"training_loss": examples if tile.recipe.measure_training else None}
    for name, source in {**seen, "validation_loss": validation}.items():
        if validation is None or source is None:
            continue
        losses = mean_loss(tile, source, watch)
        if losses is None:
            return None
        measured[name] = losses
    return measured
