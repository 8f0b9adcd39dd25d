"""Trained members of one stack: score, pick, save, load."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.errors import Damaged, DataError
from sortal.methods.base import Key
from sortal.methods.stored import damaged_if_unreadable, read_about, write_about
from sortal.networks.activation import Activation
from sortal.networks.stack import Stack
from sortal.networks.threads import torch_threads

_KIND = "stacked dense networks"
_FILE = "parameters.safetensors"
_ROWS = 512
"""Examples of one product; a shorter block is padded, so that its size leaves results alone."""


class TrainedStack:
    """Members that share shapes and kind of output; parameters are kept in memory."""

    def __init__(
        self,
        members: tuple[Key, ...],
        stack: Stack,
        outputs: Outputs,
        parameters: Tensor,
        *,
        threads: int | None = None,
    ) -> None:
        """Args: parameters of shape (members, numbers); threads for scoring, None for torch's."""
        self.members, self.stack, self.outputs = members, stack, outputs
        self._parameters, self._threads = parameters, threads

    @torch.inference_mode()
    def scores(self, inputs: Inputs) -> np.ndarray:
        """Compute probabilities, float32, shape (members, examples, outputs).

        An example's scores depend on the examples beside it by rounding at most (1e-6).

        Raises:
            DataError: The examples have another number of features than the training had.
        """
        matrix = inputs.matrix()
        features, outputs = self.stack.sizes[0], self.stack.sizes[-1]
        if matrix.shape[1] != features:
            raise DataError(
                f"scoring: expected {features} features an example, got {matrix.shape[1]}."
            )
        scores = np.empty((len(self.members), len(matrix), outputs), dtype=np.float32)
        layers = self.stack.layers(self._parameters)
        with torch_threads(self._threads):
            for start in range(0, len(matrix), _ROWS):
                rows = matrix[start : start + _ROWS]
                logits = self.stack.forward(layers, self._padded(rows))[:, : len(rows)]
                scores[:, start : start + _ROWS] = self._squash(logits).cpu().numpy()
        return scores

    def pick(self, keys: Sequence[Key]) -> "TrainedStack":
        """These members alone, in this order."""
        rows = [self.members.index(key) for key in keys]
        return TrainedStack(
            tuple(keys), self.stack, self.outputs, self._parameters[rows], threads=self._threads
        )

    def save(self, folder: Path) -> None:
        """Write model.json and parameters.safetensors, one weight and one bias a layer."""
        tensors = {}
        for number, (weight, bias) in enumerate(self.stack.layers(self._parameters.cpu())):
            tensors[f"layers.{number}.weight"] = weight.contiguous()
            tensors[f"layers.{number}.bias"] = bias.contiguous()
        save_file(tensors, folder / _FILE)
        about = {
            "kind": _KIND,
            "members": self.members,
            "sizes": self.stack.sizes,
            "activation": self.stack.activation,
            "outputs": self.outputs.value,
        }
        write_about(folder, about, files=(_FILE,))

    @classmethod
    def load(cls, folder: Path) -> "TrainedStack":
        """Read what `save` wrote.

        Raises:
            Damaged: A file is missing or was changed, or the two do not fit together.
        """
        about = read_about(folder, _KIND)
        with damaged_if_unreadable(folder):
            members = tuple(map(str, about["members"]))
            stack = Stack(tuple(map(int, about["sizes"])), about["activation"])
            outputs = Outputs(about["outputs"])
        try:
            tensors = load_file(folder / _FILE)
        except (OSError, SafetensorError) as error:
            raise Damaged(f"{folder / _FILE}: not a readable file of tensors ({error}).") from error
        if stack.activation not in get_args(Activation):
            raise Damaged(f"{folder}/model.json: unknown activation {stack.activation!r}.")
        return cls(members, stack, outputs, _join(tensors, stack, len(members), folder))

    def _padded(self, rows: np.ndarray) -> Tensor:
        like = self._parameters
        block = torch.zeros(_ROWS, rows.shape[1], dtype=like.dtype)
        block[: len(rows)] = torch.from_numpy(np.array(rows, dtype=np.float64))
        return block.to(like.device)

    def _squash(self, logits: Tensor) -> Tensor:
        if self.outputs is Outputs.EXCLUSIVE:
            return logits.softmax(dim=-1)
        return logits.sigmoid()


def _join(tensors: dict[str, Tensor], stack: Stack, members: int, folder: Path) -> Tensor:
    """Lay stored layers into one row a member."""
    dtype = next((tensor.dtype for tensor in tensors.values()), torch.float32)
    flat = torch.empty(members, stack.numbers, dtype=dtype)
    for number, layer in enumerate(stack.layers(flat)):
        for name, part in zip(("weight", "bias"), layer, strict=True):
            stored = tensors.pop(f"layers.{number}.{name}", None)
            if stored is None or stored.shape != part.shape:
                came = "nothing" if stored is None else f"shape {tuple(stored.shape)}"
                raise Damaged(
                    f"{folder / _FILE}, layers.{number}.{name}: "
                    f"expected shape {tuple(part.shape)}, got {came}."
                )
            part.copy_(stored)
    if tensors:
        raise Damaged(f"{folder / _FILE}: unexpected {', '.join(sorted(tensors))}.")
    return flat
