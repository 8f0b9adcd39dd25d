"""Hardware, versions, a table, and as the last line the ratios as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from peers.result import Result
from side_by_side import THREADS, processor

_PACKAGES = ("numpy", "torch", "scikit-learn", "keras", "tensorflow", "tensorflow-cpu", "jax")
_WITHIN = 2.0
"""Standard deviations over seeds by which mean losses may differ and still be called equal."""

_COLUMNS = (
    "batch, epochs",
    "way",
    "members a round",
    "s a member",
    "ratio to ours",
    "target",
    "validation loss",
    "seeds",
    "apart [sd]",
    f"within {_WITHIN:g} sd",
    "GFLOP/s",
    "of ceiling",
)


def tell(results: Mapping[int, Sequence[Result]], done: str, ceiling: float) -> None:
    """Print all there is to say; in every row of results ours comes first."""
    print(f"{processor()}, {os.cpu_count()} cores; {THREADS} threads; Python", end=" ")
    print(platform.python_version(), *_versions(), sep=", ")
    print(f"{done}; fp32 product of 2048^3: {ceiling:.0f} GFLOP/s")
    print("|", " | ".join(_COLUMNS), "|")
    print("|" + "---|" * len(_COLUMNS))
    for found in results.values():
        for result in found:
            print("|", " | ".join(_cells(result, found[0], ceiling)), "|")
    ratios = {
        f"batch{batch_size}_vs_{peer.way.key}": round(peer.seconds / found[0].seconds, 3)
        for batch_size, found in results.items()
        for peer in found[1:]
    }
    print(json.dumps(ratios))


def _cells(result: Result, ours: Result, ceiling: float) -> list[str]:
    way, work = result.way, result.work
    mean, spread = result.losses.mean(), result.losses.std(ddof=1)
    compared = ["1", "", "", ""]
    if result is not ours:
        target, apart = way.targets.get(work.batch_size), result.apart(ours)
        compared = [
            f"{result.seconds / ours.seconds:.2f}",
            f">= {target:g}" if target else "",
            f"{apart:+.1f}",
            "yes" if abs(apart) <= _WITHIN else "no",
        ]
    ratio, wanted, apart_sd, within = compared
    return [
        f"{work.batch_size}, {work.epochs}",
        way.name,
        str(len(work.seeds)),
        f"{result.seconds:.4f}",
        ratio,
        wanted,
        f"{mean:.4f} +- {spread:.4f}",
        str(len(result.losses)),
        apart_sd,
        within,
        f"{result.gflops:.1f}",
        f"{result.gflops / ceiling:.1%}",
    ]


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
