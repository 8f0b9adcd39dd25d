"""Parts compared output by output, and the verdict on them."""

import math

import numpy as np
import pytest

from sortal.errors import DataError, OptionError
from sortal.evaluation.diagnostics.overtraining import (
    PERMUTED,
    ScoredPart,
    compare_outputs,
    compare_parts,
)
from sortal.evaluation.diagnostics.overtraining_verdict import summarise_tests
from sortal.metrics import ranking
from sortal.metrics.uncertainty import area


def part(stream, name, size, *, apart=1.0, signed=False, scale=1.0):
    """Signal and background with normal scores, weights that depend on them, any scale."""
    positive = stream.random(size) < 0.4
    scores = stream.normal(size=size) + apart * positive
    weights = scale * stream.exponential(size=size) * np.exp(0.3 * scores)
    if signed:
        weights *= np.where(stream.random(size) < 0.1, -1.0, 1.0)
    chances = 1.0 / (1.0 + np.exp(-scores))
    return ScoredPart(
        name=name, scores=chances.astype(np.float32), positive=positive, weights=weights
    )


def test_histograms_of_parts_and_classes_share_their_edges():
    """They lose no weight."""
    stream = np.random.default_rng(0)
    parts = part(stream, "train", 900), part(stream, "validation", 500, scale=4.0)
    found = compare_parts(*parts)
    edges = found.classes[0].first.edges
    assert len(edges) == 21
    assert edges[[0, -1]] == pytest.approx(
        [min(p.scores.min() for p in parts), max(p.scores.max() for p in parts)]
    )
    for one, kind in zip(found.classes, (True, False), strict=True):
        for histogram, of in ((one.first, parts[0]), (one.second, parts[1])):
            chosen = of.weights[of.positive == kind]
            assert np.array_equal(histogram.edges, edges)
            assert histogram.total == pytest.approx(chosen.sum())
            assert histogram.squares.sum() == pytest.approx((chosen**2).sum())
    assert [one.name for one in found.classes] == ["signal", "background"]
    assert found.parts == ("train", "validation")


def test_bins_of_equal_yield_hold_about_the_same_weight():
    stream = np.random.default_rng(1)
    found = compare_parts(
        part(stream, "a", 4000), part(stream, "b", 4000), bins=10, binning="yield"
    )
    sums = sum(h.shares().sums * h.total for one in found.classes for h in (one.first, one.second))
    assert sums / sums.sum() == pytest.approx(np.full(10, 0.1), abs=0.005)


def test_edges_may_be_given_and_must_ascend():
    stream = np.random.default_rng(2)
    parts = part(stream, "a", 100), part(stream, "b", 100)
    given = np.array([0.0, 0.3, 1.0])
    assert np.array_equal(compare_parts(*parts, bins=given).classes[1].second.edges, given)
    for wrong in (0, np.array([1.0, 0.0]), np.array([1.0])):
        with pytest.raises(OptionError, match="bins"):
            compare_parts(*parts, bins=wrong)


@pytest.mark.parametrize("binning", ["width", "yield"])
def test_one_score_for_all_is_one_bin_of_agreement(binning):
    flags = np.arange(40) % 2 == 0
    same = ScoredPart(name="a", scores=np.full(40, 0.5), positive=flags)
    found = compare_parts(same, same, binning=binning)
    assert found.classes[0].ks.p == 1.0
    assert math.isnan(found.classes[0].chi_square.p)
    assert found.areas[0].auc.value == 0.5
    assert math.isnan(found.gap_p)
    assert summarise_tests([found]).level == "no"


def test_the_gap_is_between_areas_and_errors_add_in_quadrature():
    stream = np.random.default_rng(3)
    parts = part(stream, "a", 700, apart=1.3), part(stream, "b", 600, signed=True)
    found = compare_parts(*parts)
    areas = [float(ranking.roc_auc(p.positive, p.scores, p.weights)) for p in parts]
    assert found.gap.value == pytest.approx(areas[0] - areas[1])
    assert found.gap.error == pytest.approx(math.hypot(*(a.auc.error for a in found.areas)))
    assert found.gap.signed
    assert not found.areas[0].auc.signed
    assert found.classes[0].ks.signed


def test_p_of_kolmogorov_is_exact_for_few_and_a_limit_for_many():
    stream = np.random.default_rng(4)
    kinds = [
        compare_parts(part(stream, "a", size), part(stream, "b", size)).classes[1].ks.kind
        for size in (200, PERMUTED)
    ]
    assert kinds == ["ks_permutation", "ks_limit"]


