"""A user's classifier: what its plugin declares, and how it answers."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from sortal.errors import OptionError
from sortal.plugins.declaration import Declaration, from_info
from sortal.plugins.source_files import imported_packages, source_files


class ScoreFunction(StrEnum):
    """By which function a classifier is scored: the first of these that it has."""

    PROBABILITIES = "predict_proba"
    DECISIONS = "decision_function"
    LABELS = "predict"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClassifierPlugin:
    """A module with `CLF_INFO`, `get_info` and `get_clf`."""

    declaration: Declaration

    answer: ScoreFunction

    folder: Path
    """Its own folder, in `classifiers/`."""

    digest: str
    """Of its source and of what that imports of the same folder."""

    module: ModuleType = field(repr=False)

    @classmethod
    def of(cls, module: ModuleType, folder: Path, digest: str) -> "ClassifierPlugin":
        """Ask a module what it is.

        Raises:
            OptionError: What it says breaks a rule of the page.
        """
        declaration = from_info(module.get_info(), where=f"classifier {folder.name}: get_info()")
        if not callable(getattr(module, "get_clf", None)):
            where = f"classifier {declaration.name}"
            raise OptionError(where, None, "a function get_clf(args, data_specs)")
        return cls(
            declaration=declaration,
            answer=_answer(module, declaration),
            folder=folder,
            digest=digest,
            module=module,
        )

    @property
    def name(self) -> str:
        """What jobs call it (`method`)."""
        return self.declaration.name

    def imported_packages(self) -> frozenset[str]:
        """What its code imports from elsewhere, inside functions too."""
        return imported_packages(source_files(self.folder.parents[1], self.folder))

    def make(self, arguments: Mapping[str, Any], data_specs: Mapping[str, Any]) -> Any:
        """An untrained classifier.

        Raises:
            OptionError: It is scored by another function than the plugin let expect.
        """
        made = self.module.get_clf(dict(arguments), dict(data_specs))
        _check_functions(type(made), self.name)
        if answer_of(made) is not self.answer:
            raise OptionError(
                f"classifier {self.name}: get_clf", answer_of(made).value, self.answer.value
            )
        return made


def answer_of(classifier: Any) -> ScoreFunction:
    """The function by which an object, or a class of them, is scored."""
    return next(
        answer for answer in ScoreFunction if callable(getattr(classifier, answer.value, None))
    )


def _answer(module: ModuleType, declaration: Declaration) -> ScoreFunction:
    """Look at the class where it has the page's name; else at what the defaults make."""
    found: Any = getattr(module, "Classifier", None)
    if not inspect.isclass(found):
        arguments = {**declaration.defaults(), "method": declaration.name, "title": ""}
        found = type(module.get_clf(arguments, _ANY_SPECS))
    _check_functions(found, declaration.name)
    return answer_of(found)


_ANY_SPECS = {"num_classes": 2, "job_title": "", "dataset_name": ""}


def _check_functions(found: type, name: str) -> None:
    for function in ("fit", "predict"):
        if not callable(getattr(found, function, None)):
            raise OptionError(f"classifier {name}: {found.__name__}.{function}", None, "a function")
