"""What the commands that write an example of a system share."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sortal.errors import OptionError

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write into a folder that holds files already.")
]


def refuse_files(folder: Path, *, force: bool) -> None:
    """Refuse a folder that holds files, unless it is forced.

    Raises:
        OptionError: The folder holds files, or is a file.
    """
    if not force and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OptionError("DIR", str(folder), "a new or empty folder (or --force)")


def point_onwards(folder: Path, command: str) -> None:
    """Say what comes next; nobody changes to the folder that they are in."""
    here = folder.resolve() == Path.cwd()
    steps = [command] if here else [f"cd {shlex.quote(str(folder))}", command]
    typer.echo("\n".join(["", "Next:", *(f"  {step}" for step in steps)]))
