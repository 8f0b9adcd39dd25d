"""`sortal example`: a complete example of each system, to learn from and to measure with."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    short_help="Write a complete example of a system.",
    help="Write a complete example of a system: data, settings, and what to do with them.",
)


@app.command("cms", short_help="Weighted simulated events whose best classifier is known.")
def cms(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")],
    events: Annotated[
        int,
        typer.Option("--events", "-n", help="Events for each of the two commands; 1,000 or more."),
    ] = 400_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all randomness.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds files already.")
    ] = False,
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
    from sortal.systems.cms.simulation.example import write_example

    about = write_example(folder, events=events, seed=seed, force=force)
    typer.echo(f"Simulated events, settings and a README are in {folder}.")
    for kind in ("binary", "multiclass"):
        best = about[kind]["test"]
        typer.echo(
            f"{kind}: {about['events']:,} events; the best possible on test are an AUC of "
            f"{best['auc']:.4f} and a figure of merit of {best['merit']:.3f}."
        )
    _point_onwards(folder, "sortal cms binary -s binary.yaml")


@app.command("clavis", short_help="Batch jobs, a tuning job and plugins, in the page's folders.")
def clavis(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")],
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds files already.")
    ] = False,
) -> None:
    """Write jobs and plugins in the folders of the page of ClaVis, with its programs.

    The programs (batch.py and others) are the commands of `sortal clavis`, so that the
    page's lines run as they are printed. DIR/README.md says what each job shows.

    \b
    Example
      sortal example clavis clavis-example
      cd clavis-example
      sortal clavis batch jobs/my_job.json
      python3 batch.py jobs/my_job.json
    """
    from sortal.systems.clavis.example import write_example

    write_example(folder, force=force)
    typer.echo(f"wrote jobs, plugins and a README to {folder}")
    _point_onwards(folder, "sortal clavis batch jobs/my_job.json")


def _point_onwards(folder: Path, command: str) -> None:
    """Say what comes next; nobody changes to the folder that they are in."""
    here = folder.resolve() == Path.cwd()
    steps = [command] if here else [f"cd {shlex.quote(str(folder))}", command]
    typer.echo("\n".join(["", "Next:", *(f"  {step}" for step in steps)]))
