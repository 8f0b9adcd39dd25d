"""Boosted ensembles that score all their stages in one pass over their rounds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sortal.data.inputs import Inputs
from sortal.methods.contract.base import Key
from sortal.methods.contract.class_columns import ClassColumns
from sortal.methods.ensembles.prefixes import Prefixes
from sortal.methods.ensembles.stages import StagedEnsemble, unpack_stages
from sortal.methods.model_files.files import damaged_if_unreadable, read_model, write_model


class BoostedModel:
    """Ensembles, one for each truth, and the members that use the first rounds of all of them."""

    def __init__(
        self,
        kind: str,
        prefixes: Prefixes,
        courses: Sequence[StagedEnsemble],
        seen: ClassColumns,
        features: int,
    ) -> None:
        """Keep only rounds that a member uses.

        Args:
            kind: Name of the method.
            prefixes: Rounds of each member; more than there are means all.
            courses: Ensembles, in the order of `class_columns.codes`.
            seen: Classes that training saw.
            features: Numbers in one example.
        """
        self.members = prefixes.keys
        self._kind, self._prefixes, self._seen = kind, prefixes, seen
        self._courses = [course.cut(prefixes.largest) for course in courses]
        self._features = features

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Probabilities after each member's rounds, shape (members, examples, outputs)."""
        matrix = inputs.matrix()
        scores = np.empty((len(self.members), len(matrix), self._seen.columns))
        places = self._prefixes.places()
        parts = [_at(course, matrix, list(places)) for course in self._courses]
        for size, members in places.items():
            for member in members:
                self._seen.place([part[size] for part in parts], scores[member])
        return scores

    def pick(self, keys: tuple[Key, ...]) -> "BoostedModel":
        """A model of these members; rounds beyond the longest of them are dropped."""
        prefixes = self._prefixes.pick(keys)
        return BoostedModel(self._kind, prefixes, self._courses, self._seen, self._features)

    def save(self, folder: Path) -> None:
        """Write the rounds once for all members."""
        about = {
            "kind": self._kind,
            "members": self._prefixes.describe(),
            "seen": self._seen.describe(),
            "features": self._features,
            "courses": [course.kind for course in self._courses],
        }
        arrays = {
            f"{number}.{name}": array
            for number, course in enumerate(self._courses)
            for name, array in course.pack().items()
        }
        write_model(folder, about, arrays)

    @classmethod
    def load(cls, folder: Path, kind: str) -> "BoostedModel":
        """Read what `save` wrote.

        Raises:
            Damaged: The files are not what was written.
        """
        about, arrays = read_model(folder, kind)
        with damaged_if_unreadable(folder):
            seen, features = ClassColumns.read(about["seen"]), int(about["features"])
            courses = []
            for number, (name, codes) in enumerate(zip(about["courses"], seen.codes, strict=True)):
                start = f"{number}."
                own = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
                courses.append(unpack_stages(name, own, features, len(codes)))
            prefixes = Prefixes.read(about["members"])
        return cls(kind, prefixes, courses, seen, features)


def _at(course: StagedEnsemble, matrix: np.ndarray, sizes: Sequence[int]) -> dict[int, np.ndarray]:
    """Probabilities at each size; sizes beyond the last round get the last."""
    last = max(1, course.rounds)
    wanted = {min(size, last) for size in sizes}
    found = {
        count: course.probabilities(decision)
        for count, decision in enumerate(course.stages(matrix), start=1)
        if count in wanted
    }
    return {size: found[min(size, last)] for size in sizes}
