import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from sortal.metrics.ranking import roc_auc
from sortal.systems.cms.simulation.densities import STATES, states_table
from sortal.systems.cms.simulation.observables import LATENTS, NAMES, infer, latent_names, measure
from sortal.systems.cms.simulation.processes import SIGNAL_POINT, make_problem
from sortal.systems.cms.simulation.simulate import events_in_chunks, log_rates, simulate
from sortal.systems.cms.simulation.truth import class_posteriors, optimum_of_parts, true_scores

KINDS = ("binary", "multiclass")


@pytest.fixture(scope="module", params=KINDS)
def events(request):
    return simulate(make_problem(request.param), 120_000, seed=3)


def judged(events):
    """Benchmark signal and all background, with balanced weights."""
    point = events.process == events.problem.names.index(SIGNAL_POINT)
    kept = np.flatnonzero(point | ~events.is_signal)
    picked, signal = events.pick(kept), point[kept]
    weights = picked.weights.astype(np.float64)
    for own in (signal, ~signal):
        weights[own] /= weights[own].sum()
    return picked, signal, weights


def auc(scores, signal, weights):
    return float(roc_auc(signal, scores, weights))


@settings(max_examples=60)
@given(st.lists(st.floats(-4, 4), min_size=14, max_size=14), st.integers(0, np.prod(STATES) - 1))
def test_observables_can_be_undone(latents, state):
    values = measure(np.array([latents]), np.array([state]), NAMES)
    undone, states = infer(values, NAMES)
    assert states[0] == state
    np.testing.assert_allclose(undone[0], latents, atol=2e-3)


@settings(max_examples=30)
@given(st.sampled_from(LATENTS), st.floats(-3, 3), st.floats(0.05, 1))
def test_every_observable_rises_with_its_own_latent(name, at, more):
    latents = np.zeros((2, len(LATENTS)))
    latents[:, LATENTS.index(name)] = at, at + more
    values = measure(latents, np.zeros(2, dtype=int), NAMES)
    assert np.diff(values[:, NAMES.index(name)]) > 0


@settings(max_examples=30)
@given(st.floats(0.1, 0.9), st.floats(0.1, 3), st.floats(0.01, 0.6))
def test_state_probabilities_sum_to_1_and_tags_have_their_jets(plus, jets, rate):
    table = states_table(plus=plus, jets=jets, b_rate=rate)
    assert table.sum() == pytest.approx(1)
    assert table[1].sum() == pytest.approx(plus)
    for extra in range(STATES[1]):
        assert not table[:, extra, extra + 3 :].any()


def test_observables_look_like_what_they_are_named_after(events):
    column = dict(zip(events.problem.observables, events.values.T, strict=True))
    assert set(np.unique(column["LepChg"])) == {-1, 1}
    assert np.abs(column["LepEta"]).max() <= 2.5
    assert ((column["JetHBCSV"] >= 0) & (column["JetHBCSV"] <= 1)).all()
    for counted in ("Njet", "NbLoose"):
        assert (column[counted] == np.rint(column[counted])).all()
    assert (column["NbLoose"] <= column["Njet"]).all()
    assert (column["HT"] > column["Jet1Pt"] + 30 - 1e-3).all()
    for spectrum in ("LepPt", "Met", "Jet1Pt"):
        assert np.mean(column[spectrum]) > np.median(column[spectrum]) > 0
    assert np.isfinite(events.values).all()


def test_weights_of_each_process_sum_to_its_cross_section(events):
    for index, process in enumerate(events.problem.processes):
        own = events.weights[events.process == index].astype(np.float64)
        error = np.sqrt((own**2).sum())
        assert abs(own.sum() - process.cross_section) < 4 * error
        assert np.mean(own < 0) == pytest.approx(process.negative, abs=4 / np.sqrt(len(own)))


def test_some_weights_are_negative_where_a_process_allows_it(events):
    share = np.mean(events.weights < 0)
    assert 0.01 < share < 0.10
    assert (events.weights[events.is_signal] > 0).all()


def test_background_outweighs_signal(events):
    weights = events.weights.astype(np.float64)
    assert weights[~events.is_signal].sum() > 3 * weights[events.is_signal].sum()


def test_the_ratio_of_summed_weights_is_that_of_the_densities(events):
    picked, signal, weights = judged(events)
    scores = true_scores(picked)
    edges = np.quantile(scores, np.linspace(0, 1, 13))[1:-1]
    bins = np.digitize(scores, edges)
    for number in range(12):
        here = bins == number
        both = weights[here]
        share = both[signal[here]].sum() / both.sum()
        claimed = np.average(scores[here], weights=both)
        error = np.sqrt((both**2 * (signal[here] - claimed) ** 2).sum()) / both.sum()
        assert abs(share - claimed) < 4 * error


def test_a_ratio_without_signs_of_weights_is_wrong():
    """The check above can fail: where signs depend on the values, counting events is wrong."""
    of = make_problem("binary")
    ttbar = next(process for process in of.processes if process.name.startswith("TT"))
    events = simulate(of, 40_000, seed=1)
    latents, states = infer(events.values, of.observables)
    counted = np.logaddexp.reduce(
        [one.log_density(latents, states) + np.log(one.share) for one in ttbar.components]
    )
    shift = ttbar.log_rate(latents, states) - counted
    assert np.std(shift) > 0.05


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_class_posteriors_are_the_shares_of_balanced_weight(events, power):
    posteriors = class_posteriors(events, power=power)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    kinds = np.array([process.kind for process in events.problem.processes])[events.process]
    weights = events.weights.astype(np.float64)
    for kind in events.problem.classes:
        own = kinds == kind
        weights[own] *= weights[own].sum() ** (power - 1)
    for number, kind in enumerate(events.problem.classes):
        high = posteriors[:, number] > np.quantile(posteriors[:, number], 0.7)
        both, is_kind = weights[high], kinds[high] == kind
        claimed = np.average(posteriors[high, number], weights=both)
        error = np.sqrt((both**2 * (is_kind - claimed) ** 2).sum()) / both.sum()
        assert abs(both[is_kind].sum() / both.sum() - claimed) < 4 * error


