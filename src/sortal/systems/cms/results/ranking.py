"""Classifiers of the same events side by side: area, figure of merit, and the optimum where it is known."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sortal.data.split import Part
from sortal.evaluation.physics.cut_scan import WorkingPoint
from sortal.metrics.uncertainty import Estimate, area
from sortal.systems.cms.results.assessment import Assessment
from sortal.systems.cms.results.merit import Merit, merit_of
from sortal.systems.cms.results.runs import CampaignRun
from sortal.systems.cms.training.campaign import Campaign
from sortal.systems.cms.training.scored import Scored

_HEADER = (
    "classifier",
    "AUC",
    "FOM validation",
    "cut",
    "FOM test",
    "95 % interval",
    "best test FOM",
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ComparedClassifier:
    """One classifier on test events."""

    title: str
    auc: Estimate
    """Of the signal's output: signal against all background, physics weights."""

    merit: Merit

    def described(self) -> dict[str, Any]:
        """As plain values."""
        chosen, again, by_fold = self.merit.chosen, self.merit.reselection, self.merit.by_fold
        about = {"title": self.title, "auc": self.auc.value, "auc_error": self.auc.error}
        if chosen is None:
            return {**about, "cut": None}
        return {
            **about,
            "cut": chosen.cut,
            **({"cuts_by_fold": list(by_fold.cuts)} if by_fold else {}),
            "merit_validation": chosen.validation.merit,
            "merit_test": chosen.test.merit,
            "merit_test_error": chosen.test.merit_error,
            "merit_test_interval": list(chosen.test_interval),
            "merit_test_maximum": chosen.oracle.merit,
            "signal": chosen.test.signal,
            "background": chosen.test.background,
            "effective_background": chosen.test.effective_background,
            "optimism_of_validation": again.optimism if again else None,
        }

    def cells(self) -> tuple[str, ...]:
        """As a row of the table."""
        auc = f"{self.auc.value:.4f} ± {self.auc.error:.4f}"
        chosen = self.merit.chosen
        if chosen is None:
            return (self.title, auc, "no cut leaves enough background", "", "", "", "")
        low, high = chosen.test_interval
        interval = "" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
        return (
            self.title,
            auc,
            f"{chosen.validation.merit:.4f}",
            f"{chosen.cut:.4f}",
            _merit(chosen.test),
            interval,
            f"{chosen.oracle.merit:.4f}",
        )


def _merit(point: WorkingPoint) -> str:
    """The figure with its error; of a guarded point why there is none."""
    if point.guarded:
        return f"none: {point.effective_background:.2g} effective background events"
    return f"{point.merit:.4f} ± {point.merit_error:.4f}"


def lines_of(
    campaign: Campaign, runs: Sequence[CampaignRun], chosen: Scored, found: Assessment
) -> list[ComparedClassifier]:
    """Runs, their mean, the methods they are compared with, and the optimum."""
    several = runs if len(runs) > 1 else []
    lines = [_line(campaign, run.title, run.network, run.merit) for run in several]
    lines.append(_line(campaign, chosen.title, chosen, found.merit))
    lines += [_line(campaign, one.title, one) for one in campaign.peers]
    if campaign.optimum is not None:
        lines.append(_line(campaign, campaign.optimum.title, campaign.optimum))
    return lines


def table_of(
    lines: Sequence[ComparedClassifier], *, form: Literal["text", "markdown"] = "text"
) -> Iterator[str]:
    """Lay lines out as a table."""
    rows = [_HEADER, *(line.cells() for line in lines)]
    if form == "markdown":
        for number, row in enumerate(rows):
            yield f"| {' | '.join(row)} |"
            if number == 0:
                yield "|" + "---|" * len(_HEADER)
        return
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADER))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _line(
    campaign: Campaign, title: str, scored: Scored, merit: Merit | None = None
) -> ComparedClassifier:
    sample, rows = campaign.sample, scored.rows[Part.TEST]
    keep = sample.scales.counted[Part.TEST][rows]
    rows = rows[keep]
    measured = area(
        sample.classes.codes[rows] == 0,
        scored.scores[Part.TEST][keep][:, 0],
        sample.events.weights[rows],
    )
    judged = merit or merit_of(
        scored, sample.events, sample.classes, sample.scales, campaign.settings
    )
    return ComparedClassifier(title=title, auc=measured.auc, merit=judged)
