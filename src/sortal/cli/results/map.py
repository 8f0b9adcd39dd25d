"""`sortal map`: a job's classifiers on a plane."""

from enum import StrEnum
from typing import Annotated

import typer

from sortal.cli.report import RESULTS, report_pictures
from sortal.cli.results.picture_options import (
    FiguresOption,
    NeighboursOption,
    PerplexityOption,
    SeedOption,
    TargetOption,
)
from sortal.options import DEFAULT_STORE, JobNameArgument, StoreOption
from sortal.views.console import echo

By = StrEnum("By", "errors probabilities agreement scores")
MapMethod = StrEnum("MapMethod", "mds pca tsne umap")


def draw_map(
    job: JobNameArgument,
    by: Annotated[By, typer.Option("--by", help="What classifiers are compared by.")] = By.errors,
    method: Annotated[
        MapMethod, typer.Option("--method", help="How they are placed; umap needs an extra.")
    ] = MapMethod.mds,
    store: StoreOption = DEFAULT_STORE,
    target: TargetOption = None,
    top: Annotated[
        int, typer.Option("--top", min=0, help="Only so many of the best classifiers; 0 for all.")
    ] = 0,
    poles: Annotated[
        bool,
        typer.Option("--poles/--no-poles", help="Show Optimal and Naive, computed if need be."),
    ] = True,
    seed: SeedOption = None,
    perplexity: PerplexityOption = None,
    neighbors: NeighboursOption = None,
    figures: FiguresOption = None,
) -> None:
    """Draw a job's classifiers on a plane: those that behave alike lie together.

    By errors, a distance is the share of examples that one has right and the other
    wrong: the distance from Optimal is the error rate. A map that was drawn before is
    found in the store. Writes a PNG, and a CSV with a row a classifier.

    \b
    Examples
      sortal map digits-demo
      sortal map digits-demo --by agreement --method tsne --perplexity 10
      sortal map digits-demo --top 20 --no-poles
    """
    from sortal.jobs.pictures import draw
    from sortal.jobs.pictures.classifier_map import classifier_map, parse_map_method
    from sortal.jobs.results.lookup import open_job

    failed: list[str] = []
    way = parse_map_method(
        method.value, random_state=seed, perplexity=perplexity, n_neighbors=neighbors
    )
    results = open_job(store, job)
    if target is not None:
        results.only(target)  # refuses a target that the job does not have
    elif results.targets:
        target = results.targets[0]
    rivals = [r for r in results.ranked if r.target == target and not r.is_reference]
    titles = [r.title for r in rivals if not r.fold_of][:top] if top else None
    drawn = classifier_map(results, by=by.value, way=way, target=target, titles=titles, poles=poles)
    echo(f"{len(drawn.classifiers)} classifiers by {drawn.by}, {method.value}: {drawn.quality}")
    for note in drawn.notes:
        echo(f"note: {note}")
    folder = figures or RESULTS / results.name
    written = draw.write_map(results, drawn, folder, target, warn=failed.append)
    raise typer.Exit(report_pictures(written, failed))
