"""Training weights: class totals, negative weights, and that physics weights stay as they are."""

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.data.split import Part, Split
from sortal.data.weighting.rule import (
    FittedWeightRule,
    WeightRule,
    load_weight_rules,
    save_weight_rules,
)
from sortal.errors import Damaged, DataError, NotFound, OptionError

NAMES = ("signal", "wjets", "ttbar")
TREATMENTS = ("keep", "drop", "absolute", "pairwise")


def exclusive(codes) -> Labels:
    return Labels(np.asarray(codes), NAMES)


def features(count: int):
    return lambda: np.random.default_rng(0).normal(size=(count, 3))


def totals(codes, weights) -> np.ndarray:
    return np.bincount(codes, weights=weights, minlength=3)


@pytest.fixture
def events() -> tuple[np.ndarray, np.ndarray]:
    """Classes of very different yields, 15 % of the weights negative."""
    rng = np.random.default_rng(3)
    codes = rng.choice(3, p=[0.2, 0.5, 0.3], size=1200)
    weights = rng.gamma(2.0, [0.01, 5.0, 0.7], size=(1200, 3))[np.arange(1200), codes]
    return codes, weights * np.where(rng.random(1200) < 0.15, -1, 1)


@st.composite
def weighed(draw):
    codes = draw(st.lists(st.integers(0, 2), min_size=1, max_size=60))
    numbers = st.floats(-1, 10).filter(lambda w: abs(w) > 1e-3)
    weights = draw(st.lists(numbers, min_size=len(codes), max_size=len(codes)))
    return np.array(codes), np.array(weights)


@given(
    weighed(),
    st.floats(0, 2),
    st.sampled_from(TREATMENTS),
    st.sampled_from(NAMES),
)
def test_the_total_of_each_class_follows_the_power_of_its_yield(given_, power, negative, reference):
    codes, weights = given_
    yields, anchor = totals(codes, weights), NAMES.index(reference)
    present = np.bincount(codes, minlength=3) > 0
    assume(present[anchor])
    assume((yields[present] > 1e-2).all())
    rule = WeightRule(power=power, negative=negative, reference=reference)
    weigher = FittedWeightRule.fit(rule, exclusive(codes), weights, features(len(codes)))
    expected = (codes == anchor).sum() * (yields[present] / yields[anchor]) ** power
    np.testing.assert_allclose(totals(codes, weigher.trained)[present], expected, rtol=1e-9)
    if negative != "keep":
        assert (weigher.trained >= 0).all()


@given(weighed(), st.sampled_from(TREATMENTS))
def test_without_a_power_only_dropping_changes_a_class_s_sum(given_, negative):
    codes, weights = given_
    yields, present = totals(codes, weights), np.bincount(codes, minlength=3) > 0
    assume((yields[present] > 1e-2).all())
    rule = WeightRule(negative=negative)
    weigher = FittedWeightRule.fit(rule, exclusive(codes), weights, features(len(codes)))
    kept = np.maximum(weights, 0) if negative == "drop" else weights
    np.testing.assert_allclose(totals(codes, weigher.trained), totals(codes, kept), atol=1e-9)


def test_totals_of_the_background_s_rows_are_the_binary_rule(events):
    """Both classes get the total weight that the background has examples."""
    codes, weights = np.minimum(events[0], 1), np.abs(events[1])
    labels = Labels(codes, ("background", "signal"))
    trained = FittedWeightRule.fit(
        WeightRule(power=0, reference="background"), labels, weights
    ).trained
    rows = (codes == 0).sum()
    for code in (0, 1):
        own = codes == code
        np.testing.assert_allclose(trained[own], weights[own] * rows / weights[own].sum())


def test_a_power_of_one_half_is_the_rule_of_roots(events):
    codes, weights = events[0], np.abs(events[1])
    rule = WeightRule(power=0.5, reference="signal")
    trained = FittedWeightRule.fit(rule, exclusive(codes), weights).trained
    yields, rows = totals(codes, weights), (codes == 0).sum()
    for code in range(3):
        own = codes == code
        factor = rows / yields[code] * np.sqrt(yields[code] / yields[0])
        np.testing.assert_allclose(trained[own], weights[own] * factor)


