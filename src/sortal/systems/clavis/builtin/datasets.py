"""The table of built-in data sets by the names that jobs use (`dataset`)."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from sortal.errors import NotFound
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.builtin import simulated, tables
from sortal.systems.clavis.builtin.downloads import FILES
from sortal.systems.clavis.builtin.given_files import GivenFile
from sortal.systems.clavis.builtin.tables import About

ENVIRONMENT = "SORTAL_DATASETS"
"""Environment variable that names the folder of downloaded data sets."""

Read: TypeAlias = Callable[[Path | None], GivenData]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInData:
    """A data set that is there without any plugin, or whose file a user downloads."""

    name: str
    description: str
    class_names: tuple[str, ...]

    read: Read
    """Makes or reads it. Its argument is the folder of downloaded files, None for the one that the
    environment variable SORTAL_DATASETS names. Raises DataError where a file is missing or not
    what it should be; the text says where to get it."""

    needs: str = ""
    """What to do before it can be read, to end a sentence; empty for one that is always there."""


def datasets_folder(given: Path | None) -> Path | None:
    """The folder of downloaded data sets: the one given, else that of the environment."""
    named = os.environ.get(ENVIRONMENT, "")
    return given or (Path(named) if named else None)


def find(name: str) -> BuiltInData:
    """The built-in data set of that name.

    Raises:
        NotFound: There is none; plugins are not looked for here.
    """
    if name not in BUILT_IN:
        raise NotFound("data set", name, BUILT_IN)
    return BUILT_IN[name]


def _made(about: About, make: Callable[[], GivenData]) -> BuiltInData:
    return BuiltInData(
        name=about.name,
        description=about.description,
        class_names=about.class_names,
        read=lambda _: make(),
    )


def _given(about: About, file: GivenFile) -> BuiltInData:
    return BuiltInData(
        name=about.name,
        description=about.description,
        class_names=about.class_names,
        read=partial(_read_given, about, file),
        needs=file.source,
    )


def _read_given(about: About, file: GivenFile, folder: Path | None) -> GivenData:
    arrays = file.read(about.name, datasets_folder(folder))
    return GivenData(
        name=about.name,
        description=about.description,
        class_names=about.class_names,
        X_train=arrays.X_train,
        y_train=arrays.y_train,
        X_test=arrays.X_test,
        y_test=arrays.y_test,
        specs=arrays.specs,
    )


BUILT_IN: Mapping[str, BuiltInData] = MappingProxyType(
    {
        one.name: one
        for one in (
            *(_made(about, make) for about, make in (*tables.MADE, *simulated.MADE)),
            *(_given(about, file) for about, file in FILES),
        )
    }
)
"""Those that come with scikit-learn, simulated ones, and those whose files users download."""
