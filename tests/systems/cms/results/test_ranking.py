"""Classifiers side by side: which lines there are, what they say, and that they say it alike everywhere."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.systems.cms.results.merit import merit_of
from sortal.systems.cms.results.ranking import lines_of, table_of
from sortal.systems.cms.results.runs import runs_of

OPTIMUM = "optimum (true likelihood ratio)"
LUMINOSITY, F = 35866, 0.2


@pytest.fixture(scope="module")
def lines(judged):
    """Lines of a campaign."""

    def of(campaign):
        found = judged(campaign)
        return lines_of(campaign, runs_of(campaign, campaign.networks), found.scored, found)

    return of


def merit(campaign, scored):
    sample = campaign.sample
    return merit_of(scored, sample.events, sample.classes, sample.scales, campaign.settings)


def asimov(signal, background, f):
    """The guide's figure of merit, as it writes it."""
    s, b, variance = signal, background, (f * background) ** 2
    first = (s + b) * math.log((s + b) * (b + variance) / (b**2 + (s + b) * variance))
    second = math.log(1 + f**2 * b**2 * s / (b * (b + variance))) / f**2
    return math.sqrt(2 * (first - second))


def test_runs_come_first_then_mean_other_methods_and_optimum(several, lines):
    titles = [line.title for line in lines(several)]
    assert titles == ["run 0", "run 1", "ensemble", "lda", OPTIMUM]


def test_what_the_cuts_on_a_run_come_to_is_not_found_again(several, judged):
    runs, found = runs_of(several, several.networks), judged(several)
    lines = lines_of(several, runs, found.scored, found)
    for run, line in zip(runs, lines, strict=False):
        assert line.merit is run.merit
    assert lines[len(runs)].merit is found.merit


@pytest.mark.parametrize("which", ["one", "folded", "multiclass"])
def test_one_network_has_one_line_and_so_have_its_folds(which, request, lines):
    assert [line.title for line in lines(request.getfixturevalue(which))] == ["network"]


def test_the_line_of_the_optimum_is_that_of_the_example(several, lines, simulated):
    known = json.loads((simulated / "optimum.json").read_text())["binary"]["test"]
    told = lines(several)[-1].described()
    assert told["auc"] == pytest.approx(known["auc"], rel=1e-9)
    assert told["cut"] == pytest.approx(known["cut"], rel=1e-9)
    assert told["merit_test"] == pytest.approx(known["merit"], rel=1e-6)
    assert told["merit_test_error"] == pytest.approx(known["merit_error"], rel=1e-6)
    assert told["signal"] == pytest.approx(known["signal"], rel=1e-6)
    assert told["background"] == pytest.approx(known["background"], rel=1e-6)


def test_no_classifier_of_many_events_beats_the_optimum(several, lines):
    *others, best = lines(several)
    for line in others:
        assert line.auc.value < best.auc.value


def test_figures_of_a_line_are_those_of_the_files(one, lines, truth):
    """S and B of each part above the cut, the guide's formula on them, and the best cut by hand."""
    (network,) = one.networks
    (line,) = lines(one)
    told = line.described()
    figures = {}
    for part in (Part.VALIDATION, Part.TEST):
        files = truth(one.settings, part)
        weights = files.weights * LUMINOSITY * files.factors
        scores = network.scores[part][:, 0].astype(float)

        def summed(cut, files=files, weights=weights, scores=scores):
            above = scores >= cut
            signal, background = above & (files.codes == 0), above & (files.codes == 1)
            least = weights[background].sum() ** 2 / max((weights[background] ** 2).sum(), 1e-300)
            return weights[signal].sum(), weights[background].sum(), least

        figures[part] = summed
    tried = {
        float(cut): asimov(s, b, F) if b > 0 and s > 0 and effective >= 10 else 0.0
        for cut in network.scores[Part.VALIDATION][:, 0]
        for s, b, effective in [figures[Part.VALIDATION](float(cut))]
    }
    best = max(tried, key=lambda cut: (tried[cut], -cut))
    assert told["cut"] == best
    assert told["merit_validation"] == pytest.approx(tried[best], rel=1e-9)
    s, b, effective = figures[Part.TEST](best)
    assert told["merit_test"] == pytest.approx(asimov(s, b, F), rel=1e-9)
    assert [told["signal"], told["background"]] == pytest.approx([s, b], rel=1e-9)
    assert told["effective_background"] == pytest.approx(effective, rel=1e-9)
    assert told["merit_test_maximum"] >= told["merit_test"]
    low, high = told["merit_test_interval"]
    assert low < told["merit_test"] < high