def test_natural_rates_change_nothing_but_the_scale(events):
    codes, weights = events
    trained = FittedWeightRule.fit(WeightRule(power=1), exclusive(codes), weights).trained
    np.testing.assert_allclose(trained / weights, trained[0] / weights[0])


def test_absolute_weights_are_scaled_to_the_signed_sum_by_class(events):
    codes, weights = events
    trained = FittedWeightRule.fit(
        WeightRule(negative="absolute"), exclusive(codes), weights
    ).trained
    np.testing.assert_allclose(totals(codes, trained), totals(codes, weights))
    assert (trained > 0).all()


def test_weights_cancel_within_a_class_but_not_in_validation(events):
    codes, weights = events
    labels = exclusive(codes)
    weigher = FittedWeightRule.fit(WeightRule(negative="pairwise"), labels, weights, features(1200))
    assert (weigher.trained >= 0).all()
    assert (weigher.trained == 0).sum() >= (weights < 0).sum()
    np.testing.assert_array_equal(weigher.apply(labels, weights), weights)


@pytest.mark.parametrize(("negative", "expected"), [("drop", [0, 2, 0]), ("absolute", [1, 2, 3])])
def test_validation_examples_are_treated_by_the_same_rule(negative, expected):
    weigher = FittedWeightRule.fit(WeightRule(negative=negative), exclusive([0, 1, 2]), np.ones(3))
    np.testing.assert_allclose(
        weigher.apply(exclusive([0, 1, 2]), np.array([-1.0, 2, -3])), expected
    )


def test_factors_come_from_training_unless_parts_have_their_own(events):
    codes, weights = events[0], np.abs(events[1])
    train, rest = slice(0, 800), slice(800, None)
    rule = WeightRule(power=0, reference="wjets")
    own = WeightRule(power=0, reference="wjets", each_part=True)
    shared, apart = (
        FittedWeightRule.fit(r, exclusive(codes[train]), weights[train]) for r in (rule, own)
    )
    np.testing.assert_array_equal(shared.trained, apart.trained)
    labels = exclusive(codes[rest])
    np.testing.assert_allclose(
        shared.apply(labels, weights[rest]), weights[rest] * shared.factors[codes[rest]]
    )
    np.testing.assert_allclose(
        totals(codes[rest], apart.apply(labels, weights[rest])), (codes[rest] == 1).sum()
    )


def test_a_target_has_two_classes_to_balance():
    labels = Labels(np.array([[0], [0], [0], [1], [UNKNOWN]]), ("x",), Outputs.INDEPENDENT)
    for reference, total in (("", 3), ("not x", 3), ("x", 1)):
        weigher = FittedWeightRule.fit(WeightRule(power=0, reference=reference), labels, None)
        assert weigher.classes == ("not x", "x")
        np.testing.assert_allclose(weigher.trained, [total / 3] * 3 + [total, 0])


def test_a_class_absent_from_training_keeps_its_weights():
    weigher = FittedWeightRule.fit(WeightRule(power=0), exclusive([1, 1, 2]), None)
    np.testing.assert_array_equal(weigher.factors, [1, 1, 2])


@pytest.mark.parametrize(
    ("rule", "weights"),
    [
        (WeightRule(power=0.5), [1, -3, 1, 1]),
        (WeightRule(negative="absolute"), [1, -3, 1, 1]),
        (WeightRule(negative="pairwise"), [1, -3, 1, 1]),
        (WeightRule(negative="drop"), [-1, -3, 1, 1]),
        (WeightRule(negative="drop", power=1), [1, -3, 1, 1]),
        (WeightRule(power=0), [0, 0, 1, 1]),
    ],
)
def test_a_class_without_a_positive_sum_is_refused_by_name(rule, weights):
    """The value of the sum is named too."""
    total = sum(max(0, w) if rule == WeightRule(negative="drop") else w for w in weights[:2])
    with pytest.raises(DataError, match=rf"class 'signal' sum to {total}, and must sum above 0"):
        FittedWeightRule.fit(
            rule, exclusive([0, 0, 1, 2]), np.array(weights, dtype=float), features(4)
        )


