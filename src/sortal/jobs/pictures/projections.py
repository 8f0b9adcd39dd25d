"""Projections of a job's examples: computed once, and kept in the store beside the results.

For looking at alone. They are fitted on training and test examples together and are never
given to a classifier.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.labels import UNKNOWN
from sortal.data.preparing.choose import choose_preparation
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.split import Part, Split
from sortal.data.storage.stored_files import map_array
from sortal.errors import Damaged, NotFound, SortalError, UserError
from sortal.evaluation.maps.parameters import PROJECTIONS, ProjectionMethod
from sortal.evaluation.maps.project import Projected, project
from sortal.jobs.results.results import JobResults, require_examples
from sortal.store.artifacts import Artifact
from sortal.store.store import Store

if TYPE_CHECKING:
    import polars as pl

KIND = "projection"
"""The kind of artifact that projections are."""

_VERSION = 2
"""Raised when the same data and parameters would give another picture."""

_FREELY = nullcontext()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProjectedExamples:
    """Examples of a job on a plane."""

    name: str
    """Of its artifact."""

    projected: Projected

    rows: np.ndarray = field(repr=False)
    """Rows of the dataset that are shown, ascending, int64, shape (examples,)."""

    parts: np.ndarray = field(repr=False)
    """What each is used for: codes of `Part`, int8; of several folds all are test examples."""

    found: bool
    """Whether it was there already."""

    results: JobResults = field(repr=False)
    """The job."""

    def table(self) -> "pl.DataFrame":
        """One row an example: id, part, label (a column a target, if there are several), x, y."""
        import polars as pl

        dataset = self.results.store.datasets.truth(self.results.record.dataset)
        labels = dataset.labels.take(self.rows)
        columns: dict[str, np.ndarray | pl.Series] = {
            "id": np.asarray(dataset.inputs.ids[self.rows]),
            "part": np.array([part.value for part in Part])[self.parts],
        }
        codes = np.asarray(labels.codes)
        if codes.ndim == 1:
            names = [*labels.classes, None]  # the code of an unknown label is -1
            columns["label"] = pl.Series([names[code] for code in codes], dtype=pl.String)
        else:
            columns |= {
                f"label_{name}": pl.Series(codes[:, i]).replace(UNKNOWN, None)
                for i, name in enumerate(labels.classes)
            }
        x, y = self.projected.coordinates.T
        return pl.DataFrame({**columns, "x": x, "y": y})

    def _repr_html_(self) -> str:
        """Its table, for notebooks."""
        return str(self.table()._repr_html_())


def projected_examples(
    results: JobResults,
    projection: ProjectionMethod,
    *,
    alone: AbstractContextManager[object] = _FREELY,
) -> ProjectedExamples:
    """Project the examples that a job divides, or read the picture if it was made before.

    Examples are prepared as for training: imputed and scaled as the first split's training
    examples say. Kept under the data, the preparation, that split and the parameters.

    Args:
        results: What the job came to.
        projection: The method and its parameters.
        alone: Held while examples are projected, such as a lock of several threads: libraries may
            change what the whole process warns of. A picture that is kept is read without.

    Raises:
        OptionError: A parameter is too large for these examples.
        DataError: Examples are fewer than three, not finite, or of unequal length, or the method
            cannot cope with them.
        MissingExtra: The method needs a package that is not installed.
        UserError: The job has no features, or no examples, for it was imported.
    """
    require_examples(results.record)
    rows, parts = _shown(results.splits)
    name = _name(results, rows, projection)
    kept, found = _stored(results.store, name, projection, len(rows)), True
    if kept is None:
        with alone:
            # Another may have made it while this one waited.
            kept = _stored(results.store, name, projection, len(rows))
            if kept is None:
                kept, found = _make(results, name, rows, projection), False
    return ProjectedExamples(
        name=name, projected=kept, rows=rows, parts=parts, found=found, results=results
    )


def _make(
    results: JobResults, name: str, rows: np.ndarray, projection: ProjectionMethod
) -> Projected:
    store, fingerprint = results.store, results.record.dataset
    dataset = store.datasets.get(fingerprint)
    if not dataset.inputs.arrays:
        raise UserError(
            f"{results.name}: its examples were imported without features: there is nothing "
            "to project."
        )
    fitted_on = results.splits[0].train
    preparer = Preparer.fit(dataset.inputs, dataset.names, fitted_on, _preparation(results))
    made = project(_PreparedRows(dataset, preparer, rows), projection)
    _keep(store, name, made, {"job": results.name, "dataset": fingerprint})
    return made


def stored_projections(results: JobResults) -> Iterator[ProjectedExamples]:
    """Every projection of the job's examples that the store holds, in the order of their names.

    One that is damaged is left out: nothing is computed here.
    """
    store, (rows, parts) = results.store, _shown(results.splits)
    for name in store.artifacts.names(KIND):
        try:
            artifact = store.artifacts.get(KIND, name)
        except SortalError:
            continue  # removed meanwhile, or damaged: `sortal store check` names it
        if artifact.meta.get("dataset") != results.record.dataset:
            continue
        projection = _projection(artifact)
        if projection is None or name != _name(results, rows, projection):
            continue
        kept = _stored(store, name, projection, len(rows))
        if kept is not None:
            yield ProjectedExamples(
                name=name, projected=kept, rows=rows, parts=parts, found=True, results=results
            )


def _preparation(results: JobResults) -> Preparation:
    block = results.record.data
    if isinstance(block.scaling, str) and isinstance(block.imputation, str):
        return Preparation.of(block.scaling, block.imputation)
    dataset = results.store.datasets.get(results.record.dataset)
    return replace(choose_preparation(block, dataset.inputs, dataset.names), single=False)


def _projection(artifact: Artifact) -> ProjectionMethod | None:
    """The parameters that an artifact was made with; None where this version has no such."""
    about = dict(artifact.meta.get("projection", {}))
    kind = PROJECTIONS.get(about.pop("method", ""))
    if kind is None or set(about) != set(kind.model_fields):
        return None
    return kind.model_validate(about)


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedRows:
    """The examples that are shown, imputed and scaled as they are asked for."""

    dataset: Dataset
    preparer: Preparer
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice | np.ndarray, /) -> np.ndarray:
        return self.preparer.apply(self.dataset.inputs.take(self.rows[rows])).matrix()


def _shown(splits: tuple[Split, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows that any split uses, ascending, and the part of each, as reported first."""
    codes = {part: code for code, part in enumerate(Part)}
    used = (rows for split in splits for rows in map(split.rows, Part))
    length = 1 + max((int(rows.max(initial=-1)) for rows in used), default=-1)
    parts = np.full(length, -1, dtype=np.int8)
    for part in (Part.TRAIN, Part.VALIDATION, Part.TEST):
        for split in splits:
            parts[split.rows(part)] = codes[part]
    rows = np.flatnonzero(parts >= 0)
    return rows, parts[rows]


