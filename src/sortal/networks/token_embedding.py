"""Embedding of tokens: every member looks words up in a table of its own."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from sortal.errors import DataError, OptionError
from sortal.networks.layer import AbstractLayer, Held, Pass, Shape, Slot


class TokenEmbedding(AbstractLayer):
    """Rows of a table `weight` (tokens, size) in the place of whole numbers 0, 1, ...

    A row of tokens becomes a signal with `size` channels. Tables start evenly between -0.05
    and 0.05, as those of Keras.
    """

    kind: Literal["token_embedding"] = "token_embedding"
    tokens: int = Field(ge=1)
    """Different tokens, numbered from 0."""

    size: int = Field(ge=1)
    """Numbers that stand for one."""

    needs_result: ClassVar[bool] = False

    def result_shape(self, shape: Shape) -> Shape:
        """As many points as tokens came in."""
        if len(shape) != 1:
            raise OptionError("token_embedding", shape, "one row of tokens an example")
        return (self.size, *shape)

    def slots(self, shape: Shape) -> tuple[Slot, ...]:
        """The table."""
        fan = (self.tokens, self.size)
        return (Slot(name="weight", shape=fan, fan=fan, initialiser="uniform"),)

    def forward(self, values: Tensor, held: Held, run: Pass) -> Tensor:
        """Look up.

        Raises:
            DataError: Outside of training, something is no whole number from 0 to `tokens` - 1.
        """
        if not run.training:
            check_tokens(values, self.tokens)
        return self.record(values, held, run, deep=False)[0]

    def record(self, values: Tensor, held: Held, run: Pass, *, deep: bool) -> tuple[Tensor, Any]:
        """Look up, without a check; remembers the tokens."""
        table = held.slots["weight"]
        tokens = values.long().expand(len(table), *values.shape[1:])
        looked = [functional.embedding(*one) for one in zip(tokens, table, strict=True)]
        return torch.stack(looked).movedim(-1, 2), tokens

    def backward(
        self, slope: Tensor, memory: Any, held: Held, into: Mapping[str, Tensor], *, deep: bool
    ) -> Tensor | None:
        """Add to the rows that were looked up; tokens themselves have no slope."""
        for own, tokens, passed in zip(into["weight"], memory, slope.movedim(2, -1), strict=True):
            own.index_add_(0, tokens.flatten(), passed.reshape(-1, self.size))
        return memory.to(slope.dtype).zero_() if deep else None


def check_tokens(values: Tensor, tokens: int) -> None:
    """Refuse what is no token.

    Raises:
        DataError: A value is not whole, below 0, or not below `tokens`.
    """
    wrong = ~((values >= 0) & (values < tokens) & (values == values.trunc()))
    if bool(wrong.any()):
        raise DataError(
            f"expected tokens, whole numbers from 0 to {tokens - 1} (num_words {tokens}), got "
            f"{float(values[wrong][0]):g}; tokens are not to be scaled."
        )
