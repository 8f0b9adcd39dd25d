"""A user's data set: what its plugin says of itself, and its examples held against the page's rules."""

from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Never

import numpy as np

from sortal.errors import DataError, OptionError
from sortal.plugins.class_names import as_texts, with_missing
from sortal.plugins.declaration import NAME
from sortal.plugins.error_location import ErrorStream, locate_error
from sortal.plugins.given_data import CV_FOLDS, TEST_ONLY, GivenData

_MOST_CLASSES = 1000
"""Classes that are named by number where a list of names lacks them; more are a mistake."""

_ARRAYS = ("X_train", "y_train", "X_test", "y_test")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DatasetPlugin:
    """A module with `get_info` and `get_data`."""

    name: str
    """What jobs call it (`dataset`)."""

    description: str

    class_names: tuple[str, ...]

    folder: Path
    """Its own folder, in `datasets/`."""

    digest: str
    """Of its source; that of files that it reads is not part of it."""

    module: ModuleType = field(repr=False)

    @classmethod
    def of(cls, module: ModuleType, folder: Path, digest: str) -> "DatasetPlugin":
        """Ask a module what it is.

        Raises:
            OptionError: What it says breaks a rule of the page.
        """
        info = module.get_info()
        where = f"data set {folder.name}: get_info()"
        if not isinstance(info, Mapping):
            raise OptionError(where, info, "a dictionary")
        name = info.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise OptionError(f"{where}['name']", name, "letters, digits and _ alone")
        if not callable(getattr(module, "get_data", None)):
            raise OptionError(f"data set {name}", None, "a function get_data(datasets_path)")
        names, _ = _class_names(info.get("class_names"), f"data set {name}: get_info()")
        return cls(
            name=name,
            description=str(info.get("description") or ""),
            class_names=names,
            folder=folder,
            digest=digest,
            module=module,
        )

    def read(self) -> GivenData:
        """Call `get_data` with the absolute path of the folder that holds all data sets.

        What it prints goes to the error stream.

        Raises:
            DataError: It raised something, or its data breaks a rule of the page.
        """
        try:
            with redirect_stdout(ErrorStream()):
                data = self.module.get_data(str(self.folder.parent))
        except (Exception, SystemExit) as error:
            raise DataError(
                f"data set {self.name}: get_data {locate_error(error, self.folder)}."
            ) from error
        return self._source(data)

    def _source(self, data: Any) -> GivenData:
        if not isinstance(data, Mapping):
            self._refuse("get_data", "a dictionary", type(data).__name__)
        absent = [key for key in (*_ARRAYS, "class_names") if key not in data]
        if absent:
            self._refuse("get_data", f"a dictionary with {', '.join(absent)}", f"{sorted(data)}")
        names, changed = _class_names(data["class_names"], f"data set {self.name}: get_data()")
        if names != self.class_names:
            expected = f"those of get_info(), {list(self.class_names)}"
            self._refuse("class_names", expected, str(list(names)))
        specs = data.get("specs")
        if not isinstance(specs, Mapping | None):
            self._refuse("specs", "a dictionary", repr(specs))
        names, lacking = with_missing(names, _classes(data["y_train"], data["y_test"]))
        source = GivenData(
            name=self.name,
            description=self.description,
            class_names=names,
            specs=dict(specs or {}),
            notes=tuple(f"data set {self.name}: {one}" for one in (*changed, *lacking)),
            **{key: data[key] for key in _ARRAYS},
        )
        for key in ("X_train", "X_test"):
            self._check_finite(key, getattr(source, key))
        self._check_folds(source)
        return source

    def _check_finite(self, what: str, array: np.ndarray) -> None:
        if array.dtype.kind != "f" or np.isfinite(array).all():
            return
        row, column = np.argwhere(~np.isfinite(array))[0]
        came = f"{array[row, column]} in row {row}, column {column}"
        self._refuse(what, "numbers alone, none missing or infinite", came)

    def _check_folds(self, source: GivenData) -> None:
        folds, test_only = source.specs.get(CV_FOLDS), source.specs.get(TEST_ONLY)
        if not isinstance(test_only, bool | np.bool_ | None):
            self._refuse(TEST_ONLY, "True or False", repr(test_only))
        if not isinstance(folds, np.ndarray | None):
            expected = "a numpy array, such as np.array([1, 1, 2, 2])"
            self._refuse(CV_FOLDS, expected, type(folds).__name__)

    def _refuse(self, what: str, expected: str, came: str) -> Never:
        raise DataError(f"data set {self.name}: {what}: expected {expected}, got {came}.")


def _class_names(given: Any, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Class names as texts, and what of them was changed.

    Raises:
        OptionError: They are no list, or hold lists and the like.
    """
    place = f"{where}['class_names']"
    listed = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(listed, list | tuple) or not listed:
        raise OptionError(place, given, "a list of texts, one a class")
    for name in listed:
        if not isinstance(name, str | int | float | bool | np.generic | None):
            raise OptionError(place, name, "texts alone, such as [str(x) for x in range(10)]")
    return as_texts(listed)


def _classes(*labels: Any) -> int:
    """Classes that labels name: the greatest and one more, or the columns of several labels.

    0 where labels are none that can be counted; they are refused later, with the reason.
    """
    counts = [0]
    for array in map(np.asarray, labels):
        if array.ndim == 2:
            counts.append(array.shape[1])
        elif array.ndim == 1 and array.size and array.dtype.kind in "iu":
            counts.append(int(array.max()) + 1)
    return min(max(counts), _MOST_CLASSES)
