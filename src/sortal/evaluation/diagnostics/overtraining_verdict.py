"""Is a model over-trained? One sentence from all tests of how parts agree, corrected for their number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sortal.evaluation.comparison import holm
from sortal.evaluation.diagnostics.overtraining import Agreement

Level = Literal["no", "perhaps", "yes", "unknown"]

CLEAR = 0.01
"""A corrected p below this is a difference."""

SUSPECT = 0.05
"""A corrected p below this may be one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedTest:
    """One test among several."""

    name: str
    """What was tested, and of which output."""

    p: float
    """By itself; NaN where the test could not be made, which then is not counted."""

    corrected: float
    """Chance of so small a p in any of the tests, after Holm; NaN likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertrainingVerdict:
    """What the tests say together."""

    level: Level
    """`yes`: a corrected p is below 0.01 and the first part is separated better in that output
    by more than twice the error of the gap. `perhaps`: a corrected p is below 0.05, or below
    0.01 without such a gap. `no`: neither. `unknown`: no test could be made."""

    sentence: str
    """The same in words, with the numbers."""

    outcomes: tuple[CorrectedTest, ...]
    """Every test, in the order of the outputs."""


def summarise_tests(agreements: Sequence[Agreement]) -> OvertrainingVerdict:
    """Say whether the first part is scored as the second one, over all outputs of one pair of parts.

    Over-training shows as a better separation in the part that was learnt from. With enough
    examples a tiny gap is a sure one: the sentence gives its size.

    Args:
        agreements: Of the same two parts, an output each; at least one.
    """
    named = [
        (agreement, f"{name} ({agreement.node})", p)
        for agreement in agreements
        for name, p in agreement.tests
    ]
    corrected = holm(np.array([p for _, _, p in named])).tolist()
    outcomes = tuple(
        CorrectedTest(name=name, p=p, corrected=value)
        for (_, name, p), value in zip(named, corrected, strict=True)
    )
    made = [place for place, value in enumerate(corrected) if not math.isnan(value)]
    first, second = agreements[0].parts
    if not made:
        sentence = f"Over-training between {first} and {second}: unknown, for want of examples."
        return OvertrainingVerdict(level="unknown", sentence=sentence, outcomes=outcomes)
    least = min(made, key=lambda place: (corrected[place], named[place][2]))
    worst = outcomes[least]
    clear = [named[place][0] for place in made if corrected[place] < CLEAR]
    better = max((one for one in clear if _sigmas(one) > 2.0), key=_sigmas, default=None)
    level: Level = "yes" if better else "perhaps" if worst.corrected < SUSPECT else "no"
    told = better or named[least][0]
    sentence = (
        f"Over-training between {first} and {second}: {level}; the least of {len(made)} p-values "
        f"is {worst.p:.2g}, {worst.corrected:.2g} corrected for their number, of {worst.name}; "
        f"AUC of {told.node} {_areas(told)}{_remark(level, worst, told)}."
    )
    return OvertrainingVerdict(level=level, sentence=sentence, outcomes=outcomes)


def _sigmas(agreement: Agreement) -> float:
    """By how many errors the first part is separated better; 0 where that is undefined."""
    gap = agreement.gap
    return gap.value / gap.error if gap.error > 0 and math.isfinite(gap.value) else 0.0


def _areas(agreement: Agreement) -> str:
    first, second = (area.auc.value for area in agreement.areas)
    gap = agreement.gap
    return f"{first:.4f} against {second:.4f}, a gap of {gap.value:+.4f} with error {gap.error:.4f}"


def _remark(level: Level, worst: CorrectedTest, told: Agreement) -> str:
    if level == "perhaps" and worst.corrected < CLEAR:
        first, _ = told.parts
        return f": the parts differ, but {first} is not clearly separated better"
    return ""
