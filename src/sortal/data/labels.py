"""The truth about examples: classes that exclude each other, or independent targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from sortal.data.texts.spelling import as_whole_number
from sortal.errors import NotFound

UNKNOWN = -1
"""Code of an example whose label is not known."""


_TRUE, _FALSE = "true", "false"


class ClassFinder:
    """Finds classes by what values mean; made once for many values.

    A number finds the class of the same number in any spelling; true and false, as YAML
    writes them or as text, find `True` and `False` in any case. Where classes are 0 and 1, true
    means 1, and the other way round.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._names = dict.fromkeys(classes)

    def find(self, given: object) -> str | None:
        """Find the class that a value means, None if it is none or not clear which."""
        text = str(given).strip()
        if text in self._names:
            return text
        same = self._meant.get(_meaning(text), [])
        if same:
            return same[0] if len(same) == 1 else None
        return self._truths.get(_truth(text))

    @cached_property
    def _meant(self) -> dict[int | str, list[str]]:
        """The classes of each meaning."""
        meant: dict[int | str, list[str]] = {}
        for name in self._names:
            meant.setdefault(_meaning(name), []).append(name)
        return meant

    @cached_property
    def _truths(self) -> dict[bool | None, str]:
        """The classes that mean true and false, if there are no others."""
        truths = {_truth(name): name for name in self._names}
        return truths if len(self._names) == 2 and truths.keys() == {True, False} else {}


def find_class(given: object, classes: Sequence[str]) -> str | None:
    """Find the class that a value of a job file means, as `ClassFinder` does.

    >>> find_class(1.0, ["0", "1"]), find_class(False, ["False", "True"]), find_class(2, ["0", "1"])
    ('1', 'False', None)
    """
    return ClassFinder(classes).find(given)


def _meaning(text: str) -> int | str:
    """A whole number as such, true and false in lower case, all else as it is."""
    whole = as_whole_number(text)
    if whole is not None:
        return whole
    return text.lower() if text.lower() in (_TRUE, _FALSE) else text


def _truth(text: str) -> bool | None:
    return {1: True, 0: False, _TRUE: True, _FALSE: False}.get(_meaning(text))


class Outputs(StrEnum):
    """How a classifier's outputs relate to each other."""

    EXCLUSIVE = "exclusive"
    """One of the classes is true: softmax, scores sum to one."""

    INDEPENDENT = "independent"
    """Each target is true or not on its own: one sigmoid a target."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of examples as codes.

    EXCLUSIVE: `codes` has shape (examples,), each the index of a class, or UNKNOWN.
    INDEPENDENT: shape (examples, targets), each 0, 1 or UNKNOWN; `classes` names the targets.
    """

    codes: np.ndarray
    classes: tuple[str, ...]
    outputs: Outputs = Outputs.EXCLUSIVE

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray | slice) -> "Labels":
        """Select examples."""
        return Labels(self.codes[rows], self.classes, self.outputs)

    def for_target(self, target: str | None) -> "Labels":
        """Keep one independent target, as codes of shape (examples, 1); None keeps all."""
        if target is None:
            return self
        if target not in self.classes:
            raise NotFound("target", target, self.classes)
        column = self.classes.index(target)
        return Labels(self.codes[:, [column]], (target,), self.outputs)

    @property
    def known(self) -> np.ndarray:
        """Examples of which every label is known, shape (examples,), bool."""
        known = np.asarray(self.codes != UNKNOWN)
        if known.ndim == 1:
            return known
        return np.asarray(known.all(axis=1))