def test_a_gap_covers_the_truth_as_often_as_its_error_says():
    stream = np.random.default_rng(5)
    pulls = []
    for _ in range(300):
        one, two = (
            area(p.positive, p.scores, p.weights).auc
            for p in (part(stream, "a", 600), part(stream, "b", 1400))
        )
        pulls.append((one.value - two.value) / math.hypot(one.error, two.error))
    assert np.mean(np.abs(pulls) < 1.96) == pytest.approx(0.95, abs=0.04)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)


def test_models_that_did_not_over_train_are_seldom_accused():
    stream = np.random.default_rng(6)
    levels = [
        summarise_tests([compare_parts(part(stream, "a", 700), part(stream, "b", 400))]).level
        for _ in range(40)
    ]
    assert levels.count("yes") <= 1
    assert levels.count("no") >= 36


def test_a_model_that_learnt_its_examples_by_heart_is_found_out():
    stream = np.random.default_rng(7)
    verdict = summarise_tests(
        [compare_parts(part(stream, "train", 3000, apart=1.6), part(stream, "val", 2000))]
    )
    assert verdict.level == "yes"
    assert verdict.sentence.startswith("Over-training between train and val: yes; the least of 5 ")
    assert "a gap of +0." in verdict.sentence


def test_parts_that_differ_the_other_way_are_no_sure_sign():
    stream = np.random.default_rng(8)
    verdict = summarise_tests(
        [compare_parts(part(stream, "train", 3000), part(stream, "val", 2000, apart=1.6))]
    )
    assert verdict.level == "perhaps"
    assert "the parts differ, but train is not clearly separated better" in verdict.sentence


def test_outputs_of_several_classes_are_compared_with_the_rest():
    stream = np.random.default_rng(9)
    names = ["signal", "W", "top"]
    parts = []
    for name, size in (("train", 3000), ("val", 1500)):
        truth = stream.integers(0, 3, size)
        scores = stream.dirichlet(np.ones(3), size)
        parts.append([ScoredPart.of_node(name, scores, truth, node) for node in range(3)])
    found = compare_outputs(*parts, names)
    assert [one.node for one in found] == names
    assert [one.name for one in found[1].classes] == ["W", "not W"]
    weights = [h.total for one in found[2].classes for h in (one.first, one.second)]
    assert weights[0] + weights[2] == 3000
    verdict = summarise_tests(found)
    assert len(verdict.outcomes) == 15
    assert verdict.outcomes[5].name == "KS of W (W)"
    assert all(one.corrected >= one.p for one in verdict.outcomes)
    assert "of 15 p-values" in verdict.sentence


def test_a_class_that_a_part_lacks_leaves_the_verdict_open():
    flags = np.zeros(30, bool)
    lone = ScoredPart(name="a", scores=np.linspace(0, 1, 30), positive=flags)
    found = compare_parts(lone, lone)
    assert math.isnan(found.classes[0].ks.p)
    assert math.isnan(found.gap.value)
    few = ScoredPart(name="a", scores=np.zeros(0), positive=np.zeros(0, bool))
    empty = compare_parts(ScoredPart(name="b", scores=np.ones(1), positive=np.ones(1, bool)), few)
    assert summarise_tests([empty]).level == "unknown"


def test_parts_that_do_not_fit_together_are_refused():
    with pytest.raises(DataError, match="part a: expected as many scores"):
        ScoredPart(name="a", scores=np.zeros(3), positive=np.zeros(2, bool))
    with pytest.raises(DataError, match="got NaN"):
        ScoredPart(name="a", scores=np.array([np.nan]), positive=np.zeros(1, bool))
    with pytest.raises(DataError, match="true or false"):
        ScoredPart(name="a", scores=np.zeros(1), positive=np.zeros(1))


@pytest.mark.slow
def test_a_million_events_are_compared_without_permutations():
    """Permutations, or a comparison of all pairs, would take minutes and a terabyte."""
    stream = np.random.default_rng(10)
    parts = [
        part(stream, name, size) for name, size in (("a", 500_000), ("b", 250_000), ("c", 250_000))
    ]
    for found in (compare_parts(parts[0], parts[1]), compare_parts(parts[1], parts[2])):
        assert [one.ks.kind for one in found.classes] == ["ks_limit", "ks_limit"]
        assert math.isfinite(found.gap.value)
