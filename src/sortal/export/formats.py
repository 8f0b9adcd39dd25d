"""Formats that a network can be exported to, and which of them a path asks for; loads nothing heavy."""

from enum import StrEnum
from pathlib import Path

from sortal.errors import OptionError


class Format(StrEnum):
    """How an exported network is written."""

    SAFETENSORS = "safetensors"
    """Tensors by layer, and all that is known of them as JSON."""

    ONNX = "onnx"
    """A graph from raw features to scores."""

    KERAS = "keras"
    """Keras 3, the whole model."""

    KERAS_WEIGHTS = "keras-weights"
    """Keras 3, weights alone."""

    H5 = "h5"
    """Legacy Keras, the whole model."""

    H5_WEIGHTS = "h5-weights"
    """Legacy Keras, weights alone."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings by which readers know the format."""
        return _SUFFIXES[self]

    @property
    def holds_scaler(self) -> bool:
        """Whether scaling can be a part of what is computed."""
        return self in {Format.ONNX, Format.KERAS, Format.H5}


_SUFFIXES = {
    Format.SAFETENSORS: (".safetensors",),
    Format.ONNX: (".onnx",),
    Format.KERAS: (".keras",),
    Format.KERAS_WEIGHTS: (".weights.h5",),
    Format.H5: (".h5", ".hdf5"),
    Format.H5_WEIGHTS: (".h5", ".hdf5"),
}


def format_of(path: Path, wanted: str | None = None) -> Format:
    """The format that a path is to have.

    Args:
        path: Where the file will be.
        wanted: Name of the format; told from the ending if None, `.h5` being a whole model.

    Raises:
        OptionError: There is no such format, the ending says nothing, or readers would take the file for another format.

    >>> format_of(Path("net.weights.h5")).value
    'keras-weights'
    >>> format_of(Path("best_weights.h5"), Format.H5_WEIGHTS).value
    'h5-weights'
    """
    fitting = [form for form in Format if _ends(path, form)]
    if wanted is None:
        if not fitting:
            listed = ", ".join(form.suffixes[0] for form in Format if form is not Format.H5_WEIGHTS)
            raise OptionError("path", str(path), f"a file that ends in one of {listed}")
        return fitting[0]
    if wanted not in list(Format):
        raise OptionError("format", wanted, f"one of {', '.join(Format)}")
    form = Format(wanted)
    if form not in fitting:
        ending = " or ".join(form.suffixes)
        but = ", and not in .weights.h5" if ".h5" in form.suffixes else ""
        raise OptionError("path", str(path), f"a file of format {form} to end in {ending}{but}")
    return form


def _ends(path: Path, form: Format) -> bool:
    # Keras reads `x.weights.h5` as its new format, whatever is inside.
    if path.name.lower().endswith(".weights.h5"):
        return form is Format.KERAS_WEIGHTS
    return path.name.lower().endswith(form.suffixes)
