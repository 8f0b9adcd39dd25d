"""What pictures of a network show: read off the figures before they are painted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.evaluation.plots.drawing.style import PLAIN
from sortal.systems.cms.results import pictures
from sortal.systems.cms.results.pictures import draw_all, draw_course, merit_picture

LUMINOSITY = 35866


@pytest.fixture
def drawn(monkeypatch):
    """Figures by the name of their file, which is not written."""
    kept = {}

    def keep(figure, path, look):
        kept[path.name] = figure
        return path

    monkeypatch.setattr(pictures, "save", keep)
    return kept


@pytest.fixture
def stacked(monkeypatch, drawn, tmp_path, judged):
    """Draw all pictures, and tell what that of the scores is made of."""
    kept = {}
    score_figure = pictures.score_figure

    def keep(background, *, signals, lower, **others):
        kept.update(background=background, signals=signals, lower=lower)
        return score_figure(background, signals=signals, lower=lower, **others)

    def draw(campaign, found=None):
        draw_all(campaign, found or judged(campaign), tmp_path, PLAIN)
        return kept

    monkeypatch.setattr(pictures, "score_figure", keep)
    return draw


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_every_picture_has_its_file(one, judged, drawn, tmp_path):
    paths = draw_all(one, judged(one), tmp_path, PLAIN)
    names = {
        *("FOM.png", "scores.png", "confusion.png"),
        *("train_against_validation.png", "validation_against_test.png"),
    }
    assert {path.name for path in paths} == names == set(drawn)
    assert {path.parent for path in paths} == {tmp_path}


@pytest.mark.parametrize("which", ["one", "multiclass"])
def test_scores_are_stacked_by_process_in_expected_test_events(which, request, stacked, truth):
    campaign = request.getfixturevalue(which)
    made = stacked(campaign)
    files = truth(campaign.settings, Part.TEST)
    expected = files.weights * LUMINOSITY * files.factors
    scores = campaign.networks[0].scores[Part.TEST][:, 0].astype(float)
    edges = np.linspace(0, 1, 41)
    kinds = (("background", files.codes > 0), ("signals", files.processes == "T2DegStop_550_520"))
    for kind, among in kinds:
        assert {one.label for one in made[kind]} == set(files.processes[among])
        for one in made[kind]:
            mine = files.processes == one.label
            wanted, _ = np.histogram(scores[mine], edges, weights=expected[mine])
            np.testing.assert_allclose(one.histogram.sums, wanted, rtol=1e-9, atol=1e-9)
    totals = [one.histogram.total for one in made["background"]]
    assert totals == sorted(totals)


def test_the_panel_below_is_test_background_over_validation(one, stacked, truth):
    made = stacked(one)
    sums = {}
    for part in (Part.VALIDATION, Part.TEST):
        files = truth(one.settings, part)
        scores, mine = one.networks[0].scores[part][:, 0].astype(float), files.codes == 1
        expected = files.weights * LUMINOSITY * files.factors
        sums[part], _ = np.histogram(scores[mine], np.linspace(0, 1, 41), weights=expected[mine])
    with np.errstate(all="ignore"):
        ratio = sums[Part.TEST] / sums[Part.VALIDATION]
    known = np.isfinite(ratio)
    np.testing.assert_allclose(made["lower"].values[known], ratio[known], rtol=1e-6)


def test_only_a_faint_signal_is_scaled_by_a_power_of_ten(one, judged, stacked):
    found = judged(one)
    (usual,) = stacked(one)["signals"]
    for faintness in (1e-3, 1e3):
        test = found.merit.events[Part.TEST]
        weights = np.where(test.is_signal, faintness * test.weights, test.weights)
        merit = replace(
            found.merit,
            events={**found.merit.events, Part.TEST: replace(test, weights=weights)},
        )
        made = stacked(one, replace(found, merit=merit))
        (signal,) = made["signals"]
        highest = max(held.histogram.sums.max() for held in made["background"])
        if faintness > 1:
            assert signal.scale == 1
        else:
            assert signal.scale == 1000 * usual.scale
            assert 0.03 <= signal.scale * signal.histogram.sums.max() / highest <= 0.3


@pytest.mark.parametrize("which", ["one", "multiclass"])
def test_lines_of_the_figure_of_merit_stand_at_the_best_cuts(which, request, judged):
    campaign = request.getfixturevalue(which)
    found = judged(campaign)
    figure = merit_picture(campaign, found.merit, "RUN 3", PLAIN)
    upper, lower = figure.axes
    assert upper.get_title(loc="left") == "RUN 3"
    assert lower.get_xlabel() == "Lower cut on the signal output of the network"
    across = {
        line.get_xdata()[0]
        for line in upper.lines
        if len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1]
    }
    best = {float(scan.cuts[scan.best]) for scan in found.merit.scans.values()}
    assert across == best
    assert found.merit.chosen.cut in across
    told = " ".join(legend(upper))
    assert f"{found.merit.chosen.test.merit:.3f}"[:4] in told


def test_without_a_cut_the_figure_of_merit_is_still_drawn(
    one, binary_settings, judged, drawn, tmp_path
):
    none = replace(one, settings=binary_settings(minimum_background=1e12, scan="page"))
    draw_all(none, judged(none), tmp_path, PLAIN)
    assert "FOM.png" in drawn
    for figure in drawn.values():
        figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("one", ["Signal", "Background"]),
        ("multiclass", ["Signal", "Wjets", "TTbar", "Z2nu", "Other"]),
    ],
)
def test_the_confusion_matrix_is_named_by_classes(which, names, request, judged, drawn):
    campaign = request.getfixturevalue(which)
    draw_all(campaign, judged(campaign), Path(), PLAIN)
    axes = drawn["confusion.png"].axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == names
    assert [text.get_text() for text in axes.get_yticklabels()] == names
    shares = judged(campaign).confusion.shares
    printed = " ".join(text.get_text() for text in axes.texts)
    assert f"{100 * shares[0, 0]:.1f}"[:3] in printed


@pytest.mark.parametrize("log", [False, True])
def test_histories_have_the_script_s_labels_and_the_best_epoch(log, one, drawn, tmp_path):
    (network,) = one.networks
    draw_course(network, tmp_path, PLAIN, log_accuracy=log)
    assert set(drawn) == {"TrnVal_loss.png", "TrnVal_accuracy.png"}
    losses = [row["validation_loss"] for row in network.history]
    for name, column, kind in (
        ("TrnVal_loss.png", "loss", "loss"),
        ("TrnVal_accuracy.png", "accuracy", "accuracy"),
    ):
        (axes,) = drawn[name].axes
        assert legend(axes) == [
            f"Training {kind}",
            f"Validation {kind}",
            f"Best epoch: {int(np.argmin(losses))}",
        ]
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        for label, ours in (("Training", column), ("Validation", f"validation_{column}")):
            wanted = [row[ours] for row in network.history]
            np.testing.assert_array_equal(lines[f"{label} {kind}"], wanted)
        assert axes.get_xlabel() == "Epoch"
        assert axes.get_yscale() == ("log" if log and kind == "accuracy" else "linear")
