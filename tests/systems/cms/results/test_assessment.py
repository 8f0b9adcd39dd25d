"""What a classifier is worth, against NumPy and scikit-learn on what the files say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, log_loss, roc_auc_score

from sortal.data.split import Part
from sortal.systems.cms.data.classes import class_map
from sortal.systems.cms.data.scales import scales_of
from sortal.systems.cms.results.assessment import (
    assess,
    balanced_weights,
    class_names,
    measured_losses,
    shared_events,
)
from sortal.systems.cms.training.campaign import CampaignSample

LUMINOSITY = 35866


@pytest.fixture(scope="module")
def positive(train, binary_settings, simulated, tmp_path_factory):
    """A network of the same events without their signs, as scikit-learn wants them."""
    folder = tmp_path_factory.mktemp("positive")
    for path in (simulated / "data").iterdir():
        rows = (line.split(",") for line in path.read_text().splitlines())
        text = "\n".join(",".join([*row[:-2], row[-2].lstrip("-"), row[-1]]) for row in rows)
        (folder / path.name).write_text(f"{text}\n")
    return train(binary_settings(data=str(folder)))


def balanced(campaign, truth):
    """Physics weight by the total of its class among training events: classes weigh the same."""
    settings = campaign.settings
    train = truth(settings, Part.TRAIN)
    totals = np.array([train.weights[train.codes == c].sum() for c in range(train.codes.max() + 1)])
    return lambda one: one.weights * totals[one.codes] ** (settings.power - 1)


def area_of_pairs(scores, positive, weights):
    """Weight of the pairs that are ordered right over that of all; signs count."""
    ahead = np.sign(scores[positive][:, np.newaxis] - scores[~positive]) / 2 + 0.5
    pairs = weights[positive][:, np.newaxis] * weights[~positive]
    return (ahead * pairs).sum() / pairs.sum()


def test_areas_are_those_of_scikit_learn_for_positive_weights(positive, truth, judged):
    (network,) = positive.networks
    found = judged(positive)
    for part in Part:
        one = truth(positive.settings, part)
        wanted = roc_auc_score(
            one.codes == 0, network.scores[part][:, 0], sample_weight=one.weights
        )
        (area,) = found.quality[part].areas.values()
        assert area.auc.value == pytest.approx(wanted, rel=1e-9)
        assert not area.auc.signed
        assert not area.leaves_unit_square


def test_with_negative_weights_areas_sum_signed_pairs(one, truth, judged):
    """A note says so."""
    (network,) = one.networks
    found = judged(one)
    for part in Part:
        told = truth(one.settings, part)
        assert (told.weights < 0).any()
        wanted = area_of_pairs(network.scores[part][:, 0], told.codes == 0, told.weights)
        assert found.quality[part].areas["Signal"].auc.value == pytest.approx(wanted, rel=1e-9)
        assert found.quality[part].areas["Signal"].auc.signed


def test_every_class_of_several_has_its_area_against_the_rest(multiclass, truth, judged):
    (network,) = multiclass.networks
    found = judged(multiclass)
    for part in Part:
        told = truth(multiclass.settings, part)
        areas = found.quality[part].areas
        assert list(areas) == ["Signal", "Wjets", "TTbar", "Z2nu", "Other"]
        for code, area in enumerate(areas.values()):
            wanted = area_of_pairs(network.scores[part][:, code], told.codes == code, told.weights)
            assert area.auc.value == pytest.approx(wanted, rel=1e-9)


def test_the_loss_is_scikit_learn_s_with_balanced_weights(positive, truth, judged):
    (network,) = positive.networks
    found = judged(positive)
    weighed = balanced(positive, truth)
    for part in Part:
        told = truth(positive.settings, part)
        scores = network.scores[part][:, 0].astype(np.float64)
        wanted = log_loss(told.codes == 0, scores, sample_weight=weighed(told))
        # A network's 1 - score is of single precision.
        assert found.quality[part].loss.value == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("which", ["one", "multiclass"])
def test_loss_and_accuracy_are_weighted_means_over_the_events(which, request, truth, judged):
    campaign = request.getfixturevalue(which)
    (network,) = campaign.networks
    found = judged(campaign)
    weighed = balanced(campaign, truth)
    for part in Part:
        told = truth(campaign.settings, part)
        scores = network.scores[part]
        if which == "one":
            scores = np.concatenate([scores, 1 - scores], axis=1)
        weights = weighed(told)
        losses = -np.log(scores[np.arange(len(scores)), told.codes].astype(np.float64))
        assert found.quality[part].loss.value == pytest.approx(
            (weights * losses).sum() / weights.sum(), rel=1e-5
        )
        right = scores.argmax(axis=1) == told.codes
        assert found.quality[part].accuracy.value == pytest.approx(
            weights[right].sum() / weights.sum(), rel=1e-9
        )


def test_losses_of_training_are_sums_over_rows_not_weights(one, truth, judged):
    (network,) = one.networks
    best = min(network.history, key=lambda row: row["validation_loss"])
    weighed = {part: balanced(one, truth)(truth(one.settings, part)) for part in Part}
    found = judged(one)
    for part, name in ((Part.TRAIN, "training_loss"), (Part.VALIDATION, "validation_loss")):
        over_rows = weighed[part].mean() / np.abs(weighed[Part.TRAIN]).mean()
        assert best[name] == pytest.approx(found.quality[part].loss.value * over_rows, rel=1e-5)


@pytest.mark.parametrize("which", ["one", "positive", "multiclass"])
def test_measured_losses_are_those_of_the_history_with_errors(which, request, truth):
    """The errors are those of a mean."""
    campaign = request.getfixturevalue(which)
    (network,) = campaign.networks
    best = min(network.history, key=lambda row: row["validation_loss"])
    weighed = {part: balanced(campaign, truth)(truth(campaign.settings, part)) for part in Part}
    found = measured_losses(network, campaign.sample, campaign.settings)
    pairs = ((Part.TRAIN, "training_loss"), (Part.VALIDATION, "validation_loss"))
    for one, (part, name) in zip(found, pairs, strict=True):
        assert one.value == pytest.approx(best[name], rel=1e-5)
        scores, codes = network.scores[part], truth(campaign.settings, part).codes
        if scores.shape[1] == 1:
            scores = np.concatenate([scores, 1 - scores], axis=1)
        losses = -np.log(scores[np.arange(len(codes)), codes].astype(np.float64))
        terms = losses * weighed[part] / np.abs(weighed[Part.TRAIN]).mean()
        assert one.error == pytest.approx(terms.std(ddof=1) / math.sqrt(len(terms)), rel=1e-5)


def test_losses_have_no_errors_where_training_had_other_weights(one, folded, positive):
    (network,) = one.networks
    for other in ({"compat": True}, {"negative_weights": "drop"}, {"negative_weights": "pairwise"}):
        asked = one.settings.model_copy(update=other)
        assert measured_losses(network, one.sample, asked) is None
    assert measured_losses(folded.networks[0], folded.sample, folded.settings) is None
    # Without negative weights there is nothing to treat.
    (same,) = positive.networks
    treated = positive.settings.model_copy(update={"negative_weights": "drop"})
    assert measured_losses(same, positive.sample, treated) is not None


@pytest.mark.parametrize(("errors", "cause"), [(1.0, "chance"), (9.0, "easier")])
def test_a_slightly_lower_validation_loss_may_be_chance(one, judged, errors, cause):
    (network,) = one.networks
    train, validation = measured_losses(network, one.sample, one.settings)
    by = errors * math.hypot(train.error, validation.error)
    history = [{**row, "training_loss": row["validation_loss"] + by} for row in network.history]
    losses = assess(one, replace(network, history=history), judged(one).merit).losses
    told = [reason for reason in losses.below.reasons if reason.cause in ("chance", "easier")]
    assert [reason.cause for reason in told] == [cause]
    assert f"{errors:.1f} errors of" in told[0].sentence


def test_zero_weights_and_untested_processes_give_no_nan(one, judged):
    sample, test = one.sample, one.sample.scales.expected[Part.TEST]
    first = one.sample.events.rows(Part.TRAIN)[0]
    alone = np.arange(len(test)) == first
    lacking = replace(
        one,
        sample=replace(
            sample,
            events=replace(sample.events, weights=np.where(alone, 0.0, sample.events.weights)),
            scales=replace(
                sample.scales,
                expected={**sample.scales.expected, Part.TEST: np.where(alone, np.inf, test)},
            ),
        ),
    )
    found = assess(lacking, one.networks[0], judged(one).merit)
    np.testing.assert_array_equal(found.confusion.yields, judged(one).confusion.yields)


@pytest.mark.parametrize(
    ("outputs", "names"), [(1, ("Signal", "Background")), (2, ("Signal", "Wjets"))]
)
def test_classes_are_named_as_the_scores_count_them(one, outputs, names):
    (network,) = one.networks
    classes = replace(one.sample.classes, names=("Signal", "Wjets"))
    campaign = replace(one, sample=replace(one.sample, classes=classes))
    scores = {
        part: np.concatenate([held, 1 - held], axis=1)[:, :outputs]
        for part, held in network.scores.items()
    }
    scored = replace(network, scores=scores)
    assert class_names(campaign.sample, scored) == names
    found = assess(campaign, scored)
    told = list(names[:outputs])
    assert [list(one.areas) for one in found.quality.values()] == [told] * 3
    assert [[one.node for one in held] for held in found.agreements.values()] == [told] * 2


@pytest.mark.parametrize("which", ["one", "multiclass"])
def test_the_confusion_matrix_counts_expected_test_events(which, request, truth, judged):
    campaign = request.getfixturevalue(which)
    (network,) = campaign.networks
    told = truth(campaign.settings, Part.TEST)
    scores = network.scores[Part.TEST]
    predicted = scores.argmax(axis=1) if which == "multiclass" else (scores[:, 0] < 0.5).astype(int)
    expected = told.weights * LUMINOSITY * told.factors
    wanted = confusion_matrix(told.codes, predicted, sample_weight=expected)
    confusion = judged(campaign).confusion
    np.testing.assert_allclose(confusion.yields, wanted, rtol=1e-9)
    np.testing.assert_allclose(
        confusion.shares, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-9
    )


def test_overtraining_is_tested_for_all_outputs_and_part_pairs(multiclass, one, judged):
    for campaign, outputs in ((multiclass, 5), (one, 1)):
        found = judged(campaign)
        assert list(found.agreements) == [
            (Part.TRAIN, Part.VALIDATION),
            (Part.VALIDATION, Part.TEST),
        ]
        for pair, agreements in found.agreements.items():
            assert len(agreements) == outputs
            assert len(found.verdicts[pair].outcomes) == 5 * outputs


def test_the_same_events_twice_agree_and_others_do_not(one):
    (network,) = one.networks
    same = replace(
        network,
        rows=dict.fromkeys(Part, network.rows[Part.TEST]),
        scores=dict.fromkeys(Part, network.scores[Part.TEST]),
    )
    for verdict in assess(one, same).verdicts.values():
        assert verdict.level == "no"
    torn = replace(network, scores={**network.scores, Part.TEST: network.scores[Part.TEST] ** 3})
    verdicts = assess(one, torn).verdicts
    assert verdicts[Part.VALIDATION, Part.TEST].level != "no"
    assert verdicts[Part.TRAIN, Part.VALIDATION].level == "no"


def test_a_score_of_0_for_the_truth_is_a_large_finite_loss(one):
    (network,) = one.networks
    wrong = {
        part: (~one.sample.events.is_signal[rows])[:, np.newaxis].astype(np.float32)
        for part, rows in network.rows.items()
    }
    quality = assess(one, replace(network, scores=wrong)).quality
    for part in Part:
        assert quality[part].loss.value == pytest.approx(-math.log(np.finfo(np.float32).tiny))
        assert quality[part].accuracy.value == 0


def test_a_mean_has_no_course_and_a_network_tells_its_updates(several, one, judged):
    assert judged(several).losses is None
    assert assess(several, several.peers[0]).losses is None
    events = len(one.sample.events.rows(Part.TRAIN))
    assert judged(one).losses.updates == math.ceil(events / 100)


def test_a_fold_s_updates_are_those_of_its_training_events(folded, judged):
    # Of three folds one tests and one validates.
    learnt = np.count_nonzero(np.arange(len(folded.sample.events)) % 3 == 0)
    found = judged(folded)
    assert found.losses.updates == math.ceil(learnt / 100)


def test_events_of_both_parts_are_counted(one, events):
    assert shared_events(one.sample) == 0
    held = events(["S", "B", "S", "B"], parts=["train", "train", "validation", "validation"])
    held = replace(held, features=np.array([[1.0, 2], [3, 4], [3, 4], [1, 4]]))
    sample = CampaignSample(events=held, classes=one.sample.classes, scales=one.sample.scales)
    assert shared_events(sample) == 1


@given(
    st.lists(st.tuples(st.sampled_from(["S", "B"]), st.floats(0.1, 10)), min_size=1, max_size=20),
    st.floats(0, 2),
)
def test_classes_weigh_as_powers_of_their_yields(events, settings, drawn, power):
    names, weights = zip(*[("S", 1.0), ("B", 2.0), *drawn], strict=True)
    held = events(names, weights=weights, parts=["train"] * len(names))
    asked = settings(balance=power)
    classes = class_map(held, asked)
    sample = CampaignSample(events=held, classes=classes, scales=scales_of(held, classes, asked))
    found = balanced_weights(sample, asked)
    yields, totals = (np.bincount(classes.codes, values) for values in (held.weights, found))
    assert totals[0] / totals[1] == pytest.approx((yields[0] / yields[1]) ** power, rel=1e-9)
    for code in (0, 1):
        mine = classes.codes == code
        np.testing.assert_allclose(found[mine] / totals[code], held.weights[mine] / yields[code])
