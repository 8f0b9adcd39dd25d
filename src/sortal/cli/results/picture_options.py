"""Options that `sortal map` and `sortal project` share."""

from pathlib import Path
from typing import Annotated

import typer

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
