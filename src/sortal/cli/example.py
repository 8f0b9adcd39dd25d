"""`sortal example`: a complete example of each system, to learn from and to measure with."""

import typer

from sortal.systems.registry import SYSTEMS

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    short_help="Write a complete example of a system.",
    help="Write a complete example of a system: data, settings, and what to do with them.",
)

for system in SYSTEMS:
    app.command(system.name, short_help=system.example_summary)(system.example)
