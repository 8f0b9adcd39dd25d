"""The files that the page's scripts leave behind, under their names and in their columns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl

from sortal.data.split import Part
from sortal.export.formats import Format
from sortal.export.write import write
from sortal.jobs.applying.export import load_portable
from sortal.jobs.results.result import MemberResult
from sortal.store.files import atomic
from sortal.store.store import Store
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.training.scored import Scored

WEIGHTS = "best_weights.h5"
ONNX = "network.onnx"
OUTPUTS = {Part.VALIDATION: "val_output.csv", Part.TEST: "test_output.csv"}
COURSE = {
    "loss": "loss",
    "acc": "accuracy",
    "val_loss": "validation_loss",
    "val_acc": "validation_accuracy",
}
"""What the scripts call the columns of a history."""

TABLE_COLUMNS = (
    "Scaling Function",
    "NN Configuration",
    "Activation Function",
    "Loss Function",
    "Learning Rate",
    "Decay Rate",
    "Max Val FOM",
    "at x_cut",
    "Test FOM",
    "Max Test FOM",
)
"""Columns of 17var_fom.csv behind its first, which has no name and holds the run."""


def write_training(
    folder: Path,
    scored: Scored,
    store: Store,
    *,
    pickles: bool,
    onnx: bool,
) -> list[str]:
    """Write what training left: weights and history; the script's pickles and ONNX if wanted.

    Args:
        folder: Where.
        scored: The network.
        store: Where it is stored.
        pickles: Whether the script's pickles are written.
        onnx: Whether ONNX is written.

    Returns:
        Sentences that a user should read.
    """
    write_weights(folder, scored, store)
    write_history(folder, scored)
    if pickles:
        from sortal.systems.cms.results.pickles import write_pickles

        write_pickles(folder, history_lists(scored))
    return write_onnx(folder, scored, store) if onnx else []


def write_weights(folder: Path, scored: Scored, store: Store) -> list[Path]:
    """Write best_weights.h5 in the layout of legacy Keras; one a fold where there are folds."""
    written = _export(folder, scored, store, WEIGHTS, Format.H5_WEIGHTS)
    return [path for path, _ in written]


def write_onnx(folder: Path, scored: Scored, store: Store) -> list[str]:
    """Write network.onnx, which takes raw variables; one a fold where there are folds.

    Returns:
        Sentences that a user should read.
    """
    written = _export(folder, scored, store, ONNX, Format.ONNX)
    return [f"{path}: {note}" for path, notes in written for note in notes]


def _export(
    folder: Path, scored: Scored, store: Store, name: str, form: Format
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Write every member's network, and give the notes on each."""
    for member in scored.members:
        path = folder / file_of(member, name)
        with atomic.replacing(path) as unfinished:
            notes = write(load_portable(store, member), unfinished, form)
        yield path, notes


def file_of(member: MemberResult, name: str) -> str:
    """The name of a file of one network, which tells its fold where there are folds."""
    fold = member.entry.fold
    stem, _, suffix = name.partition(".")
    return name if fold is None else f"{stem}_fold{fold}.{suffix}"


def write_outputs(folder: Path, scored: Scored, events: Events) -> None:
    """Write val_output.csv and test_output.csv: score, weight and process of every event.

    Without a header line, in the order of the input files; weights are the physics weights.
    Of several classes there is a score each, in the order of the output nodes.
    """
    for part, name in OUTPUTS.items():
        rows, scores = scored.rows[part], scored.scores[part]
        columns = {f"score_{place}": scores[:, place] for place in range(scores.shape[1])}
        frame = pl.DataFrame(
            {
                **columns,
                "weight": events.weights[rows],
                "process": pl.Series(list(events.processes), dtype=pl.String)[events.process[rows]],
            }
        )
        atomic.write_bytes(folder / name, frame.write_csv(include_header=False).encode())


def write_history(folder: Path, scored: Scored) -> None:
    """Write history.json: the scripts' four lists by Keras' names, and all that Sortal measured."""
    columns = {name: [row[name] for row in scored.history] for name in scored.history[0]}
    text = json.dumps({"script": history_lists(scored), "measured": columns}, indent=1)
    atomic.write_text(folder / "history.json", text + "\n")


def history_lists(scored: Scored) -> dict[str, list[float]]:
    """The scripts' four lists of the course of training, one value an epoch."""
    return {
        name: [row[ours] for row in scored.history]
        for name, ours in COURSE.items()
        if ours in scored.history[0]
    }


def write_table(
    path: Path, blocks: Sequence[Sequence[Mapping[str, object]]], *, append: bool
) -> None:
    """Write the table of figures of merit.

    Args:
        path: 17var_fom.csv.
        blocks: Rows of each decay rate, runs in order.
        append: As the script does: behind what is there, a header line before each block.
            Otherwise the file is written anew, with one header line.
    """
    header = ",".join(["", *TABLE_COLUMNS])
    lines: list[str] = [] if append else [header]
    for rows in blocks:
        lines += [header] if append else []
        lines += [
            ",".join([str(run), *(str(row[name]) for name in TABLE_COLUMNS)])
            for run, row in enumerate(rows)
        ]
    text = "\n".join(lines) + "\n"
    before = path.read_text(encoding="utf-8") if append and path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    atomic.write_text(path, before + text)


def rate_text(rate: float) -> str:
    """A rate as the script's folders spell it, with all its digits: no two rates have one name.

    >>> rate_text(5e-5), rate_text(1e-3), rate_text(0.00125), rate_text(0.0)
    ('5e-5', '1e-3', '1.25e-3', '0')
    """
    if not rate:
        return "0"
    number = Decimal(repr(rate)).normalize()
    exponent = number.adjusted()
    return f"{number.scaleb(-exponent):f}e{exponent}"
