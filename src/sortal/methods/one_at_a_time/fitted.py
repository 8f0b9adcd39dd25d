"""A model made of fitted scikit-learn estimators: one per member, or one per member and target."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.errors import Damaged, DataError, NotSavable, UserError
from sortal.methods.contract.base import Key
from sortal.methods.contract.class_columns import ClassColumns
from sortal.methods.contract.library_versions import library_version
from sortal.methods.model_files.files import (
    damaged_if_unreadable,
    read_description,
    write_description,
)
from sortal.methods.model_files.native_checks import check_native

_FILE = "estimators.skops"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorKind:
    """What a model must know of its method."""

    name: str
    library: str
    """Distribution of the estimators; empty for none that is installed."""

    estimator: str
    """Import path of the estimators' class, as the class itself names it."""

    trusted: tuple[str, ...] = ()
    """Import paths of further types that its stored files may hold."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Estimators:
    """Fitted estimators with what places their columns."""

    kind: EstimatorKind
    members: tuple[Key, ...]
    fitted: tuple[tuple[Any, ...], ...] = field(repr=False)
    """For each member one estimator per truth that is learnt; None where training saw one value."""

    probable: tuple[bool, ...]
    """Whether each member gives probabilities."""

    seen: ClassColumns
    features: int
    """Numbers in one example."""

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Probabilities or decision values, shape (members, examples, outputs).

        A class that training never saw gets probability 0, or a decision value one below
        the example's lowest.
        """
        matrix = inputs.matrix()
        if matrix.shape[1] != self.features:
            raise DataError(
                f"{self.kind.name}: expected {self.features} features, got {matrix.shape[1]}."
            )
        scores = np.empty((len(self.members), len(matrix), self.seen.columns))
        if len(matrix) == 0:
            return scores
        for into, estimators, probable in zip(scores, self.fitted, self.probable, strict=True):
            try:
                responses = [
                    _respond(estimator, codes, matrix, probable=probable)
                    for estimator, codes in zip(estimators, self.seen.codes, strict=True)
                ]
            except ValueError as error:  # how estimators refuse what they are given
                reason = str(error).partition("\n")[0].rstrip(".")
                raise DataError(f"{self.kind.name}: it refuses the examples ({reason}).") from error
            self._place(responses, into, probable=probable)
        return scores

    def _place(self, responses: list[np.ndarray], into: np.ndarray, *, probable: bool) -> None:
        self.seen.place(responses, into)
        if probable:
            return
        if self.seen.outputs is Outputs.EXCLUSIVE:
            absent = np.setdiff1d(np.arange(self.seen.columns), self.seen.codes[0])
            into[:, absent] = responses[0].min(axis=1, keepdims=True) - 1.0
            return
        for column, codes in enumerate(self.seen.codes):
            if codes == (0,):
                into[:, column] = -1.0

    def pick(self, keys: tuple[Key, ...]) -> "Estimators":
        """A model of these members alone; estimators are shared, not copied."""
        rows = [self.members.index(key) for key in keys]
        return replace(
            self,
            members=tuple(keys),
            fitted=tuple(self.fitted[row] for row in rows),
            probable=tuple(self.probable[row] for row in rows),
        )

    def save(self, folder: Path) -> None:
        """Write all estimators into one skops archive, and model.json.

        Raises:
            NotSavable: An estimator holds something that skops cannot write, or that
                loading would have to take on trust.
        """
        _dump(self.fitted, folder / _FILE, self.kind)
        about = {
            "kind": self.kind.name,
            "library": library_version(self.kind.library),
            "members": self.members,
            "probable": self.probable,
            "seen": self.seen.describe(),
            "features": self.features,
        }
        write_description(folder, about, files=(_FILE,))

    @classmethod
    def load(cls, folder: Path, kind: EstimatorKind) -> "Estimators":
        """Read what `save` wrote.

        Raises:
            Damaged: A file is missing or was changed, or holds types that this method never writes.
            UserError: The model was stored under another minor version of its library.
        """
        about = read_description(folder, kind.name)
        with damaged_if_unreadable(folder):
            _check_version(folder, str(about["library"]), kind)
            seen = ClassColumns.read(about["seen"])
            members = tuple(map(str, about["members"]))
            probable = tuple(map(bool, about["probable"]))
            features = int(about["features"])
            fitted = _undump(folder / _FILE, kind)
            if not len(members) == len(probable) == len(fitted):
                raise Damaged(f"{folder}: {len(fitted)} estimators for {len(members)} members.")
            for estimators in fitted:
                _check(estimators, seen, features, kind, folder)
        return cls(
            kind=kind,
            members=members,
            fitted=fitted,
            probable=probable,
            seen=seen,
            features=features,
        )


