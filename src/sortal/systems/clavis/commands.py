"""`sortal clavis`: batch jobs of many classifiers on any table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from sortal.jobs.running.run_options import RunOptions
from sortal.options import (
    DEFAULT_STORE,
    CoresOption,
    FormatOption,
    QuietOption,
    StoreOption,
    TableFormat,
    VerboseOption,
    engines_of,
)
from sortal.systems.clavis.system import describe
from sortal.web.command import mount

app = typer.Typer(
    name="clavis",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Many classifiers on any table, compared (the workbench ClaVis): batch jobs and plugins.",
)

PluginsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins",
        metavar="DIR",
        help="Folder with datasets/ and classifiers/ of your own; may be given several times. If not "
        "given, modules/ in the working directory, the job's folder or its parent, if it is your own.",
    ),
]
DatasetsOption = Annotated[
    Path | None,
    typer.Option(
        "--datasets",
        metavar="DIR",
        envvar="SORTAL_DATASETS",
        help="Folder of downloaded data sets, such as mnist.npz.",
    ),
]

_SPELT = {"-break": "--break", "-help": "--help"}
"""Words of the original's programs with one dash, which elsewhere would be letters: b, r, e, a, k."""


class OneDashWord(TyperCommand):
    """A command that knows the original's words with one dash, `-break` and `-help`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write them with two before anything else looks at them."""
        return super().parse_args(ctx, spelt_out(args))


def spelt_out(words: Sequence[str]) -> list[str]:
    """Arguments with `-break` as `--break`, `-help` likewise; what stands behind `--` is left as it is.

    >>> spelt_out(["job.json", "-break", "--", "-break"])
    ['job.json', '--break', '--', '-break']
    """
    end = list(words).index("--") if "--" in words else len(words)
    return [_SPELT.get(word, word) if place < end else word for place, word in enumerate(words)]


@app.command(
    "batch", cls=OneDashWord, short_help="Train every classifier of one or several batch jobs."
)
def batch(
    context: typer.Context,
    jobs: Annotated[list[Path], typer.Argument(metavar="JOB...", help="Job files, JSON.")],
    stop: Annotated[
        bool,
        typer.Option(
            "--break", "-b", help="Stop at the first error, with its traceback; also -break."
        ),
    ] = False,
    plugins: PluginsOption = None,
    datasets: DatasetsOption = None,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Train every classifier of one or several batch jobs, and compute their projections.

    Only what the store lacks is computed. An error of one classifier does not stop its job,
    that of one job not the next; the exit code is 1 if anything failed.

    \b
    Examples
      sortal clavis batch jobs/iris.json
      sortal clavis batch jobs/iris.json jobs/digits.json -break
      sortal clavis batch my_job.json --plugins modules
    """
    from sortal.systems.clavis.batch.batch import batch as run
    from sortal.systems.clavis.batch.running_job import BatchOptions

    wishes = BatchOptions(
        store=store,
        plugins=tuple(plugins or ()),
        downloads=datasets,
        options=RunOptions(cores=cores),
        engines=engines_of(context),
        stop=stop,
        verbose=verbose,
    )
    raise typer.Exit(run(jobs, wishes))


@app.command(
    "autotune", cls=OneDashWord, short_help="Tune the parameters of classifiers by evolution."
)
def autotune(
    context: typer.Context,
    job: Annotated[Path, typer.Argument(metavar="TUNINGJOB", help="Tuning job, JSON.")],
    plugins: PluginsOption = None,
    datasets: DatasetsOption = None,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Tune the parameters of classifiers by evolution.

    Writes TUNINGJOB.result.json, a batch job of the best, and TUNINGJOB.report.md beside the
    file. Configurations are ranked on validation examples, and the best judged on the test
    examples at the end. Ctrl-C ends the round and keeps the best; the same command goes on.

    \b
    Examples
      sortal clavis autotune tuningjob.json
      sortal clavis batch tuningjob.result.json
    """
    from sortal.systems.clavis.batch.running_job import BatchOptions
    from sortal.systems.clavis.tuning.autotune import autotune as run
    from sortal.views.console import echo

    wishes = BatchOptions(
        store=store,
        plugins=tuple(plugins or ()),
        downloads=datasets,
        options=RunOptions(cores=cores),
        engines=engines_of(context),
        verbose=verbose,
    )
    written = run(job, wishes, echo, quiet=quiet)
    for path in (written.result, written.report):
        echo(f"wrote {path}")
    if written.launched.summary.interrupted:
        echo("interrupted; the best so far are kept, and the same command goes on.")
    raise typer.Exit(written.exit_code)


@app.command("import", short_help="Import the results of a cache folder of ClaVis.")
def import_results(
    cache: Annotated[
        Path, typer.Argument(metavar="CACHE", help="Folder `cache` of an installation of ClaVis.")
    ],
    plugins: Annotated[
        list[Path] | None,
        typer.Option(
            "--plugins",
            metavar="DIR",
            help="Folder with datasets/ of your own, which name their classes; may be given several "
            "times. Code is run only of folders that are given.",
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Import the results of a cache folder of ClaVis, to compare them with those of jobs run here.

    Only its JSON files are read, never its pickles. They tell accuracy, confusion matrix and
    seconds of each classifier; of single examples nothing is known, so there are no maps and no
    comparisons example by example. A job TITLE becomes 'TITLE - ClaVis'. The same call again adds what
    is new. Exit code 1 if a file cannot be used.

    \b
    Examples
      sortal clavis import backend/cache
      sortal clavis import backend/cache --plugins backend/modules
      sortal show "iris - ClaVis"
    """
    from sortal.systems.clavis.cache.import_cache import import_cache

    raise typer.Exit(import_cache(cache, store, tuple(plugins or ())))


@app.command(
    "explorer", cls=OneDashWord, short_help="Look at stored results in a menu, and delete some."
)
def explorer(store: StoreOption = DEFAULT_STORE) -> None:
    """Look at stored jobs, classifiers and projections in a menu, and delete what is not needed.

    Lists every item with its size and with the hash that names its folder. Deletes one item, or all that
    belong to a dataset; each time it asks, and an empty answer means no.
    """
    from sortal.store.store import Store
    from sortal.systems.clavis.explorer import explore

    raise typer.Exit(explore(Store.open(store, create=False)))


@app.command(
    "available",
    cls=OneDashWord,
    short_help="List classifiers, data sets and projections, or show one.",
)
def available(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show its parameters, and what to copy into a job."),
    ] = None,
    form: FormatOption = TableFormat.TABLE,
    plugins: PluginsOption = None,
) -> None:
    """List the classifiers, data sets and projections that a job can name, or show one.

    With a name: its parameters with their ranges and defaults, and a configuration of all
    defaults to copy into a job.

    \b
    Examples
      sortal clavis available
      sortal clavis available mlpc_keras
      sortal clavis available my_knn --plugins modules
    """
    from sortal.systems.clavis.available import find_available
    from sortal.systems.clavis.batch.progress import say
    from sortal.systems.clavis.listing import list_all, show
    from sortal.views.console import note

    found = find_available(plugins or (), announce=lambda notice: say(note, notice))
    say(note, *found.notices)
    if name is None:
        list_all(found, form)
    else:
        show(found, name, form)


mount(app, describe, spelt="sortal clavis serve")
app.registered_commands[-1].cls = OneDashWord  # main.py of the original is this command
