"""Records what every command of the manual prints, and compares two recordings.

    python tests/manual_output.py record FILE [PAGE ...]
    python tests/manual_output.py compare BEFORE AFTER [--words]

A recording holds each command of README.md and docs/*.md with its exit code and output, and the
help of every command. Seconds, dates, sizes in bytes, folders and the names of the machine and of
its processor are replaced, because they differ from run to run. All other numbers are kept: two
commits print the same on one machine. With `--words` numbers count for nothing and the rows of a
ranking are in the order of their titles, so that recordings of different machines can be compared.
"""

import argparse
import contextlib
import difflib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
MANUAL = (
    *(f"docs/{name}.md" for name in ("quickstart", "ensembles", "imported", "maps", "gpu")),
    *(
        f"docs/{name}.md"
        for name in ("clavis", "clavis-batch", "clavis-builtin", "plugins", "metrics")
    ),
    *("README.md", "docs/export.md", "docs/cms.md"),
)
"""Pages that show commands, in the order in which their commands are run."""

HELP = "help"
"""Stands for a page with the help of every command."""

BEFORE = {
    "docs/ensembles.md": "docs/quickstart.md",
    "docs/imported.md": "docs/quickstart.md",
    "docs/maps.md": "docs/quickstart.md",
    "docs/gpu.md": "docs/quickstart.md",
    "docs/clavis-batch.md": "docs/clavis.md",
    "docs/clavis-builtin.md": "docs/clavis.md",
    "docs/plugins.md": "docs/clavis.md",
}
"""Pages that go on in the folder of another page, because their commands use its results."""

SCRIPTS = frozenset({"docs/quickstart.md"})
"""Pages whose Python blocks make what their commands use; they are run too."""

_NAMED = re.compile(r"# (\S+\.yaml|\S+/\S+\.py)\n")
"""First line of a block that is the content of a file."""

ENDLESS = (("sortal", "serve"),)
"""Beginnings of commands that run until they are stopped; they are not recorded."""

_WINES = "title: job\nbootstrap: 50\ndata: {source: wine, scaling: standard}\nclassifiers:\n"
FILES = {
    "docs/ensembles.md": {
        "wines.yaml": "data: {source: wines.csv, label: cultivar, id: bottle, scaling: standard}\n"
        "classifiers:\n  - {method: svm, calibrate: sigmoid}\n  - method: lda\n",
        "stars.yaml": "data: {source: wine, scaling: standard, split: {validation: 0.25}}\n"
        "classifiers:\n  - {method: kneighbors, parameters: {n_neighbors: [3, 5, 9, 15, 25]}}\n"
        "  - method: lda\n",
    },
    "docs/imported.md": {
        "svm.csv": "name,truth,score_no,score_yes\na,no,0.75,0.25\nb,yes,0.5,0.5\nc,yes,0.25,0.75\n",
    },
    "docs/maps.md": {"job.yaml": f"{_WINES}  - method: lda\n  - method: gaussiannb\n"},
    "docs/plugins.md": {"job.yaml": f"{_WINES}  - method: lda\n"},
    "docs/export.md": {
        "cancer.yaml": "title: cancer\ndata: {source: breast_cancer, scaling: standard}\n"
        "classifiers:\n  - {method: mlp, title: net, parameters: {hidden_layer_sizes: [16]}}\n"
    },
}
"""Files that the commands of a page need and that the page leaves to its reader."""

FOLDERS = {
    "docs/clavis.md": {
        "backend/cache": "tests/systems/clavis/golden/cache",
        "backend/modules": "tests/golden/jobs/modules",
    }
}
"""Folders that commands of a page name, and what they are copies of."""

