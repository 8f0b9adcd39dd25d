"""`sortal cms apply`: a trained network on new files."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sortal.systems.cms.applying.apply import ApplySummary
    from sortal.systems.cms.applying.request import Missing

_SCREEN_SECONDS, _LOG_SECONDS = 0.5, 30.0

ModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="Folder of a run, with `network` in it, or the folder of a network."
    ),
]
FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILES", help="ROOT (TTree or RNTuple), Parquet, CSV or TSV files."),
]
OutOption = Annotated[
    Path, typer.Option("--out", "-o", help="File of scores: .root, .parquet or .csv.")
]
TreeOption = Annotated[
    str, typer.Option("--tree", help="Tree of ROOT files; the only one if not given.")
]
AliasOption = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="NAME=EXPRESSION", help="A column to derive; may be repeated."),
]
CutOption = Annotated[str, typer.Option("--cut", help="Events to score, such as `Met > 200`.")]
KeepOption = Annotated[
    str | None,
    typer.Option(
        "--keep",
        help="Columns to copy, with commas between; '*' for all with one value an event. Weight, "
        "process and event number, where files have them, if not given.",
    ),
]
NumberOption = Annotated[
    str | None,
    typer.Option(
        "--event-number",
        help="Column whose value modulo the folds says which network of a cross-evaluation "
        "scores the event; that of the training if not given.",
    ),
]
ShiftOption = Annotated[
    list[str] | None,
    typer.Option(
        "--shift",
        metavar="SHIFT:COLUMN=EXPRESSION",
        help="Score once more, as score_SHIFT, with this column shifted; may be repeated, for one "
        "shift too.",
    ),
]
ShiftsOption = Annotated[
    Path | None,
    typer.Option("--shifts", help="YAML file of shifts: by name, expressions by column."),
]
MissingOption = Annotated[
    str,
    typer.Option(
        "--missing",
        metavar="refuse|nan",
        help="What an event with a missing or infinite variable does: refuse (end with its place) or "
        "nan (have no score).",
    ),
]
ChunkOption = Annotated[int, typer.Option("--chunk", min=1, help="Events held at once.")]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Threads that score; all cores but one if not given."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]


def apply(
    model: ModelArgument,
    files: FilesArgument,
    out: OutOption,
    tree: TreeOption = "",
    alias: AliasOption = None,
    cut: CutOption = "",
    keep: KeepOption = None,
    event_number: NumberOption = None,
    shift: ShiftOption = None,
    shifts: ShiftsOption = None,
    missing: MissingOption = "refuse",
    chunk: ChunkOption = 100_000,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score the events of new files with a trained network, chunk by chunk.

    Writes one file: `score` (of several classes `score_CLASS` each, and `predicted`), the
    same for each shift with its name behind, then what is kept. CSV of the guide's form
    without a header line gives its form of outputs: score, weight, process. The file
    appears at the end; interrupted work leaves none, and the same command does it again.

    \b
    Examples
      sortal cms apply models/2017_1l_first data.root -o scores.root
      sortal cms apply models/2017_1l_first mc*.root -o scores.parquet --keep "weight,run,event"
      sortal cms apply models/2017_1l_first mc.root -o jes.root \\
          --shift "jes_up:Jet1Pt=Jet1Pt * 1.02" --shift "jes_down:Jet1Pt=Jet1Pt * 0.98"
    """
    from sortal.systems.cms.applying.apply import apply as apply_network
    from sortal.views.console import ExitCode, echo

    progress = None if quiet else _Progress()
    try:
        done = apply_network(
            model,
            files,
            out,
            tree=tree,
            aliases=_aliases(alias or ()),
            cut=cut,
            keep=None if keep is None else [name.strip() for name in keep.split(",")],
            event_number=event_number,
            shifts=_shifts(shift or (), shifts),
            missing=_missing(missing),
            chunk=chunk,
            threads=threads,
            progress=progress,
        )
    except KeyboardInterrupt:
        _end(progress)
        echo(f"interrupted: {out} is not written. Run the same command again.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except BaseException:
        _end(progress)
        raise
    _end(progress)
    for sentence in done.sentences():
        echo(sentence)


class _Progress:
    """Events so far and how fast, on stderr: on one line of a terminal, now and then elsewhere."""

    def __init__(self) -> None:
        self._screen = sys.stderr.isatty()
        self._pause = _SCREEN_SECONDS if self._screen else _LOG_SECONDS
        self._last = time.monotonic()
        self._shown = False

    def __call__(self, done: "ApplySummary") -> None:
        now = time.monotonic()
        if now - self._last < self._pause:
            return
        self._last, self._shown = now, True
        line = f"{done.events:,} events, {done.rate:,.0f}/s"
        sys.stderr.write(f"\r{line}   " if self._screen else f"{line}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Begin a new line."""
        if self._screen and self._shown:
            sys.stderr.write("\n")


def _end(progress: _Progress | None) -> None:
    if progress is not None:
        progress.end()


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    """A name and what stands behind the first equals sign."""
    from sortal.errors import OptionError

    name, sign, expression = text.partition("=")
    if not (sign and name.strip() and expression.strip()):
        raise OptionError(option, text, form)
    return name.strip(), expression.strip()


def _aliases(given: Sequence[str]) -> dict[str, str]:
    """Expressions by alias."""
    from sortal.errors import OptionError

    aliases: dict[str, str] = {}
    for text in given:
        name, expression = _pair(text, "--alias", "NAME=EXPRESSION")
        if aliases.setdefault(name, expression) != expression:
            raise OptionError("--alias", text, f"one expression for {name!r}")
    return aliases


def _shifts(given: Sequence[str], path: Path | None) -> dict[str, dict[str, str]]:
    """Shifts of a file and of options, which add to them."""
    from sortal.errors import OptionError

    form = "SHIFT:COLUMN=EXPRESSION"
    shifts = {name: dict(one) for name, one in (_read(path) if path else {}).items()}
    for text in given:
        place, expression = _pair(text, "--shift", form)
        name, sign, column = place.partition(":")
        if not (sign and name.strip() and column.strip()):
            raise OptionError("--shift", text, form)
        changed = shifts.setdefault(name.strip(), {})
        if changed.setdefault(column.strip(), expression) != expression:
            expected = f"one expression for {column.strip()!r} in the shift {name.strip()!r}"
            raise OptionError("--shift", text, expected)
    return shifts


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Shifts of a YAML file: by name, expressions by column."""
    from sortal.errors import UserError
    from sortal.job.parse import parse

    if not path.is_file():
        raise UserError(f"--shifts: {path}: there is no such file.")
    try:
        # Not YAML's own objects: maps merged into maps may multiply beyond all memory.
        parsed = parse(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"--shifts: {path}: not readable as YAML ({error}).") from error
    if parsed.problems:
        raise UserError(f"--shifts: {path}: not readable as YAML ({parsed.problems[0]})")
    read = parsed.data
    sound = isinstance(read, dict) and all(
        isinstance(shift, dict) and shift and all(isinstance(text, str) for text in shift.values())
        for shift in read.values()
    )
    if not sound:
        raise UserError(
            f"--shifts: {path}: expected expressions by column by shift, such as "
            "`jes_up: {Jet1Pt: Jet1Pt * 1.02}`."
        )
    return {str(name): {str(c): text for c, text in one.items()} for name, one in read.items()}


def _missing(text: str) -> "Missing":
    from sortal.errors import OptionError

    match text:
        case "refuse":
            return "refuse"
        case "nan":
            return "nan"
        case _:
            raise OptionError("--missing", text, "refuse or nan")
