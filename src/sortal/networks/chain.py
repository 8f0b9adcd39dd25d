"""Layers in a row, of a network or within a layer: their shapes, and both passes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot


def shapes_along(layers: Sequence[AbstractLayer], shape: Shape) -> tuple[Shape, ...]:
    """Of one example: as it comes in, then after each layer."""
    shapes = [shape]
    for layer in layers:
        shapes.append(layer.result_shape(shapes[-1]))
    return tuple(shapes)


def pairs_along(
    layers: Sequence[AbstractLayer], shape: Shape
) -> Iterator[tuple[AbstractLayer, Shape]]:
    """Each layer with the shape of an example that comes into it."""
    return zip(layers, shapes_along(layers, shape), strict=False)


def slots_along(layers: Sequence[AbstractLayer], shape: Shape, place: str) -> tuple[Slot, ...]:
    """What training changes, named `place.number.name`."""
    return _named([one.slots(own) for one, own in pairs_along(layers, shape)], place)


def buffers_along(layers: Sequence[AbstractLayer], shape: Shape, place: str) -> tuple[Slot, ...]:
    """What layers write themselves, named as slots are."""
    return _named([one.buffers(own) for one, own in pairs_along(layers, shape)], place)


def _named(slots: Sequence[Sequence[Slot]], place: str) -> tuple[Slot, ...]:
    return tuple(
        replace(slot, name=f"{place}.{number}.{slot.name}")
        for number, of_layer in enumerate(slots)
        for slot in of_layer
    )


def part_of(named: Mapping[str, Tensor], place: str, number: int) -> dict[str, Tensor]:
    """Tensors of one layer, by its own names."""
    prefix = f"{place}.{number}."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in named.items()
        if name.startswith(prefix)
    }


def held_along(layers: Sequence[AbstractLayer], held: Held, place: str) -> list[Held]:
    """What each layer holds."""
    return [
        Held(part_of(held.slots, place, number), part_of(held.buffers, place, number))
        for number in range(len(layers))
    ]


def parts_of(
    layers: Sequence[AbstractLayer], named: Mapping[str, Tensor], place: str
) -> list[dict[str, Tensor]]:
    """Tensors of each layer, by its own names."""
    return [part_of(named, place, number) for number in range(len(layers))]


def forward_along(
    layers: Sequence[AbstractLayer], values: Tensor, held: Sequence[Held], run: Pass
) -> Tensor:
    """Act one after another."""
    for layer, own in zip(layers, held, strict=True):
        values = layer.forward(values, own, run)
    return values


def record_along(
    layers: Sequence[AbstractLayer], values: Tensor, held: Sequence[Held], run: Pass, *, deep: bool
) -> tuple[Tensor, list[Any]]:
    """As `forward_along`, in training; nobody writes over the values that come in."""
    memories = []
    run.reusable = False
    for layer, own in zip(layers, held, strict=True):
        values, memory = layer.record(values, own, run, deep=deep)
        memories.append((memory, deep))
        deep = deep or bool(own.slots)
        run.reusable = deep and not layer.needs_result
    return values, memories


def backward_along(
    layers: Sequence[AbstractLayer],
    slope: Tensor,
    memories: list[Any],
    *,
    held: Sequence[Held],
    into: Sequence[Mapping[str, Tensor]],
) -> Tensor | None:
    """Slopes one after another, in reverse.

    Args:
        layers: In the order in which values went through them.
        slope: Of the loss with respect to the result; may be written over.
        memories: What `record_along` returned; emptied on the way.
        held: What each layer holds.
        into: Sums to add each layer's slopes to, by the name of the slot.
    """
    passed: Tensor | None = slope
    for number in range(len(layers) - 1, -1, -1):
        memory, deep = memories.pop()
        if passed is None:
            return None
        passed = layers[number].backward(passed, memory, held[number], into[number], deep=deep)
    return passed
