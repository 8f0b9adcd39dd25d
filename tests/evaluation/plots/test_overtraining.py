"""What the overlay of two parts shows: read off the drawn axes."""

from dataclasses import replace

import numpy as np
import pytest

from sortal.errors import DataError
from sortal.evaluation.diagnostics.overtraining import ScoredPart, compare_parts
from sortal.evaluation.plots.overtraining import agreement_figure


def _part(name, seed, weight=1.0):
    random = np.random.default_rng(seed)
    positive = np.arange(400) % 2 == 0
    scores = random.random(400) ** np.where(positive, 0.5, 2.0)
    return ScoredPart(
        name=name, scores=scores, positive=positive, weights=weight * random.random(400)
    )


@pytest.fixture(scope="module")
def agreement():
    return compare_parts(_part("train", 0), _part("validation", 1, weight=7.0))


def _labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_each_class_is_drawn_as_steps_and_as_points(agreement):
    axes = agreement_figure([agreement]).axes[0]
    steps = {step.get_label(): step.get_data().values for step in axes.patches}
    for one, points in zip(agreement.classes, axes.containers, strict=True):
        np.testing.assert_allclose(
            steps[f"{one.name}, train"], one.first.sums / one.first.sums.sum()
        )
        drawn = points.lines[0].get_ydata()
        shares = one.second.shares()
        np.testing.assert_allclose(drawn, shares.sums[shares.squares > 0])


def test_errors_are_those_of_squared_weights(agreement):
    bars = agreement_figure([agreement]).axes[0].containers[0].lines[2][0].get_segments()
    shares = agreement.classes[0].second.shares()
    heights = [(bar[1, 1] - bar[0, 1]) / 2 for bar in bars]
    np.testing.assert_allclose(heights, shares.errors[shares.squares > 0])


def test_the_legend_tells_both_tests_and_both_areas(agreement):
    axes = agreement_figure([agreement]).axes[0]
    background = agreement.classes[1]
    tests = f"KS p = {background.ks.p:.2f}, $\\chi^2$ p = {background.chi_square.p:.2f}"
    assert f"background, validation: {tests}" in _labels(axes)
    first, second = (area.auc.value for area in agreement.areas)
    title = axes.get_legend().get_title().get_text()
    assert title == f"AUC {first:.4f} (train), {second:.4f} (validation)"


@pytest.mark.parametrize(
    ("p", "told"), [(np.nan, "unknown"), (1e-9, "< 0.0001"), (0.004, "0.004"), (0.6, "0.60")]
)
def test_p_is_told_in_few_digits(agreement, p, told):
    signal, background = agreement.classes
    signal = replace(signal, ks=replace(signal.ks, p=p))
    axes = agreement_figure([replace(agreement, classes=(signal, background))]).axes[0]
    assert any(f"KS p = {told}," in label for label in _labels(axes))


def test_every_output_has_a_panel(agreement):
    nodes = [
        replace(agreement, node=name) for name in ("Signal", "Wjets", "TTbar", "Z2nu", "Other")
    ]
    figure = agreement_figure(nodes)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        f"Score of node {agreement.node}" for agreement in nodes
    ]


def test_legend_and_distributions_do_not_meet(agreement):
    figure = agreement_figure([agreement])
    figure.draw_without_rendering()
    axes = figure.axes[0]
    highest = max(step.get_data().values.max() for step in axes.patches)
    assert axes.get_legend().get_window_extent().y0 > axes.transData.transform((0, highest))[1]


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_a_part_of_any_weight_can_be_drawn_within_finite_limits(weight):
    agreement = compare_parts(_part("train", 0), _part("test", 1, weight=weight))
    figure = agreement_figure([agreement])
    figure.draw_without_rendering()
    assert np.isfinite(figure.axes[0].get_ylim()).all()


def test_no_output_is_refused():
    with pytest.raises(DataError, match="at least one output"):
        agreement_figure([])
