"""Find the package that a metric is imported from, and tell what is installed from what merely lies there."""

import json
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_INSTALLED = frozenset({"site-packages", "dist-packages"})
"""Names of folders of installed files; a virtual environment may lie within a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that Python finds, and from which metrics may be imported."""

    place: Path
    """Its file, its `__init__.py`, or its folder if it has none."""

    version: str
    """Name and version of what installed it; empty where its files are edited in place."""


def find_package(name: str, *, beside: Path) -> Package | None:
    """Find an installed package; nothing of it is imported.

    A package in editable mode is often no file of any installed distribution. So is accepted too
    what Python finds elsewhere than in the working directory and beside the job.

    Args:
        name: Its first name.
        beside: Folder of the job.

    Returns:
        None if there is none, or if it lies in the working directory or beside the job and is not
        installed.
    """
    place = _place(name)
    if place is None:
        return None
    listed = packages_distributions().get(name)
    roots = _editable_roots() if _INSTALLED.isdisjoint(place.parts) else []
    if listed and not any(root in place.parents for root in roots):
        return Package(place=place, version=f"{listed[0]} {version(listed[0])}")
    container = place.parent.parent if place.name.startswith("__init__.") else place.parent
    near = container in (Path().resolve(), beside.resolve())
    # The working directory may be the project that is installed in editable mode.
    if listed or not near or any(container in (root, root / "src") for root in roots):
        return Package(place=place, version="")
    return None


def _place(name: str) -> Path | None:
    """Where Python would import a package from; None for Python's own modules and for none."""
    if name in sys.stdlib_module_names or name == "__main__":
        return None
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None  # what stands under the name has no place
    if spec is None:
        return None
    folders = [str(one) for one in spec.submodule_search_locations or ()]
    found = spec.origin if spec.has_location else next(iter(folders), None)
    return Path(found).resolve() if found else None


def _editable_roots() -> list[Path]:
    """Folders of the projects that are installed in editable mode."""
    return [root for one in distributions() if (root := _editable_root(one)) is not None]


def _editable_root(distribution: Distribution) -> Path | None:
    try:
        about = json.loads(distribution.read_text("direct_url.json") or "{}")
        url, editable = about.get("url", ""), about.get("dir_info", {}).get("editable")
    except (ValueError, AttributeError):
        return None  # of another form than installers write
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)).resolve() if editable and parts.scheme == "file" else None
