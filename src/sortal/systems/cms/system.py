"""What the system NN in CMS brings to general commands."""

from typing import Annotated

import typer

from sortal.systems.example import FolderArgument, ForceOption, point_onwards
from sortal.systems.system import System


def write_example(
    folder: FolderArgument,
    events: Annotated[
        int,
        typer.Option("--events", "-n", help="Events for each of the two commands; 1,000 or more."),
    ] = 400_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all randomness.")] = 0,
    force: ForceOption = False,
) -> None:
    """Write simulated events of signal and background in the folders of the guide NN in CMS.

    The events are drawn from known densities, so the best possible score of each is known,
    and reports say how far from it a network is. DIR/README.md says what to do next.

    \b
    Example
      sortal example cms cms-example
      cd cms-example
      sortal cms binary -s binary.yaml
      sortal cms multiclass -s multiclass.yaml
    """
    from sortal.systems.cms.simulation import example

    about = example.write_example(folder, events=events, seed=seed, force=force)
    typer.echo(f"Simulated events, settings and a README are in {folder}.")
    for kind in ("binary", "multiclass"):
        best = about[kind]["test"]
        typer.echo(
            f"{kind}: {about['events']:,} events; the best possible on test are an AUC of "
            f"{best['auc']:.4f} and a figure of merit of {best['merit']:.3f}."
        )
    point_onwards(folder, "sortal cms binary -s binary.yaml")


CMS = System(
    name="cms",
    summary="Weighted signal against background, to the figure of merit.",
    example=write_example,
    example_summary="Weighted simulated events whose best classifier is known.",
)
