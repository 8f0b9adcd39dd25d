"""`sortal schema`: the JSON Schema of job files."""

import typer


def schema() -> None:
    """Print the JSON Schema of job files, for editors that check as you type."""
    import json

    from sortal.job.schema import schema as job_schema

    typer.echo(json.dumps(job_schema(), indent=2))
