"""Trained members of one stack: score, pick, save, load."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.errors import Damaged, DataError
from sortal.methods.contract.base import Key
from sortal.methods.model_files.files import (
    damaged_if_unreadable,
    read_description,
    write_description,
)
from sortal.networks.layer import Pass
from sortal.networks.network import Network
from sortal.networks.threads import torch_threads

_KIND = "stacked networks"
_FILE = "tensors.safetensors"
_ROWS = 512
"""Examples of one product at least; a shorter block is padded, so that its size leaves results
alone."""

_MOST_ROWS = 4096
_CACHED_NUMBERS = 1 << 18
"""Numbers that one layer may give to a product, so that the next finds them in the cache."""


class TrainedStack:
    """Members of one network and kind of output; their tensors are kept in memory."""

    def __init__(
        self,
        members: tuple[Key, ...],
        network: Network,
        outputs: Outputs,
        state: Tensor,
        *,
        threads: int | None = None,
    ) -> None:
        """Args: state of shape (members, size); threads for scoring, None for torch's."""
        self.members, self.network, self.outputs, self.state = members, network, outputs, state
        self._threads = threads

    @torch.inference_mode()
    def scores(self, inputs: Inputs) -> np.ndarray:
        """Compute probabilities, float32, shape (members, examples, outputs).

        An example's scores depend on the examples beside it by rounding at most (1e-6).

        Raises:
            DataError: The examples have another number of features than the training had.
        """
        matrix = inputs.matrix()
        shape, (outputs,) = self.network.shape, self.network.shapes[-1]
        if matrix.shape[1:] != shape:
            raise DataError(
                f"scoring: expected {shape[0]} features an example, got {matrix.shape[1]}."
            )
        scores = np.empty((len(self.members), len(matrix), outputs), dtype=np.float32)
        held, run = self.network.held(self.state), Pass(members=len(self.members))
        with torch_threads(self._threads):
            for rows in self._pieces(len(matrix)):
                logits = self.network.forward(self._padded(matrix[rows]), held, run)
                scores[:, rows] = self._squash(logits)[:, : len(matrix[rows])].cpu().numpy()
        return scores

    def with_state(self, state: Tensor) -> "TrainedStack":
        """The same members with other tensors, shape (members, size)."""
        return TrainedStack(self.members, self.network, self.outputs, state, threads=self._threads)

    def pick(self, keys: Sequence[Key]) -> "TrainedStack":
        """These members alone, in this order."""
        rows = [self.members.index(key) for key in keys]
        return TrainedStack(
            tuple(keys), self.network, self.outputs, self.state[rows], threads=self._threads
        )

    def save(self, folder: Path) -> None:
        """Write model.json and tensors.safetensors, one tensor a slot and buffer."""
        tensors = {name: view.contiguous() for name, view in self._named(self.state.cpu())}
        save_file(tensors, folder / _FILE)
        about = {
            "kind": _KIND,
            "members": self.members,
            "network": self.network.model_dump(mode="json"),
            "outputs": self.outputs.value,
        }
        write_description(folder, about, files=(_FILE,))

    @classmethod
    def load(cls, folder: Path) -> "TrainedStack":
        """Read what `save` wrote.

        Raises:
            Damaged: A file is missing or was changed, or the two do not fit together.
        """
        about = read_description(folder, _KIND)
        with damaged_if_unreadable(folder):
            members = tuple(map(str, about["members"]))
            outputs = Outputs(about["outputs"])
        try:
            network = Network.model_validate(about["network"])
            tensors = load_file(folder / _FILE)
        except (OSError, SafetensorError) as error:
            raise Damaged(f"{folder / _FILE}: not a readable file of tensors ({error}).") from error
        except (KeyError, ValidationError) as error:
            raise Damaged(f"{folder}/model.json: not a network ({error}).") from error
        dtype = next((tensor.dtype for tensor in tensors.values()), torch.float32)
        model = cls(members, network, outputs, torch.empty(len(members), network.size, dtype=dtype))
        model._fill(tensors, folder)
        return model

    def _named(self, state: Tensor) -> Iterator[tuple[str, Tensor]]:
        for number, held in enumerate(self.network.held(state)):
            for name, view in {**held.slots, **held.buffers}.items():
                yield f"layers.{number}.{name}", view

    def _fill(self, tensors: dict[str, Tensor], folder: Path) -> None:
        """Copy stored tensors to their places in the state."""
        for name, view in self._named(self.state):
            stored = tensors.pop(name, None)
            if stored is None or stored.shape != view.shape:
                came = "nothing" if stored is None else f"shape {tuple(stored.shape)}"
                raise Damaged(
                    f"{folder / _FILE}, {name}: expected shape {tuple(view.shape)}, got {came}."
                )
            view.copy_(stored)
        if tensors:
            raise Damaged(f"{folder / _FILE}: unexpected {', '.join(sorted(tensors))}.")

    def _pieces(self, examples: int) -> Iterator[slice]:
        """Cut examples into the rows of one product each: long ones, the rest in short ones."""
        long = _ROWS
        while long < _MOST_ROWS and 2 * long * self.network.units <= _CACHED_NUMBERS:
            long *= 2
        rest = examples - examples % long
        yield from (slice(start, start + long) for start in range(0, rest, long))
        yield from (slice(start, start + _ROWS) for start in range(rest, examples, _ROWS))

    def _padded(self, rows: np.ndarray) -> Tensor:
        """Copy rows once, in the precision of the weights, up to a whole number of short pieces."""
        precision = np.float64 if self.state.dtype is torch.float64 else np.float32
        block = np.empty((len(rows) + -len(rows) % _ROWS, rows.shape[1]), dtype=precision)
        with np.errstate(over="ignore"):
            block[: len(rows)] = rows
        block[len(rows) :] = 0
        return torch.from_numpy(block).to(self.state)

    def _squash(self, logits: Tensor) -> Tensor:
        if self.outputs is Outputs.EXCLUSIVE:
            return logits.softmax(dim=-1)
        return logits.sigmoid()