def test_the_optimum_is_good_but_not_perfect(events):
    picked, signal, weights = judged(events)
    assert 0.85 < auc(true_scores(picked), signal, weights) < 0.93


def test_a_linear_discriminant_stays_below_97_percent(events):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    picked, signal, weights = judged(events)
    best = auc(true_scores(picked), signal, weights)
    values = picked.values.astype(np.float64)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    centres = [np.average(values[own], axis=0, weights=weights[own]) for own in (signal, ~signal)]
    within = sum(
        (values[own] - centre).T @ ((values[own] - centre) * weights[own, None])
        for own, centre in zip((signal, ~signal), centres, strict=True)
    )
    by_weight = values @ np.linalg.solve(within, centres[0] - centres[1])
    plain = LinearDiscriminantAnalysis().fit(values, signal).decision_function(values)
    for scores in (by_weight, plain):
        assert auc(scores, signal, weights) <= 0.97 * best


@pytest.mark.slow
def test_no_competitor_beats_the_true_ratio():
    from sklearn.ensemble import HistGradientBoostingClassifier

    picked, signal, weights = judged(simulate(make_problem("binary"), 60_000, seed=5))
    half = np.arange(len(picked)) % 2 == 0
    competitor = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    competitor.fit(picked.values[half], signal[half], np.maximum(weights[half], 0) * half.sum())
    scores = competitor.decision_function(picked.values[~half])
    best = auc(true_scores(picked.pick(~half)), signal[~half], weights[~half])
    reached = auc(scores, signal[~half], weights[~half])
    assert 0.95 * best < reached < best


def test_figures_of_merit_are_those_of_an_analysis_worth_doing(events):
    rows = np.arange(len(events)) % 4
    best = optimum_of_parts(
        events.pick(rows == 1), events.pick(rows >= 2), split_factors=(4.0, 2.0)
    )
    assert 1 < best.merit < 5
    assert 0.7 <= best.cut < 1
    assert best.background > 1


def test_the_binary_problem_is_the_other_with_fewer_observables():
    small, large = make_problem("binary"), make_problem("multiclass")
    assert len(small.observables) == 12
    assert large.observables == NAMES
    assert large.classes == ("Signal", "Wjets", "TTbar", "Z2nu", "Other")
    kept = [LATENTS.index(name) for name in latent_names(small.observables)]
    for process in small.processes:
        whole = large.processes[large.names.index(process.name)]
        for own, full in zip(process.components, whole.components, strict=True):
            np.testing.assert_array_equal(own.mean, full.mean[kept])
            np.testing.assert_array_equal(own.covariance, full.covariance[np.ix_(kept, kept)])
        np.testing.assert_array_equal(process.tilt, whole.tilt[kept])
        assert np.count_nonzero(process.tilt) == np.count_nonzero(whole.tilt)


def test_names_of_processes_lead_the_scripts_to_their_classes():
    prefixes = {"Wj": "Wjets", "TT": "TTbar", "ZJ": "Z2nu"}
    for process in make_problem("multiclass").processes:
        assert process.name.endswith(".root")
        if process.kind != "Signal":
            assert prefixes.get(process.name[:2], "Other") == process.kind


def test_shares_and_covariances_of_the_processes_are_sound():
    for kind in KINDS:
        of = make_problem(kind)
        assert sum(process.generated for process in of.processes) == pytest.approx(1)
        for process in of.processes:
            assert sum(one.share for one in process.components) == pytest.approx(1)
            for one in process.components:
                assert np.linalg.eigvalsh(one.covariance).min() > 0.05


def test_equal_seeds_give_equal_events_and_others_give_others():
    of = make_problem("binary")
    first, again, other = (simulate(of, 2_000, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not (first.values == other.values).all(axis=1).any()


def test_pieces_make_up_a_sample_with_the_same_composition():
    of = make_problem("multiclass")
    pieces = list(events_in_chunks(of, 25_000, seed=4, chunk=10_000))
    assert [len(piece) for piece in pieces] == [10_000, 10_000, 5_000]
    whole = simulate(of, 25_000, seed=4)
    np.testing.assert_array_equal(
        np.concatenate([piece.process for piece in pieces]), whole.process
    )
    total = sum(piece.weights.astype(np.float64).sum() for piece in pieces)
    assert total == pytest.approx(sum(p.cross_section for p in of.processes), rel=0.05)
    assert not np.array_equal(pieces[0].values, pieces[1].values)


@settings(max_examples=25)
@given(st.integers(0, 90_000), st.integers(500, 9_000))
def test_any_stretch_of_a_sample_has_each_process_in_its_share(start, length):
    from sortal.systems.cms.simulation.simulate import _process_of

    of = make_problem("multiclass")
    found = np.bincount(_process_of(of, np.arange(start, start + length)), minlength=8)
    expected = length * np.array([process.generated for process in of.processes])
    assert np.abs(found - expected).max() < 12


def test_rates_do_not_depend_on_which_other_events_are_there(events):
    few = events.pick(slice(100, 110))
    np.testing.assert_allclose(log_rates(few), log_rates(events)[100:110], rtol=1e-10)
