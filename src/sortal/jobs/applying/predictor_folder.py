"""A trained classifier as one folder that needs no store: networks, scaling, order of variables, classes.

```
about.json             what it is: format, outputs, classes, inputs, members, software, the writer's own
preparers/<i>/         imputation, scaling and the rule of training weights, fitted on training examples
models/<i>/            one trained member
manifest.json          sizes and digests of all these
```
"""

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sortal.data.labels import Outputs
from sortal.data.preparing.preparer import Preparer
from sortal.data.reading.new_examples import InputSpec
from sortal.data.storage.stored_files import raise_damaged
from sortal.data.weighting.rule import load_weight_rules, save_weight_rules
from sortal.errors import Damaged, NotFound, UserError
from sortal.evaluation.scores import usual_threshold
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.scorer import ResultMembers, Scorer, Weighers
from sortal.methods import registry
from sortal.methods.contract.library_versions import library_version
from sortal.store.files import atomic, manifest

ABOUT = "about.json"
_FORMAT = 1
_KIND = "sortal predictor"


def save_predictor(
    predictor: Predictor, folder: Path, about: Mapping[str, Any] | None = None
) -> None:
    """Write a folder that `load_predictor` reads anywhere; it appears whole or not at all.

    Args:
        predictor: Of several members, each is written.
        folder: Where; a folder of this kind that is there is replaced, any other is refused.
        about: What to keep beside, as JSON: a map of classes, yields, where it was trained.

    Raises:
        UserError: Something else is there already.
        NotSavable: A member's model cannot be stored.
    """
    if folder.exists() and not is_predictor_folder(folder) and _holds_something(folder):
        raise UserError(f"{folder}: expected a new folder, or one of a classifier to replace.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    built = atomic.temporary_folder(folder.parent)
    try:
        _write(predictor, built, about or {})
        if folder.exists():
            atomic.discard(folder)
        built.rename(folder)
    finally:
        if built.exists():
            atomic.discard(built)


def is_predictor_folder(folder: Path) -> bool:
    """Whether a folder looks like one that `save_predictor` wrote."""
    return (folder / ABOUT).is_file() and (folder / manifest.FILE).is_file()


def load_predictor(folder: Path) -> Predictor:
    """Read what `save_predictor` wrote; nothing stored is executed.

    Raises:
        NotFound: There is no such folder.
        UserError: It is no such folder, or a newer Sortal wrote it.
        Damaged: A file of it is missing or was changed.
    """
    if not folder.is_dir():
        near = folder.parent
        beside = [p.name for p in near.iterdir() if p.is_dir()] if near.is_dir() else []
        raise NotFound("folder", folder.name, beside, where=str(near))
    if not is_predictor_folder(folder):
        raise UserError(
            f"{folder}: expected the folder of a trained classifier, with {ABOUT} and "
            f"{manifest.FILE} in it."
        )
    faults = manifest.check(folder)
    if faults:
        name, fault = faults[0]
        raise Damaged(f"{folder / name}: {fault}.")
    with raise_damaged(folder / ABOUT, "a readable description"):
        described = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if described["kind"] != _KIND:
            raise Damaged(f"{folder / ABOUT}: expected a {_KIND}, got {described['kind']!r}.")
        if described["format"] > _FORMAT:
            raise UserError(
                f"{folder}: written by Sortal {described['software']['sortal']} in format "
                f"{described['format']}, and this one reads up to {_FORMAT}: update sortal."
            )
    return _restored(folder, described)


def _write(predictor: Predictor, folder: Path, about: Mapping[str, Any]) -> None:
    """Fill an empty folder."""
    scorers = [scorer for column in predictor.columns for scorer in column.scorers]
    preparers = list(dict.fromkeys(scorer.preparer for scorer in scorers))
    weighers = {scorer.preparer: scorer.weighers for scorer in scorers}
    for number, preparer in enumerate(preparers):
        own = folder / "preparers" / str(number)
        own.mkdir(parents=True)
        preparer.save(own)
        if weighers[preparer]:
            save_weight_rules(own, weighers[preparer])
    for number, scorer in enumerate(scorers):
        own = folder / "models" / str(number)
        own.mkdir(parents=True)
        scorer.model.save(own)
    numbers = iter(range(len(scorers)))
    described = {
        "kind": _KIND,
        "format": _FORMAT,
        "outputs": predictor.outputs.value,
        "classes": list(predictor.classes),
        "probabilities": predictor.probabilities,
        **({"threshold": predictor.threshold} if predictor.has_threshold_of_its_own else {}),
        "inputs": predictor.spec.described(),
        "columns": [
            [
                _described(scorer, next(numbers), preparers.index(scorer.preparer))
                for scorer in column.scorers
            ]
            for column in predictor.columns
        ],
        "software": dict(_software(scorers)),
        "about": dict(about),
    }
    text = json.dumps(described, indent=1, allow_nan=False)
    (folder / ABOUT).write_text(text + "\n", encoding="utf-8")
    manifest.write(folder)


def _described(scorer: Scorer, model: int, preparer: int) -> dict[str, Any]:
    return {
        "method": scorer.method,
        "calibration": scorer.calibration,
        "model": model,
        "preparer": preparer,
        "weight": scorer.weight,
        "fold": scorer.fold,
    }


def _software(scorers: list[Scorer]) -> Iterator[tuple[str, str]]:
    """What wrote the folder, and the libraries that models need, by minor version."""
    yield "sortal", version("sortal")
    yield "python", platform.python_version()
    yield "numpy", version("numpy")
    for scorer in scorers:
        method = registry.find(scorer.method, scorer.calibration)
        if method.library:
            yield method.library, library_version(method.library)


def _restored(folder: Path, described: Mapping[str, Any]) -> Predictor:
    loaded: dict[int, tuple[Preparer, Weighers]] = {}
    with raise_damaged(folder / ABOUT, "a readable description"):
        for number in {int(one["preparer"]) for each in described["columns"] for one in each}:
            own = folder / "preparers" / str(number)
            loaded[number] = Preparer.load(own), load_weight_rules(own)
        return Predictor(
            outputs=Outputs(described["outputs"]),
            classes=tuple(map(str, described["classes"])),
            probabilities=bool(described["probabilities"]),
            threshold=float(
                described.get("threshold", usual_threshold(described["probabilities"]))
            ),
            spec=InputSpec.restore(described["inputs"]),
            columns=tuple(
                ResultMembers(tuple(_scorer(folder, one, loaded) for one in each))
                for each in described["columns"]
            ),
            about=described["about"],
        )


def _scorer(
    folder: Path, one: Mapping[str, Any], loaded: Mapping[int, tuple[Preparer, Weighers]]
) -> Scorer:
    method = registry.find(one["method"], one["calibration"])
    preparer, weighers = loaded[int(one["preparer"])]
    return Scorer(
        method=one["method"],
        calibration=one["calibration"],
        preparer=preparer,
        weighers=weighers,
        model=method.load(folder / "models" / str(int(one["model"]))),
        weight=float(one["weight"]),
        fold=one["fold"] if one["fold"] is None else int(one["fold"]),
    )


def _holds_something(folder: Path) -> bool:
    return not folder.is_dir() or any(folder.iterdir())
