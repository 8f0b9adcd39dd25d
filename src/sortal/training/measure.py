"""Losses and accuracies of a tile at its present weights."""

from contextlib import closing

import torch

from sortal.training.examples.batches import minibatches
from sortal.training.examples.examples import ExampleSource
from sortal.training.measures.tally import LossTally, MeanMeasures
from sortal.training.reporting import ProgressReporter
from sortal.training.tile import Tile


@torch.no_grad()
def tally_measures(
    tile: Tile, examples: ExampleSource, watch: ProgressReporter | None = None
) -> LossTally | None:
    """Have examples pass through every member at its present weights.

    None if the driver, asked through `watch`, wants everybody to leave.
    """
    tally = tile.new_tally()
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
                answers = chunk.answers(tile.lessons)
                tally.add(tile.recipe.loss.sums(outputs, *answers), outputs, *answers)
    return tally


def measure(
    tile: Tile,
    examples: ExampleSource,
    validation: ExampleSource | None,
    watch: ProgressReporter | None,
) -> MeanMeasures | None:
    """Means by name, or None if told to leave; nothing of the tile is changed."""
    measured = MeanMeasures()
    measured.note("", tile.tally)
    seen = {"training_": examples if tile.recipe.measure_training else None}
    for prefix, source in {**seen, "validation_": validation}.items():
        if validation is None or source is None:
            continue
        tally = tally_measures(tile, source, watch)
        if tally is None:
            return None
        measured.note(prefix, tally)
    return measured
