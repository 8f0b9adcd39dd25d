"""What a job may name: methods, their parameters, and the datasets that come along."""

from typing import TYPE_CHECKING, Any

from sortal.data.readers.named import named_datasets
from sortal.job.type_names import describe
from sortal.methods import registry
from sortal.methods.contract.user_methods import plain_name

if TYPE_CHECKING:
    import polars as pl

_PARAMETER = ("parameter", "values", "default", "meaning")


def list_methods() -> "pl.DataFrame":
    """All methods, one a row: name, what it is, and what it can do.

    `weights`: whether training uses example weights. `missing values`: whether features may
    be missing. `shares`: along what members may differ and yet train together.
    """
    import polars as pl

    return pl.DataFrame(
        [
            {
                "method": plain_name(method.name),
                "what": method.summary,
                "weights": method.weights_allowed,
                "missing values": method.missing_allowed,
                "shares": ", ".join(sorted(method.shares)),
            }
            for method in map(registry.choose, registry.known_names())
        ]
    )


def list_parameters(method: str) -> "pl.DataFrame":
    """The parameters of a method, one a row: values it may take, default, meaning.

    Args:
        method: Its name, or the import path of a scikit-learn classifier.

    Raises:
        NotFound: There is no such method.
        OptionError: The import path leads to no classifier.
    """
    import polars as pl

    rows = [
        {
            "parameter": name,
            "values": describe(field.annotation, field.metadata),
            "default": "-"
            if field.is_required()
            else _shown(field.get_default(call_default_factory=True)),
            "meaning": " ".join((field.description or "").split()),
        }
        for name, field in registry.choose(method).Parameters.model_fields.items()
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(_PARAMETER, pl.String))


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def list_datasets() -> "pl.DataFrame":
    """The datasets that a job may name instead of a file, one a row."""
    import polars as pl

    return pl.DataFrame(
        [
            {
                "dataset": about.name,
                "what": about.description,
                "examples": about.examples,
                "features": about.features,
                "classes": about.classes,
            }
            for about in named_datasets()
        ]
    )