def test_dropping_with_equal_totals_needs_positive_weights_only():
    rule = WeightRule(negative="drop", power=0)
    weigher = FittedWeightRule.fit(rule, exclusive([0, 0, 1, 2]), np.array([1.0, -3, 5, 5]))
    np.testing.assert_allclose(weigher.trained, [2, 0, 2, 2])


def test_by_default_weights_stay_and_warnings_name_their_faults():
    weights = np.array([1.0, -3, 5, 5])
    weigher = FittedWeightRule.fit(WeightRule(), exclusive([0, 0, 1, 2]), weights)
    assert weigher.trained is weights
    assert "'signal' sum to -2" in weigher.refusal
    assert "75% of its absolute weight is negative" in weigher.remarks[0]
    assert FittedWeightRule.fit(WeightRule(), exclusive([0, 1]), None).trained is None


def test_several_targets_and_unknown_references_are_refused():
    labels = Labels(np.array([[0, 1], [1, 0]]), ("x", "y"), Outputs.INDEPENDENT)
    with pytest.raises(DataError, match="targets: independent, or class_weight"):
        FittedWeightRule.fit(WeightRule(power=0), labels, None)
    assert FittedWeightRule.fit(WeightRule(), labels, np.ones(2)).trained is not None
    with pytest.raises(NotFound, match="wjet"):
        FittedWeightRule.fit(WeightRule(power=0, reference="wjet"), exclusive([0, 1]), None)
    with pytest.raises(DataError, match="'ttbar' has no example"):
        FittedWeightRule.fit(WeightRule(power=0, reference="ttbar"), exclusive([0, 1]), None)
    with pytest.raises(DataError, match="needs features"):
        FittedWeightRule.fit(
            WeightRule(negative="pairwise"), exclusive([0, 0]), np.array([2.0, -1])
        )


@pytest.mark.parametrize(
    "options",
    [{"power": -1}, {"power": np.inf}, {"reference": "x"}, {"each_part": True}],
)
def test_options_without_effect_are_refused(options):
    with pytest.raises(OptionError, match=r"training_weights\."):
        WeightRule(**options)


def test_fingerprints_tell_rules_apart_and_the_default_has_none():
    rules = [
        WeightRule(power=0),
        WeightRule(power=0.5),
        WeightRule(negative="drop"),
        WeightRule(power=0, reference="a"),
        WeightRule(power=0, each_part=True),
    ]
    assert len({rule.fingerprint for rule in rules}) == 5
    assert WeightRule(power=0).fingerprint == WeightRule(power=0.0).fingerprint
    assert Preparation(scaling="robust").fingerprint == "robust+none"
    assert Preparation(weighing=rules[0]).fingerprint == f"none+none+{rules[0].fingerprint}"


def test_the_report_counts_rows_yields_and_effective_sizes(events):
    codes, weights = events
    weigher = FittedWeightRule.fit(WeightRule(negative="drop"), exclusive(codes), weights)
    for code, one in enumerate(weigher.report.classes):
        own, after = weights[codes == code], weigher.trained[codes == code]
        assert one.name == NAMES[code]
        assert (one.rows, one.negative_rows) == (len(own), (own < 0).sum())
        assert one.yield_before == pytest.approx(own.sum())
        assert one.yield_after == pytest.approx(after.sum())
        assert one.effective_before == pytest.approx(own.sum() ** 2 / (own**2).sum())
        assert one.effective_after == pytest.approx(after.sum() ** 2 / (after**2).sum())
        assert one.negative_share == pytest.approx(-own[own < 0].sum() / np.abs(own).sum())
    assert len(weigher.remarks) == 3
    assert "(drop): their sum goes from" in weigher.remarks[0]