def test_a_line_says_what_the_scan_says(several, lines):
    scored = [*several.networks, None, *several.peers, several.optimum]
    for line, one in zip(lines(several), scored, strict=True):
        if one is None:
            continue
        found = merit(several, one)
        told = line.described()
        assert told["cut"] == found.chosen.cut
        assert told["merit_validation"] == found.scans[Part.VALIDATION].merit.max()
        assert told["merit_test"] == found.chosen.test.merit
        assert told["merit_test_maximum"] == found.scans[Part.TEST].merit.max()
        assert told["optimism_of_validation"] == found.reselection.optimism
        assert line.cells()[3:5] == (
            f"{found.chosen.cut:.4f}",
            f"{found.chosen.test.merit:.4f} ± {found.chosen.test.merit_error:.4f}",
        )


def test_the_area_counts_the_benchmark_signal_alone(multiclass, lines, truth):
    (network,) = multiclass.networks
    (line,) = lines(multiclass)
    told = truth(multiclass.settings, Part.TEST)
    counted = (told.codes > 0) | (told.processes == "T2DegStop_550_520")
    assert not counted.all()
    scores, signal, weights = (
        network.scores[Part.TEST][counted, 0],
        told.codes[counted] == 0,
        told.weights[counted],
    )
    ahead = np.sign(scores[signal][:, np.newaxis] - scores[~signal]) / 2 + 0.5
    pairs = weights[signal][:, np.newaxis] * weights[~signal]
    assert line.auc.value == pytest.approx((ahead * pairs).sum() / pairs.sum(), rel=1e-9)


def test_where_no_cut_is_chosen_the_line_says_why(one, lines, binary_settings):
    strict = replace(one, settings=binary_settings(minimum_background=1e12))
    (network,) = one.networks
    line = replace(lines(one)[0], merit=merit(strict, network))
    assert line.described()["cut"] is None
    assert line.cells()[2:] == ("no cut leaves enough background", "", "", "", "")


def test_without_resamples_there_is_no_interval(one, lines, binary_settings):
    plain = replace(one, settings=binary_settings(bootstrap=0))
    (network,) = one.networks
    line = replace(lines(one)[0], merit=merit(plain, network))
    assert all(math.isnan(end) for end in line.described()["merit_test_interval"])
    assert line.described()["optimism_of_validation"] is None
    assert line.cells()[5] == ""
    assert line.cells()[4] != ""


def test_a_test_part_with_too_little_background_has_no_figure(several, lines):
    line = lines(several)[0]
    point = replace(line.merit.chosen.test, guarded=True, effective_background=3.14)
    merit = replace(line.merit, chosen=replace(line.merit.chosen, test=point))
    assert replace(line, merit=merit).cells()[4] == "none: 3.1 effective background events"


def test_a_table_has_a_header_and_aligned_columns(several, lines):
    found = lines(several)
    header, *rows = table_of(found)
    assert header.startswith("classifier")
    assert len(rows) == len(found)
    for place, name in enumerate(("AUC", "FOM validation", "cut", "FOM test", "95 % interval")):
        at = header.index(name)
        for line, row in zip(found, rows, strict=True):
            assert row[at:].startswith(line.cells()[place + 1])
            assert row[at - 1] == " "


def test_the_table_for_markdown_holds_the_same_cells(several, lines):
    found = lines(several)
    header, rule, *rows = table_of(found, form="markdown")
    assert set(rule) == {"|", "-"}
    assert rule.count("|") == header.count("|") == 8
    for line, row in zip(found, rows, strict=True):
        assert tuple(cell.strip() for cell in row.strip("|").split("|")) == line.cells()