FIRST = {
    "docs/ensembles.md": (("run", "wines.yaml", "--quiet"), ("run", "stars.yaml", "--quiet")),
    "docs/export.md": (("run", "cancer.yaml", "--quiet"),),
}
"""Commands that make what the commands of a page use; they are not recorded."""

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"[-+±]?\d[\d.,]*(e[-+]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)?)?")
_SECONDS = re.compile(r"(\d[\d.,]*(e[-+]?\d+)? +(s|ms|min|h|seconds|minutes|hours)\b ?)+(?<! )")
_SPEED = re.compile(r"\d[\d.,]* (events|examples)/s; of the work .*")
_PROGRESS = re.compile(r": \d+/\d+ members, .*running: ")
_BYTES = re.compile(r"\d[\d.,]* (bytes|B|kB|MB|GB)\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the lines that the page shows below it."""

    words: tuple[str, ...]
    lines: tuple[str, ...] = ()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [
        Block(one.group(2), re.sub(f"^{one.group(1)}", "", one.group(3), flags=re.MULTILINE))
        for one in found
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a console block, each with the lines that it shall print."""
    pieces = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    found = []
    for piece in pieces:
        first, *rest = piece.splitlines()
        shown = tuple(line for line in rest if line.strip(" .") and not set(line) <= {"─"})
        found.append(Command(tuple(shlex.split(first)), shown))
    return found


def shell_commands(block: Block) -> list[Command]:
    """The commands of a console block or a shell block that call `sortal`."""
    if block.language == "console":
        return commands(block)
    lines = block.text.splitlines() if block.language == "sh" else []
    called = (tuple(shlex.split(line, comments=True)) for line in lines)
    return [Command(words) for words in called if words[:1] == ("sortal",)]


def record(pages: Sequence[str], folder: Path) -> Iterator[str]:
    """Follow pages in folders below a folder, and yield what every command prints."""
    if hasattr(os, "sched_setaffinity"):
        # One core means one worker: classifiers end in the same order in every run.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for page in pages:
        yield f"==== {page}"
        if page == HELP:
            for words in _all_commands():
                yield from _recorded((*words, "--help"), folder)
            continue
        place = folder / Path(BEFORE.get(page, page)).stem
        place.mkdir(exist_ok=True)
        for name, text in FILES.get(page, {}).items():
            (place / name).write_text(text, encoding="utf-8")
        for words in FIRST.get(page, ()):
            _run(words, place)
        if page == "docs/imported.md":
            _write_predictions(place)
        yield from _follow(page, place)


def _follow(page: str, folder: Path) -> Iterator[str]:
    names: dict[str, Any] = {}
    for block in blocks(ROOT / page):
        if named := _NAMED.match(block.text):
            (folder / named.group(1)).parent.mkdir(parents=True, exist_ok=True)
            (folder / named.group(1)).write_text(block.text, encoding="utf-8")
        if block.language == "python" and page in SCRIPTS:
            with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, page, "exec"), names)
        for command in shell_commands(block):
            if command.words[:2] not in ENDLESS:
                _copy_named(FOLDERS.get(page, {}), command.words, folder)
                yield from _recorded(command.words[1:], folder)


def _copy_named(folders: Mapping[str, str], words: Sequence[str], folder: Path) -> None:
    """Copy the folders that a command names; the commands before it may ask for an empty one."""
    for name, source in folders.items():
        if name in words and not (folder / name).exists():
            shutil.copytree(ROOT / source, folder / name)


def _recorded(words: Sequence[str], folder: Path) -> Iterator[str]:
    line = shlex.join(("sortal", *words))
    print(line, file=sys.stderr, flush=True)  # noqa: T201
    ran = _run(words, folder)
    yield f"$ {line}"
    yield from normal_lines(ran.stdout, folder)
    yield from (f"err: {line}" for line in normal_lines(ran.stderr, folder))
    yield f"exit code {ran.returncode}"
    yield ""


def _run(words: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command; what it prints is also written to the file behind a `>`."""
    words, file = (words[:-2], words[-1]) if words[-2:-1] == (">",) else (words, "")
    ran = subprocess.run(
        [sys.executable, "-m", "sortal", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "KERAS_BACKEND": "torch"},
        check=False,
    )
    if file:
        (folder / file).write_text(ran.stdout, encoding="utf-8")
    return ran


def _write_predictions(folder: Path) -> None:
    """Write the predictions that the page of imported classifiers takes from elsewhere."""
    import polars as pl

    import sortal

    with contextlib.chdir(folder):
        sortal.load("wines").scores("svm").write_csv("theirs.csv")
        pl.read_csv("svm.csv").write_parquet("tree.parquet")


def _all_commands() -> Iterator[tuple[str, ...]]:
    """Words of every command and group of commands, in the order of the help."""
    import typer

    from sortal.cli.main import app

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*words, name))

    yield from below(typer.main.get_command(app), ())


