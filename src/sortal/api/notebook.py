"""Sortal from Python: run a job, look at what it came to, apply it. Made for notebooks."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sortal.engines.base import Engines
from sortal.errors import Interrupted, NotFound, UserError
from sortal.evaluation.maps.classifier_map import ClassifierMap
from sortal.evaluation.maps.parameters import PROJECTIONS, parse_options
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.ensembles import ensemble as jobs_ensemble
from sortal.jobs.launch import DEFAULT_STORE, JobLike, launch, prepare
from sortal.jobs.pictures import draw
from sortal.jobs.pictures.classifier_map import classifier_map, parse_map_method
from sortal.jobs.pictures.projections import ProjectedExamples, projected_examples
from sortal.jobs.results import results
from sortal.jobs.results.lookup import open_job
from sortal.jobs.results.result import Result
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store
from sortal.views.plan import JobForecast
from sortal.views.progress import Display, counted
from sortal.views.ranking import ranking_html, summary

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


def run(
    job: JobLike,
    *,
    store: str | Path = DEFAULT_STORE,
    cores: int | None = None,
    quiet: bool = False,
    snapshot_seconds: float | None = None,
    as_is: bool = False,
    engines: Engines | None = None,
    metrics: Sequence[Any] = (),
) -> "Results":
    """Train and compare the classifiers of a job; only what the store lacks is computed.

    A member that fails stops nothing and raises nothing: it is in `failures` of the results.

    Args:
        job: Path of a job file, a mapping of the same keys, or a `Job`.
        store: Folder of the store, made if need be.
        cores: Cores to use; all that are available if not given.
        quiet: Show failures and warnings only, no progress.
        snapshot_seconds: Pause between snapshots of networks in training [s]: what a kill can
            cost at most. 20 if not given.
        as_is: Train nothing, but make results of networks in mid-training as they are, with
            their best weights where these are kept; their titles end in `(unfinished)`. A
            later run goes on with them all the same.
        engines: What to train on; processes of this machine if not given. With
            `sortal.engines.inline.InlineEngine()` all trains in this process, where a debugger
            stops at breakpoints.
        metrics: Metrics of your own: functions of labels, scores and weights, or what
            `sortal.metric` made of them.

    Raises:
        OptionError: A number is smaller than its option allows, or `as_is` is asked of a search.
        JobError: The job cannot run; carries all its problems, and the store is not touched.
        StoreBusy: Another process runs this job in this store.
        Interrupted: Ctrl-C (a notebook's stop button) or a batch system asked for an end.
            What is finished is kept: `load` reads it, and `run` goes on from there. A second
            Ctrl-C ends Python at once; the store stays sound.
    """
    options = RunOptions(cores=cores, snapshot_seconds=snapshot_seconds, as_is=as_is)
    with Display(quiet=quiet) as display:
        launched = launch(
            job,
            store=Path(store),
            options=options,
            listener=display,
            engines=engines,
            metrics=metrics,
        )
    if launched.summary.interrupted:
        name = launched.results.name
        raise Interrupted(
            f"{name} was interrupted; what is finished is kept in {store}: "
            f"sortal.load({name!r}) reads it, sortal.run goes on from there."
        )
    return Results.of(launched.results)


def check(
    job: JobLike,
    *,
    store: str | Path = DEFAULT_STORE,
    cores: int | None = None,
    metrics: Sequence[Any] = (),
) -> JobForecast:
    """Tell what running a job will take; nothing is run or written.

    Args:
        job: Path of a job file, a mapping of the same keys, or a `Job`.
        store: Folder of the store that may hold some of its members.
        cores: Cores to plan for; all that are available if not given.
        metrics: Metrics of your own, as `run` takes them.

    Raises:
        JobError: The job cannot run; carries all its problems.
    """
    folder = Path(store)
    existing = Store.existing(folder)
    resolved, plan = prepare(job, options=RunOptions(cores=cores), store=existing, metrics=metrics)
    return JobForecast.of(resolved, plan, existing, folder=str(store))


def load(name: str | Path, *, store: str | Path = DEFAULT_STORE) -> "Results":
    """Read the results of a job that was run before, however it was run.

    Args:
        name: The job's name, or the path of its file.
        store: Folder of the store.

    Raises:
        NotFound: The store has no such job, or there is no such store.
    """
    return Results.of(open_job(Path(store), str(name)))


def ensemble(
    names: str | Sequence[str],
    *,
    title: str,
    store: str | Path = DEFAULT_STORE,
    job: str | None = None,
    weights: Sequence[float] | None = None,
    best: int | None = None,
) -> "Results":
    """Average stored classifiers into one, which is listed and applied like any other.

    Nothing is trained: the mean of the members' stored probabilities is judged and kept. Of
    folds and targets each is averaged for itself. Made once, it is only read again.

    Args:
        names: Classifiers as `JOB/TITLE`, or a title that only one job has; or jobs, of which
            everything counts that can be averaged.
        title: Its title.
        store: Folder of the store.
        job: The job that lists it; that of the first classifier if not given.
        weights: What each classifier counts, shared equally by its seeds; if not given, all
            members count the same.
        best: Average only so many of them, those that are best on validation examples.

    Returns:
        The results of the job that lists it, the ensemble among them.

    Raises:
        NotFound: A classifier, a job or the store is not there.
        UserError: The classifiers cannot be averaged with each other, or the title is taken.
        StoreBusy: Another process runs the job that lists it.
    """
    listed = [names] if isinstance(names, str) else list(names)
    opened = Store.open(Path(store), create=False)
    made = jobs_ensemble.ensemble(opened, listed, title=title, job=job, weights=weights, best=best)
    return Results.of(made.results)


def import_predictions(
    files: str | Path | Sequence[str | Path],
    *,
    job: str,
    title: str | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
    store: str | Path = DEFAULT_STORE,
) -> "Results":
    """Put classifiers that were trained elsewhere into a job, and return its results.

    Store and job are made if need be. Arguments and errors: `jobs.imports.predictions.import_predictions`.
    """
    from sortal.jobs.imports.predictions import import_predictions as imported

    made = imported(
        Store.open(Path(store)),
        _given_paths(files) or [],
        job=job,
        title=title,
        id_column=id_column,
        label_column=label_column,
    )
    return Results.of(made.results)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Results(results.JobResults):
    """What a job came to: its classifiers ranked, compared, drawn and applied.

    In a notebook it shows itself as the ranking. Tables are polars data frames, figures
    matplotlib's. Failed members are left out of every figure and listed in `failures`.
    """

    @classmethod
    def of(cls, found: results.JobResults) -> Self:
        """The same results, for a person."""
        kept = {one.name: getattr(found, one.name) for one in fields(found) if one.init}
        return cls(**kept)

    @property
    def failures(self) -> Mapping[str, Mapping[str, str]]:
        """`reason`, `traceback` and what was `printed`, by `title (seed, fold, target)`."""
        return {place: failure.to_json() for place, failure in self.failed.items()}

    def figure(self, target: str | None = None) -> "Figure":
        """Draw all classifiers of a target with their 95 % intervals, or spread over seeds and folds."""
        return draw.ranking(self, self._target(target))

    def confusion_figure(
        self, title: "str | Result | None" = None, target: str | None = None
    ) -> "Figure":
        """Draw a classifier's confusion matrix, the best one's if none is named.

        Raises:
            NotFound: No classifier has that title.
            UserError: The job has independent targets, or no classifier beside the references.
        """
        chosen = self.best(self._target(target)) if title is None else self._named(title, target)[0]
        if chosen is None:
            raise UserError(f"{self.name}: there is no classifier beside the references.")
        if not chosen.confusion.size:
            raise UserError(f"{self.name}: independent targets have no confusion matrix.")
        return draw.confusion(self, chosen)

    def learning_figure(
        self, title: "str | Result | None" = None, target: str | None = None
    ) -> "Figure":
        """Draw how a classifier's members learnt, the best one's if none is named.

        The numbers are in the result's `history`.

        Raises:
            NotFound: No classifier has that title.
            UserError: Nothing is kept of how it learnt.
        """
        chosen = self.best(self._target(target)) if title is None else self._named(title, target)[0]
        if chosen is None or not chosen.courses:
            named = chosen.title if chosen else self.name
            raise UserError(f"{named}: no history of training is kept.")
        return draw.learning_curves(chosen)

    def classifier_map(
        self,
        by: str = "errors",
        method: str = "mds",
        *,
        target: str | None = None,
        titles: Sequence[str] | None = None,
        poles: bool = True,
        **parameters: Any,
    ) -> ClassifierMap:
        """Place the classifiers on a plane, near each other if they behave alike.

        Kept in the store, and found there the next time. `table()` of what is returned has a row
        a classifier; `trustworthiness` and `stress` tell how true the map is.

        Args:
            by: `errors`, `probabilities`, `agreement` or `scores`.
            method: `mds`, `pca`, `tsne` or `umap`.
            target: The independent target; the first if not given.
            titles: Only these classifiers, and the references.
            poles: Whether Optimal and Naive are shown.
            **parameters: Of the method: `random_state`, `perplexity`, `n_neighbors`, `min_dist`.

        Raises:
            UserError: A name or parameter is wrong, or there are too few classifiers.
        """
        return classifier_map(
            self,
            by=by,
            way=parse_map_method(method, **parameters),
            target=self._target(target),
            titles=titles,
            poles=poles,
        )

    def map_figure(
        self,
        by: str = "errors",
        method: str = "mds",
        *,
        target: str | None = None,
        titles: Sequence[str] | None = None,
        poles: bool = True,
        **parameters: Any,
    ) -> "Figure":
        """Draw the classifiers on a plane; arguments as of `classifier_map`."""
        target = self._target(target)
        drawn = self.classifier_map(
            by, method, target=target, titles=titles, poles=poles, **parameters
        )
        return draw.classifier_map(self, drawn, target)

    def projection(self, method: str = "pca", **parameters: Any) -> ProjectedExamples:
        """Place the examples on a plane, training and test together: for looking at alone.

        Kept in the store, and found there the next time. `table()` of what is returned has a row
        an example.

        Args:
            method: `pca`, `mds`, `isomap`, `spectral_embedding`, `tsne`, `lle` or `umap`.
            **parameters: Of the method, as `perplexity`.

        Raises:
            UserError: A name or parameter is wrong, or the examples cannot be projected.
        """
        return projected_examples(
            self, parse_options(PROJECTIONS, method, parameters, path="projection")
        )

    def projection_figure(
        self, method: str = "pca", *, target: str | None = None, **parameters: Any
    ) -> "Figure":
        """Draw the examples on a plane by class, or by the answers of one of several targets."""
        return draw.projection(self.projection(method, **parameters), target)

    def predict(
        self,
        title: "str | Result",
        data: Any,
        *,
        id_column: str | None = None,
        seed: int | None = None,
        skip_bad: bool = False,
    ) -> "pl.DataFrame":
        """Classify new data with a stored classifier; several seeds or folds are averaged.

        Data is prepared as the training examples were. Features that leave the range seen in
        training are told in a warning.

        Args:
            title: The classifier, as `best()` or its title.
            data: A path or several (CSV, TSV, Parquet, NPZ, NPY, HDF5); a data frame (pandas,
                polars, pyarrow), its columns found by name; an array of shape (examples, ...),
                its columns in the order of training; or a mapping of inputs to arrays.
            id_column: Column or array that names each example, empty for the one without a name
                or row numbers; if None, the job's `id`, or row numbers where the data lacks it.
            seed: Use the members of this seed alone.
            skip_bad: Whether class and scores are null, with a warning, where a value is missing
                that the method needs, is no number, or is infinite; if not, this is an error.

        Returns:
            `id`; `class`, or each target as 0 or 1; `score_CLASS` for each class or target;
            `spread_CLASS` where several members were averaged, and for classes `uncertainty`,
            the spread of the one that was decided for.

        Raises:
            UserError: The model was not stored, or several members have no probabilities to average.
            DataError: Columns are missing, a value is not a number, or one is missing that the
                method needs.
        """
        import polars as pl

        from sortal.jobs.applying.prediction_file import predicted_table

        usual_id = self.record.data.id
        predictor = Predictor.load(self.store, self._named(title), seed=seed, usual_id=usual_id)
        files = _given_paths(data)
        table = predicted_table(predictor, data, files, id_column=id_column, skip_bad=skip_bad)
        for sentence in predictor.warnings():
            warnings.warn(sentence, stacklevel=2)
        return pl.DataFrame(table)

    def export(
        self,
        title: "str | Result",
        path: str | Path,
        *,
        form: str | None = None,
        target: str | None = None,
        seed: int | None = None,
        fold: int | None = None,
        with_scaler: bool | None = None,
    ) -> Path:
        """Write a trained network for ONNX, Keras, or anything that reads safetensors.

        What the file leaves to its reader, such as scaling, is told in a warning.

        Args:
            title: The classifier, as `best()` or its title.
            path: The file to write.
            form: `safetensors`, `onnx`, `keras`, `keras-weights`, `h5` or `h5-weights`; told
                from the ending of the path if None.
            target: Of several independent targets, the one meant.
            seed: Of several seeds, the one meant.
            fold: Of several folds, the one meant.
            with_scaler: Whether the file itself scales raw features; None: where it can.

        Returns:
            The path.

        Raises:
            MissingExtra: The format needs a package that is not installed.
            UserError: It is no single network, or the format cannot carry it.
        """
        from sortal.jobs.applying.export import export_result

        found = self._named(title, target)
        exported = export_result(
            self.store, found, Path(path), form, seed=seed, fold=fold, with_scaler=with_scaler
        )
        for note in exported.notes:
            warnings.warn(note, stacklevel=2)
        return exported.path

    def _named(self, title: "str | Result", target: str | None = None) -> tuple[Result, ...]:
        if isinstance(title, Result):
            return self.titled(title.title, target or title.target)
        return self.titled(title, target)

    def _target(self, target: str | None) -> str | None:
        """The target meant: the only one, or the first, if none is named."""
        if target is None:
            return self.targets[0] if self.targets else None
        if target not in self.targets:
            known = [one for one in self.targets if one is not None]
            raise NotFound("target", target, known, where=f"job {self.name!r}")
        return target

    def __repr__(self) -> str:
        return f"<Results of {self.name!r}: {summary(self)}>"

    def _repr_html_(self) -> str:
        """The ranking of every target, for notebooks."""
        parts = [ranking_html(self, target) for target in self.targets]
        if self.failed:
            many = counted(len(self.failed), "member")
            parts.append(f"<p>{many} failed: see <code>failures</code>.</p>")
        return "\n".join(parts) or f"<p>{escape(repr(self))}</p>"


def _given_paths(data: Any) -> list[Path] | None:
    """Return data that is a path, or a sequence of paths, as a list; None if it is something else.

    >>> _given_paths(["a.csv", "b.csv"]) == [Path("a.csv"), Path("b.csv")]
    True
    """
    if isinstance(data, str | Path):
        return [Path(data)]
    if isinstance(data, Sequence) and data and all(isinstance(one, str | Path) for one in data):
        return [Path(one) for one in data]
    return None
