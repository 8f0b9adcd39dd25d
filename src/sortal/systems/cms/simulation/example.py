"""`sortal example cms`: simulated events in the page's folders, settings, the optimum, a README."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from sortal.errors import OptionError
from sortal.systems.cms.simulation.processes import Kind, SimulatedProblem, make_problem
from sortal.systems.cms.simulation.simulate import SimulatedEvents, simulate
from sortal.systems.cms.simulation.truth import (
    balanced_scores,
    optimum_in_the_limit,
    optimum_of_parts,
    true_scores,
)
from sortal.systems.example import refuse_files

LEAST_EVENTS = 1_000
NEW_EVENTS = 20_000

_DATA = {"binary": "data", "multiclass": "17var/data"}
_EMPTY = ("models", "17var_models_5C")
_QUARTERS = {"train": (0,), "val": (1,), "test": (2, 3)}
"""Which of each four events are in which part: 25 %, 25 % and 50 %, as on the page."""

_SPLIT_FACTORS = (4.0, 2.0)
_TREE = "Events"


def write_example(
    folder: Path,
    *,
    events: int,
    seed: int = 0,
    kinds: Sequence[Kind] = ("binary", "multiclass"),
    force: bool = False,
) -> dict[str, Any]:
    """Write a complete example of simulated events; same arguments, same bytes.

    Args:
        folder: Made if it does not exist.
        events: Simulated events of each kind, all parts together.
        seed: Of all randomness.
        kinds: Which of the page's two scripts it is for.
        force: Write into a folder that holds files; those of the same names are replaced,
            others are kept.

    Returns:
        What `optimum.json` says.

    Raises:
        OptionError: There are too few events, or the folder holds files.
    """
    if events < LEAST_EVENTS:
        raise OptionError("events", events, f"{LEAST_EVENTS} or more")
    refuse_files(folder, force=force)
    for name in _EMPTY:
        (folder / name).mkdir(parents=True, exist_ok=True)
    optima: dict[str, Any] = {
        kind: _write_kind(folder, make_problem(kind), events, seed) for kind in kinds
    }
    about: dict[str, Any] = {"simulated": True, "events": events, "seed": seed, **optima}
    _write_text(folder / "optimum.json", json.dumps(about, indent=2) + "\n")
    has_root = find_spec("uproot") is not None
    if has_root:
        write_root(folder / "new_events.root", _new_events(seed))
    _write_text(folder / "README.md", _readme(about, has_root=has_root))
    return about


def write_root(path: Path, pieces: Iterator[SimulatedEvents]) -> int:
    """Write events to a ROOT file, piece by piece; needs the extra `root`.

    The tree `Events` has a branch for each observable, `Weights` [pb], `process` (place in
    the problem's list of processes) and `event` (number from 0).

    Returns:
        How many were written.
    """
    import uproot

    written = 0
    with uproot.recreate(path) as file:
        for piece in pieces:
            branches = {
                **_columns(piece),
                "Weights": piece.weights,
                "process": piece.process.astype(np.int32),
                "event": np.arange(written, written + len(piece), dtype=np.int64),
            }
            if not written:
                file.mktree(_TREE, {name: values.dtype for name, values in branches.items()})
            file[_TREE].extend(branches)
            written += len(piece)
    return written


def _new_events(seed: int) -> Iterator[SimulatedEvents]:
    """Events that no file of the example holds."""
    yield simulate(make_problem("multiclass"), NEW_EVENTS, seed=_other_seed(seed, "new"))


def _write_kind(folder: Path, of: SimulatedProblem, events: int, seed: int) -> dict[str, Any]:
    sample = simulate(of, events, seed=_other_seed(seed, of.kind))
    quarter = np.arange(len(sample)) % 4
    parts = {name: sample.pick(np.isin(quarter, quarters)) for name, quarters in _QUARTERS.items()}
    data, truth = folder / _DATA[of.kind], folder / "truth" / of.kind
    data.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        signal, background = part.pick(part.is_signal), part.pick(~part.is_signal)
        _write_csv(data / f"{name}_sig.csv", signal)
        _write_csv(data / f"{name}_bkg.csv", background)
        scores = np.concatenate([true_scores(signal), true_scores(background)])
        np.save(truth / f"{name}.npy", scores)
    settings = files("sortal.systems.cms.simulation").joinpath(f"example-{of.kind}.yaml")
    _write_text(folder / f"{of.kind}.yaml", settings.read_text(encoding="utf-8"))
    tested = optimum_of_parts(parts["val"], parts["test"], split_factors=_SPLIT_FACTORS)
    found = {
        "sample": {"negative_percent": round(100 * float((sample.weights < 0).mean()), 1)},
        "test": asdict(tested),
        "many_events": asdict(optimum_in_the_limit(of, seed=0)),
    }
    if of.kind == "multiclass":
        found["balanced"] = asdict(optimum_in_the_limit(of, seed=0, score=balanced_scores))
    return found


def _write_csv(path: Path, events: SimulatedEvents) -> None:
    """Write the observables, the weight and the process of each event, without a header."""
    import polars as pl

    names = pl.Series("process", events.problem.names)
    frame = pl.DataFrame({**_columns(events), "weight": events.weights})
    frame.with_columns(process=names.gather(events.process)).write_csv(path, include_header=False)


def _columns(events: SimulatedEvents) -> dict[str, np.ndarray]:
    columns = np.ascontiguousarray(events.values.T)
    return dict(zip(events.problem.observables, columns, strict=True))


def _other_seed(seed: int, purpose: str) -> int:
    """Derive an independent stream for a purpose."""
    return int(np.random.SeedSequence([seed, *purpose.encode()]).generate_state(1, np.uint64)[0])


def _readme(about: dict[str, Any], *, has_root: bool) -> str:
    """Fill in the template's figures; sections that do not apply are left out."""
    package = files("sortal.systems.cms.simulation")
    counted = {**about, "events": f"{about['events']:,}"}
    text = [_filled(package.joinpath("example.template.md"), counted)]
    for kind in ("binary", "multiclass"):
        if kind in about:
            figures = {
                f"{part}_{name}": f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
                for part, values in about[kind].items()
                for name, value in values.items()
            }
            text.append(_filled(package.joinpath(f"example-{kind}.template.md"), figures))
    name = "example-root.template.md" if has_root else "example-no-root.template.md"
    text.append(_filled(package.joinpath(name), {"new": f"{NEW_EVENTS:,}"}))
    return "\n".join(text)


def _filled(template: Any, figures: dict[str, Any]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(figures)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
