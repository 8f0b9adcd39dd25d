"""Examples as tensors: features that all members see, truths and weights by lesson."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from sortal.training.examples.batches import block_rows

_PIECE = 1 << 16
"""Rows that are looked at together."""


class ExampleSource(Protocol):
    """Examples of one part, wherever their features are."""

    @property
    def truth(self) -> Tensor:
        """See `Examples`, as for all that follows."""
        ...

    @property
    def weights(self) -> Tensor: ...  # noqa: D102

    @property
    def offsets(self) -> Tensor | None: ...  # noqa: D102

    @property
    def row_bytes(self) -> int:
        """Size of the features of one example."""
        ...

    def __len__(self) -> int: ...

    def is_finite(self) -> bool:
        """Whether no feature is missing or infinite."""
        ...

    def blocks(self, order: Tensor | None, batch_size: int) -> Generator["Examples"]:
        """Give the examples block by block."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Examples of one part, or some of them, with their features in memory."""

    features: Tensor
    """Shape (rows, features)."""

    truth: Tensor
    """Class numbers (lessons, rows), or 0 and 1 of shape (lessons, rows, targets)."""

    weights: Tensor
    """Shape as `truth`; 0 where the label is unknown, or is one that no training example has.
    Absolute values average 1 in training, unless the lesson takes weights as they come."""

    offsets: Tensor | None
    """Added to outputs, shape (lessons, outputs): 0, or far below (or above) where training
    cannot teach anything else than that the class never (or always) occurs. None for 0."""

    def __len__(self) -> int:
        return len(self.features)

    @property
    def row_bytes(self) -> int:
        """Size of the features of one example."""
        return self.features[:1].nbytes

    def is_finite(self) -> bool:
        """Whether no feature is missing or infinite."""
        pieces = (self.features[start : start + _PIECE] for start in range(0, len(self), _PIECE))
        return all(bool(piece.isfinite().all()) for piece in pieces)

    def blocks(self, order: Tensor | None, batch_size: int) -> Generator["Examples"]:
        """Give the examples block by block.

        Args:
            order: Rows in the order they are wanted in; None for all as they lie.
            batch_size: What the length of every block but the last is a multiple of.

        Yields:
            Examples that may be cut, copies if an order was asked for.
        """
        if order is None:
            yield self
            return
        rows = block_rows(batch_size, self.row_bytes)
        for start in range(0, len(order), rows):
            taken = order[start : start + rows].to(self.features.device)
            truth, weights = self.truth[:, taken], self.weights[:, taken]
            yield Examples(self.features[taken], truth, weights, self.offsets)

    def cut(self, rows: slice) -> "Examples":
        """View neighbouring rows, uncopied."""
        truth, weights = self.truth[:, rows], self.weights[:, rows]
        return Examples(self.features[rows], truth, weights, self.offsets)

    def weights_of(self, lessons: Tensor) -> Tensor:
        """Weights of each member's lesson; of length 1 when there is one lesson."""
        return self.weights if len(self.weights) == 1 else self.weights[lessons]

    def shifted(self, outputs: Tensor, lessons: Tensor) -> Tensor:
        """Add each lesson's offsets to outputs of shape (members, rows, outputs)."""
        if self.offsets is None:
            return outputs
        return outputs + self.offsets[lessons].unsqueeze(1)

    def answers(self, lessons: Tensor) -> tuple[Tensor, Tensor]:
        """Truth and weights of each member's lesson; of length 1 when there is one lesson."""
        if len(self.truth) == 1:
            return self.truth, self.weights
        return self.truth[lessons], self.weights[lessons]