def type_path(kind: type) -> str:
    """The import path by which a class names itself."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _respond(
    estimator: Any, codes: tuple[int, ...], matrix: np.ndarray, *, probable: bool
) -> np.ndarray:
    """Scores of the classes that training saw, shape (examples, len(codes))."""
    if estimator is None:
        return np.ones((len(matrix), 1))
    if probable:
        response = np.asarray(estimator.predict_proba(matrix), dtype=np.float64)
    elif hasattr(estimator, "decision_function"):
        response = np.asarray(estimator.decision_function(matrix), dtype=np.float64)
        if response.ndim == 1 or response.shape[1] == 1:
            response = response.reshape(-1, 1) * np.array([[-1.0, 1.0]])
    else:
        said = np.asarray(estimator.predict(matrix)).reshape(-1, 1) == np.array([codes])
        # With two classes the sign decides as well as the largest.
        response = np.where(said, 1.0, -1.0 if len(codes) == 2 else 0.0)
    if response.shape != (len(matrix), len(codes)):
        raise DataError(
            f"{type(estimator).__name__}: expected scores of {len(codes)} classes for "
            f"{len(matrix)} examples, got an array of shape {response.shape}."
        )
    return response


def _dump(fitted: tuple[tuple[Any, ...], ...], path: Path, kind: EstimatorKind) -> None:
    skops = _load_skops()
    from skops.io.exceptions import UnsupportedTypeException

    try:
        skops.dump([list(estimators) for estimators in fitted], path)
        untrusted = skops.get_untrusted_types(file=path)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError) as error:
        path.unlink(missing_ok=True)
        raise NotSavable(f"{kind.name}: skops cannot write it ({error}).") from error
    strange = sorted(set(untrusted) - {kind.estimator, *kind.trusted})
    if strange:
        path.unlink()
        raise NotSavable(
            f"{kind.name}: it holds {', '.join(strange)}, which could not be loaded safely."
        )


def _undump(path: Path, kind: EstimatorKind) -> tuple[tuple[Any, ...], ...]:
    skops = _load_skops()
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        read = skops.load(path, trusted=[kind.estimator, *kind.trusted])
    except (UntrustedTypesFoundException, ImportError) as error:
        raise Damaged(f"{path}: not what {kind.name} writes ({error}).") from error
    return tuple(map(tuple, read))


def _check(
    estimators: tuple[Any, ...],
    seen: ClassColumns,
    features: int,
    kind: EstimatorKind,
    folder: Path,
) -> None:
    """Refuse estimators of another class, or that do not fit what model.json says."""
    if len(estimators) != len(seen.codes):
        raise Damaged(f"{folder}: {len(estimators)} estimators for {len(seen.codes)} truths.")
    for estimator in estimators:
        if estimator is None:
            continue
        if type_path(type(estimator)) != kind.estimator:
            raise Damaged(f"{folder}: expected {kind.estimator}, got {type_path(type(estimator))}.")
        if getattr(estimator, "n_features_in_", features) != features:
            raise Damaged(f"{folder}: an estimator expects another number of features.")
        check_native(estimator)


def _check_version(folder: Path, stored: str, kind: EstimatorKind) -> None:
    # scikit-learn promises nothing for estimators of another version: they may even score wrongly.
    installed = library_version(kind.library)
    if stored != installed:
        raise UserError(
            f"{folder}: expected a model stored under {installed}, got one of {stored}. "
            "Install that version, or run the job again."
        )


def _load_skops() -> Any:
    """Import `skops.io`.

    It looks through all of scikit-learn once, and there trips over an adapter that imports
    torch: two seconds and 200 MB in every worker. While skops is imported torch is not to
    be found; where it is loaded already, nothing is won and nothing is done.
    """
    if "skops.io" not in sys.modules and "torch" not in sys.modules:
        absent: Any = None
        sys.modules["torch"] = absent
        try:
            import skops.io
        finally:
            del sys.modules["torch"]
    import skops.io

    return skops.io