def test_a_stored_rule_weighs_as_the_fitted_one_did(events, tmp_path):
    codes, weights = events
    rule = WeightRule(power=0.5, negative="absolute", reference="signal")
    weigher = FittedWeightRule.fit(rule, exclusive(codes), weights)
    save_weight_rules(tmp_path, {None: weigher, "x": weigher})
    loaded = load_weight_rules(tmp_path)
    assert set(loaded) == {None, "x"}
    assert loaded[None].weighing == rule
    assert loaded[None].report == weigher.report
    np.testing.assert_array_equal(
        loaded["x"].apply(exclusive(codes), weights), weigher.apply(exclusive(codes), weights)
    )
    (tmp_path / "weigher.json").write_text("[{")
    with pytest.raises(Damaged, match="a readable rule of weights"):
        load_weight_rules(tmp_path)
    assert load_weight_rules(tmp_path / "none") == {}


def prepared(events, rule: WeightRule, labels: Labels | None = None) -> Prepared:
    codes, weights = events
    matrix = np.random.default_rng(1).normal(size=(len(codes), 4))
    dataset = Dataset(
        name="events",
        inputs=Inputs({"features": matrix}, np.arange(len(codes))),
        labels=labels or exclusive(codes),
        names={"features": ("a", "b", "c", "d")},
        weights=weights,
    )
    rows = np.arange(len(codes))
    split = Split(train=rows[:600], validation=rows[600:900], test=rows[900:])
    return Prepared.fit(dataset, split, Preparation(weighing=rule))


def test_physics_weights_are_kept_beside_training_weights(events):
    data = prepared(events, WeightRule(power=0, negative="pairwise"))
    for part, rows in ((Part.TRAIN, slice(0, 600)), (Part.TEST, slice(900, None))):
        np.testing.assert_array_equal(data.weights(part), events[1][rows])
    trained = data.training_weights(Part.TRAIN)
    np.testing.assert_allclose(totals(events[0][:600], trained), (events[0][:600] == 0).sum())
    assert (data.training_weights(Part.VALIDATION) < 0).any()


def test_another_split_fits_the_rule_anew(events):
    data = prepared(events, WeightRule(power=0, reference="wjets"))
    rows = np.arange(1200)
    other = data.with_split(Split(train=rows[300:900], validation=rows[:0], test=rows[:300]))
    codes = events[0][300:900]
    np.testing.assert_allclose(
        totals(codes, other.training_weights(Part.TRAIN)), (codes == 1).sum()
    )


def test_targets_learnt_one_at_a_time_are_weighed_one_at_a_time(events):
    codes = np.stack([events[0] == 0, events[0] == 1], axis=1).astype(int)
    labels = Labels(codes, ("x", "y"), Outputs.INDEPENDENT)
    data = prepared((events[0], np.abs(events[1])), WeightRule(power=0), labels)
    columns = data.training_columns(Part.TRAIN)
    for number, target in enumerate(labels.classes):
        np.testing.assert_array_equal(columns[:, number], data.training_weights(Part.TRAIN, target))
        sums = np.bincount(codes[:600, number], weights=columns[:, number])
        np.testing.assert_allclose(sums, (codes[:600, number] == 0).sum())
    with pytest.raises(DataError, match="several targets"):
        data.training_weights(Part.TRAIN)


def test_a_stored_preparer_knows_its_rule(events, tmp_path):
    rule = WeightRule(power=0, reference="wjets")
    data = prepared(events, rule)
    data.preparer.save(tmp_path)
    assert Preparer.load(tmp_path).preparation == data.preparer.preparation
    Prepared.fit(data.dataset, data.split, Preparation()).preparer.save(tmp_path)
    assert "weighing" not in json.loads((tmp_path / "preparer.json").read_text())
