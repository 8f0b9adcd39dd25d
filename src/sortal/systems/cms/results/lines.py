"""The lines that the page's scripts print: the network, the course of training, its best epoch."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from sortal.networks.names import MAXOUT_PIECES

_WIDTHS = (29, 26, 14)


def network_lines(sizes: Sequence[int], activation: str, output: str) -> Iterator[str]:
    """Lay out a dense network as a table, layer by layer.

    Args:
        sizes: Variables, nodes of each hidden layer, outputs.
        activation: Of the hidden layers; units of `maxout` have the weights of several.
        output: Of the output layer.
    """
    total = 0
    yield _row("Layer (type)", "Output shape", "Param #")
    yield "=" * sum(_WIDTHS)
    for number, (inputs, nodes) in enumerate(pairwise(sizes), 1):
        kind = output if number == len(sizes) - 1 else activation
        count = (inputs + 1) * nodes * (MAXOUT_PIECES if kind == "maxout" else 1)
        total += count
        yield _row(f"dense_{number} (Dense, {kind})", f"(None, {nodes})", f"{count:,}")
    yield "=" * sum(_WIDTHS)
    yield f"Total params: {total:,}"


def checkpoint_lines(losses: Sequence[float], path: str, *, every: bool) -> Iterator[str]:
    """Tell in which epochs the validation loss improved, as Keras' checkpoint does.

    Args:
        losses: Validation loss after each epoch.
        path: The file of the best weights.
        every: Whether epochs without an improvement have their line too.
    """
    best = float("inf")
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            yield (
                f"Epoch {epoch:05d}: val_loss improved from {_loss(best)} to {_loss(loss)}, "
                f"saving model to {path}"
            )
            best = loss
        elif every:
            yield f"Epoch {epoch:05d}: val_loss did not improve from {_loss(best)}"


def best_line(name: str, losses: Sequence[float]) -> str:
    """Tell a training in one line: which epoch, counted from 0, had the lowest validation loss.

    >>> best_line("run 3", [1.5, 1.029, 1.2])
    'run 3: best epoch 1, val_loss 1.02900'
    """
    best = best_epoch(losses)
    return f"{name}: best epoch {best}, val_loss {_loss(losses[best])}"


def epoch_lines(history: Sequence[dict[str, float]]) -> Iterator[str]:
    """One line an epoch, as Keras' progress ends."""
    total = len(history)
    for epoch, row in enumerate(history, 1):
        figures = [
            f"{label}: {row[name]:.4f}"
            for label, name in (
                ("loss", "loss"),
                ("accuracy", "accuracy"),
                ("val_loss", "validation_loss"),
                ("val_accuracy", "validation_accuracy"),
            )
            if name in row
        ]
        yield f"Epoch {epoch}/{total} - {' - '.join(figures)}"


def best_epoch(losses: Sequence[float]) -> int:
    """The first epoch of the lowest validation loss, counted from 0 as the scripts count.

    One whose loss is NaN is never it, unless all are.
    """
    return int(np.argmin(np.nan_to_num(losses, nan=np.inf)))


def minutes(seconds: float) -> float:
    """Whole minutes, as the scripts print them."""
    return seconds // 60


def _row(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _loss(value: float) -> str:
    return f"{value:.5f}"
