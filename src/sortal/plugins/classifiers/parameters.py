"""Parameters of a plugin's classifier as those of a method: typed, checked, part of members' keys."""

import json
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, create_model

from sortal.errors import OptionError
from sortal.methods.contract import base
from sortal.plugins.classifiers.specs import meaning_of
from sortal.plugins.declaration import Declaration, Declared

CARRIED = ("title", "job_title", "data_specs", "undeclared")
"""What travels beside the declared parameters; a plugin cannot declare such a name."""

_KINDS: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list[Any] | Any,
    "other": Any,
}


class PluginParameters(base.Parameters):
    """What every classifier of a plugin is told beside its own parameters."""

    model_config = ConfigDict(protected_namespaces=())

    title: str = ""
    """Title of the configuration, for names of files; changes no result."""

    job_title: str = ""
    """Title of the job, likewise."""

    data_specs: dict[str, Any] = Field(default_factory=dict)
    """What the data set says of itself, as `specs.pack` writes it."""

    undeclared: dict[str, Any] = Field(default_factory=dict)
    """Arguments of a job that the plugin does not declare; its code may read them all the same."""

    def meaning(self) -> dict[str, Any]:
        """What decides a result: titles do not."""
        said = super().meaning()
        left_out = {"title", "job_title", *(() if self.undeclared else ("undeclared",))}
        kept = {name: value for name, value in said.items() if name not in left_out}
        return {**kept, "data_specs": meaning_of(self.data_specs)}

    def declared(self) -> dict[str, Any]:
        """The parameters that the plugin declares."""
        return {name: value for name, value in self.model_dump().items() if name not in CARRIED}


def parameters_of(declaration: Declaration) -> type[PluginParameters]:
    """A model with a field per declared parameter.

    Raises:
        OptionError: A name cannot be a parameter's here, or a default cannot stand in a file.
    """
    for declared in declaration.parameters:
        _check(declared, declaration.name)
    fields: dict[str, Any] = {
        one.name: (
            _annotation(one),
            Field(default=one.default, description=one.description),
        )
        for one in declaration.parameters
    }
    with warnings.catch_warnings():
        # A parameter may be called like a method of pydantic's models (`copy`).
        warnings.filterwarnings("ignore", message='Field name "', category=UserWarning)
        made: type[PluginParameters] = create_model(
            f"{declaration.name}Parameters",
            __base__=PluginParameters,
            __doc__=f"Parameters of {declaration.name}.",
            **fields,
        )
    return made


def _annotation(declared: Declared) -> Any:
    """Type and range as searches and lists read them; what is taken, `takes` alone decides."""
    kind, range_ = _KINDS[declared.type], declared.range
    if range_ and declared.type == "string":
        kind, bounds = Literal[range_], []
    else:
        bounds = [Ge(range_[0]), Le(range_[1])] if range_ else []
    # A default that is not of its own type is passed on as it is, and no reason for a warning.
    as_it_is = PlainSerializer(lambda value: value)
    return Annotated[(kind, *bounds, PlainValidator(_taking(declared)), as_it_is)]


_written = partial(json.dumps, default=repr)
"""A value as text, which tells 1 from 1.0 and from True, and no tuple from a list."""


def _taking(declared: Declared) -> Any:
    def take(value: Any) -> Any:
        if declared.takes(value) or _written(value) == _written(declared.default):
            # One key for 1 and 1.0.
            whole = declared.type == "float" and isinstance(value, int)
            return float(value) if whole and not isinstance(value, bool) else value
        raise ValueError(f"expected {declared.expected()}")

    return take


def _is_ours(declared: Declared) -> bool:
    """Whether our own classes have an attribute of this name; those of pydantic's may be hidden."""
    return any(declared.name in vars(one) for one in (PluginParameters, base.Parameters))


def _check(declared: Declared, classifier: str) -> None:
    place = f"classifier {classifier}: parameter"
    taken = declared.name in CARRIED or declared.name.startswith("_") or _is_ours(declared)
    if taken or (declared.name.startswith("model_") and hasattr(BaseModel, declared.name)):
        raise OptionError(place, declared.name, "a name that Sortal does not use itself")
    try:
        json.dumps(declared.default, allow_nan=False)
    except (TypeError, ValueError) as error:
        expected = "a default_value that can stand in a job file"
        raise OptionError(f"{place} {declared.name}", declared.default, expected) from error
