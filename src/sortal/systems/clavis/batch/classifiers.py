"""From a configuration to the classifier that runs: its arguments resolved, what differs told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sortal.data.labels import Outputs
from sortal.errors import UserError
from sortal.job.models import ClassifierBlock
from sortal.methods import registry
from sortal.methods.contract.user_methods import MARK
from sortal.plugins.classifiers.classifier import ClassifierPlugin
from sortal.plugins.classifiers.specs import pack
from sortal.plugins.declaration import Checked, resolve_arguments
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.available import Available
from sortal.systems.clavis.batch.jobfile import Configuration
from sortal.systems.clavis.batch.meta import fill
from sortal.systems.clavis.builtin.translation import BuiltIn, Translated

_SEEDS = range(2**31)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedClassifier:
    """A classifier that is ready to be trained."""

    title: str
    """With every parameter that it names filled in."""

    method: str
    """As the configuration calls it."""

    block: ClassifierBlock
    """The same as a block of a job of ours."""

    warnings: tuple[str, ...]
    """What of its arguments is not as was asked for; they stay with the result."""

    save_model: bool = False
    verbose: int = 0

    @property
    def meaning(self) -> tuple[str, ...]:
        """Equal for classifiers that share one result."""
        told = {"title", "job_title"}
        kept = sorted((name, of) for name, of in self.block.parameters.items() if name not in told)
        return self.block.method, repr(kept), repr(self.block.seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What the classifiers of a job have in common."""

    available: Available
    source: GivenData
    job_title: str
    specs: Mapping[str, Any]
    """What plugins are told of the data, packed."""

    @classmethod
    def of(
        cls, available: Available, source: GivenData, job_title: str, folder: Path
    ) -> "JobContext":
        """Pack what the data set says of itself.

        Args:
            available: Data sets and classifiers.
            source: The data set.
            job_title: Title of the job.
            folder: Where large arrays of it are kept while classifiers train.

        Raises:
            DataError: The data set says something that cannot travel.
        """
        told = {**source.specs, "num_classes": len(source.class_names), "dataset_name": source.name}
        specs = pack(told, folder) if available.plugins.classifiers else {}
        return cls(available=available, source=source, job_title=job_title, specs=specs)


def resolve_classifier(configuration: Configuration, around: JobContext) -> ResolvedClassifier:
    """Resolve the arguments of one configuration.

    Raises:
        NotFound: There is no such classifier.
        UserError: It cannot learn this data, or not with these values.
    """
    found = around.available.classifier(configuration.method)
    if isinstance(found, ClassifierPlugin):
        does = "its code gets it as it is, unchecked"
        checked = resolve_arguments(
            configuration.arguments, found.declaration, undeclared_does=does
        )
        title = fill(configuration.title, checked.values)
        runs = _of_plugin(found, checked, title, around)
    else:
        checked = resolve_arguments(configuration.arguments, found.declaration)
        title = fill(configuration.title, checked.values)
        runs = _of_built_in(found, checked, around)
    warnings = (*checked.warnings, *runs.notices)
    return ResolvedClassifier(
        title=title,
        method=configuration.method,
        block=_block(title, runs, warnings, _asked(configuration, runs.values)),
        warnings=warnings,
        save_model=runs.save_model,
        verbose=runs.verbose,
    )


def _of_plugin(
    plugin: ClassifierPlugin, checked: Checked, title: str, around: JobContext
) -> Translated:
    told = {
        "title": title,
        "job_title": around.job_title,
        "data_specs": around.specs,
        "undeclared": dict(checked.undeclared),
    }
    every = {**checked.values, **checked.undeclared}
    return Translated(
        method=f"{plugin.name}{MARK}{plugin.digest}",
        parameters={**checked.values, **told},
        seed=_seed(every.get("random_state")),
        values=every,
    )


def _of_built_in(found: BuiltIn, checked: Checked, around: JobContext) -> Translated:
    translated = found.translated(checked, around.source)
    _refuse_outputs(translated.method, around.source)
    return translated


def _block(
    title: str, runs: Translated, notes: tuple[str, ...], asked: Mapping[str, Any]
) -> ClassifierBlock:
    # Built without another check of types: a job of thousands has thousands of these.
    return ClassifierBlock.model_construct(
        method=runs.method,
        title=title.replace("{", "{{").replace("}", "}}"),
        parameters=runs.job_parameters(),
        seeds=[runs.seed],
        calibrate=None,
        notes=list(notes),
        asked=dict(asked),
    )


def _asked(configuration: Configuration, values: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the file, and the parameters by which it runs, in the words of ClaVis."""
    return {
        "system": "clavis",
        "method": configuration.method,
        "arguments": dict(configuration.arguments),
        "parameters": dict(values),
    }


def _seed(value: Any) -> int:
    """The member's seed: what a plugin calls `random_state`, as far as it is one."""
    usable = isinstance(value, int) and not isinstance(value, bool) and value in _SEEDS
    return value if usable else 0


def _refuse_outputs(method: str, source: GivenData) -> None:
    outputs = Outputs.INDEPENDENT if source.is_multilabel else Outputs.EXCLUSIVE
    if outputs not in registry.find(method).outputs:
        kind = "several classes at once" if source.is_multilabel else "one class each"
        raise UserError(f"{method} cannot learn examples of {kind}, as those of {source.name}.")
