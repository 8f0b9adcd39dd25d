"""A file of settings to begin with: every field with its meaning and its default."""

import io
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from ruamel.yaml import YAML

_WIDTH = 96


def template_of(model: type[BaseModel]) -> str:
    """Write YAML with a comment above each key; fields without a default are left to be filled in."""
    parts = []
    for name, field in model.model_fields.items():
        value = field.get_default(call_default_factory=True)
        for line in _folded(" ".join((field.description or "").split())):
            parts.append(f"# {line}")
        required = value is PydanticUndefined
        prefix = "# " if value is None or required else ""
        shown = "..." if required else _yaml(value)
        parts.append(f"{prefix}{name}:{shown if shown.startswith(chr(10)) else ' ' + shown}")
        parts.append("")
    return "\n".join(parts)


def _folded(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, _WIDTH)


def _yaml(value: Any) -> str:
    """A value as it stands behind its key."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = 10_000
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue().removesuffix("...\n").strip()
