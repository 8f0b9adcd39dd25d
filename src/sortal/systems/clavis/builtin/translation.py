"""A classifier of ClaVis as one of our methods: its name, parameters and seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import ValidationError

from sortal.errors import UserError
from sortal.plugins.declaration import Checked, Declaration, Declared
from sortal.plugins.given_data import GivenData


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What runs in place of a classifier of ClaVis, and what is wished beside."""

    method: str
    """Name of a method, or the import path of a classifier."""

    parameters: Mapping[str, Any]
    """Values of the method's parameters, one each; those left out have their defaults."""

    seed: int = 0
    """Seed of the member (`random_state`)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """The classifier's own parameters as they run: what is to be recorded and shown."""

    save_model: bool = False
    """Whether the trained network is to be written to `epochs.saved_model`."""

    verbose: int = 0
    """How much of the training is printed (`epochs.epoch_lines`)."""

    notices: tuple[str, ...] = ()
    """What differs from what was asked for, in sentences that stay with the result."""

    def job_parameters(self) -> dict[str, Any]:
        """Parameters as a job spells them, so that a list is one value and not several."""
        return {name: {"value": value} for name, value in self.parameters.items()}


class LabelKind(StrEnum):
    """What labels a classifier is for."""

    ANY = "any"
    SEVERAL = "several"
    """Only examples that may have several classes at once (`..._multi_label`)."""


Translate: TypeAlias = Callable[[Checked, GivenData], Translated]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A classifier that is there without any plugin."""

    declaration: Declaration

    translate: Translate
    """From resolved arguments and the data they are for."""

    kind: LabelKind = LabelKind.ANY

    def translated(self, checked: Checked, source: GivenData) -> Translated:
        """Translate resolved arguments for one data set.

        Args:
            checked: What `declaration.check` gave.
            source: The data set.

        Raises:
            UserError: The classifier cannot learn this data, or not with these values.
        """
        name = self.declaration.name
        if self.kind is LabelKind.SEVERAL and not source.is_multilabel:
            single = name.removesuffix("_multi_label").replace("random_forest", "randomforest")
            raise UserError(
                f"{name} is for examples that may have several classes at once, and those of "
                f"{source.name} have one each: take {single!r}."
            )
        translated = self.translate(checked, source)
        _validate(translated, name)
        return replace(translated, values=translated.values or checked.values)


def seed_declared() -> Declared:
    """The parameter `random_state`, the same for all that have one."""
    return Declared(
        name="random_state",
        description="Random seed",
        type="integer",
        range=(0, 1_000_000),
        default=0,
    )


def renamed(method: str, **names: str) -> Translate:
    """A translation that passes values on.

    Args:
        method: Our method.
        **names: Our parameter for each of theirs; `random_state` becomes the seed by itself.
    """

    def translate(checked: Checked, source: GivenData) -> Translated:  # noqa: ARG001 - the same for any data
        return Translated(
            method=method,
            parameters={ours: checked.values[theirs] for theirs, ours in names.items()},
            seed=checked.values.get("random_state", 0),
        )

    return translate


def _validate(translated: Translated, name: str) -> None:
    """Refuse what the declared range allows and the method does not, such as C = 0."""
    from sortal.job.validation import problems_of
    from sortal.methods.registry import find

    parameters, values = find(translated.method).Parameters, dict(translated.parameters)
    try:
        parameters.model_validate(values)
    except ValidationError as error:
        found = problems_of(error, values, parameters, path=name)
        raise UserError(" ".join(map(str, found))) from error
