"""One trained network with all that its use elsewhere needs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from math import prod
from typing import Any

import numpy as np
import torch

from sortal.data.axes import describe_axes, order_within
from sortal.data.labels import Outputs
from sortal.data.preparing.preparer import Preparer
from sortal.data.reading.new_examples import InputSpec
from sortal.export.scaler import Scaler
from sortal.export.step import LayerStep
from sortal.methods.neural.model import TrainedStack
from sortal.networks.layer import Pass
from sortal.networks.network import AnyLayer, Network


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Portable:
    """A network of one member, between raw examples and the names of its outputs."""

    model: TrainedStack = field(repr=False)
    """Of one member."""

    classes: tuple[str, ...]
    """Names of the outputs, in order: classes, or independent targets."""

    features: tuple[str, ...]
    """Name of every number of an example, in order."""

    input_name: str
    scaler: Scaler = field(repr=False)
    remarks: tuple[str, ...] = ()
    """What a reader of the file must do that no format can hold."""

    title: str = ""
    dropout: float = 0.0
    """Share of units silenced in training, where the network leaves it to its members."""

    @classmethod
    def of(
        cls,
        model: TrainedStack,
        preparer: Preparer,
        spec: InputSpec,
        *,
        classes: tuple[str, ...],
        title: str = "",
        dropout: float = 0.0,
    ) -> "Portable":
        """Put together what a store holds of a member.

        Args:
            model: Of one member.
            preparer: Imputation and scaling that it was trained behind.
            spec: Inputs as they are in files.
            classes: Names of its outputs.
            title: For people.
            dropout: Its own rate of dropout.

        Raises:
            UserError: Examples differ in length.
        """
        names = tuple(preparer.fitted)
        return cls(
            model=model,
            classes=classes,
            features=tuple(n for name in names for n in _features(name, spec)),
            input_name=names[0] if len(names) == 1 and names[0] != "scores" else "features",
            scaler=Scaler.of(preparer, spec, model.network.shape),
            remarks=tuple(_remarks(preparer, spec)),
            title=title,
            dropout=dropout,
        )

    @property
    def network(self) -> Network:
        """Its layers."""
        return self.model.network

    @property
    def outputs(self) -> Outputs:
        """How its scores relate."""
        return self.model.outputs

    @property
    def tensors(self) -> list[Mapping[str, np.ndarray]]:
        """Weights and buffers of each layer by name, without the member axis."""
        return [
            {name: view[0].cpu().numpy() for name, view in {**own.slots, **own.buffers}.items()}
            for own in self.network.held(self.model.state)
        ]

    @property
    def steps(self) -> list[tuple[AnyLayer, LayerStep]]:
        """Each layer with its place and numbers."""
        network = self.network
        along = zip(network.layers, self.tensors, network.shapes, strict=False)
        return [
            (
                layer,
                LayerStep(
                    name=f"layers.{number}",
                    tensors={name: array.astype(np.float32) for name, array in tensors.items()},
                    shape=shape,
                    dropout=self.dropout,
                ),
            )
            for number, (layer, tensors, shape) in enumerate(along)
        ]

    def scores(self, raw: np.ndarray, *, scaled: bool) -> np.ndarray:
        """What Sortal itself gives for raw examples, or for `scaled` ones; shape (examples, outputs).

        Scores are NaN where a raw example has a missing value that nothing replaces.
        """
        rows = raw if scaled else self.scaler.apply(raw)
        state = self.model.state.cpu()
        values = torch.from_numpy(rows.astype(np.float32)).to(state.dtype)
        with torch.inference_mode():
            logits = self.network.forward(values, self.network.held(state), Pass(members=1))[0]
            exclusive = self.outputs is Outputs.EXCLUSIVE
            scores = logits.softmax(dim=-1) if exclusive else logits.sigmoid()
        given: np.ndarray = scores.numpy()
        if not scaled:
            given[self.scaler.gaps(raw)] = np.nan
        return given

    def described(self, *, scaler_inside: bool) -> dict[str, Any]:
        """All but the tensors as plain JSON; written into every format.

        Args:
            scaler_inside: Whether the file's own computation begins with imputation and scaling.
        """
        return {
            "sortal": version("sortal"),
            "title": self.title,
            "outputs": self.outputs.value,
            "classes": list(self.classes),
            "input": self.input_name,
            "features": list(self.features),
            "scaler": self.scaler.described() | {"inside": scaler_inside},
            "network": self.network.model_dump(mode="json"),
        }

    def json(self, *, scaler_inside: bool) -> str:
        """`described` as text."""
        return json.dumps(self.described(scaler_inside=scaler_inside), allow_nan=False)


def _remarks(preparer: Preparer, spec: InputSpec) -> Iterator[str]:
    for name, order in spec.axes.items():
        shape = spec.shapes[name] or ()
        inside = order_within(len(shape) + 1)
        yield (
            f"{name}: the numbers of an example lie as {describe_axes(len(shape) + 1, inside)} of shape "
            f"{shape}, where the training files had {describe_axes(len(shape) + 1, order)}"
        )
    for name, fitted in preparer.fitted.items():
        if fitted.padded:
            yield (
                f"{name}: padding behind a signal took no part in scaling, and is to be 0 behind "
                "it: scale signals first and pad them then, with a file written with --bare"
            )


def _features(name: str, spec: InputSpec) -> tuple[str, ...]:
    count, listed = prod(spec.shapes[name] or ()), spec.names.get(name, ())
    return tuple(listed) if listed else tuple(f"{name}[{number}]" for number in range(count))