def normal_lines(text: str, folder: Path) -> Iterator[str]:
    """Give the lines of an output without what differs from run to run, with single gaps in tables.

    How far a run is, is printed whenever some time has passed, and is left out.
    """
    seconds = _Seconds()
    for line in text.replace(str(folder), "FOLDER").splitlines():
        if not _PROGRESS.search(line):
            undated = _SPEED.sub(r"# \1/s", _DATE.sub("DATE", line))
            plain = _BYTES.sub("# bytes", _SECONDS.sub("# s", undated))
            gaps = re.sub(r"(?<=\S) {2,}", "  ", re.sub(r"─+", "───", plain)).rstrip()
            yield seconds.without(gaps)


class _Seconds:
    """Where the table that is being read has columns of seconds, or of the machine."""

    def __init__(self) -> None:
        self._gap = "  "
        self._columns: list[int] = []
        """Their places from the right, because titles may contain gaps."""

    def without(self, line: str) -> str:
        """A line whose seconds are replaced; lines come in order."""
        if line.startswith(("rank  ", "rank,", "seed  ")):
            self._gap = line[4:5] * (2 if line[4] == " " else 1)
            names = line.split(self._gap)
            ends = (" [s]", "_seconds", " seconds", "host", "device")
            self._columns = [i - len(names) for i, name in enumerate(names) if name.endswith(ends)]
        elif not re.match(r"( *\d+  |\d*,|───)", line):
            self._columns = []
        elif self._columns and line != "───":
            cells = line.split(self._gap)
            for column in self._columns:
                cells[column] = "#"
            return self._gap.join(cells)
        return line


def in_words(lines: Sequence[str]) -> list[str]:
    """Lines without their numbers, the ranked rows of each table in the order of their titles."""
    plain = [" ".join(_NUMBER.sub("#", line).split()) for line in lines]
    start = 0
    for i in range(len(plain) + 1):
        if i == len(plain) or not re.match(r" *\d+  ", lines[i]):
            plain[start:i] = sorted(plain[start:i])
            start = i + 1
    return plain


def differences(before: Sequence[str], after: Sequence[str], *, words: bool) -> list[str]:
    """A unified diff of two recordings; empty if they are alike."""
    if words:
        before, after = in_words(before), in_words(after)
    return list(difflib.unified_diff(before, after, "before", "after", lineterm="", n=2))


def main() -> int:
    """Record or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)
    recording = actions.add_parser("record", help="run the manual and write what it prints")
    recording.add_argument("file", type=Path)
    recording.add_argument("pages", nargs="*", default=[*MANUAL, HELP], help="all if not given")
    comparing = actions.add_parser("compare", help="print how two recordings differ")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--words", action="store_true", help="leave numbers out")
    given = parser.parse_args()
    if given.action == "record":
        with (
            tempfile.TemporaryDirectory() as folder,
            given.file.open("w", encoding="utf-8") as file,
        ):
            for line in record(given.pages, Path(folder).resolve()):
                file.write(f"{line}\n")
        return 0
    before, after = (
        path.read_text(encoding="utf-8").splitlines() for path in (given.before, given.after)
    )
    found = differences(before, after, words=given.words)
    print("\n".join(found) or "no difference")  # noqa: T201
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
