"""Figures of merit against a slow evaluation of the page's scan, event by event and cut by cut."""

import math

import numpy as np
import pytest

from sortal.data.split import Part
from sortal.errors import NotFound
from sortal.evaluation.physics.significance import FigureOfMerit
from sortal.systems.cms.data.classes import class_map
from sortal.systems.cms.data.scales import scales_of
from sortal.systems.cms.data.soundness import refuse_unsound
from sortal.systems.cms.results.merit import class_yields, merit_of, process_yields
from sortal.systems.cms.settings import MulticlassSettings
from sortal.systems.cms.training.scored import Scored

POINT = "S_550_520"
PROCESSES = (POINT, "S_500_420", "WjHT", "TTlep", "ZJnu", "VV")
LUMINOSITY = 35866
F = 0.2


def options(**given):
    return MulticlassSettings(**{"signal_point": POINT, "bootstrap": 20, **given})


@pytest.fixture(params=range(3))
def sample(request, events):
    """Random events of unequal parts and their random scores, some of them exactly 1."""
    generator = np.random.default_rng(request.param)
    count = 4000
    names = generator.choice(PROCESSES, count, p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.1])
    parts = generator.choice([part.value for part in Part], count, p=[0.3, 0.25, 0.45])
    held = events(names, weights=generator.gamma(2, 2e-4, count), parts=parts)
    logits = generator.normal(size=(count, 5)) * 3
    logits[:, 0] += np.where(held.is_signal, 6, 0.5)
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores[generator.random(count) < 0.02] = [1, 0, 0, 0, 0]
    scores = scores.astype(np.float32)
    rows = {part: held.rows(part) for part in Part}
    scored = Scored(
        title="network", seed=0, members=(), rows=rows, scores={p: scores[rows[p]] for p in Part}
    )
    return held, scored


def script_merit(signal, background):
    """The script's form of the figure: two logarithms, NaN counts as nothing."""
    with np.errstate(all="ignore"):
        both, square = signal + background, (F * background) ** 2
        first = both * np.log(both * (background + square) / (background**2 + both * square))
        second = np.log1p(F**2 * signal / (1 + F**2 * background)) / F**2
    return math.sqrt(2 * (first - second)) if first > second else 0.0


def slow(held, scored, part, factors, *, point_alone, strict):
    """S, B and both totals by going through all events for each of the 200 cuts."""
    rows, scores = scored.rows[part], scored.scores[part]
    classes = class_map(held, options())
    yields = np.zeros((200, 2))
    totals = np.zeros(2)
    cuts = [0.7 + i * 0.0015 for i in range(200)]
    for row, score in zip(rows, scores, strict=True):
        process, kind = held.processes[held.process[row]], classes.codes[row]
        if kind == 0 and point_alone and process != POINT:
            continue
        weight = held.weights[row] * LUMINOSITY * factors(process, kind)
        totals[min(kind, 1)] += weight
        if strict and (score.argmax() != 0 or score[0] >= 1.0):
            continue
        for place, cut in enumerate(cuts):
            if float(score[0]) > cut if strict else float(score[0]) >= cut:
                yields[place, min(kind, 1)] += weight
    return yields, totals


def held_against(merit, part, yields, totals, figures):
    scan = merit.scans[part]
    np.testing.assert_allclose(scan.cuts, 0.7 + np.arange(200) * 0.0015, rtol=1e-12)
    np.testing.assert_allclose(scan.signal, yields[:, 0], rtol=1e-9)
    np.testing.assert_allclose(scan.background, yields[:, 1], rtol=1e-9)
    np.testing.assert_allclose([scan.total_signal, scan.total_background], totals, rtol=1e-9)
    np.testing.assert_allclose(scan.merit, figures, rtol=1e-9, atol=1e-9)


def test_compat_scans_as_the_script_does_its_faults_included(sample):
    held, scored = sample
    given = options(compat=True)
    classes = class_map(held, given)
    merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
    of_part = {Part.TRAIN: (4, 4), Part.VALIDATION: (4, 2), Part.TEST: (2, 2)}
    figures = {}
    for part, (usual, other) in of_part.items():
        yields, totals = slow(
            held,
            scored,
            part,
            lambda process, kind, usual=usual, other=other: other if kind == 4 else usual,
            point_alone=part is not Part.TEST,
            strict=True,
        )
        figures[part] = np.array([script_merit(*pair) for pair in yields])
        held_against(merit, part, yields, totals, figures[part])
    best = int(np.argmax(figures[Part.VALIDATION]))
    assert merit.chosen.cut == pytest.approx(0.7 + best * 0.0015)
    assert merit.chosen.validation.merit == pytest.approx(figures[Part.VALIDATION][best], rel=1e-9)
    assert merit.chosen.test.merit == pytest.approx(figures[Part.TEST][best], rel=1e-9)
    assert merit.chosen.oracle.merit == pytest.approx(figures[Part.TEST].max(), rel=1e-9)


