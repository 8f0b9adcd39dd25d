"""`sortal export`: a stored network as a file for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from sortal.export.formats import Format
from sortal.options import DEFAULT_STORE, QuietOption, ResultArgument, StoreOption
from sortal.views.console import echo


def export(
    result: ResultArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    form: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="Told from the ending of the file if not given."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    target: Annotated[
        str | None, typer.Option("--target", help="Of several independent targets, the one meant.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of several seeds, the one meant.")
    ] = None,
    fold: Annotated[
        int | None, typer.Option("--fold", help="Of several folds, the one meant.")
    ] = None,
    with_scaler: Annotated[
        bool | None,
        typer.Option(
            "--with-scaler/--bare",
            help="Whether the file itself scales raw features; it does where it can if not given.",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write a stored network for ONNX, Keras, or anything that reads safetensors.

    Whole models (onnx, keras, h5) take raw features and give Sortal's scores. Files of
    weights alone (keras-weights, h5-weights) and safetensors have the numbers of
    imputation and scaling beside the weights.

    \b
    Examples
      sortal export "cancer/mlp" --out cancer.onnx
      sortal export "cancer/mlp" --out cancer.keras
      sortal export "cancer/mlp" --format h5-weights --out best_weights.h5
    """
    from sortal.jobs.applying.export import export_result
    from sortal.jobs.results.lookup import find_result
    from sortal.store.store import Store

    opened = Store.open(store, create=False)
    _, results = find_result(opened, result, target)
    exported = export_result(
        opened, results, out, form, seed=seed, fold=fold, with_scaler=with_scaler
    )
    if not quiet:
        echo(f"wrote {exported.path} ({exported.form})")
    for note in exported.notes:
        echo(f"note: {note}.")
