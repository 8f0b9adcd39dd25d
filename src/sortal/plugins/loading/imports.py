"""What `import` means inside a plugin: Keras as of 2020, termcolor if need be, all else as ever."""

import builtins
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from sortal.plugins.keras import keras_2020
from sortal.plugins.loading import plain_terminal


@cache
def plugin_builtins() -> dict[str, Any]:
    """Python's built-in names, of which `__import__` alone is ours."""
    return {**vars(builtins), "__import__": _import}


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - the interpreter passes it by this name
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    if level == 0 and name.partition(".")[0] == "keras":
        return keras_2020.import_view(name, fromlist or ())
    if level == 0 and name == plain_terminal.NAME and find_spec(name) is None:
        return plain_terminal.stand_in()
    return builtins.__import__(name, globals, locals, fromlist or (), level)
