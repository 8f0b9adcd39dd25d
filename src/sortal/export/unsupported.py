"""What is said when a format cannot carry a layer."""

from sortal.errors import UserError
from sortal.export.formats import Format
from sortal.networks.layer import AbstractLayer

_OPEN = (Format.ONNX, Format.SAFETENSORS)
_NOT_KERAS = (
    "branch",
    "residual",
    "robust_clip",
    "periodic_embedding",
    "scale",
    "tangent_dense",
    "parametric_activation",
)


def unsupported_layer_error(name: str, layer: AbstractLayer, family: str) -> UserError:
    """An error that names the layer and the formats that can carry it."""
    kind = str(getattr(layer, "kind", type(layer).__name__))
    fitting = " or ".join(_OPEN if kind in _NOT_KERAS else (Format.SAFETENSORS,))
    return UserError(
        f"export: {name} ({kind}) cannot be written for {family}; choose the format {fitting}."
    )
