"""Temperature scaling: outputs of trained networks divided by one number each, fitted to validation."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.methods.contract.base import Key, Outcome, Trained
from sortal.methods.neural.model import TrainedStack
from sortal.methods.neural.training_setup import StackedTraining
from sortal.networks.layer import Pass
from sortal.networks.threads import torch_threads
from sortal.training.examples.batches import minibatches
from sortal.training.examples.examples import ExampleSource
from sortal.training.examples.gather import gather

_LEAST, _MOST = 0.1, 10.0
"""Range of the factor on outputs, one over the temperature."""

_HALVINGS = 40
_ROWS, _ENOUGH = 1024, 1 << 16
"""Validation examples that go through the networks at once, and in all: of more than so many every
second, third and so on is used."""


def with_temperature(
    outcomes: Iterator[Outcome],
    training: StackedTraining,
    data: Prepared,
    wanted: frozenset[Key],
    *,
    threads: int,
) -> Iterator[Outcome]:
    """Fit a temperature to every member that is done, and make it part of its last layer.

    Guo et al. 2017 (arXiv:1706.04599). Fitted to the same validation examples, in the
    same weights, that choose the best epoch; where there are none, outcomes pass as they are.

    Args:
        outcomes: Of networks whose last layer has a weight and a bias, each linear in the outputs.
        training: What they were trained with.
        data: The data that they were trained on.
        wanted: Members that are to have a temperature of their own; the others keep 1.
        threads: How many may compute.
    """
    validation: ExampleSource | None = None
    for outcome in outcomes:
        if not isinstance(outcome, Trained) or not isinstance(outcome.model, TrainedStack):
            yield outcome
            continue
        with torch_threads(threads):
            validation = validation or _validation(training, data, outcome.model)
            model = _model_tempered(outcome.model, training, validation, wanted)
        yield replace(outcome, model=model)


def _model_tempered(
    model: TrainedStack,
    training: StackedTraining,
    validation: ExampleSource | None,
    wanted: frozenset[Key],
) -> TrainedStack:
    if validation is None or wanted.isdisjoint(model.members):
        return model
    lessons = {course.key: course.lesson for course in training.courses}
    factors = _fitted(model, validation, [lessons[key] for key in model.members])
    return _multiplied(model, factors, [key in wanted for key in model.members])


def _validation(
    training: StackedTraining, data: Prepared, model: TrainedStack
) -> ExampleSource | None:
    _, validation = gather(
        data,
        training.lessons,
        validated=training.validated,
        held_out=training.held_out,
        precision=model.state.dtype,
        device=model.state.device,
    )
    return validation


@torch.no_grad()
def _fitted(model: TrainedStack, validation: ExampleSource, lessons: Sequence[int]) -> Tensor:
    """One over the temperature of each member, float64, shape (members,)."""
    taught = torch.tensor(lessons, device=model.state.device)
    outputs, truth, weights = _scored(model, validation, taught)
    free = torch.ones_like(outputs[:, :1], dtype=torch.bool)
    if validation.offsets is not None:
        free = (validation.offsets[taught] == 0).unsqueeze(1)
    if model.outputs is Outputs.EXCLUSIVE:
        told, weights = _told_classes(truth, free.expand_as(outputs)), weights.unsqueeze(2)
    else:
        told = _told_targets(truth.to(outputs.dtype))
    return _factors(outputs, told, weights * free, free, model.outputs)


def _scored(
    model: TrainedStack, validation: ExampleSource, taught: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs before softmax or sigmoid, float64, with truth and weights as members are taught."""
    held, run = model.network.held(model.state), Pass(members=len(model.members))
    step = -(-len(validation) // _ENOUGH)
    order = torch.arange(0, len(validation), step) if step > 1 else None
    found = []
    for block in validation.blocks(order, _ROWS):
        for rows in minibatches(len(block), _ROWS):
            part = block.cut(rows)
            outputs = model.network.forward(part.features, held, run).double()
            found.append((outputs, *part.answers(taught)))
    outputs, truth, weights = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
    return outputs, truth, weights


def _multiplied(model: TrainedStack, factors: Tensor, chosen: Sequence[bool]) -> TrainedStack:
    state = model.state.clone()
    rows = torch.tensor(chosen, device=state.device)
    own = torch.where(rows, factors, 1.0).to(state)
    last = model.network.held(state)[-1].slots
    last["weight"].mul_(own.view(-1, 1, 1))
    last["bias"].mul_(own.view(-1, 1))
    return model.with_state(state)


def _sure(rows: int, choices: Tensor) -> Tensor:
    """What the truth is taken to be instead of 1: Laplace's rule.

    As if to every example belonged its part of one more, whose truth is spread evenly over
    the choices. Without it a few examples, all classified well, would ask for endless
    certainty.
    """
    return 1 - (1 - 1 / choices) / (rows + 1)


def _told_classes(truth: Tensor, free: Tensor) -> Tensor:
    """Probability that each class ought to have, shape (members, rows, classes)."""
    choices = free.sum(dim=2, keepdim=True).clamp_min(1).double()
    sure = _sure(free.shape[1], choices)
    told = free * ((1 - sure) / (choices - 1).clamp_min(1))
    where = truth.expand(free.shape[:2]).unsqueeze(2)
    return told.scatter(2, where, sure)


def _told_targets(truth: Tensor) -> Tensor:
    sure = _sure(truth.shape[1], truth.new_tensor(2.0))
    return truth * sure + (1 - truth) * (1 - sure)


def _factors(outputs: Tensor, told: Tensor, weights: Tensor, free: Tensor, kind: Outputs) -> Tensor:
    """Find where the slope of each member's loss by its factor crosses 0.

    The loss is convex in the factor, so halving an interval of its logarithm is enough.

    Args:
        outputs: Shape (members, rows, outputs).
        told: What they ought to say, same shape.
        weights: Meets that shape; 0 for outputs that are not free.
        free: Meets that shape: outputs that training could move. The others are certain,
            whatever they are multiplied with.
        kind: Softmax or sigmoid.

    Returns:
        Shape (members,); 1 where nothing has a weight.
    """
    ends = [outputs.new_full((len(outputs), 1, 1), math.log(end)) for end in (_LEAST, _MOST)]
    for _ in range(_HALVINGS):
        middle = (ends[0] + ends[1]) / 2
        scaled = outputs * middle.exp()
        if kind is Outputs.EXCLUSIVE:
            given = scaled.masked_fill(~free, -torch.inf).softmax(dim=2)
        else:
            given = scaled.sigmoid()
        slope = ((given - told) * outputs * weights).sum(dim=(1, 2), keepdim=True)
        rising = slope >= 0
        ends = [torch.where(rising, ends[0], middle), torch.where(rising, middle, ends[1])]
    weighs = (weights != 0).flatten(1).any(dim=1)
    return torch.where(weighs, ends[0].flatten().exp(), 1.0)
