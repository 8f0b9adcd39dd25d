"""What is said when a format cannot carry a layer."""

from sortal.errors import UserError
from sortal.export.formats import Format


def refuse_layer(number: int, kind: str, family: str) -> UserError:
    """An error that names the layer and the format that carries every network."""
    return UserError(
        f"export: layer {number} ({kind}) cannot be written for {family}; "
        f"format {Format.SAFETENSORS} carries any network."
    )
