"""The report on trained networks: report.json for programs, report.md for people."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sortal.data.split import Part
from sortal.data.weighting.rule import load_weight_rules
from sortal.evaluation.physics.yields import Yields
from sortal.evaluation.row import Row
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import save_predictor
from sortal.jobs.results.result import Result
from sortal.store.files import atomic
from sortal.store.files.json_lines import plain
from sortal.store.store import Store
from sortal.systems.cms.data.files import NETWORK_FOLDER
from sortal.systems.cms.results.assessment import Assessment, assess
from sortal.systems.cms.results.merit import Merit, chosen_yields
from sortal.systems.cms.results.pictures import ratio_remarks
from sortal.systems.cms.results.ranking import ComparedClassifier, lines_of, table_of
from sortal.systems.cms.results.runs import CampaignRun
from sortal.systems.cms.settings import CMSSettings
from sortal.systems.cms.training.campaign import Campaign
from sortal.systems.cms.training.job import loses_signs
from sortal.systems.cms.training.scored import Scored
from sortal.views.console import echo


def write_report(
    campaign: Campaign, runs: Sequence[CampaignRun], chosen: Scored, folder: Path
) -> Assessment:
    """Judge networks and what they are compared with, and write all of it but the pictures.

    Args:
        campaign: What was trained.
        runs: Networks of one or several decay rates, judged.
        chosen: The one that is applied: the only run, or the mean of all.
        folder: Where.

    Returns:
        What `chosen` is worth, for its pictures: they are drawn when everything else is on disk.
    """
    known = next((run.merit for run in runs if run.network is chosen), None)
    found = assess(campaign, chosen, known)
    lines = lines_of(campaign, runs, chosen, found)
    content = {
        "settings": campaign.settings.model_dump(mode="json"),
        "classifiers": [line.described() for line in lines],
        "notes": list(campaign.sample.events.notes),
        "details": describe(campaign, found),
    }
    atomic.write_text(folder / "report.json", json.dumps(plain(content), indent=1) + "\n")
    atomic.write_text(folder / "report.md", "\n".join(_markdown(campaign, found, lines)) + "\n")
    save_network(campaign, chosen, found, folder)
    for text in table_of(lines):
        echo(text)
    for text in _sentences(campaign, found):
        echo(text)
    echo(f"wrote {folder}/report.md")
    return found


def save_network(campaign: Campaign, chosen: Scored, found: Assessment, folder: Path) -> None:
    """Write the folder `network`, which `sortal cms apply` needs and nothing else."""
    result = Result(
        title=chosen.title,
        target=chosen.member.entry.target,
        members=chosen.members,
        part=Part.TEST,
        store=campaign.store,
    )
    choice = found.merit.chosen
    about = {
        "system": "cms",
        "classes": list(campaign.sample.classes.names),
        "class_map": dict(campaign.sample.classes.of_process),
        "folds": campaign.settings.folds,
        "columns": {
            "weight": None if campaign.settings.unit_weights else campaign.settings.weight,
            "process": campaign.settings.process,
            "event_number": campaign.settings.event_number,
        },
        "aliases": dict(campaign.settings.aliases),
        "cut": choice.cut if choice else None,
    }
    predictor = Predictor.load(campaign.store, [result])
    save_predictor(predictor, folder / NETWORK_FOLDER, plain(about))


def describe(campaign: Campaign, found: Assessment) -> dict[str, Any]:
    """Everything that is known of the chosen classifier, as plain values."""
    return {
        "title": found.scored.title,
        "parts": {
            part.value: {
                "events": len(found.scored.rows[part]),
                "loss": [quality.loss.value, quality.loss.error],
                "accuracy": [quality.accuracy.value, quality.accuracy.error],
                "auc": {
                    name: {
                        "value": one.auc.value,
                        "error": one.auc.error,
                        "negative_weights": one.auc.signed,
                        "leaves_unit_square": one.leaves_unit_square,
                    }
                    for name, one in quality.areas.items()
                },
            }
            for part, quality in found.quality.items()
        },
        "over_training": {
            f"{first.value} against {second.value}": {
                "level": verdict.level,
                "sentence": verdict.sentence,
                "tests": [
                    {"name": one.name, "p": one.p, "corrected": one.corrected}
                    for one in verdict.outcomes
                ],
            }
            for (first, second), verdict in found.verdicts.items()
        },
        "course": list(found.losses.sentences) if found.losses else [],
        "confusion": {
            "yields": found.confusion.yields.tolist(),
            "shares": found.confusion.shares.tolist(),
            "share_errors": found.confusion.share_errors.tolist(),
        },
        "yields_at_cut": list(_yield_rows(campaign, found.merit)),
        "training_weights": list(_weight_rows(campaign.store, found.scored)),
    }


def _yield_rows(campaign: Campaign, merit: Merit) -> Iterator[Row]:
    """Expected test events of each process above the chosen cut; none where nothing is chosen."""
    if merit.chosen is None:
        return
    yields: Yields = chosen_yields(merit, campaign.sample.events)
    for place, name in enumerate(yields.names):
        yield {
            "process": name,
            "expected": float(yields.expected[place]),
            "error": float(yields.errors[place]),
            "events": int(yields.events[place]),
            "efficiency": float(yields.efficiencies[place]),
        }


def _weight_rows(store: Store, scored: Scored) -> Iterator[Row]:
    """What became of the weights of each class on their way into training."""
    member = scored.member
    segment = store.members.segments.get(
        store.members.find([member.entry.key])[member.entry.key].segment
    )
    for weigher in load_weight_rules(segment.folder / "preparer").values():
        for one in weigher.report.classes:
            yield {
                "class": one.name,
                "events": one.rows,
                "negative": one.negative_rows,
                "yield_before": one.yield_before,
                "yield_after": one.yield_after,
                "effective_before": one.effective_before,
                "effective_after": one.effective_after,
            }


def _sentences(campaign: Campaign, found: Assessment) -> Iterator[str]:
    yield from _edge(campaign.settings, found.merit)
    yield from ratio_remarks(found.merit)
    for verdict in found.verdicts.values():
        yield verdict.sentence
    yield from _of_folds(campaign.settings, found.merit)
    if found.losses:
        yield from found.losses.sentences
    if campaign.peers and loses_signs(campaign.settings, campaign.sample.events):
        yield (
            f"Libraries of trees refuse negative weights: {_listed(campaign.settings.compare)} "
            "learnt from absolute ones, of the same total in each class; the networks kept the signs."
        )


def _of_folds(settings: CMSSettings, merit: Merit) -> Iterator[str]:
    """With folds, what the parts are, and how the cut is chosen."""
    if not settings.folds:
        return
    yield (
        "With folds training, validation and test are the same events, scored by different "
        "networks: a validation score is of the network that chose its epoch by that event, a test "
        "score of the one that never saw it. Tests between these parts are not of independent "
        "events, so that their p-values are too large and small differences stay unseen."
    )
    if merit.chosen and merit.by_fold:
        cuts = ", ".join(f"{cut:.4g}" for cut in merit.by_fold.cuts)
        yield (
            f"Each fold has the cut that is best on the test scores of all other folds ({cuts}); FOM "
            f"test is of events above the cut of their own fold. The cut {merit.chosen.cut:.4g}, for "
            "new events, is the best on all test scores: its figure, FOM validation, is of the "
            "events that chose it, and flatters."
        )


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _edge(settings: CMSSettings, merit: Merit) -> Iterator[str]:
    """Say so where the chosen cut is the lowest that was tried, and lower ones might be better."""
    lowest = float(merit.scans[Part.VALIDATION].cuts[0])
    if merit.chosen is None or merit.chosen.cut > lowest or settings.scan != "page":
        return
    way = "without compat, scan: scores" if settings.compat else "scan: scores"
    yield (
        f"The cut chosen on validation, {lowest:g}, is the lowest of the page's grid, and a lower "
        f"one may be better; {way} tries every score."
    )


def _markdown(
    campaign: Campaign, found: Assessment, lines: Sequence[ComparedClassifier]
) -> Iterator[str]:
    settings, merit = campaign.settings, found.merit
    yield f"# {found.scored.title}"
    yield ""
    way = (
        "Validation and test are the same events: the cut of each fold is chosen on the other folds "
        "and applied to its own events, which had no part in choosing it."
        if settings.folds
        else "The cut is chosen on validation events and applied to test events, which had no part "
        "in any choice."
    )
    yield (
        f"Luminosity {settings.luminosity:g}/pb, relative background uncertainty "
        f"{settings.systematic:g}, figure of merit {settings.figure}. {way}"
    )
    yield ""
    yield from table_of(lines, form="markdown")
    yield ""
    yield "## Parts"
    yield ""
    yield "| part | events | loss | accuracy | AUC |"
    yield "|---|---|---|---|---|"
    for part, quality in found.quality.items():
        areas = ", ".join(
            f"{name} {one.auc.value:.4f} ± {one.auc.error:.4f}"
            for name, one in quality.areas.items()
        )
        yield (
            f"| {part.value} | {len(found.scored.rows[part])} "
            f"| {quality.loss.value:.4f} ± {quality.loss.error:.4f} "
            f"| {quality.accuracy.value:.4f} ± {quality.accuracy.error:.4f} | {areas} |"
        )
    yield ""
    if merit.chosen:
        cut = "of their fold" if merit.by_fold else f"{merit.chosen.cut:.4g}"
        yield f"## Expected test events above the cut {cut}"
        yield ""
        yield "| process | expected | simulated | efficiency |"
        yield "|---|---|---|---|"
        for row in _yield_rows(campaign, merit):
            yield (
                f"| {row['process']} | {row['expected']:.4g} ± {row['error']:.2g} "
                f"| {row['events']} | {row['efficiency']:.3g} |"
            )
        yield ""
    if campaign.sample.events.notes:
        yield "## Events"
        yield ""
        yield from (f"- {note}" for note in campaign.sample.events.notes)
        yield ""
    yield "## Training"
    yield ""
    for text in _sentences(campaign, found):
        yield f"- {text}"
    yield ""
    yield "| class | events | negative | yield | yield in training | effective | effective in training |"
    yield "|---|---|---|---|---|---|---|"
    for row in _weight_rows(campaign.store, found.scored):
        yield (
            f"| {row['class']} | {row['events']} | {row['negative']} | {row['yield_before']:.5g} "
            f"| {row['yield_after']:.5g} | {row['effective_before']:.5g} "
            f"| {row['effective_after']:.5g} |"
        )