def _name(results: JobResults, rows: np.ndarray, projection: ProjectionMethod) -> str:
    """Hash of everything that decides the picture: 32 hexadecimal digits."""
    preparation = _preparation(results)
    digest = hashlib.blake2b(digest_size=16)
    meaning: dict[str, Any] = {
        "version": _VERSION,
        "dataset": results.record.dataset,
        "preparation": preparation.to_json(),
        "projection": projection.meaning(),
        "largest": projection.largest,
    }
    digest.update(json.dumps(meaning).encode())
    digest.update(rows.astype(np.int64).tobytes())
    if preparation.scales or preparation.imputes:
        digest.update(results.splits[0].train.astype(np.int64).tobytes())
    return digest.hexdigest()


def _keep(store: Store, name: str, projected: Projected, about: dict[str, Any]) -> None:
    def write(folder: Path) -> None:
        np.save(folder / "coordinates.npy", projected.coordinates, allow_pickle=False)

    about |= {
        "projection": projected.projection.meaning(),
        "trustworthiness": projected.trustworthiness,
        "notes": list(projected.notes),
    }
    store.artifacts.save(KIND, name, about, write)


def _stored(
    store: Store, name: str, projection: ProjectionMethod, examples: int
) -> Projected | None:
    """The picture if it was kept and is whole; one that is damaged is made again."""
    try:
        artifact = store.artifacts.get(KIND, name)
        coordinates = np.array(map_array(artifact.folder / "coordinates.npy"))
    except (NotFound, Damaged):
        return None
    if coordinates.shape != (examples, 2):
        return None
    trust = artifact.meta["trustworthiness"]
    return Projected(
        projection=projection,
        coordinates=coordinates,
        trustworthiness=math.nan if trust is None else trust,
        notes=tuple(artifact.meta["notes"]),
    )
