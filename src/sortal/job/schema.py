"""The job file described for editors (JSON Schema) and for people (Markdown)."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sortal.job.models import Job
from sortal.job.type_names import arms, describe, is_block, kinds, unwrap

_NAMED = ("properties", "$defs")
"""Keywords whose own keys are names of the job file, not keywords."""


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a job file, with the help of every field."""
    described = _one_line(Job.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def reference() -> str:
    """Markdown with a section for each block and an entry for each field."""
    return "\n".join(_section("", Job, "The whole file"))


def _one_line(schema: dict[str, Any]) -> dict[str, Any]:
    """Undo the line breaks that help texts have in our source."""
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "description":
            plain[key] = " ".join(value.split())
        elif key in _NAMED:
            plain[key] = {name: _one_line(inner) for name, inner in value.items()}
        elif isinstance(value, dict) and key != "default":
            plain[key] = _one_line(value)
        elif isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            plain[key] = [_one_line(entry) for entry in value]
        else:
            plain[key] = value
    return plain


def _section(path: str, block: type[BaseModel], heading: str) -> Iterator[str]:
    """Write one block, then the blocks inside it."""
    yield f"## {heading}\n"
    yield f"{_joined(block.__doc__)}\n"
    for name, field in block.model_fields.items():
        yield f"- `{name}`: {_type(field)}. {_joined(field.description)}".rstrip()
    yield ""
    for name, field in block.model_fields.items():
        for inner, where, title in _inside(f"{path}.{name}" if path else name, field):
            yield from _section(where, inner, title)


def _type(field: FieldInfo) -> str:
    words = describe(field.annotation, field.metadata)
    if field.is_required():
        return f"{words}; required"
    default = field.get_default(call_default_factory=True)
    if default is None or default in ([], {}):
        return f"{words}; optional"
    plain = default.model_dump() if isinstance(default, BaseModel) else default
    return f"{words}; default `{json.dumps(plain)}`"


def _inside(path: str, field: FieldInfo) -> Iterator[tuple[type[BaseModel], str, str]]:
    """Blocks that a field may hold: block, its path, and the heading of its section."""
    annotation, _ = unwrap(field.annotation, field.metadata)
    if choices := kinds(annotation):
        for kind, block in choices.items():
            yield block, path, f"`{path}` of kind `{kind}`"
        return
    if get_origin(annotation) is list:
        annotation, path = get_args(annotation)[0], f"{path}[]"
    for arm in arms(annotation):
        block, _ = unwrap(arm)
        if is_block(block):
            yield block, path, f"`{path}`" + ("" if block is annotation else " as a map")


def _joined(text: str | None) -> str:
    return " ".join((text or "").split())
