"""Maps of a job's classifiers: computed from stored scores once, and kept in the store."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.storage.stored_files import map_array
from sortal.errors import Damaged, NotFound, UserError
from sortal.evaluation.maps.classifier_map import (
    MAP_METHODS,
    ClassifierMap,
    MapMds,
    MapMethod,
    place_classifiers,
)
from sortal.evaluation.maps.dissimilarity import (
    ComparedBy,
    Dissimilarity,
    by_agreement,
    by_errors,
    by_probabilities,
    by_scores,
)
from sortal.evaluation.maps.parameters import parse_options
from sortal.jobs.pictures.panel import Panel
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store

KIND = "classifier-map"
"""The kind of artifact that maps are."""

_VERSION = 2
"""Raised when the same scores and parameters would give another map."""

_ARRAYS = ("coordinates", "from_optimal")
_FREELY = nullcontext()


def classifier_map(
    results: JobResults,
    *,
    by: ComparedBy | str = ComparedBy.ERRORS,
    way: MapMethod | None = None,
    target: str | None = None,
    titles: Sequence[str] | None = None,
    poles: bool = True,
    alone: AbstractContextManager[object] = _FREELY,
) -> ClassifierMap:
    """Draw a map of a job's classifiers, or read it if it was drawn before.

    Kept under the data, the splits, the members and the parameters, so that a renamed title or
    a rerun finds it, and a new classifier makes a new map. Scores are read from the segments in
    blocks of examples.

    Args:
        results: What the job came to.
        by: What classifiers are compared by.
        way: How they are placed; classical scaling if not given.
        target: The independent target, None if there are none.
        titles: Only these classifiers, and the references; all if not given.
        poles: Whether Optimal and Naive are shown: the references, or computed from the labels
            where there are none.
        alone: Held while a map is drawn, such as a lock of several threads: what draws may change
            what the whole process warns of. One that is kept is read without.

    Raises:
        NotFound: There is no such target or title, or nothing that it could be compared by.
        DataError: There are fewer than three classifiers, poles included.
        OptionError: A parameter is too large for so many classifiers.
        MissingExtra: UMAP is asked for and not installed.
        UserError: The job has nothing to report on.
    """
    chosen, way = _by(by), way or MapMds()
    panel = Panel.of(results, target, titles=titles, poles=poles)
    if not panel.examples:
        raise UserError(f"{results.name}: there are no {results.part} examples to compare by.")
    name = _name(panel, chosen, way)
    if found := _stored(results.store, name, panel, chosen, way):
        return found
    with alone:
        # Another may have drawn it while this one waited.
        if found := _stored(results.store, name, panel, chosen, way):
            return found
        drawn = place_classifiers(_COMPARE[chosen](panel), panel.mapped, way, notes=panel.notes)
        _keep(results.store, name, drawn, panel)
        return drawn


def _by(by: ComparedBy | str) -> ComparedBy:
    if by not in list(ComparedBy):
        raise NotFound("comparison", str(by), [one.value for one in ComparedBy])
    return ComparedBy(by)


def _probabilities(panel: Panel) -> Dissimilarity:
    found = by_probabilities(panel.probabilities(), panel.results.outputs)
    squashed = len(panel.squashed)
    if not squashed:
        return found
    told = (
        f"{squashed} {'gives' if squashed == 1 else 'give'} decision values and no probabilities: "
        "scaled until each is as sure of its answers as it is right."
    )
    return Dissimilarity(
        by=found.by, distances=found.distances, euclidean=found.euclidean, notes=(told,)
    )


def _agreement(panel: Panel) -> Dissimilarity:
    decided = (block for block, _ in panel.decided())
    return by_agreement(decided, panel.results.outputs, len(panel.results.labels.classes))


def _scores(panel: Panel) -> Dissimilarity:
    return by_scores(*panel.figures())


_COMPARE: Mapping[ComparedBy, Callable[[Panel], Dissimilarity]] = {
    ComparedBy.ERRORS: lambda panel: by_errors(panel.right()),
    ComparedBy.PROBABILITIES: _probabilities,
    ComparedBy.AGREEMENT: _agreement,
    ComparedBy.SCORES: _scores,
}


def _name(panel: Panel, by: ComparedBy, way: MapMethod) -> str:
    """Hash of everything that decides the map, titles left out: 32 hexadecimal digits."""
    record = panel.results.record
    meaning: dict[str, Any] = {
        "version": _VERSION,
        "by": by.value,
        "way": way.meaning(),
        "dataset": record.dataset,
        "splits": [split.fingerprint for split in record.splits],
        "part": panel.results.part.value,
        "target": panel.target,
        "members": panel.keys,
        "poles": panel.computed,
    }
    if by is ComparedBy.SCORES:
        # Figures are means over all seeds, not of the one that speaks.
        meaning["every"] = [[m.entry.key for m in r.members] for r in panel.shown]
    return hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()


def _keep(store: Store, name: str, drawn: ClassifierMap, panel: Panel) -> None:
    """Keep a map, without what the panel notes: that is of the job that asks."""

    def write(folder: Path) -> None:
        for array in _ARRAYS:
            np.save(folder / f"{array}.npy", getattr(drawn, array), allow_pickle=False)

    about = {
        "job": panel.results.name,
        "by": drawn.by.value,
        "way": drawn.way.meaning(),
        "titles": [one.title for one in drawn.classifiers],
        "trustworthiness": drawn.trustworthiness,
        "stress": drawn.stress,
        "notes": list(drawn.notes[len(panel.notes) :]),
    }
    store.artifacts.save(KIND, name, about, write)


def _stored(
    store: Store, name: str, panel: Panel, by: ComparedBy, way: MapMethod
) -> ClassifierMap | None:
    """The map if it was kept and is whole; one that is damaged is drawn again."""
    mapped = tuple(panel.mapped)
    try:
        artifact = store.artifacts.get(KIND, name)
        coordinates, away = (np.array(map_array(artifact.folder / f"{a}.npy")) for a in _ARRAYS)
    except (NotFound, Damaged):
        return None
    if coordinates.shape != (len(mapped), 2) or away.shape != (len(mapped),):
        return None
    figures = {
        figure: float("nan") if artifact.meta[figure] is None else artifact.meta[figure]
        for figure in ("trustworthiness", "stress")
    }
    return ClassifierMap(
        by=by,
        way=way,
        classifiers=mapped,
        coordinates=coordinates,
        from_optimal=away,
        notes=(*panel.notes, *artifact.meta["notes"]),
        **figures,
    )


def parse_map_method(method: str, **given: Any) -> MapMethod:
    """A way to draw a map from options of which those that are None were not given.

    Raises:
        UserError: There is no such method, or it has no such parameter.
    """
    return parse_options(MAP_METHODS, method, given, path="map")
