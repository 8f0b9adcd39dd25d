"""What plugins of 2020 import from `termcolor` where it is not installed: text without colours."""

from types import ModuleType
from typing import Any

NAME = "termcolor"


def colored(text: object, *_: Any, **__: Any) -> str:
    """The text as it is; colours and attributes are left out."""
    return str(text)


def cprint(text: object, *_: Any, **options: Any) -> None:
    """Print the text; of the options only those of `print` count."""
    kept = {name: options[name] for name in ("sep", "end", "file", "flush") if name in options}
    print(text, **kept)  # noqa: T201 - it stands in for a function that prints


def stand_in() -> ModuleType:
    """A module of both."""
    module = ModuleType(NAME, __doc__)
    for function in (colored, cprint):
        setattr(module, function.__name__, function)
    module.__all__ = ["colored", "cprint"]  # type: ignore[attr-defined]
    return module
