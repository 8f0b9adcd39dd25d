"""How a tile of members is trained: epoch, minibatch, step, validation, stopping."""

import math
from enum import StrEnum

import torch
from torch import Tensor

from sortal.data.labels import Outputs
from sortal.training.batches import epoch_order, minibatches
from sortal.training.examples import Examples
from sortal.training.loss import LOSSES
from sortal.training.tile import CHUNK_ROWS, Tile, chunk_rows
from sortal.training.watch import Watch


class Close(StrEnum):
    """Why training of a tile came to an end."""

    ENDED = "ended"
    """Every member has ended."""

    BUDGET = "budget"
    """The epochs allowed so far are trained; the tile was saved."""

    ASKED = "asked"
    """The driver asked for it; the tile was saved."""


def train(
    tile: Tile,
    examples: Examples,
    validation: Examples | None,
    watch: Watch,
    *,
    until: float | None = None,
) -> Close:
    """Train until every member has ended.

    Args:
        tile: Members, at their start or where a snapshot left them; changed in place.
        examples: What they learn from.
        validation: What their validation loss is measured on, if anything.
        watch: Reports and saves, and tells who is to stop.
        until: Leave after this many epochs, all told.
    """
    tile.restart_clock()
    going = obey(tile, watch, tile.position / len(examples), now=True)
    while going and tile.courses:
        if until is not None and tile.epoch >= until:
            watch.save_now(tile)
            return Close.BUDGET
        going = run_epoch(tile, examples, watch) and end_epoch(tile, examples, validation, watch)
    return Close.ENDED if going else Close.ASKED


def run_epoch(tile: Tile, examples: Examples, watch: Watch) -> bool:
    """Step through the minibatches that are left of the current epoch; False when told to leave."""
    rows = len(examples)
    shuffled = examples.reordered(epoch_order(tile.recipe.data_seed, tile.epoch, rows))
    for batch in minibatches(rows, tile.recipe.batch_size, start=tile.position):
        step(tile, shuffled.cut(batch))
        tile.position = batch.stop
        if not obey(tile, watch, tile.position / rows):
            return False
        watch.save_if_due(tile)
        if not tile.courses:
            break
    return True


@torch.no_grad()
def step(tile: Tile, batch: Examples) -> None:
    """Update every member once, on the weighted mean loss of the minibatch.

    The gradient is gathered over chunks of rows that stay in cache. Nothing here waits
    for the device: the loss is summed where it is.
    """
    network, outputs = tile.recipe.network, tile.recipe.outputs
    tile.gradient.zero_()
    for rows in minibatches(len(batch), chunk_rows(tile.recipe)):
        chunk = batch.cut(rows)
        run = tile.open_pass(len(chunk), training=True)
        values, memories = network.record(chunk.features, tile.held, run)
        losses, slope = losses_and_slopes(outputs, values, chunk, tile.lessons)
        network.backward(slope.div_(len(batch)), memories, tile.held, tile.slopes)
        tile.loss_sum += losses
    tile.optimiser.step(tile.parameters, tile.gradient)


def losses_and_slopes(
    kind: Outputs, values: Tensor, chunk: Examples, lessons: Tensor
) -> tuple[Tensor, Tensor]:
    """Sums of the losses of a chunk, shape (members,), and their slopes at the outputs."""
    with torch.enable_grad():
        outputs = values.requires_grad_()
        losses = LOSSES[kind](
            outputs + chunk.offsets[lessons].unsqueeze(1), *chunk.answers(lessons)
        )
        (slope,) = torch.autograd.grad(losses.sum(), outputs)
    return losses.detach(), slope


@torch.no_grad()
def validate(tile: Tile, validation: Examples) -> Tensor:
    """Mean validation loss of each member, float64 on the CPU, shape (members,)."""
    total = torch.zeros_like(tile.loss_sum)
    for rows in minibatches(len(validation), CHUNK_ROWS):
        chunk = validation.cut(rows)
        run = tile.open_pass(len(chunk), training=False)
        outputs = tile.recipe.network.forward(chunk.features, tile.held, run)
        outputs = outputs + chunk.offsets[tile.lessons].unsqueeze(1)
        total += LOSSES[tile.recipe.outputs](outputs, *chunk.answers(tile.lessons))
    return total.cpu() / len(validation)


def end_epoch(tile: Tile, examples: Examples, validation: Examples | None, watch: Watch) -> bool:
    """Measure, write history, let members go that diverged, lost patience or are through."""
    if not tile.courses:
        return True
    losses = tile.loss_sum.cpu() / len(examples)
    measured = {"loss": losses}
    if validation is not None:
        measured["validation_loss"] = validate(tile, validation)
    tile.start_epoch()
    for row, course in enumerate(tile.courses):
        values = {name: float(of[row]) for name, of in measured.items()}
        tile.history[course.key].append({"epoch": tile.epoch, **values})
    tile.end(diverged(tile, measured), failed=True)
    if validation is not None:
        finite = torch.stack(list(measured.values())).isfinite().all(dim=0)
        lost = tile.stopping.judge(measured["validation_loss"][finite], tile.state, tile.epoch)
        tile.end({row: stopped_early(tile, row) for row in lost})
    tile.end({row: "" for row, course in enumerate(tile.courses) if tile.epoch >= course.epochs})
    return obey(tile, watch, 0.0, now=True)


def obey(tile: Tile, watch: Watch, share: float, *, now: bool = False) -> bool:
    """Report if it is time, and do as the driver answers; False when told to leave."""
    answer = watch.ask(tile, share, now=now)
    if answer is None:
        return True
    asked = [row for row, course in enumerate(tile.courses) if course.key in answer.stop]
    tile.end(dict.fromkeys(asked, f"stopped on request after {tile.epoch + share:.1f} epochs"))
    if answer.stop_all:
        watch.save_now(tile)
    return not answer.stop_all


def diverged(tile: Tile, measured: dict[str, Tensor]) -> dict[int, str]:
    """Reasons of the members whose losses are no longer numbers, by row."""
    reasons = {}
    for row, course in enumerate(tile.courses):
        wrong = {name: float(of[row]) for name, of in measured.items() if not of[row].isfinite()}
        for name, value in list(wrong.items())[:1]:
            what = "NaN" if math.isnan(value) else "infinite"
            reasons[row] = (
                f"the {name.replace('_', ' ')} became {what} in epoch {tile.epoch}; "
                f"lower learning_rate ({course.learning_rate:g}) or scale the features"
            )
    return reasons


def stopped_early(tile: Tile, row: int) -> str:
    """Remark on a member whose patience ended."""
    return f"stopped early after epoch {tile.epoch} of {tile.courses[row].epochs}"
