"""Jobs that were handed in: each a file kept in the store and a process of its own.

`submitted/<id>/` holds the job's file, `run.json` and `output.txt`. The process belongs to no
server: killing or restarting the server leaves it at work.
"""

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sortal.errors import NotFound, OptionError, StoreBusy
from sortal.job.models import Job
from sortal.job.problems import JobError
from sortal.job.read import JobFile, read_job
from sortal.jobs.user_metrics.load import is_in_folders
from sortal.store.files import atomic, process
from sortal.store.submitted import FOLDER, Run, read_run, write_run

MOST = 4
"""Jobs that may be at work at once."""

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_TAIL = 20_000
"""Characters of the output that are told."""

_SECRET = frozenset({"SORTAL_TOKEN"})
"""What the server's environment holds and no job needs: jobs run code of users' folders."""


class JobProcesses:
    """The jobs that were handed in to one store."""

    def __init__(self, store: Path, plugins: Sequence[Path] = ()) -> None:
        self._store, self._plugins = store, tuple(plugins)
        self._folder = store / FOLDER
        self._starting = threading.Lock()
        self._watchers: dict[str, threading.Thread] = {}
        self._ended: dict[str, Run] = {}

    def start(self, text: str, suffix: str, cores: int | None = None) -> Run:
        """Keep a job's text and start it.

        Raises:
            JobError: It is no job.
            OptionError: It names a classifier that would be imported from elsewhere than scikit-learn,
                or a metric from elsewhere than the server's plugins.
            StoreBusy: It is at work already, or too many are.
        """
        created = datetime.now(UTC)
        name = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        folder = self._folder / name
        folder.mkdir(parents=True)
        path = folder / f"job-{name}.{suffix}"
        atomic.write_text(path, text)
        try:
            job = _checked(path, self._plugins)
            with self._starting:
                self._refuse_busy(job.title)
                return self._spawn(name, job.title, path, created, cores)
        except BaseException:
            atomic.discard(folder)
            raise

    def find(self, name: str) -> Run:
        """A run by its id.

        Raises:
            NotFound: There is none.
        """
        if _ID.fullmatch(name):
            run = self._now(name)
            if run:
                return run
        raise NotFound("run", name, [run.id for run in self.listed()])

    def listed(self) -> list[Run]:
        """All runs, the latest first."""
        if not self._folder.is_dir():
            return []
        names = sorted((path.name for path in self._folder.iterdir()), reverse=True)
        found = (self._now(name) for name in names if _ID.fullmatch(name))
        return [run for run in found if run]

    def _now(self, name: str) -> Run | None:
        """A run as it is: one whose process has just ended has its exit code."""
        folder, watcher = self._folder / name, self._watchers.get(name)
        if not folder.is_dir():
            return None
        run = self._ended.get(name) or read_run(folder)
        if run and watcher and run.exit_code is None and not run.running:
            watcher.join(timeout=5)
            run = read_run(folder)
        if run and run.exit_code is not None:
            self._ended[name] = run  # nothing changes it any more
        return run

    def output(self, run: Run) -> str:
        """The end of what its process printed."""
        text = (self._folder / run.id / "output.txt").read_text(encoding="utf-8", errors="replace")
        return text[-_TAIL:]

    def _refuse_busy(self, job: str) -> None:
        busy = [run for run in self.listed() if run.running]
        if any(run.job == job for run in busy):
            raise StoreBusy(f"job {job!r} is running already.")
        if len(busy) >= MOST:
            raise StoreBusy(f"{len(busy)} jobs are running already; wait until one has ended.")

    def _spawn(self, name: str, job: str, path: Path, created: datetime, cores: int | None) -> Run:
        words = [sys.executable, "-m", "sortal", "run", str(path), "--store", str(self._store)]
        words += ["--figures", str(path.parent / "figures")]
        words += [] if cores is None else ["--cores", str(cores)]
        words += [
            word for folder in self._plugins for word in ("--plugins", str(folder.absolute()))
        ]
        with (path.parent / "output.txt").open("wb") as output:
            # A safe path: nothing that lies in the working directory is imported.
            started = subprocess.Popen(  # noqa: S603  # our own command; no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**_environment(), "PYTHONSAFEPATH": "1"},
                start_new_session=True,
            )
        try:
            run = Run(
                id=name,
                job=job,
                file=path.name,
                pid=started.pid,
                started=process.started(started.pid),
                created=created.isoformat(timespec="seconds"),
                host=process.here(),
            )
            write_run(path.parent, run)
        except BaseException:
            _end(started)  # nobody would ever know of it
            raise
        watcher = threading.Thread(target=_await_end, args=(started, path.parent, run), daemon=True)
        self._watchers[name] = watcher
        watcher.start()
        return run


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SECRET}


def _end(started: "subprocess.Popen[bytes]") -> None:
    """End a process and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGTERM)
    started.wait()


def _checked(path: Path, plugins: Sequence[Path]) -> JobFile:
    try:
        job = read_job(path)
        if job.problems:
            raise JobError(job.problems, file=path.name)
    except JobError as error:
        shown = [replace(problem, file=path.name) for problem in error.problems]
        raise JobError(shown, file="the job") from error
    _refuse_imports(job.job, plugins)
    return job


def _refuse_imports(job: Job, plugins: Sequence[Path]) -> None:
    for number, metric in enumerate(job.metrics):
        if not is_in_folders(metric, plugins):
            expected = "a metric of the folders of plugins that the server was started with"
            raise OptionError(f"metrics[{number}]", metric, expected)
    for number, block in enumerate(job.classifiers):
        if "." in block.method and not block.method.startswith("sklearn."):
            expected = "a method's name, or the import path of a classifier of scikit-learn"
            raise OptionError(f"classifiers[{number}].method", block.method, expected)


def _await_end(started: "subprocess.Popen[bytes]", folder: Path, run: Run) -> None:
    code = started.wait()
    if folder.is_dir():
        write_run(folder, replace(run, exit_code=code))
