"""What a method asks of the population trainer: from members and parameters to recipe and courses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sortal.data.labels import ClassFinder, Outputs
from sortal.data.prepared import Prepared
from sortal.errors import NotFound
from sortal.methods.contract.base import Key, Member, Population
from sortal.methods.neural.parameters import AbstractTrainedParameters
from sortal.networks.network import Network
from sortal.networks.stream import stream_seed
from sortal.training.examples.holdout import TENTH
from sortal.training.examples.targets import TargetSpec
from sortal.training.losses.choose import loss_of
from sortal.training.losses.normalisation import Normalisation
from sortal.training.measures.accuracy import Accuracy
from sortal.training.recipe import MemberPlan, Recipe

_SNAPSHOT_SECONDS = 20.0
"""Pause between snapshots where a run asks for none."""

Draw: TypeAlias = Callable[[Member, int, int], Network]
"""The network of a member, for so many features and outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedTraining:
    """What a method asks for."""

    recipe: Recipe
    courses: tuple[MemberPlan, ...]
    outputs: Outputs
    lessons: tuple[TargetSpec, ...]
    """Courses name them by position."""

    misnamed: Mapping[Key, str]
    """Why members that weigh a class that is not there cannot train; they have no course."""

    validated: bool
    """Whether members need a validation loss."""

    held_out: float
    """Share of the training examples that gives it where the split has no validation examples."""

    snapshot_seconds: float
    scales_features: bool = False
    """Whether the networks scale features themselves, so that unscaled ones need no remark."""


def stacked_training(
    population: Population,
    data: Prepared,
    draw: Draw,
    *,
    scales_features: bool = False,
) -> StackedTraining:
    """Lay out the training of members that the method put into one group.

    Raises:
        UserError: Their network cannot be built for this data, or not begin as asked.
    """
    members, asked = population.members, population.snapshot_seconds
    first, labels = members[0].chosen(AbstractTrainedParameters), data.dataset.labels
    target = members[0].target or data.target
    classes = labels.for_target(target).classes
    network = draw(members[0], data.dataset.inputs.width, len(classes))
    taught = {member.key: _lesson(member, labels.classes) for member in members}
    misnamed = {
        key: reason for key, one in taught.items() if (reason := _misnamed(one, labels.classes))
    }
    fit = [member for member in members if member.key not in misnamed]
    lessons = tuple(dict.fromkeys(taught[member.key] for member in fit))
    order = (data.split.fingerprint, *([members[0].seed] if first.shuffle == "own" else []))
    return StackedTraining(
        recipe=_recipe(
            first, first.begun(network, tuple(classes)), labels.outputs, stream_seed(*order)
        ),
        courses=tuple(_course(member, lessons.index(taught[member.key])) for member in fit),
        outputs=labels.outputs,
        lessons=lessons,
        misnamed=misnamed,
        validated=first.watches or first.held_out is not None,
        held_out=first.held_out or TENTH,
        snapshot_seconds=_SNAPSHOT_SECONDS if asked is None else asked,
        scales_features=scales_features,
    )


def _recipe(
    chosen: AbstractTrainedParameters, network: Network, outputs: Outputs, data_seed: int
) -> Recipe:
    return Recipe(
        network=network,
        loss=loss_of(
            outputs,
            label_smoothing=chosen.label_smoothing,
            focal_gamma=chosen.focal_gamma,
            focal_alpha=chosen.focal_alpha,
        ),
        optimiser=chosen.optimiser,
        batch_size=chosen.batch_size,
        data_seed=data_seed,
        precision=chosen.precision,
        normalisation=Normalisation(chosen.normalisation),
        steps_per_epoch=chosen.steps_per_epoch,
        validate_every=chosen.validate_every,
        measure_training=chosen.training_loss,
        accuracy=Accuracy(chosen.accuracy),
    )


def _course(member: Member, lesson: int) -> MemberPlan:
    own = member.chosen(AbstractTrainedParameters)
    return MemberPlan(
        key=member.key,
        seed=member.seed,
        lesson=lesson,
        epochs=own.epochs,
        rates=own.choice(),
        schedule=own.learning_rate_schedule(),
        plateau=own.plateau(),
        decay_schedule=own.weight_decay_schedule(),
        dropout=own.dropout,
        dropout_schedule=own.dropout_schedule(),
        l1=own.l1,
        l2=own.l2,
        initialiser=own.initialiser,
        output_initialiser=own.output_initialiser,
        stop=own.stop_rule(),
    )


def _lesson(member: Member, classes: Sequence[str]) -> TargetSpec:
    own = member.chosen(AbstractTrainedParameters)
    given = own.class_weight if isinstance(own.class_weight, dict) else {}
    known = ClassFinder(classes)
    return TargetSpec(
        target=member.target,
        weighted=bool(member.weights),
        balanced=own.class_weight == "balanced",
        factors=tuple((known.find(name) or name, one) for name, one in given.items()),
        scaled=own.weight_scale == "mean",
    )


def _misnamed(lesson: TargetSpec, classes: Sequence[str]) -> str:
    """What is wrong with the names of weighted classes; empty if nothing is."""
    named = [name for name, _ in lesson.factors]
    for name in named:
        if name not in classes:
            return str(NotFound("class", name, classes, where="class_weight"))
        if named.count(name) > 1:
            return f"class_weight: expected one factor for the class {name!r}, got several."
    return ""
