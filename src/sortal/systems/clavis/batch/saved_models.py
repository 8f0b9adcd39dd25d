"""Networks that a configuration wants saved, as files of Keras beside the job's results."""

from collections.abc import Iterator
from pathlib import Path

from sortal.errors import UserError
from sortal.jobs.applying.export import export_result
from sortal.jobs.results.results import JobResults
from sortal.systems.clavis.batch.running_job import RunningBatchJob
from sortal.systems.clavis.builtin.epochs import saved_model


def save_models(work: RunningBatchJob, results: JobResults, folder: Path) -> None:
    """Write the networks with `save_model` to saved_models/<job>/<title>.h5.

    With folds there is a file for each, whose title ends as that of the fold's result does.

    Args:
        work: The job.
        results: What it came to.
        folder: Where the batch runs.

    Raises:
        Broken: One cannot be written, and the first failure is to end everything.
    """
    have = {result.title for result in results.results}
    for one in work.listed:
        if one.save_model and one.title in have:
            try:
                for path in _save(results, one.title, folder, work.job.data.title):
                    work.echo(f"saved {path}")
            except UserError as error:
                work.fault(f"saved model of {one.title!r}", error)


def _save(results: JobResults, title: str, folder: Path, job_title: str) -> Iterator[Path]:
    found = results.titled(title)
    for member in found[0].members:
        fold = member.entry.fold
        named = title if fold is None else f"{title} fold{fold}"
        path = saved_model(folder, job_title, named)
        path.parent.mkdir(parents=True, exist_ok=True)
        export_result(results.store, found, path, fold=fold)
        yield path
