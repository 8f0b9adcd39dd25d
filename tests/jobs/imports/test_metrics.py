"""Jobs of figures alone: judged as our own are as far as figures tell, and silent about examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sortal.api.notebook import Results as Shown
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part
from sortal.errors import UserError
from sortal.evaluation import independent
from sortal.evaluation.scores import evaluate, evaluate_counts, metrics_of_targets
from sortal.jobs.imports.foreign import Foreign, ForeignJob, ForeignMember, GivenMetrics
from sortal.jobs.imports.metrics import import_metrics
from sortal.jobs.imports.predictions import import_predictions
from sortal.jobs.pictures import draw
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.pictures.panel import Panel
from sortal.jobs.results.folds import by_fold, pooled
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store
from sortal.store.upkeep.usage import measure_usage
from sortal.store.upkeep.verify import find_damages, quarantine
from sortal.views.ranking import columns

CLASSES = ("cat", "dog")


def foreign(title, counts, train=None, **more):
    member = ForeignMember(
        test=GivenMetrics(confusion=np.array(counts)),
        train=None if train is None else GivenMetrics(confusion=np.array(train)),
    )
    return Foreign(title=title, method="svm", parameters={"C": 1.0}, members=(member,), **more)


def job(*classifiers, **more):
    return ForeignJob(
        **{
            "name": "pets",
            "data": "animals",
            "identity": "of a test",
            "classes": CLASSES,
            "classifiers": classifiers,
            **more,
        }
    )


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


@pytest.fixture
def results(store):
    rivals = (
        foreign("good", [[9, 1], [0, 10]], train=[[20, 0], [0, 20]]),
        foreign("fair", [[8, 2], [3, 7]]),
    )
    import_metrics(store, job(*rivals, foreign("naive", [[10, 0], [10, 0]], is_reference=True)))
    return JobResults.read(store, "pets")


def test_they_are_ranked_and_nothing_is_said_of_ties(results):
    ranking = results.ranking()
    assert ranking["title"].to_list() == ["good", "fair", "naive"]
    assert ranking["balanced_accuracy"].to_list() == pytest.approx([0.95, 0.75, 0.5])
    assert ranking["tied"].to_list() == [None, None, None]
    assert results.tied() == frozenset()
    assert results.best().title == "good"
    assert results.best().training_figures["accuracy"].mean == 1.0
    assert not results.knows_examples
    assert (results.part, results.outline().classifiers) == (Part.TEST, 3)
    assert {"tied", "log_loss"}.isdisjoint(getattr(c, "name", c) for c in columns(results))


@pytest.mark.parametrize(
    "ask",
    [
        lambda r: r.correct(r.results),
        lambda r: r.comparison(),
        lambda r: r.scores("good"),
        lambda r: r.reported(r.results[0].members[0]),
        lambda r: pooled(r, r.results[0]),
        lambda r: by_fold(r, r.results[0]),
        Panel.of,
        lambda r: classifier_map(r, by="scores"),
        lambda r: Shown.of(r).projection("pca"),
        lambda r: Shown.of(r).map_figure(),
    ],
)
def test_what_needs_examples_is_refused_in_one_sentence(results, ask):
    with pytest.raises(UserError, match=r"^pets was imported as figures alone: .* not known\.$"):
        ask(results)


def test_it_shows_itself_in_a_notebook_and_in_pictures(results, tmp_path):
    shown = Shown.of(results)
    assert "good is best; who is tied with it cannot be told" in shown._repr_html_()
    assert "3/3 members" in repr(shown)
    shown.figure()
    shown.confusion_figure("fair")
    written = draw.write_figures(results, tmp_path)
    assert [path.name for path in written] == ["ranking.png", "confusion.png"]
    label = draw.ranking(results).axes[0].get_xlabel()
    assert "tied" not in label


def test_predictions_are_not_imported_beside_figures(results, tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text("id,label,cat,dog\n1,cat,0.5,0.5\n")
    with pytest.raises(UserError, match="pets was imported as figures alone"):
        import_predictions(results.store, [path], job="pets")


def test_a_second_import_is_found_and_its_namesake_left_alone(store):
    first, second = (
        foreign("good", [[9, 1], [0, 10]]),
        foreign("new", [[9, 1], [0, 10]], asked={"n": 2}),
    )
    assert import_metrics(store, job(first)).new == ("good",)
    again = import_metrics(store, job(first, second))
    assert (again.new, again.there, again.taken) == (("new",), ("good",), ())
    other = import_metrics(store, job(foreign("good", [[8, 2], [0, 10]])))
    assert (other.new, other.there, other.taken) == ((), (), ("good",))
    assert JobResults.read(store, "pets").titled("good")[0].figures["accuracy"].mean == 0.95


def test_what_is_alike_is_stored_once_under_both_titles(store):
    import_metrics(store, job(*(foreign(title, [[9, 1], [0, 10]]) for title in "ab")))
    assert measure_usage(store)["members"].count == 1
    assert {result.title for result in JobResults.read(store, "pets").results} == {"a", "b"}


def test_a_damaged_segment_is_written_anew(store):
    whole = job(foreign("good", [[9, 1], [0, 10]]))
    import_metrics(store, whole)
    (path,) = (store.folder / "segments").glob("*/*/scores.npy")
    path.write_bytes(b"")
    for damage in find_damages(store):
        quarantine(store, damage)
    assert not JobResults.read(store, "pets").results
    assert import_metrics(store, whole).there == ("good",)
    assert JobResults.read(store, "pets").titled("good")
    assert find_damages(store) == []


def test_jobs_of_other_classes_or_run_here_are_left_alone(store):
    one = foreign("good", [[9, 1], [0, 10]])
    import_metrics(store, job(one))
    with pytest.raises(
        UserError, match="'pets' is in the store with the classes cat, dog, and these"
    ):
        import_metrics(store, job(one, classes=("cat", "eel")))
    store.jobs.write(store.jobs.read("pets").model_copy(update={"figures_alone": False}))
    with pytest.raises(UserError, match="another job named 'pets', which was run here"):
        import_metrics(store, job(one))


def test_data_of_another_identity_is_another_dataset(store):
    one = foreign("good", [[9, 1], [0, 10]])
    import_metrics(store, job(one))
    import_metrics(store, job(one, name="others", identity="elsewhere"))
    assert len({store.jobs.read(name).dataset for name in store.jobs.names()}) == 2


def test_independent_targets_rank_by_subset_accuracy(store):
    told = [GivenMetrics(figures={"subset_accuracy": value}) for value in (0.5, 0.9)]
    listed = [
        Foreign(title=f"{n}", method="m", parameters={}, members=(ForeignMember(test=of),))
        for n, of in enumerate(told)
    ]
    import_metrics(store, job(*listed, outputs=Outputs.INDEPENDENT))
    results = JobResults.read(store, "pets")
    assert results.headline == "subset_accuracy"
    assert results.ranking()["title"].to_list() == ["1", "0"]
    assert draw.ranking(results)


def test_figures_of_targets_are_those_that_are_always_there():
    truth = np.array([[0, 1], [1, 1], [0, 0]])
    labels = Labels(truth, CLASSES, Outputs.INDEPENDENT)
    (judged,) = evaluate(
        truth[None].astype(float), labels, None, probabilities=True, resamples=0, seed=0
    )
    assert tuple(judged.figures) == independent.FIGURES == tuple(metrics_of_targets({}).figures)


codes = st.integers(1, 80).flatmap(
    lambda n: hnp.arrays(np.int64, (2, n), elements=st.integers(0, 2))
)


@given(codes=codes)
def test_counts_are_judged_as_the_decisions_that_they_count(codes):
    truth, decided = codes
    labels = Labels(truth, ("a", "b", "c"))
    (whole,) = evaluate(
        np.eye(3)[decided][None], labels, None, probabilities=False, resamples=0, seed=0
    )
    (counted,) = evaluate_counts(np.array([whole.confusion]), labels.classes, resamples=0, seed=0)
    ranked = {"roc_auc", "average_precision"}
    for name, value in whole.figures.items():
        expected = np.nan if name in ranked else value
        assert counted.figures[name] == pytest.approx(expected, nan_ok=True), name
    for one, figures in whole.per_class.items():
        for name, value in figures.items():
            expected = np.nan if name in ranked else value
            assert counted.per_class[one][name] == pytest.approx(expected, nan_ok=True)
    assert counted.confusion == whole.confusion
    assert counted.examples == whole.examples == len(truth)
    assert tuple(counted.figures) == tuple(whole.figures)


@pytest.mark.parametrize("examples", [40, 400])
def test_intervals_of_counts_are_those_of_resampled_examples(examples):
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 3, examples)
    decided = np.where(generator.random(examples) < 0.8, truth, 0)
    labels = Labels(truth, ("a", "b", "c"))
    (whole,) = evaluate(
        np.eye(3)[decided][None], labels, None, probabilities=False, resamples=4000, seed=1
    )
    (counted,) = evaluate_counts(
        np.array([whole.confusion]), labels.classes, resamples=4000, seed=1
    )
    for name in ("accuracy", "balanced_accuracy"):
        width = whole.intervals[name][1] - whole.intervals[name][0]
        assert counted.intervals[name] == pytest.approx(whole.intervals[name], abs=0.1 * width)


def test_an_interval_does_not_depend_on_which_others_are_judged():
    matrices = np.array([[[9, 1], [2, 8]], [[7, 3], [0, 10]]])
    both = evaluate_counts(matrices, CLASSES, resamples=100, seed=4)
    alone = [evaluate_counts(one[None], CLASSES, resamples=100, seed=4)[0] for one in matrices]
    assert [one.intervals for one in both] == [one.intervals for one in alone]


def test_a_perfect_classifier_has_an_interval_without_width():
    """Without examples there is no interval."""
    right, none = evaluate_counts(
        np.array([[[5, 0], [0, 5]], [[0, 0], [0, 0]]]), CLASSES, resamples=50, seed=0
    )
    assert right.intervals["accuracy"] == (1.0, 1.0)
    assert np.isnan(none.figures["accuracy"])
    assert np.isnan(none.intervals["accuracy"]).all()
