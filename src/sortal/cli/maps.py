"""`sortal map` and `sortal project`: a job's classifiers, or its examples, on a plane."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sortal.options import DEFAULT_STORE, StoreOption

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="A job's name or file.")]
FiguresOption = Annotated[
    Path | None,
    typer.Option("--figures", help="Folder to write into; `sortal-results/NAME` if not given."),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=100_000, help="Seed of everything drawn; 0 if not given."),
]
PerplexityOption = Annotated[
    float | None,
    typer.Option("--perplexity", min=1, max=100, help="t-SNE: neighbours that each looks at."),
]
NeighboursOption = Annotated[
    int | None,
    typer.Option("--neighbors", min=1, max=1000, help="Neighbours of each, of methods with such."),
]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", help="The independent target; the first if not given."),
]


class By(StrEnum):
    """What classifiers are compared by."""

    ERRORS = "errors"
    PROBABILITIES = "probabilities"
    AGREEMENT = "agreement"
    SCORES = "scores"


class MapMethod(StrEnum):
    """How classifiers are placed."""

    MDS = "mds"
    PCA = "pca"
    TSNE = "tsne"
    UMAP = "umap"


class Projection(StrEnum):
    """How examples are placed."""

    PCA = "pca"
    MDS = "mds"
    ISOMAP = "isomap"
    SPECTRAL_EMBEDDING = "spectral_embedding"
    TSNE = "tsne"
    LLE = "lle"
    UMAP = "umap"


class LleMethod(StrEnum):
    """Variants of locally linear embedding."""

    STANDARD = "standard"
    LTSA = "ltsa"
    HESSIAN = "hessian"
    MODIFIED = "modified"


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("map", short_help="Draw a job's classifiers on a plane, alike ones together.")(
        draw_map
    )
    app.command("project", short_help="Draw a job's examples on a plane, by class.")(project)


def draw_map(
    job: JobArgument,
    by: Annotated[By, typer.Option("--by", help="What classifiers are compared by.")] = By.ERRORS,
    method: Annotated[
        MapMethod, typer.Option("--method", help="How they are placed; umap needs an extra.")
    ] = MapMethod.MDS,
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
    from sortal.cli.draw_maps import write_classifier_map

    given = {"random_state": seed, "perplexity": perplexity, "n_neighbors": neighbors}
    code = write_classifier_map(
        job,
        store=store,
        by=by.value,
        method=method.value,
        given=given,
        target=target,
        most=top or None,
        poles=poles,
        figures=figures,
    )
    raise typer.Exit(code)


def project(
    job: JobArgument,
    method: Annotated[
        Projection, typer.Option("--method", help="How they are placed; umap needs an extra.")
    ] = Projection.PCA,
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
    from sortal.cli.draw_maps import write_projection

    given = {
        "random_state": seed,
        "perplexity": perplexity,
        "n_neighbors": neighbors,
        "lle_method": variant.value if variant else None,
    }
    code = write_projection(
        job, store=store, method=method.value, given=given, target=target, figures=figures
    )
    raise typer.Exit(code)
