"""Jobs that were handed in to a server: a folder each, with the job's file, its process and its output."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sortal.store.files import atomic, process

FOLDER = "submitted"

_FILE = "run.json"
_MADE_S = 3600.0
"""Age at which a folder without its file is no longer one that is being made [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A job that was handed in."""

    id: str
    job: str
    """Its name in the store."""

    file: str
    """Name of its file in the folder of the run."""

    pid: int
    started: float
    """When its process started [s since 1970]: numbers of processes are used again."""

    created: str
    """When it was handed in, ISO 8601 in UTC."""

    host: str = ""
    """The machine of its process, as `process.here` names it; empty where that was not kept."""

    exit_code: int | None = None
    """None while it runs, and where no server was there to see its end."""

    @property
    def running(self) -> bool:
        """Whether its process is at work, as far as this machine can tell."""
        return (
            self.exit_code is None
            and self.host in ("", process.here())
            and not process.has_ended(self.pid)
            and process.is_same(self.pid, self.started)
        )


def write_run(folder: Path, run: Run) -> None:
    """Write or replace what is kept of a run."""
    atomic.write_text(folder / _FILE, json.dumps(asdict(run), indent=1) + "\n")


def read_run(folder: Path) -> Run | None:
    """The run of a folder; None while it is being made."""
    try:
        return Run(**json.loads((folder / _FILE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def ended_runs(folder: Path, days: float) -> Iterator[Path]:
    """Folders of runs that have ended, and that nobody wrote to for so many days."""
    for path in sorted(folder.glob("[!.]*")):
        run = read_run(path)
        touched = [file.stat().st_mtime for file in atomic.files_below(path)]
        age_s = time.time() - max(touched, default=path.stat().st_mtime)
        least_s = days * 86400 if run else max(days * 86400, _MADE_S)
        if age_s > least_s and not (run and run.running):
            yield path
