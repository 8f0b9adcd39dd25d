"""Apply trained networks to files of events of any size, chunk by chunk, under shifts as well.

A thread reads ahead while networks score and the file of scores grows, so that what is held is a
few chunks, however long the files are.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from sortal.data.expressions.parse import needed_aliases
from sortal.data.readers.missing import missing_numbers
from sortal.errors import NotFound, OptionError, UserError
from sortal.jobs.applying.predict import Predictor, outside_sentence
from sortal.jobs.applying.predictor_folder import is_predictor_folder, load_predictor
from sortal.jobs.running.run_options import available_cores
from sortal.methods import registry
from sortal.systems.cms.applying import score_file
from sortal.systems.cms.applying.event_chunks import Chunk, EventSource
from sortal.systems.cms.applying.known_aliases import with_known_aliases
from sortal.systems.cms.applying.read_ahead import ReadAhead
from sortal.systems.cms.applying.request import UNSHIFTED, Missing, Request
from sortal.systems.cms.applying.score_table import PageTable, ScoreTable, refuse_names_of_scores
from sortal.systems.cms.applying.shift import Shift, refuse_idle_shifts, shift_remarks
from sortal.systems.cms.data.files import NETWORK_FOLDER
from sortal.views.progress import counted

CHUNK = 100_000
"""Events of a chunk."""


@dataclass(slots=True, kw_only=True)
class ApplySummary:
    """What became of it; updated while it goes on."""

    out: Path
    events: int = 0
    seconds: float = 0.0
    """Wall time from the first file's opening to the last score on disk."""

    reading: float = 0.0
    """Seconds in which files were read and variables derived; goes on beside the others."""

    scoring: float = 0.0
    writing: float = 0.0
    without_score: int = 0
    """Events with a variable that is missing or infinite, whose score is NaN."""

    by_fold: bool = False
    """Whether each event was scored by the network of its fold."""

    outside: dict[str, int] = field(default_factory=dict)
    """Events whose variable lies outside the range seen in training, by variable."""

    notes: tuple[str, ...] = ()

    def add(self, chunk: Chunk, table: ScoreTable, file: score_file.ScoreFile) -> None:
        """Score a chunk and append it."""
        begun = time.perf_counter()
        scored = table.of(chunk)
        self.scoring += (scored_at := time.perf_counter()) - begun
        file.write(scored)
        self.writing += time.perf_counter() - scored_at
        self.events += len(chunk)
        self.without_score += len(chunk.gaps.get(UNSHIFTED, ()))

    @property
    def rate(self) -> float:
        """Events a second in all."""
        return self.events / self.seconds if self.seconds else 0.0

    def sentences(self) -> Iterator[str]:
        """What a user should read."""
        busy = self.reading + self.scoring + self.writing
        shares = (
            f"{what} {100 * seconds / busy:.0f} %"
            for what, seconds in (
                ("reading", self.reading),
                ("scoring", self.scoring),
                ("writing", self.writing),
            )
            if busy
        )
        speed = f": {self.rate:,.0f} events/s; of the work {', '.join(shares)}"
        yield (f"wrote scores of {self.events} events to {self.out}{speed if self.events else ''}.")
        yield from (f"note: {note}" for note in self.notes)
        if self.without_score:
            events = counted(self.without_score, "event")
            yield f"note: {events} without a score (NaN): a variable is missing or infinite."
        if self.outside:
            scored = self.events - self.without_score
            yield "warning: " + outside_sentence(self.outside, scored)


Progress = Callable[[ApplySummary], None]
"""Called after each chunk."""


