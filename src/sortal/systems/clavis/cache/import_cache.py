"""`sortal clavis import`: the results of a cache folder of ClaVis, put into the store as figures alone."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged, UserError
from sortal.job.title import store_name
from sortal.jobs.imports.metrics import ImportedTitles, import_metrics
from sortal.plugins.loading.folders import find_folders
from sortal.plugins.loading.load import load
from sortal.store.store import Store
from sortal.systems.clavis.available import Available
from sortal.systems.clavis.cache.cache import Cache, CachedData, read_cache
from sortal.systems.clavis.cache.job import SHORT, SYSTEM, TargetJob, foreign_job
from sortal.views.console import echo, print_rows
from sortal.views.progress import counted
from sortal.views.tables import Columns, TableColumn

_LONGEST = 120
_COLUMNS: Columns = (
    TableColumn(name="job"),
    TableColumn(name="dataset", header="data set"),
    TableColumn(name="classifiers"),
    TableColumn(name="new"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What became of one data block."""

    job: str
    dataset: str
    classifiers: int
    """Of the cache that the store has now."""

    new: int


def import_cache(folder: Path, store: Path, plugins: Sequence[Path] = ()) -> int:
    """Import what a cache holds and the store lacks, and print what it came to.

    Args:
        folder: The cache.
        store: Where it goes; made if need be.
        plugins: Folders whose data sets name classes; their code is run.

    Returns:
        The exit code: 0 all well, 1 something could not be used.

    Raises:
        UserError: Nothing can be used.
    """
    cache = read_cache(folder)
    available = _available(plugins)
    faults = [str(fault) for fault in cache.faults]
    option = "" if store == Path(".sortal") else f" --store {shlex.quote(str(store))}"
    rows = _import(Store.open(store), cache, available, faults, option) if cache.data else []
    _print_end(cache, rows, faults)
    if not rows:
        raise UserError(f"{folder}: nothing of this cache can be used.")
    for row in rows:
        echo(f"show it: sortal show {shlex.quote(row.job)}{option}")
    return 1 if faults else 0


def _available(folders: Sequence[Path]) -> Available:
    """What data sets are known: built-in ones, and before them those of folders that a user names."""
    if not folders:
        return Available()
    plugins = load(find_folders(folders).folders)
    for broken in plugins.broken:
        if broken.kind == "data set":
            echo(f"note: {broken.sentence}")
    return Available(plugins=plugins)


def _import(
    store: Store, cache: Cache, available: Available, faults: list[str], option: str
) -> list[_Row]:
    """Import every data block; what cannot be is told with the faults."""
    rows = []
    for data, home in _homes(store, cache):
        job, odd = foreign_job(data, home, available.class_names(data.dataset))
        faults += map(str, odd)
        try:
            listed = import_metrics(store, job)
        except UserError as error:
            faults.append(f"data_{data.hash}_args.json: {error}")
            continue
        faults += _taken(listed, job.name, option)
        done = len(listed.new) + len(listed.there)
        rows.append(_Row(job=job.name, dataset=job.data, classifiers=done, new=len(listed.new)))
    return rows


def _homes(store: Store, cache: Cache) -> Iterator[tuple[CachedData, TargetJob]]:
    """The job of each data block: the one that has it already, or a new one of a free name."""
    known = _imported_before(store)
    taken = set(store.jobs.names())
    titles = Counter(data.title for data in cache.data if data.hash not in known)
    for data in cache.data:
        home = known.get(data.hash)
        if home is None:
            name = _job_name(data.title)
            if titles[data.title] > 1 or name in taken:
                name = f"{name} {data.hash[:SHORT]}"
            home = TargetJob(name=name)
            taken.add(name)
        yield data, home


def _imported_before(store: Store) -> dict[str, TargetJob]:
    """Jobs by the hash of the data block that they were imported from."""
    found: dict[str, TargetJob] = {}
    for name in store.jobs.names():
        try:
            record = store.jobs.read(name)
        except Damaged:
            continue  # `sortal store check` names it
        if record.figures_alone and record.asked.get("system") == SYSTEM:
            found.setdefault(str(record.asked["hash"]), TargetJob(name=name, record=record))
    return found


def _job_name(title: str) -> str:
    """What the store calls an imported job; the plain title stays free for the same job run here.

    >>> _job_name("iris")
    'iris - ClaVis'
    """
    cut = title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"
    return f"{store_name(cut)} - ClaVis"


def _taken(listed: ImportedTitles, job: str, option: str) -> Iterator[str]:
    """What the cache has otherwise than the store, with the command that makes room for it."""
    for title in listed.taken:
        yield (
            f"{title} of {job}: the cache has other results of it than the store, which are kept; delete "
            f"these first to import it anew: sortal store rm {shlex.quote(f'{job}/{title}')}{option}"
        )


def _print_end(cache: Cache, rows: Sequence[_Row], faults: Sequence[str]) -> None:
    if rows:
        told = [
            {"job": row.job, "dataset": row.dataset, "classifiers": row.classifiers, "new": row.new}
            for row in rows
        ]
        print_rows(told, _COLUMNS, title="imported as figures alone")
        if not faults and not any(row.new for row in rows):
            echo("nothing to import: the store has all of them.")
    if faults:
        echo(f"{counted(len(faults), 'problem')}:")
    for fault in faults:
        echo(f"  {fault}")
    pickles = {"examples": cache.projections, "classifiers": cache.maps}
    left = [f"{counted(count, 'projection')} of {of}" for of, count in pickles.items() if count]
    if left:
        echo(f"not imported, for they are pickles: {' and '.join(left)}.")
