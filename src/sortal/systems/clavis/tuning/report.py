"""The report of a tuning job, as Markdown: its settings, the top list of every round, the history, the test."""

import math
from collections.abc import Iterator, Sequence

from sortal.data.labels import Outputs
from sortal.data.split import Part
from sortal.jobs.launch import Launched
from sortal.jobs.searching.study import Round, Study, TrialState
from sortal.metrics.registry import ACCURACY, title_of
from sortal.systems.clavis.batch.dataset import DividedExamples
from sortal.systems.clavis.tuning.jobfile import TuningJob
from sortal.views.progress import counted, duration


def report(job: TuningJob, divided: DividedExamples, launched: Launched, result: str) -> str:
    """Write the report.

    Args:
        job: The tuning job.
        divided: Its examples.
        launched: What tuning came to.
        result: Name of the file with the batch job of the best.
    """
    if launched.searched is None:
        raise TypeError("a job with tuning was searched")
    study = launched.searched.study
    parts = [
        _head(job, divided, launched, study, result),
        *(_round(job, study, number) for number in range(len(study.rounds))),
        _history(study),
        _tested(job, divided, launched),
        _failed(study),
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(
    job: TuningJob, divided: DividedExamples, launched: Launched, study: Study, result: str
) -> Iterator[str]:
    data = job.data
    yield f"# Tuning of {data.title}\n"
    yield f"- file: `{job.path.name}`; the best are in `{result}`"
    yield f"- data set: {data.dataset}, {len(divided.dataset)} examples"
    yield (
        f"- {counted(data.tuning_rounds, 'round')}, population {data.tuning_population}, "
        f"offspring {data.tuning_offspring}, random_state {data.random_state}"
    )
    yield f"- ranked by: {_metric(study)} on {_validation(launched)}"
    yield f"- configurations: {len(study.trials)}"
    yield ""


def _metric(study: Study) -> str:
    several = study.metric == ACCURACY[Outputs.INDEPENDENT]
    return "share of examples with every label right" if several else title_of(study.metric)


def _validation(launched: Launched) -> str:
    splits = launched.resolved.search_splits
    counts = sorted({len(split.validation) for split in splits})
    many = " to ".join(map(str, dict.fromkeys([counts[0], counts[-1]])))
    if len(splits) == 1:
        return f"{many} validation examples, which are no part of the training and of the test"
    return (
        f"{len(splits)} folds of {many} examples, each validated by a classifier that never saw it"
    )


def _round(job: TuningJob, study: Study, number: int) -> Iterator[str]:
    one = study.rounds[number]
    ranked = study.of(one)
    yield f"## Round {number + 1}\n"
    interrupted = "; interrupted" if one.interrupted else ""
    yield f"Finished {_time(one)} after {duration(one.seconds)}{interrupted}.\n"
    top = ranked[: job.data.tuning_population]
    rows = [
        (str(place), trial.title, _number(trial.value), duration(trial.seconds))
        for place, trial in enumerate(top, start=1)
    ]
    yield from _table(("nr", "title", "validation accuracy", "time"), rows)
    best = ranked[0].value if ranked else None
    yield f"Best {_number(best)}, mean {_number(study.mean(one))} of {_counts(study, one)}.\n"


def _counts(study: Study, one: Round) -> str:
    states = {trial.number: trial.state for trial in study.trials}
    failed = sum(states[number] is TrialState.FAILED for number in one.trials)
    left = sum(states[number] is TrialState.OPEN for number in one.trials)
    odd = [f"{failed} failed"] * bool(failed) + [f"{left} not trained"] * bool(left)
    return ", ".join([counted(len(one.trials), "configuration"), *odd])


def _history(study: Study) -> Iterator[str]:
    yield "## History\n"
    rows = []
    for number, one in enumerate(study.rounds, start=1):
        ranked = study.of(one)
        best = ranked[0].value if ranked else None
        rows.append((str(number), _time(one), _number(best), _number(study.mean(one))))
    yield from _table(("round", "time", "best", "mean"), rows)


def _tested(job: TuningJob, divided: DividedExamples, launched: Launched) -> Iterator[str]:
    """Test figures of the best alone: nothing was chosen by them."""
    searched, results = launched.searched, launched.results
    yield "## The best on the test examples\n"
    if launched.summary.interrupted or searched is None or results.name != launched.resolved.name:
        yield "Not judged: tuning did not come to its end. Run the same command again to go on.\n"
        return
    if results.part is not Part.TEST or not len(results.splits[0].test):
        yield "There are no test examples.\n"
        return
    figure = searched.study.metric
    tested = {one.title: one.figures[figure].mean for one in results.results if not one.fold_of}
    rows = [
        (str(place), trial.title, _number(trial.value), _number(tested.get(trial.title)))
        for place, (trial, _) in enumerate(searched.best, start=1)
    ]
    yield from _table(("nr", "title", "validation accuracy", "test accuracy"), rows)
    if len(results.splits) > 1 and job.data.tuning_validation is None:
        yield "The folds that test are those by which was chosen: these figures are optimistic.\n"
    elif divided.folds_of_test:
        yield "The test folds are taken together here; a batch job tells them apart.\n"
    else:
        yield "The best were trained once more on all training examples for this.\n"


def _failed(study: Study) -> Iterator[str]:
    failed = [one for one in study.trials if one.state is TrialState.FAILED]
    if failed:
        yield "## Failed\n"
        yield from (f"- {one.title or dict(one.values)}: {one.reason}" for one in failed)


def _time(one: Round) -> str:
    return one.ended.replace("T", " ").replace("+00:00", " UTC")


def _number(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