def apply(
    model: Path,
    files: Sequence[Path],
    out: Path,
    *,
    tree: str = "",
    aliases: Mapping[str, str] | None = None,
    cut: str = "",
    keep: Sequence[str] | None = None,
    event_number: str | None = None,
    shifts: Mapping[str, Shift] | None = None,
    missing: Missing = "refuse",
    chunk: int = CHUNK,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ApplySummary:
    """Score events of files and write one file of scores.

    Columns of `out`: `score` for a network of one output; of several `score_CLASS` each, and
    `predicted`, the class of the largest where classes exclude each other; the same with `_SHIFT`
    behind the name for each shift; then the columns to keep. Events that fail the cut are left
    out; the cut looks at columns as they are, so that all shifts are of the same events. Where no
    event is left the file has its columns and no rows, and a note says so. From
    CSV of the guide's form (no header line: the variables in order, weight, Name.root) into CSV,
    with neither `keep` nor shifts, comes its form of outputs: score, weight, process, no header line.

    Args:
        model: The folder of a run, with `network` in it, or the folder of a network itself.
        files: ROOT (TTree or RNTuple), Parquet, CSV or TSV; read one after another.
        out: A .root, .parquet or .csv file; it appears whole at the end, or not at all.
        tree: Tree of ROOT files; the only one if empty.
        aliases: Columns to derive, beside those that variables of the network are made of, which
            are known.
        cut: Which events to score.
        keep: Columns to copy; `*` for all with one value an event; weight, process and event
            number, where files have them, if None.
        event_number: Column whose value modulo the folds tells which network of a
            cross-evaluation never saw the event; that of the training if None.
        shifts: By name, expressions for the columns that a systematic effect changes.
        missing: Whether an event with a variable that is missing or infinite ends the work, or has
            NaN as its score.
        chunk: Events that are held at once.
        threads: Threads that score; all cores but the one that reads if None.
        progress: Told after each chunk.

    Raises:
        UserError: The model, a file, a column or an option is not as it should be.
        Damaged: The model's folder is not what was written.
    """
    score_file.check_out(out)
    _refuse_to_replace(files, out)
    if chunk < 1:
        raise OptionError("--chunk", chunk, "a number of events above 0")
    predictor = load_predictor(network_folder(model))
    request = _completed(
        predictor,
        Request(
            variables=_variables(predictor, model),
            keep=None if keep is None else tuple(keep),
            event_number=event_number,
            tree=tree,
            aliases=aliases or {},
            cut=cut,
            shifts=shifts or {},
            missing=missing,
            typed=out.suffix.lower() != ".csv",
        ),
    )
    started = time.perf_counter()
    opened = [EventSource(path, request) for path in files]
    refuse_idle_shifts(request.shifts, opened[0].aliases, request.variables)
    request, lost = with_known_aliases(request, predictor.about, opened)
    request = _with_numbers(request, predictor, [EventSource(path, request) for path in files])
    sources = [EventSource(path, request) for path in files]
    kept = _kept(sources)
    plain = all(one.is_page_file for one in sources) and request.keep is None and not request.shifts
    as_page = plain and out.suffix.lower() == ".csv" and len(predictor.classes) == 1
    table = PageTable(predictor, request) if as_page else ScoreTable(predictor, kept)
    notes = (
        *_notes(predictor, request),
        *_repeated(files),
        *lost,
        *shift_remarks(request.shifts, sources[0].aliases, cut, kept),
    )
    done = ApplySummary(out=out, by_fold=bool(request.folds), notes=notes)
    chunks = (one for source in sources for one in source.chunks(table.kept, chunk))
    with (
        _threads(threads),
        score_file.writing(out, header=not as_page) as file,
        ReadAhead(chunks) as ahead,
    ):
        for one in ahead:
            done.add(one, table, file)
            done.reading, done.seconds = ahead.busy, time.perf_counter() - started
            if progress is not None:
                progress(done)
        if not done.events:
            kinds = {name: kind for source in sources for name, kind in source.kinds.items()}
            file.write(table.empty(request.shifts, {request.weight: pa.float64(), **kinds}))
    done.seconds = time.perf_counter() - started
    done.notes += tuple(_without_events(sources))
    done.outside = dict(predictor.outside)
    return done


def _refuse_to_replace(files: Sequence[Path], out: Path) -> None:
    """Refuse to write scores over the events that they are of."""
    if out.resolve() in [path.resolve() for path in files]:
        raise OptionError(
            "--out", str(out), "a file that is none of those that are read: they would be lost"
        )


def _repeated(files: Sequence[Path]) -> Iterator[str]:
    """Tell of files that are given several times."""
    counts = Counter(path.resolve() for path in files)
    for path in dict.fromkeys(path for path in files if counts[path.resolve()] > 1):
        yield f"{path} is given {counts[path.resolve()]} times: so are the scores of its events."


def network_folder(model: Path) -> Path:
    """The folder of the trained network itself.

    Raises:
        NotFound: There is no such folder.
        UserError: It holds no network.
    """
    if not model.is_dir():
        beside = (
            [one.name for one in model.parent.iterdir() if one.is_dir()]
            if model.parent.is_dir()
            else []
        )
        raise NotFound("folder", model.name, beside, where=str(model.parent))
    for folder in (model, model / NETWORK_FOLDER):
        if is_predictor_folder(folder):
            return folder
    inside = sorted(one.parent.name for one in model.glob(f"*/{NETWORK_FOLDER}") if one.is_dir())
    hint = f" It has several: choose {' or '.join(inside[:3])}." if inside else ""
    raise UserError(
        f"{model}: expected a trained network in it, in the folder {NETWORK_FOLDER}.{hint}"
    )


def _variables(predictor: Predictor, model: Path) -> tuple[str, ...]:
    names = list(predictor.spec.names.values())
    if len(names) != 1 or not names[0]:
        raise UserError(f"{model}: expected a network of columns, got one of signals or images.")
    return tuple(names[0])


def _completed(predictor: Predictor, asked: Request) -> Request:
    """What is asked for, completed by what the training knows."""
    about = predictor.about
    columns = about.get("columns", {})
    scorers = [scorer for column in predictor.columns for scorer in column.scorers]
    return replace(
        asked,
        weight=columns.get("weight") or asked.weight,
        unit_weights="weight" in columns and columns["weight"] is None,
        process=columns.get("process") or asked.process,
        aliases={**needed_aliases(about.get("aliases", {}), asked.variables), **asked.aliases},
        blanks=tuple(missing_numbers(predictor.spec.options.missing)),
        gaps_allowed=all(
            one.preparer.preparation.imputes
            or registry.find(one.method, one.calibration).missing_allowed
            for one in scorers
        ),
    )


def _with_numbers(
    request: Request, predictor: Predictor, sources: Sequence[EventSource]
) -> Request:
    """Tell events apart by fold, where there are folds and event numbers."""
    trained = predictor.about.get("columns", {}).get("event_number")
    number = request.event_number
    if number is None and trained and all(trained in one.names for one in sources):
        number = str(trained)
    if number is None or not predictor.folds:
        return replace(request, event_number=number)
    folds = len(predictor.folds)
    if predictor.folds != tuple(range(folds)):
        raise UserError(
            f"the networks were trained in folds {', '.join(map(str, predictor.folds))}: an event "
            "number leads to a fold only where folds count up from 0."
        )
    return replace(request, event_number=number, folds=folds)


def _notes(predictor: Predictor, request: Request) -> Iterator[str]:
    if predictor.folds and not request.folds:
        yield (
            f"no event number, so each event has the mean of {len(predictor.folds)} networks; "
            "events of the training were seen by all of them but one (--event-number)."
        )


def _without_events(sources: Sequence[EventSource]) -> Iterator[str]:
    """Tell of which files nothing was scored."""
    for source in sources:
        if not source.read:
            yield f"{source.path} has no events."
        elif not source.passed:
            yield f"{source.path}: none of its {source.read} events passes the cut."


def _kept(sources: Sequence[EventSource]) -> tuple[str, ...]:
    """Columns to keep that every file has."""
    each = [one.kept() for one in sources]
    kept = tuple(name for name in each[0] if all(name in other for other in each))
    refuse_names_of_scores(kept, sources[0].path)
    return kept


def _threads(asked: int | None) -> AbstractContextManager[None]:
    """Let torch use so many threads."""
    from sortal.networks.threads import torch_threads

    return torch_threads(asked or max(1, available_cores() - 1))
