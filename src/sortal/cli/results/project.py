"""`sortal project`: a job's examples on a plane."""

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
from sortal.errors import NotFound
from sortal.options import DEFAULT_STORE, JobNameArgument, StoreOption
from sortal.views.console import echo

Projection = StrEnum("Projection", "pca mds isomap spectral_embedding tsne lle umap")
LleMethod = StrEnum("LleMethod", "standard ltsa hessian modified")


def project(
    job: JobNameArgument,
    method: Annotated[
        Projection, typer.Option("--method", help="How they are placed; umap needs an extra.")
    ] = Projection.pca,
    store: StoreOption = DEFAULT_STORE,
    target: TargetOption = None,
    seed: SeedOption = None,
    perplexity: PerplexityOption = None,
    neighbors: NeighboursOption = None,
    variant: Annotated[
        LleMethod | None,
        typer.Option("--lle-method", help="Variant of lle; standard if not given."),
    ] = None,
    figures: FiguresOption = None,
) -> None:
    """Draw a job's examples on a plane, training and test examples together.

    For looking at alone: no classifier ever sees it. A projection that was made before is
    found in the store; of more than 20,000 examples (5,000 for mds and isomap) a sample
    is fitted and the rest placed. Writes a PNG, and a CSV with a row an example.

    \b
    Examples
      sortal project digits-demo
      sortal project digits-demo --method tsne --perplexity 30 --seed 42
    """
    from sortal.evaluation.maps.parameters import PROJECTIONS, parse_options
    from sortal.jobs.pictures import draw
    from sortal.jobs.pictures.projections import projected_examples
    from sortal.jobs.results.lookup import open_job

    failed: list[str] = []
    given = {
        "random_state": seed,
        "perplexity": perplexity,
        "n_neighbors": neighbors,
        "lle_method": variant.value if variant else None,
    }
    projection = parse_options(PROJECTIONS, method.value, given, path="projection")
    results = open_job(store, job)
    if target is not None and target not in results.labels.classes:
        raise NotFound("target", target, results.labels.classes, where=f"job {results.name!r}")
    shown = projected_examples(results, projection)
    trust = shown.projected.trustworthiness
    echo(f"{len(shown.rows)} examples, {method.value}: trustworthiness {trust:.3f}")
    for note in shown.projected.notes:
        echo(f"note: {note}")
    folder = figures or RESULTS / results.name
    written = draw.write_projection(shown, folder, target, warn=failed.append)
    raise typer.Exit(report_pictures(written, failed))
