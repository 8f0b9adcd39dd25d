"""Versions of the libraries behind the methods."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from sortal.errors import UserError

_FLAVOURS = {"xgboost": ("xgboost", "xgboost-cpu")}
"""Distributions that bring the same module; only one of them may be installed."""


@cache
def library_version(name: str) -> str:
    """Name and minor version of an installed library, empty for our own methods.

    Raises:
        UserError: It is not installed, or twice, in two flavours that overwrite each other.

    >>> library_version("")
    ''
    """
    if not name:
        return ""
    installed = {
        flavour: found for flavour in _FLAVOURS.get(name, (name,)) if (found := _version(flavour))
    }
    if not installed:
        raise UserError(f"{name} is not installed: pip install {name}.")
    if len(installed) > 1:
        both = " and ".join(installed)
        raise UserError(
            f"{both} are both installed and overwrite each other's files: pip uninstall "
            f"{' '.join(installed)}, then pip install {next(reversed(installed))}."
        )
    release = next(iter(installed.values())).split("+")[0].split(".")
    return f"{name} {'.'.join(release[:2])}"


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
