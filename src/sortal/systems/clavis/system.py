"""What the system ClaVis brings to general commands."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from sortal.systems.example import FolderArgument, ForceOption, point_onwards
from sortal.systems.system import System

if TYPE_CHECKING:
    from sortal.plugins.loading.load import Plugins
    from sortal.web.available_name import AvailableName


def write_example(folder: FolderArgument, force: ForceOption = False) -> None:
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
    from sortal.systems.clavis import example

    example.write_example(folder, force=force)
    typer.echo(f"wrote jobs, plugins and a README to {folder}")
    point_onwards(folder, "sortal clavis batch jobs/my_job.json")


def describe(plugins: "Plugins | None") -> "Sequence[AvailableName]":
    """Describe the data sets, classifiers and projections that a batch job can name."""
    from sortal.systems.clavis.available import Available
    from sortal.systems.clavis.listing import items
    from sortal.web.available_name import AvailableName

    available = Available(plugins=plugins) if plugins else Available()
    return [AvailableName(**asdict(one)) for one in items(available)]


CLAVIS = System(
    name="clavis",
    summary="Many classifiers on any table, compared: batch jobs and plugins.",
    example=write_example,
    example_summary="Batch jobs, a tuning job and plugins, in the page's folders.",
    describe=describe,
)
