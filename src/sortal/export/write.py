"""Write one trained network in one format."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sortal.errors import MissingExtra, UserError
from sortal.export.formats import Format
from sortal.export.portable import Portable
from sortal.export.scaler import Scaler

_SHOWN = 5


def check_extra(form: Format) -> None:
    """Refuse, before any work, a format whose library is absent.

    Raises:
        MissingExtra: An optional package is not installed.
    """
    needed = ("onnx", "onnxruntime") if form is Format.ONNX else ()
    if not all(find_spec(name) for name in needed):
        raise MissingExtra("export to ONNX", "onnx")


def write(
    portable: Portable, path: Path, form: Format, *, with_scaler: bool | None = None
) -> tuple[str, ...]:
    """Write a network; the path's folder exists, and what lies there is replaced.

    Args:
        portable: The network.
        path: The file.
        form: Its format.
        with_scaler: Whether the file itself imputes (ONNX) and scales, so that it takes raw
            examples; None: where the format can.

    Returns:
        Sentences that a user should read.

    Raises:
        MissingExtra: An optional package is not installed.
        UserError: The format cannot carry a layer, or no scaler.
    """
    check_extra(form)
    if with_scaler and not form.holds_scaler:
        raise UserError(
            f"export: format {form} cannot scale; its numbers are beside the weights. "
            f"Leave out --with-scaler, or choose {Format.ONNX}, {Format.KERAS} or {Format.H5}."
        )
    inside = form.holds_scaler if with_scaler is None else with_scaler
    _write(portable, path, form, inside=inside)
    return tuple(_notes(portable, form, inside=inside))


def _write(portable: Portable, path: Path, form: Format, *, inside: bool) -> None:
    from sortal.export.keras import files

    match form:
        case Format.SAFETENSORS:
            _write_safetensors(portable, path)
        case Format.ONNX:
            from sortal.export.onnx.file import write_onnx

            write_onnx(portable, path, with_scaler=inside)
        case Format.KERAS:
            files.write_keras(portable, path, with_scaler=inside)
        case Format.KERAS_WEIGHTS:
            files.write_keras_weights(portable, path)
        case Format.H5:
            files.write_h5(portable, path, with_scaler=inside)
        case Format.H5_WEIGHTS:
            files.write_h5_weights(portable, path)


def _notes(portable: Portable, form: Format, *, inside: bool) -> list[str]:
    notes, scaler = list(portable.remarks), portable.scaler
    if scaler.scales and not inside:
        turned = "" if scaler.rotation is None else ", the row times the matrix `rotation`,"
        notes.append(
            f"the file expects scaled examples: (value - center) / scale{turned} with the numbers "
            "of `scaler` in its description"
        )
    notes += _notes_of_missing_values(scaler, inside=inside and form is Format.ONNX)
    blurred = scaler.blurred(portable.features) if inside else ()
    if blurred:
        listed = ", ".join(blurred[:_SHOWN]) + (", ..." if len(blurred) > _SHOWN else "")
        notes.append(
            f"raw features come in as float32, which is coarse beside the spread of {listed}; "
            "shift them towards zero before training, or export --bare"
        )
    return notes


def _notes_of_missing_values(scaler: Scaler, *, inside: bool) -> Iterator[str]:
    """What a user must know about missing values.

    Args:
        scaler: What replaces them, and which numbers mean one.
        inside: Whether the file itself finds and replaces them.
    """
    numbers = [short if float(short := f"{one:g}") == one else repr(one) for one in scaler.blanks]
    numbers += ["infinite values"] if scaler.infinite_is_missing else []
    means = f" ({', '.join(['NaN', *numbers])})" if numbers else ""
    if inside:
        if scaler.has_gaps:
            yield f"an example with a missing value{means} gets the scores NaN: nothing replaces it"
    elif scaler.imputes:
        yield (
            f"the file does not replace missing values{means}: put the numbers `fill` of `scaler` in "
            "its description in their place first"
        )
    elif numbers:
        yield (
            f"the file takes {', '.join(numbers)} as known values, but the job counts them as missing: "
            "leave such examples out first"
        )


def _write_safetensors(portable: Portable, path: Path) -> None:
    """Write every tensor as `layers.NUMBER.NAME`, and the description as metadata `sortal`.

    Layers are numbered as in the description's network; imputation and scaling are the
    numbers of its `scaler`. Any network can be written.
    """
    tensors = {
        f"layers.{number}.{name}": np.ascontiguousarray(array)
        for number, own in enumerate(portable.tensors)
        for name, array in own.items()
    }
    from safetensors.numpy import save_file

    save_file(tensors, path, metadata={"sortal": portable.json(scaler_inside=False)})
