"""A plugin's classifier as a method: its members train one after another, each as the page says."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import Damaged, DataError, SortalError
from sortal.methods.contract import base
from sortal.methods.contract.base import (
    Control,
    Cost,
    Failed,
    Key,
    Member,
    Model,
    Outcome,
    Population,
    Shape,
    Trained,
)
from sortal.methods.contract.class_columns import ClassColumns, training_labels
from sortal.methods.contract.outcomes import collecting_notes, failed, train_one_by_one
from sortal.methods.contract.user_methods import MARK
from sortal.methods.registry import is_called_reference
from sortal.plugins.classifiers.answers import Reading
from sortal.plugins.classifiers.classifier import ClassifierPlugin, ScoreFunction
from sortal.plugins.classifiers.history import history_rows
from sortal.plugins.classifiers.model import KnownTruth, PluginModel
from sortal.plugins.classifiers.parameters import PluginParameters, parameters_of
from sortal.plugins.classifiers.random_streams import EXPECTED, import_generators, own_randomness
from sortal.plugins.classifiers.specs import unpack
from sortal.plugins.error_location import locate_error

_REHEARSED = 256
"""Training examples that a classifier answers for once it is trained, before it is scored."""

_ECHO = (
    "it answers with the true labels that it is given, and its figures say nothing of new data: it "
    "counts as a reference, and never as the best."
)

_COMPETES = "it has the name of a reference and does not answer as one: it competes as any other classifier."


def method_of(plugin: ClassifierPlugin) -> base.Method:
    """Make a method of a plugin; its name holds the digest of the plugin's source.

    Raises:
        OptionError: A parameter has a name that cannot be one here.
    """
    about = plugin.declaration

    class Loaded(PluginMethod):
        name: ClassVar[str] = f"{plugin.name}{MARK}{plugin.digest}"
        summary: ClassVar[str] = f"plugin: {about.description or about.short}"
        Parameters: ClassVar[type[base.Parameters]] = parameters_of(about)

    return Loaded(plugin)


class PluginMethod(base.AbstractMethod):
    """What the methods of all plugins have in common.

    Labels that exclude each other come as numbers of classes, those that may come together
    as columns of 0 and 1. What a plugin's model becomes is scored and not stored.
    """

    version: ClassVar[int] = 2
    divisible: ClassVar[bool] = True
    largest_population: ClassVar[int] = 100

    def __init__(self, plugin: ClassifierPlugin) -> None:
        self.plugin = plugin

    def probabilities(self, parameters: Any) -> bool:  # noqa: ARG002 - the same for all
        """Whether the plugin has `predict_proba`."""
        return self.plugin.answer is ScoreFunction.PROBABILITIES

    def cost(self, member: Member, shape: Shape) -> Cost:  # noqa: ARG002 - nobody can know
        """A guess: a hundred passes over the examples."""
        cells = float(shape.examples + shape.scored) * shape.features
        return Cost(
            seconds=0.05 + 1e-7 * cells * max(1, shape.outputs),
            memory_bytes=32.0 * shape.examples * shape.features,
            disk_bytes=8e3,
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Fit and hand over member after member, so that no more than one is in memory."""
        try:
            # Imported here, so that the first member's seconds are its own.
            import_generators(self.plugin.imported_packages())
            lesson = _PluginTask.of(data, population.members[0])
        except Exception as error:  # noqa: BLE001 - reported as the members' failure
            yield from (failed(key, error) for key in population.keys)
            return
        yield from train_one_by_one(population, control, lambda one: self._train_one(one, lesson))

    def load(self, folder: Path) -> Model:
        """There is never anything to load."""
        raise Damaged(f"{folder}: models of plugins are never stored.")

    def _train_one(self, member: Member, lesson: "_PluginTask") -> Trained | Failed:
        parameters = member.chosen(PluginParameters)
        started = perf_counter()
        try:
            with collecting_notes(ignored=EXPECTED) as notes, own_randomness(member.seed):
                arguments, specs = self._told(member, parameters, lesson)
                classifier = self.plugin.make(arguments, specs)
                classifier.fit(np.array(lesson.matrix), np.array(lesson.codes))
                seconds = perf_counter() - started
                model = PluginModel(
                    members=(member.key,),
                    classifier=classifier,
                    reading=lesson.reading(self.plugin),
                    truth=lesson.truth,
                    seed=member.seed,
                )
                said = _rehearsed(model, lesson)
                decided = _decided_of_rehearsed(model, lesson, said)
                remarks = [*model.reading.contradictions(decided, said)]
                is_named = is_called_reference(self.name)
                echoes = _answers_with_the_truth(model, lesson, said, decided)
                refers = echoes or (is_named and _answers_alike(model, lesson))
                if echoes and not is_named:
                    remarks.append(_ECHO)
                elif is_named and not refers:
                    remarks.append(_COMPETES)
                history = self._history(classifier, remarks)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - reported as the member's failure
            return self._failure(member.key, error)
        return Trained(
            model,
            {member.key: seconds},
            notes={member.key: (*notes, *remarks)} if notes or remarks else {},
            history={member.key: history} if history else {},
            references=frozenset({member.key} if refers else ()),
        )

    def _history(self, classifier: Any, remarks: list[str]) -> list[dict[str, float]]:
        """Rows of its training; a history that is none costs no classifier."""
        try:
            return history_rows(classifier, self.plugin.name)
        except DataError as error:
            remarks.append(str(error))
        except Exception as error:  # noqa: BLE001 - told with the result
            remarks.append(f"get_history {locate_error(error, self.plugin.folder)}.")
        return []

    def _told(
        self, member: Member, parameters: PluginParameters, lesson: "_PluginTask"
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The page's `args` and `data_specs`."""
        name = self.plugin.name
        title = parameters.title or f"{name} {member.key[:8]}"
        undeclared = deepcopy(parameters.undeclared)
        arguments = {**undeclared, **parameters.declared(), "method": name, "title": title}
        specs: dict[str, Any] = {"num_classes": lesson.classes, "dataset_name": lesson.dataset}
        specs |= unpack(parameters.data_specs)
        shape = specs.get("original_shape")
        if shape is not None:
            specs["original_shape"] = tuple(int(size) for size in shape)
        specs["job_title"] = parameters.job_title or str(specs.get("job_title") or lesson.dataset)
        return arguments, specs

    def _failure(self, key: Key, error: BaseException) -> Failed:
        told = failed(key, error if isinstance(error, Exception) else RuntimeError(str(error)))
        if isinstance(error, SortalError):
            return told
        reason = f"the plugin {self.plugin.name} {locate_error(error, self.plugin.folder)}."
        return Failed(key, reason, told.traceback)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _PluginTask:
    """What every member of a population is fitted to."""

    matrix: np.ndarray
    codes: np.ndarray
    """Shape (examples,), or (examples, labels) of 0 and 1."""

    inputs: Inputs
    """The training examples that are rehearsed with."""

    truth: KnownTruth
    seen: ClassColumns
    several: bool
    single: bool
    dataset: str

    @property
    def classes(self) -> int:
        """Number of classes, or of labels."""
        return self.seen.columns

    @classmethod
    def of(cls, data: Prepared, member: Member) -> "_PluginTask":
        labels = training_labels(data, member)
        independent = labels.outputs is Outputs.INDEPENDENT
        single = independent and len(labels.classes) == 1
        codes = np.asarray(labels.codes, dtype=np.int64)
        every = data.dataset.labels.for_target(member.target)
        known = KnownTruth.of(np.asarray(data.dataset.inputs.ids), every)
        seen = ClassColumns.among(labels)
        if single:
            codes, known = codes[:, 0], KnownTruth(known.ids, known.codes[:, 0])
            seen = ClassColumns(seen.codes, 2, Outputs.EXCLUSIVE)
        inputs = data.inputs(Part.TRAIN)
        return cls(
            matrix=inputs.matrix(),
            codes=codes,
            inputs=inputs.take(slice(0, _REHEARSED)),
            truth=known,
            seen=seen,
            several=independent and not single,
            single=single,
            dataset=data.dataset.name,
        )

    def reading(self, plugin: ClassifierPlugin) -> Reading:
        """How a plugin's answers are read."""
        return Reading(
            plugin=plugin.name,
            answer=plugin.answer,
            seen=self.seen,
            several=self.several,
            single=self.single,
        )


def _rehearsed(model: PluginModel, lesson: "_PluginTask") -> np.ndarray:
    """What a classifier predicts for some training examples; an answer of no use is an error here."""
    return _predicted(model, lesson.inputs.matrix(), lesson.codes[: len(lesson.inputs)])


def _predicted(model: PluginModel, matrix: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Labels that `predict` gives."""
    answered = model.classifier.predict(np.array(matrix), np.array(codes))
    return model.reading.labels(answered, len(matrix))


def _decided(model: PluginModel, matrix: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Labels that follow from what the classifier is judged by."""
    answer = getattr(model.classifier, model.reading.answer.value)
    return model.reading.decided(answer(np.array(matrix), np.array(codes)), len(matrix))


def _decided_of_rehearsed(
    model: PluginModel, lesson: "_PluginTask", said: np.ndarray
) -> np.ndarray:
    """What the scores of the same examples decide, where there are scores."""
    if model.reading.answer is ScoreFunction.LABELS:
        return said
    return _decided(model, lesson.inputs.matrix(), lesson.codes[: len(said)])


def _answers_with_the_truth(
    model: PluginModel, lesson: "_PluginTask", said: np.ndarray, decided: np.ndarray
) -> bool:
    """Whether a classifier answers with the labels that it is given as true, also with wrong ones.

    The page's reference classifier does so. Such a one competes with none, whatever its name.
    """
    right = lesson.codes[: len(said)]
    wrong = 1 - right if right.ndim == 2 else (right + 1) % max(2, lesson.classes)
    for answers, before in ((_predicted, said), (_decided, decided)):
        if not np.array_equal(before, right):
            continue
        try:
            if np.array_equal(answers(model, lesson.inputs.matrix(), wrong), wrong):
                return True
        except (Exception, SystemExit):  # noqa: BLE001, S112 - it uses these labels in another way
            continue
    return False


def _answers_alike(model: PluginModel, lesson: "_PluginTask") -> bool:
    """Whether a classifier gives one answer to examples from all over the training set."""
    count = min(_REHEARSED, len(lesson.matrix))
    places = np.linspace(0, len(lesson.matrix) - 1, count).astype(int)
    decided = _decided(model, lesson.matrix[places], lesson.codes[places])
    return bool((decided == decided[:1]).all())
