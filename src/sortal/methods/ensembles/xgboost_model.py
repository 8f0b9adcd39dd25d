"""Boosters of one family, which score all their prefixes in one pass over their rounds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.errors import Damaged
from sortal.methods.contract.base import Key
from sortal.methods.contract.class_columns import ClassColumns
from sortal.methods.ensembles.links import logistic, softmax
from sortal.methods.ensembles.prefixes import Prefixes
from sortal.methods.model_files.files import (
    damaged_if_unreadable,
    read_description,
    write_description,
)


class XGBoostModel:
    """One booster for each truth, and the members that use the first rounds of all of them."""

    def __init__(
        self, kind: str, prefixes: Prefixes, boosters: Sequence[Any | None], seen: ClassColumns
    ) -> None:
        """Keep only rounds that a member uses.

        Args:
            kind: Name of the method.
            prefixes: Rounds of each member.
            boosters: Trained boosters, in the order of `class_columns.codes`; None where training saw
                one class of two, so that nothing was learnt.
            seen: Classes that training saw.
        """
        self.members = prefixes.keys
        self._kind, self._prefixes, self._seen = kind, prefixes, seen
        self._boosters = [booster and _cut(booster, prefixes.largest) for booster in boosters]

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Probabilities after each member's rounds, shape (members, examples, outputs)."""
        matrix = np.ascontiguousarray(inputs.matrix(), dtype=np.float32)
        scores = np.empty((len(self.members), len(matrix), self._seen.columns))
        if not len(matrix):
            return scores
        places = self._prefixes.places()
        parts = [dict(_stages(booster, matrix, tuple(places))) for booster in self._boosters]
        for size, members in places.items():
            for member in members:
                self._place([part[size] for part in parts], scores[member])
        return scores

    def _place(self, parts: list[np.ndarray], into: np.ndarray) -> None:
        if self._seen.outputs is Outputs.EXCLUSIVE and self._seen.columns > 2:
            into[...] = parts[0]
        else:
            self._seen.place(parts, into)

    def pick(self, keys: tuple[Key, ...]) -> "XGBoostModel":
        """A model of these members; rounds beyond the longest of them are dropped."""
        return XGBoostModel(self._kind, self._prefixes.pick(keys), self._boosters, self._seen)

    def save(self, folder: Path) -> None:
        """Write each booster in XGBoost's own JSON, once for all members."""
        names = [
            None if booster is None else f"booster-{number}.json"
            for number, booster in enumerate(self._boosters)
        ]
        for name, booster in zip(names, self._boosters, strict=True):
            if name is not None and booster is not None:
                (folder / name).write_bytes(booster.save_raw("json"))
        about = {
            "kind": self._kind,
            "members": self._prefixes.describe(),
            "seen": self._seen.describe(),
            "boosters": names,
        }
        write_description(folder, about, files=tuple(name for name in names if name is not None))

    @classmethod
    def load(cls, folder: Path, kind: str) -> "XGBoostModel":
        """Read what `save` wrote.

        Raises:
            Damaged: The files are not what was written.
        """
        about = read_description(folder, kind)
        with damaged_if_unreadable(folder):
            seen, prefixes = ClassColumns.read(about["seen"]), Prefixes.read(about["members"])
            names = about["boosters"]
            if len(names) != len(seen.codes) or not set(names) - {None} <= set(about["digests"]):
                raise Damaged(f"{folder}: boosters and classes do not fit together.")
            boosters = [name and _read(folder / Path(name).name) for name in names]
            rounds = [b.num_boosted_rounds() for b in boosters if b is not None]
            if any(count != prefixes.largest for count in rounds):
                raise Damaged(f"{folder}: {rounds} rounds, but members use {prefixes.largest}.")
            return cls(kind, prefixes, boosters, seen)


def _read(path: Path) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(path.read_bytes()))
    return booster


def _cut(booster: Any, rounds: int) -> Any:
    return booster if booster.num_boosted_rounds() <= rounds else booster[:rounds]


def _stages(
    booster: Any | None, matrix: np.ndarray, sizes: tuple[int, ...]
) -> Iterator[tuple[int, np.ndarray]]:
    """Probabilities after each of some ascending numbers of rounds.

    Each stage starts from the sums of the one before, which is the order of summation that
    XGBoost itself follows.
    """
    margin, start = None, 0
    for size in sizes:
        if booster is None:
            yield size, np.ones((len(matrix), 1))
            continue
        margin = booster.inplace_predict(
            matrix,
            iteration_range=(start, size),
            predict_type="margin",
            base_margin=margin,
            missing=np.nan,
        )
        start = size
        yield size, logistic(margin) if margin.ndim == 1 else softmax(margin)
