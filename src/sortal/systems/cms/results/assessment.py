"""What a classifier of events is worth: loss, areas, confusion, over-training, figure of merit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sortal.data.split import Part
from sortal.evaluation.diagnostics import overtraining
from sortal.evaluation.diagnostics.losses import LossReport, TrainingConditions, report_losses
from sortal.evaluation.diagnostics.overtraining import Agreement, compare_outputs, compare_parts
from sortal.evaluation.diagnostics.overtraining_verdict import OvertrainingVerdict, summarise_tests
from sortal.metrics.uncertainty import (
    Area,
    ConfusionShares,
    Estimate,
    areas_one_vs_rest,
    confusion_shares,
    weighted_accuracy,
    weighted_mean,
)
from sortal.systems.cms.results.merit import Merit, merit_of
from sortal.systems.cms.settings import BinarySettings, CMSSettings
from sortal.systems.cms.training.campaign import Campaign, CampaignSample
from sortal.systems.cms.training.scored import Scored

_SMALLEST = float(np.finfo(np.float32).tiny)
PAIRS = ((Part.TRAIN, Part.VALIDATION), (Part.VALIDATION, Part.TEST))
"""Parts that are compared: what was learnt with what was watched, that with what was neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Figures of one part, weighted."""

    loss: Estimate
    """Cross-entropy, with the classes balanced as in training: sum of w l / sum of w."""

    accuracy: Estimate
    """Share of that weight that is classed right."""

    areas: Mapping[str, Area]
    """Area under the ROC curve of each output, its class against the rest, physics weights."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assessment:
    """Everything that is reported of one classifier."""

    scored: Scored
    quality: Mapping[Part, Quality]
    merit: Merit
    agreements: Mapping[tuple[Part, Part], tuple[Agreement, ...]] = field(repr=False)
    """Per pair of parts, one value an output."""

    verdicts: Mapping[tuple[Part, Part], OvertrainingVerdict]
    confusion: ConfusionShares
    """Of test events, in expected events."""

    losses: LossReport | None
    """What the course of training tells; None of methods without one, and of ensembles."""


def assess(campaign: Campaign, scored: Scored, merit: Merit | None = None) -> Assessment:
    """Judge one classifier on all parts.

    Args:
        campaign: What was trained.
        scored: The classifier.
        merit: What its cuts come to, where that is known already.
    """
    settings, sample = campaign.settings, campaign.sample
    agreements = {pair: _agreements(pair, scored, sample, settings) for pair in PAIRS}
    test = scored.rows[Part.TEST]
    # Factors are infinite for processes that the test part lacks: choose first, then multiply.
    expected = sample.events.weights[test] * sample.scales.expected[Part.TEST][test]
    scores = _per_class(scored.scores[Part.TEST])
    return Assessment(
        scored=scored,
        quality={part: _quality(part, scored, sample, settings) for part in Part},
        merit=merit or merit_of(scored, sample.events, sample.classes, sample.scales, settings),
        agreements=agreements,
        verdicts={pair: summarise_tests(found) for pair, found in agreements.items()},
        confusion=confusion_shares(
            _truth(sample, scored)[test], scores.argmax(axis=1), scores.shape[1], expected
        ),
        losses=_losses(scored, sample, settings) if scored.history else None,
    )


def balanced_weights(sample: CampaignSample, settings: CMSSettings) -> np.ndarray:
    """Physics weights with the classes balanced as in training, up to a common factor.

    Factors come from the training events and serve every part: total of class c
    proportional to (Y_c)^p, so that losses of parts compare whatever their sizes.

    Returns:
        Shape (events,), sign kept.
    """
    codes, weights = sample.classes.codes, sample.events.weights
    if isinstance(settings, BinarySettings):
        codes = np.minimum(codes, 1)
    rows = np.arange(len(codes)) if settings.folds else sample.events.rows(Part.TRAIN)
    sums = np.bincount(codes[rows], weights[rows])
    factors = np.divide(sums**settings.power, sums, out=np.zeros_like(sums), where=sums > 0)
    balanced: np.ndarray = weights * factors[codes]
    return balanced


