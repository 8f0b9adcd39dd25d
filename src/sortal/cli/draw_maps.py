"""What `sortal map` and `sortal project` do: open, draw, write, tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sortal.cli.report import warn_of_all
from sortal.errors import NotFound
from sortal.evaluation.maps.parameters import PROJECTIONS, parse_options
from sortal.jobs.pictures import draw
from sortal.jobs.pictures.classifier_map import classifier_map, parse_way
from sortal.jobs.pictures.projections import projected_examples
from sortal.jobs.results.lookup import find_job
from sortal.jobs.results.results import Results
from sortal.store.store import Store
from sortal.views.console import echo

_RESULTS = Path("sortal-results")


def write_classifier_map(
    job: str,
    *,
    store: Path,
    by: str,
    method: str,
    given: Mapping[str, Any],
    target: str | None,
    most: int | None,
    poles: bool,
    figures: Path | None,
) -> int:
    """Draw the classifiers of a job; of several independent targets the first if none is named.

    Returns:
        The exit code: 1 if the picture could not be drawn or written.
    """
    failed: list[str] = []
    way = parse_way(method, **given)
    results = _results(store, job)
    target = _target(results, target)
    rivals = [r for r in results.ranked if r.target == target and not r.is_reference]
    titles = None if most is None else [r.title for r in rivals if not r.fold_of][:most]
    drawn = classifier_map(results, by=by, way=way, target=target, titles=titles, poles=poles)
    echo(f"{len(drawn.classifiers)} classifiers by {drawn.by}, {method}: {drawn.quality}")
    for note in drawn.notes:
        echo(f"note: {note}")
    folder = figures or _RESULTS / results.name
    for path in draw.write_map(results, drawn, folder, target, warn=failed.append):
        echo(f"wrote {path}")
    return warn_of_all(failed)


def write_projection(
    job: str,
    *,
    store: Path,
    method: str,
    given: Mapping[str, Any],
    target: str | None,
    figures: Path | None,
) -> int:
    """Draw the examples of a job.

    Returns:
        The exit code: 1 if the picture could not be drawn or written.
    """
    failed: list[str] = []
    projection = parse_options(PROJECTIONS, method, given, path="projection")
    results = _results(store, job)
    if target is not None and target not in results.labels.classes:
        raise NotFound("target", target, results.labels.classes, where=f"job {results.name!r}")
    shown = projected_examples(results, projection)
    trust = shown.projected.trustworthiness
    echo(f"{len(shown.rows)} examples, {method}: trustworthiness {trust:.3f}")
    for note in shown.projected.notes:
        echo(f"note: {note}")
    folder = figures or _RESULTS / results.name
    for path in draw.write_projection(shown, folder, target, warn=failed.append):
        echo(f"wrote {path}")
    return warn_of_all(failed)


def _results(store: Path, job: str) -> Results:
    opened = Store.open(store, create=False)
    found = find_job(opened, job)
    if found is None:
        raise NotFound("job", job, opened.job_names(), where=str(store))
    return found


def _target(results: Results, target: str | None) -> str | None:
    if target is None:
        return results.targets[0] if results.targets else None
    results.only(target)
    return target