def test_the_corrected_scan_equals_a_slow_one(sample):
    """With derived factors, one signal point, and scores of exactly 1."""
    held, scored = sample
    given = options(minimum_effective_background=0.0)
    classes = class_map(held, given)
    merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
    names = held.process_names
    for part in Part:
        mine = names[held.rows(part)]
        whole = {name: (names == name).sum() / (mine == name).sum() for name in PROCESSES}
        yields, totals = slow(
            held,
            scored,
            part,
            lambda process, kind, whole=whole: whole[process],
            point_alone=True,
            strict=False,
        )
        figures = [float(FigureOfMerit.ASIMOV.of(s, b, uncertainty=F)) for s, b in yields]
        held_against(merit, part, yields, totals, figures)


def test_factors_may_be_given_by_part_and_class(sample):
    held, _ = sample
    given = options(split_factors={"validation": {"Other": 3.0, "Signal": 5.0}})
    classes = class_map(held, given)
    derived = scales_of(held, classes, options()).expected
    scales = scales_of(held, classes, given).expected
    changed = np.isin(classes.codes, [0, 4])
    np.testing.assert_array_equal(scales[Part.TEST], derived[Part.TEST])
    np.testing.assert_array_equal(
        scales[Part.VALIDATION][~changed], derived[Part.VALIDATION][~changed]
    )
    wanted = np.where(classes.codes == 4, 3.0, 5.0) * LUMINOSITY
    np.testing.assert_allclose(scales[Part.VALIDATION][changed], wanted[changed])


def test_a_factor_of_no_class_is_told(sample):
    held, _ = sample
    given = options(split_factors={"test": {"Wjet": 2.0}})
    with pytest.raises(NotFound, match=r"'Wjet' in split_factors\. Did you mean 'Wjets'"):
        refuse_unsound(held, class_map(held, given), given)


def test_of_folds_every_event_counts_once(sample):
    held, _ = sample
    given = options(folds=3)
    scales = scales_of(held, class_map(held, given), given).expected
    for part in Part:
        np.testing.assert_array_equal(scales[part], LUMINOSITY)


def test_every_distinct_score_may_be_a_cut(sample):
    held, scored = sample
    given = options(scan="scores", minimum_effective_background=0.0)
    classes = class_map(held, given)
    merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
    rows = held.rows(Part.VALIDATION)
    counted = ~held.is_signal[rows] | (held.process_names[rows] == POINT)
    cuts = np.unique(scored.scores[Part.VALIDATION][counted, 0])
    np.testing.assert_array_equal(merit.scans[Part.VALIDATION].cuts, cuts)
    np.testing.assert_array_equal(merit.scans[Part.TEST].cuts, cuts)


def test_yields_of_classes_and_processes_sum_to_the_scan_s(sample):
    held, scored = sample
    for given in (options(), options(compat=True)):
        classes = class_map(held, given)
        merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
        chosen = merit.chosen
        for part, point in ((Part.VALIDATION, chosen.validation), (Part.TEST, chosen.test)):
            by_class = class_yields(merit, classes, part, chosen.cut)
            by_process = process_yields(merit, held, part, chosen.cut)
            whole = point.signal + point.background
            assert sum(by_class.expected) == pytest.approx(whole, rel=1e-9)
            assert sum(by_process.expected) == pytest.approx(whole, rel=1e-9)
            assert by_class.expected[0] == pytest.approx(point.signal, rel=1e-9)


def test_with_too_little_background_everywhere_no_cut_is_chosen(sample):
    held, scored = sample
    given = options(minimum_background=1e12)
    classes = class_map(held, given)
    merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
    assert merit.chosen is None
    assert merit.reselection is None
    assert (merit.scans[Part.VALIDATION].merit == 0).all()


@pytest.mark.parametrize(("bootstrap", "drawn"), [(0, False), (5, True)])
def test_no_resamples_no_reselection(sample, bootstrap, drawn):
    held, scored = sample
    given = options(bootstrap=bootstrap)
    classes = class_map(held, given)
    merit = merit_of(scored, held, classes, scales_of(held, classes, given), given)
    assert (merit.reselection is not None) == drawn
    assert merit.chosen.test.merit > 0