def _quality(part: Part, scored: Scored, sample: CampaignSample, settings: CMSSettings) -> Quality:
    rows, scores = scored.rows[part], _per_class(scored.scores[part])
    truth = _truth(sample, scored)[rows]
    weights = balanced_weights(sample, settings)[rows]
    names = class_names(sample, scored)
    areas = areas_one_vs_rest(truth, scores, names, sample.events.weights[rows])
    return Quality(
        loss=weighted_mean(_event_losses(part, scored, sample), weights),
        accuracy=weighted_accuracy(truth, scores.argmax(axis=1), weights),
        areas={name: areas[name] for name in names[: _outputs(scored)]},
    )


def _event_losses(part: Part, scored: Scored, sample: CampaignSample) -> np.ndarray:
    """Cross-entropy of each event of a part, shape (events,), float64."""
    rows, scores = scored.rows[part], _per_class(scored.scores[part])
    of_truth = scores[np.arange(len(rows)), _truth(sample, scored)[rows]]
    losses: np.ndarray = -np.log(np.maximum(of_truth, _SMALLEST)).astype(np.float64)
    return losses


def _outputs(scored: Scored) -> int:
    return int(scored.scores[Part.TEST].shape[1])


def class_names(sample: CampaignSample, scored: Scored) -> tuple[str, ...]:
    """Names of the classes as the scores count them: with one output all background is one."""
    names = sample.classes.names
    return names if _outputs(scored) > 1 else (names[0], "Background")


def _per_class(scores: np.ndarray) -> np.ndarray:
    """Probabilities of all classes, signal first, shape (events, classes): one output makes two."""
    if scores.shape[1] > 1:
        return scores
    return np.concatenate([scores, 1 - scores], axis=1)


def _truth(sample: CampaignSample, scored: Scored) -> np.ndarray:
    """Class of every event as the scores count them: with one output all background is one."""
    codes = sample.classes.codes
    return codes if _outputs(scored) > 1 else np.minimum(codes, 1)


def _agreements(
    pair: tuple[Part, Part], scored: Scored, sample: CampaignSample, settings: CMSSettings
) -> tuple[Agreement, ...]:
    truth, weights = _truth(sample, scored), sample.events.weights
    names = class_names(sample, scored)[: _outputs(scored)]
    first, second = (
        [
            overtraining.ScoredPart.of_node(
                part.value,
                scored.scores[part],
                truth[scored.rows[part]],
                node,
                weights[scored.rows[part]],
            )
            for node in range(len(names))
        ]
        for part in pair
    )
    if len(names) == 1:
        return (compare_parts(first[0], second[0], node=names[0], seed=settings.seed),)
    return compare_outputs(first, second, names, seed=settings.seed)


def _losses(scored: Scored, sample: CampaignSample, settings: CMSSettings) -> LossReport:
    updates = -(-scored.training_events // settings.batch_size)
    measured = measured_losses(scored, sample, settings)
    return report_losses(
        scored.history,
        TrainingConditions(
            dropout=settings.dropout,
            l1=settings.l1,
            l2=settings.l2,
            updates=updates,
            shared=None if settings.folds else shared_events(sample),
            errors=measured and (measured[0].error, measured[1].error),
        ),
    )


def measured_losses(
    scored: Scored, sample: CampaignSample, settings: CMSSettings
) -> tuple[Estimate, Estimate] | None:
    """Losses of training and validation events on the scale of the history, with errors.

    That is the mean over events of w l, with w in units of the mean |w| of training events, so
    that what weights vary by is in the errors too; `Quality.loss` divides by the sum of w.

    Returns:
        None where training had other weights than `balanced_weights`: with `compat`, or where
        negative ones were treated; and of folds, whose history is that of the first one alone.
    """
    treated = settings.negative_weights != "keep" and bool((sample.events.weights < 0).any())
    if settings.compat or settings.folds or treated:
        return None
    weights = balanced_weights(sample, settings)
    unit = np.abs(weights[scored.rows[Part.TRAIN]]).mean()
    train, validation = (
        weighted_mean(weights[scored.rows[part]] / unit * _event_losses(part, scored, sample))
        for part in (Part.TRAIN, Part.VALIDATION)
    )
    return train, validation


def shared_events(sample: CampaignSample) -> int:
    """How many validation events are training events too: the same values in every variable."""
    features = sample.events.features
    whole = [("", features.dtype)] * features.shape[1]
    train, validation = (
        np.ascontiguousarray(features[sample.events.rows(part)]).view(whole).ravel()
        for part in (Part.TRAIN, Part.VALIDATION)
    )
    return int(np.isin(validation, train).sum())
