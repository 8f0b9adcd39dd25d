"""How a tile of members is trained: block, minibatch, step, validation, stopping."""

import math
from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum

import torch
from torch import Tensor

from sortal.training.examples.batches import epoch_order, minibatches, stretch_order
from sortal.training.examples.examples import Examples, ExampleSource
from sortal.training.losses.normalisation import Normalisation, divisors
from sortal.training.measure import measure
from sortal.training.reporting import ProgressReporter
from sortal.training.tile import Tile


class TileEnd(StrEnum):
    """Why training of a tile came to an end."""

    ENDED = "ended"
    """Every member has ended."""

    BUDGET = "budget"
    """The epochs allowed so far are trained; the tile was saved."""

    ASKED = "asked"
    """The driver asked for it; the tile was saved."""


def train(
    tile: Tile,
    examples: ExampleSource,
    validation: ExampleSource | None,
    watch: ProgressReporter,
    *,
    until: float | None = None,
) -> TileEnd:
    """Train until every member has ended.

    Args:
        tile: Members, at their start or where a snapshot left them; changed in place.
        examples: What they learn from.
        validation: What their validation loss is measured on, if anything.
        watch: Reports and saves, and tells who is to stop.
        until: Leave after this many epochs, all told.
    """
    tile.restart_clock()
    tile.drop_ended()
    going = report_progress(tile, watch, tile.position / tile.rows_per_epoch, now=True)
    while going and tile.courses:
        if until is not None and tile.epoch >= until:
            watch.save_now(tile)
            return TileEnd.BUDGET
        going = run_epoch(tile, examples, validation, watch) and end_epoch(
            tile, examples, validation, watch
        )
    return TileEnd.ENDED if going else TileEnd.ASKED


def run_epoch(
    tile: Tile, examples: ExampleSource, validation: ExampleSource | None, watch: ProgressReporter
) -> bool:
    """Step through the minibatches that are left of the current epoch; False when told to leave."""
    rows, size = tile.rows_per_epoch, tile.recipe.batch_size
    order = order_of(tile, examples)
    with closing(examples.blocks(order[tile.position :], size)) as blocks:
        for block in blocks:
            for batch in minibatches(len(block), size):
                step(tile, block.cut(batch))
                tile.position += batch.stop - batch.start
                if tile.validation_is_due:
                    validate(tile, examples, validation)
                if not report_progress(tile, watch, tile.position / rows):
                    return False
                watch.save_if_due(tile)
                if not tile.courses:
                    return True
    return True


def order_of(tile: Tile, examples: ExampleSource) -> Tensor:
    """Rows of the current epoch in the order they are seen in, shape (tile.rows_per_epoch,)."""
    recipe, rows, size = tile.recipe, len(examples), examples.row_bytes
    at = (recipe.data_seed, tile.epoch, rows)
    if not recipe.steps_per_epoch:
        return epoch_order(*at, batch_size=recipe.batch_size, row_bytes=size)
    steps = recipe.steps_per_epoch
    return stretch_order(*at, steps=steps, batch_size=recipe.batch_size, row_bytes=size)


@torch.no_grad()
def step(tile: Tile, batch: Examples) -> None:
    """Update every member once, on the weighted mean loss of the minibatch.

    The gradient is gathered over chunks of rows that stay in cache. Nothing here waits
    for the device: losses are summed where they are.
    """
    network, held, working = tile.recipe.network, tile.working_held(), tile.working
    shares = shares_of_rows(tile, batch)
    tile.gradient.zero_()
    for rows in minibatches(len(batch), tile.chunk_rows):
        chunk = batch.cut(rows)
        run = tile.open_pass(len(chunk), training=True)
        outputs, memories = network.record(chunk.features.to(working), held, run)
        outputs = chunk.shifted(outputs, tile.lessons)
        answers = chunk.answers(tile.lessons)
        sums, slopes = tile.recipe.loss.sums_and_slopes(outputs, *answers)
        tile.tally.add(sums, outputs, *answers)
        network.backward(slopes.mul_(shares).to(working), memories, held, tile.slopes)
    tile.update()


def shares_of_rows(tile: Tile, batch: Examples) -> Tensor | float:
    """What makes a mean of a minibatch's sum of losses."""
    if tile.recipe.normalisation is Normalisation.ROWS:
        return 1 / len(batch)
    weights = batch.weights_of(tile.lessons)
    return 1 / divisors(weights, len(batch), tile.recipe.normalisation)


def validate(
    tile: Tile,
    examples: ExampleSource,
    validation: ExampleSource | None,
    watch: ProgressReporter | None = None,
) -> bool:
    """Measure, write history, let members go that diverged or lost patience, slow the others.

    False, and nothing has happened, if the driver, asked through `watch`, wants an end.
    """
    measured = measure(tile, examples, validation, watch)
    if measured is None:
        return False
    tile.tally = tile.new_tally()
    at = tile.optimiser.steps
    for row, course in enumerate(tile.courses):
        epoch = {"epoch": at / tile.updates_per_epoch}
        tile.history[course.key].append({**epoch, **measured.row(row)})
    tile.end(diverged(tile, measured.losses), failed=True)
    if validation is None:
        return True
    finite = torch.stack(list(measured.losses.values())).isfinite().all(dim=0)
    losses = measured.losses["validation_loss"][finite]
    tile.pace.update(losses)
    lost = tile.stopping.update(losses, tile.state, at)
    tile.end({row: stopped_early(tile, row) for row in lost})
    return True


def end_epoch(
    tile: Tile, examples: ExampleSource, validation: ExampleSource | None, watch: ProgressReporter
) -> bool:
    """Validate, begin the next epoch, let members go that are through."""
    if (
        tile.courses
        and not tile.recipe.validate_every
        and not validate(tile, examples, validation, watch)
    ):
        watch.save_now(tile)
        return False
    tile.epoch, tile.position = tile.epoch + 1, 0
    tile.drop_ended()
    return report_progress(tile, watch, 0.0, now=True)


def report_progress(
    tile: Tile, watch: ProgressReporter, share: float, *, now: bool = False
) -> bool:
    """Report if it is time, and do as the driver answers; False when told to leave."""
    answer = watch.ask(tile, share, now=now)
    if answer is None:
        return True
    asked = [row for row, course in enumerate(tile.courses) if course.key in answer.stop]
    tile.end(dict.fromkeys(asked, f"stopped on request after {tile.epoch + share:.1f} epochs"))
    if answer.stop_all:
        watch.save_now(tile)
    return not answer.stop_all


def diverged(tile: Tile, losses: Mapping[str, Tensor]) -> dict[int, str]:
    """Reasons of the members whose losses are no longer numbers, by row."""
    reasons = {}
    for row, course in enumerate(tile.courses):
        wrong = {name: float(of[row]) for name, of in losses.items() if not of[row].isfinite()}
        for name, value in list(wrong.items())[:1]:
            what = "NaN" if math.isnan(value) else "infinite"
            reasons[row] = (
                f"the {name.replace('_', ' ')} became {what} in epoch {tile.epoch + 1}; "
                f"lower learning_rate ({course.rates.learning_rate:g}) or scale the features"
            )
    return reasons


def stopped_early(tile: Tile, row: int) -> str:
    """Remark on a member whose patience ended, or whose weights no longer move."""
    why = ", its weights hardly changing," if tile.stopping.settled[row] else ""
    epoch = tile.optimiser.steps / tile.updates_per_epoch
    return f"stopped early{why} after epoch {epoch:.4g} of {tile.courses[row].epochs}"
