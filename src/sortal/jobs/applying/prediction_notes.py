"""What a user should know of new examples beside their predictions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing.preparer import Preparer

_MOST_NAMED = 5
"""Columns that a sentence lists."""


@dataclass(slots=True)
class PredictionNotes:
    """What was noticed so far, block after block."""

    ids: str = ""
    """Why ids are not those of the column that the job names; empty where they are."""

    blank: int = 0
    """Examples without a prediction."""

    first_blank: str = ""
    """The first of them, and why."""

    examples: int = 0
    """Examples with a prediction."""

    known: dict[str, bool] = field(default_factory=dict)
    """Columns of tables, and whether any example has a value there."""

    filled: bool = False
    """Whether missing values are replaced."""

    def look_at(self, inputs: Inputs, preparer: Preparer) -> None:
        """Take in raw examples that were predicted."""
        self.examples += len(inputs)
        self.filled = preparer.preparation.imputes
        for name, array in inputs.arrays.items():
            fitted = preparer.fitted[name]
            if isinstance(array, Ragged) or array.ndim != 2 or fitted.lanes.axis != 1:
                continue
            if not self.examples - len(inputs):
                self.known |= dict.fromkeys(fitted.names, False)
            if array.dtype.kind == "f" and not all(self.known[one] for one in fitted.names):
                for column, is_known in zip(fitted.names, fitted.known(array), strict=True):
                    self.known[column] |= bool(is_known)
            elif array.dtype.kind != "f":
                self.known |= dict.fromkeys(fitted.names, True)

    def add_blank(self, count: int, first: str) -> None:
        """Take in that some examples have no prediction."""
        self.blank += count
        self.first_blank = self.first_blank or first

    def sentences(self) -> Iterator[str]:
        """One sentence for each thing noticed."""
        if self.ids:
            yield self.ids
        if self.blank:
            yield (
                f"{self.blank} of {self.blank + self.examples} examples have no prediction, for a "
                f"value is missing or cannot be used; the first is {self.first_blank}."
            )
        empty = [name for name, is_known in self.known.items() if not is_known]
        if empty and self.examples:
            more = f" and {len(empty) - _MOST_NAMED} more" if len(empty) > _MOST_NAMED else ""
            filled = "; it is filled as in training" if self.filled else ""
            yield (
                f"no example has a value in column {', '.join(map(repr, empty[:_MOST_NAMED]))}"
                f"{more}{filled}."
            )
