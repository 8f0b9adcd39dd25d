"""Every figure of weighted examples is drawn whatever the signs of the weights, without a warning."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sortal.evaluation.diagnostics.overtraining import ScoredPart, compare_parts
from sortal.evaluation.physics.cut_scan import page_cuts, scan
from sortal.evaluation.physics.yields import yields_at_cut
from sortal.evaluation.plots.confusion import weighted_confusion_figure
from sortal.evaluation.plots.cuts import BestCut, merit_figure
from sortal.evaluation.plots.distributions import ProcessDistribution, score_figure
from sortal.evaluation.plots.drawing.lower_panel import LowerPanel
from sortal.evaluation.plots.overtraining import agreement_figure
from sortal.evaluation.plots.roc import LabelledRocCurve, roc_figure
from sortal.metrics.histogram import Histogram
from sortal.metrics.ranking import roc_auc, roc_curve
from sortal.metrics.two_sample import ks_asymptotic
from sortal.metrics.uncertainty import confusion_shares

EDGES = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True)
class Scored:
    """Examples as a figure takes them."""

    scores: np.ndarray
    weights: np.ndarray
    truth: np.ndarray

    @property
    def histogram(self):
        return Histogram.of(self.scores, self.weights, EDGES)

    def part(self, name):
        return ScoredPart(name=name, scores=self.scores, positive=self.truth, weights=self.weights)


def scored(scores, weights):
    rows = len(scores)
    return Scored(np.array(scores), np.array(weights, dtype=float), np.arange(rows) % 2 == 0)


CASES = {
    "all zero": scored([0.2, 0.4, 0.6, 0.8], [0, 0, 0, 0]),
    "all negative": scored([0.2, 0.4, 0.6, 0.8], [-1, -2, -1, -1]),
    "pairs that cancel": scored([0.75, 0.75, 0.85, 0.85, 0.75, 0.75], [1, 1, 1, 1, -1, -1]),
    "a total that cancels": scored([0.1, 0.2, 0.9, 0.8], [0.3, 1.0, -(0.1 + 0.2), -1.0]),
    "one negative example": scored([0.8], [-1.0]),
    "constant scores": scored([0.5] * 6, [1, -1, 2, 1, -3, 1]),
    "scores of exactly one": scored([1.0] * 4, [1, 1, -1, 2]),
}


def figures(one, other):
    """Every figure of the examples, as functions that make it."""
    yield lambda: score_figure(
        [
            ProcessDistribution(label="a", histogram=one.histogram),
            ProcessDistribution(label="b", histogram=other.histogram),
        ],
        signals=[ProcessDistribution(label="s", histogram=other.histogram)],
        lower=LowerPanel.ratio(one.histogram, other.histogram, label="r"),
    )
    yield lambda: agreement_figure([compare_parts(one.part("train"), other.part("test"))])

    def merit():
        made = []
        for held in (one, other):
            found = scan(held.scores, held.truth, held.weights, cuts=page_cuts(), uncertainty=0.2)
            cut = float(found.cuts[found.best])
            codes = held.truth.astype(int)
            yields = yields_at_cut(codes, ("B", "S"), held.scores, held.weights, cut)
            made.append(BestCut(scan=found, yields=yields))
        return merit_figure(*made, test_merit=0.0)

    yield merit

    def roc():
        curve = roc_curve(one.truth, one.scores, one.weights)
        area = float(roc_auc(one.truth, one.scores, one.weights))
        shown = LabelledRocCurve(label="r", fpr=curve.fpr, tpr=curve.tpr, area=area)
        return roc_figure([shown])

    yield roc
    guesses = (one.scores > 0.5).astype(int)
    yield lambda: weighted_confusion_figure(
        confusion_shares(one.truth.astype(int), guesses, 2, one.weights), ("a", "b")
    )


def draw_all(one, other):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in figures(one, other):
            figure = make()
            figure.draw_without_rendering()
            for axes in figure.axes:
                assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


@pytest.fixture(autouse=True)
def _quick_tests(monkeypatch):
    def quick(*samples, seed):
        return ks_asymptotic(*samples)

    monkeypatch.setattr("sortal.evaluation.diagnostics.overtraining.ks_permutation", quick)


@pytest.mark.parametrize("case", CASES)
def test_weights_of_any_sign_are_drawn(case):
    draw_all(CASES["pairs that cancel"], CASES[case])
    draw_all(CASES[case], CASES["pairs that cancel"])


examples = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, 0.75, 1.0]), st.floats(0, 1)),
        st.sampled_from([0.0, 1.0, -1.0, 0.1, -0.1, 0.3, -0.3, 1e-8, -1e5]),
    ),
    min_size=1,
    max_size=12,
).map(lambda rows: scored(*zip(*rows, strict=True)))


@pytest.mark.slow
@settings(max_examples=40)
@given(examples, examples)
def test_any_few_weighted_examples_are_drawn(one, other):
    draw_all(one, other)
