"""The job file as frozen values. The text under each field is its help, schema and manual."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from sortal.job.block import (
    AnyColumn,
    ClassName,
    Column,
    Comment,
    Delimiter,
    Encoding,
    Expression,
    File,
    Fraction,
    JobBlock,
    MetricName,
    MetricPath,
    Name,
    Seed,
    Title,
)
from sortal.job.preparation import Imputations, Scalings
from sortal.job.type_names import TypeName
from sortal.metrics import registry

_SMALLEST = [f"`{name}`" for name in registry.smaller_is_better()]


class RandomSplit(JobBlock):
    """Draw the parts at random; the draw is scikit-learn's `train_test_split` with the same seed."""

    kind: Literal["random"] = "random"
    test: Fraction = 0.25
    """Share of the examples that test."""
    validation: Fraction = 0.0
    """Share of all examples that validate, drawn after the test examples."""
    stratified: bool = True
    """Whether each part holds the classes in the proportion of the whole."""
    seed: Seed | None = None
    """Seed of the draw; the job's seed if not given."""


class GroupSplit(JobBlock):
    """Draw whole groups at random: examples of one group are never divided between parts."""

    kind: Literal["group"]
    test: Fraction = 0.25
    """Share of the groups that test."""
    validation: Fraction = 0.0
    """Share of all groups that validate."""
    seed: Seed | None = None
    """Seed of the draw; the job's seed if not given."""


class ColumnSplit(JobBlock):
    """The data says where each example belongs: a column holding train, validation or test."""

    kind: Literal["column"]
    column: Column
    """Name of that column."""


class FilesSplit(JobBlock):
    """Each part comes from its own files: `source` maps train, test and validation to files."""

    kind: Literal["files"]


class FoldSplit(JobBlock):
    """Cross-validation: every fold is tested once by classifiers that never saw it."""

    kind: Literal["folds"]
    folds: Annotated[int, Field(ge=2)] = 5
    """Number of folds."""
    stratified: bool = True
    """Whether folds hold the classes in the proportion of the whole."""
    by_group: bool = False
    """Whether the examples of a group stay in one fold (needs `group`)."""
    seed: Seed | None = None
    """Seed of the draw; the job's seed if not given."""
    validation: bool = False
    """Whether the next fold (after the last, the first) validates; else all others train."""
    each_fold: bool = False
    """Whether each fold is a result of its own too, titled `TITLE foldK`."""


class GivenFoldSplit(JobBlock):
    """Cross-validation over folds that a column names by number."""

    kind: Literal["given_folds"]
    column: Column
    """Name of the column that holds a whole number per example."""
    validation: bool = False
    """Whether the next fold (after the last, the first) validates; else all others train."""
    each_fold: bool = False
    """Whether each fold is a result of its own too, titled `TITLE foldK`."""


class NoSplit(JobBlock):
    """Every example trains. Nothing is left to judge by, and all figures stay blank."""

    kind: Literal["none"]


def _random_unless_said(split: Any) -> Any:
    if isinstance(split, dict) and "kind" not in split:
        return {"kind": "random", **split}
    return split


SplitBlock = Annotated[
    RandomSplit | GroupSplit | ColumnSplit | FilesSplit | FoldSplit | GivenFoldSplit | NoSplit,
    Field(discriminator="kind"),
    BeforeValidator(_random_unless_said),
]


class PartFiles(JobBlock):
    """Files of each part."""

    train: File | Annotated[list[File], Field(min_length=1)]
    """Files to train on."""
    test: File | Annotated[list[File], Field(min_length=1)] | None = None
    """Files to test on."""
    validation: File | Annotated[list[File], Field(min_length=1)] | None = None
    """Files to validate on."""


class TrainingWeights(JobBlock):
    """What training makes of example weights; scores and yields always use them as they are."""

    negative: Literal["keep", "drop", "absolute", "pairwise"] = "keep"
    """Negative weights keep their sign; count 0; count with their absolute value, each class
    rescaled to its signed sum; or cancel the nearest positive weights of their class (signs are
    kept in validation)."""
    power: Annotated[float, Field(ge=0)] | None = None
    """Balance classes: the total of class c becomes (examples of the reference) x (Y_c /
    Y_reference)^power, Y the sums of weights: 0 for equal classes, 0.5 for roots of yields, 1 for
    natural rates; no balancing if not given."""
    reference: str = ""
    """The class that totals are counted by; the first that training has if not given. Of a target
    `x`, `x` are the examples that have it and `not x` those that have it not."""
    each_part: bool = False
    """Whether the factors of validation examples come from these and not from the training
    examples; only to compare with scripts that did so."""


class DataBlock(JobBlock):
    """Where the examples come from, what their columns mean, how they are divided and prepared."""

    later: ClassVar[frozenset[str]] = frozenset(
        {"delimiter", "decimal", "thousands", "encoding", "comment", "missing", "axes"}
    )

    source: Annotated[
        File | Annotated[list[File], Field(min_length=1)] | PartFiles,
        TypeName(
            "a file name, a list of file names, or a map of train, test and validation to files",
            "files",
        ),
    ]
    """A file, several files of one kind (read one after another), a map of parts to
    files, or a dataset's name (`sortal datasets` lists them). Kinds of file: CSV, TSV,
    other delimited text (.txt, .dat), Parquet, ROOT, NPZ, NPY, HDF5. Paths are relative to the job file."""
    columns: (
        Annotated[
            Annotated[list[Column], Field(min_length=1)] | Literal["numbered"],
            TypeName("the names of all columns, or `numbered`", "names of columns"),
        ]
        | None
    ) = None
    """Text files have no header line: the names of all their columns in order, or `numbered` to call
    them `c1`, `c2`, ..."""
    delimiter: Delimiter | None = None
    """Character between the fields of text files, or `tab`, or `space` for runs of spaces and tabs;
    found out from each file if not given."""
    decimal: Literal[".", ","] | None = None
    """Decimal mark in the numbers of text files; found out from each file if not given."""
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    """Mark between groups of three digits in the numbers of text files, empty for none; found out from
    each file if not given."""
    encoding: Encoding | None = None
    """Encoding of text files; found out from each file if not given."""
    comment: Comment | None = None
    """Lines of text files that begin with this text are left out, none if it is empty; if not given,
    lines that begin with `#` and are neither the header nor a row."""
    missing: list[str | int | float] | None = None
    """Texts and numbers that mean that a value is missing, in files of any kind and in quotes too.
    The empty field always does. If not given, `NA`, `NaN` and the like without quotes, in text files."""
    tree: Name | None = None
    """Path of the tree in ROOT files; needed where a file holds several."""
    aliases: dict[Column, Expression] = {}
    """Columns of tables to add or to replace, each an expression over columns and other aliases, such as
    `ratio: pt1 / pt2`."""
    cut: Expression | None = None
    """Expression that rows of tables must fulfil to be examples, such as `pt > 30 && abs(eta) < 2.4`.
    It divides what the job sees; predictions are made for every row."""
    label: Column | Annotated[list[Column], Field(min_length=1)] | None = None
    """Column of the class, or several 0/1 columns. A named dataset knows its own. For NPZ
    and HDF5 the array's name (default `labels`)."""
    targets: Literal["multilabel", "independent"] = "multilabel"
    """What several label columns are: one classifier for all of them, or one classifier each."""
    inputs: Annotated[list[AnyColumn], Field(min_length=1)] | None = None
    """Columns to use as features (tables), or arrays to use as inputs (NPZ, HDF5); all that have a name
    and no other use if not given. `""` is the column without a name."""
    exclude: list[AnyColumn] = []
    """Columns that are not features."""
    weight: (
        Annotated[
            Column | Annotated[dict[Column, Column], Field(min_length=1)],
            TypeName("a column name, or a map of targets to column names", "columns"),
        ]
        | None
    ) = None
    """Column of example weights; used in training where the method can, and in every score. With
    `targets: independent` also a map of targets to columns; targets that it lacks weigh all
    examples alike."""
    training_weights: TrainingWeights = TrainingWeights()
    """How training treats negative weights and balances classes; as the weights come if not given."""
    id: AnyColumn | None = None
    """Column that names each example; row numbers if not given."""
    group: Column | None = None
    """Column of groups whose examples belong together."""
    classes: Annotated[list[ClassName], Field(min_length=2)] | None = None
    """Classes to keep, in the order of the report; all, sorted, if not given."""
    split: SplitBlock = RandomSplit()
    """How examples are divided; at random where no `kind` is given. Parts that the source
    gives hold where there is no `split` at all."""
    subset: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, le=1)] | None = None
    """Use only so many examples (a whole number) or such a share of them (a number up to 1.0), drawn stratified with the job's seed."""
    scaling: Scalings = "none"
    """How values are scaled. Fitted on training examples: to zero mean and unit variance
    (`standard`), to [0, 1] (`minmax`), to [-1, 1] (`minmax_symmetric`), by median and interquartile
    range (`robust`), by median and standard deviation (`median_std`), to zero mean and unit variance
    without correlations (`whiten`: tables only, no missing values), or not at all (`none`).
    `each_minmax` fits nothing: it scales every signal or stamp to [0, 1], channel by channel, by its own
    smallest and largest value. One word for all, or a map of columns (tables) or inputs (arrays) to
    words; `others` stands for those that the map does not name, which stay as they are without it."""
    imputation: Imputations = "none"
    """What replaces missing features: a statistic of the training examples, 0, or nothing (`none`);
    `drop` leaves out examples in which one is missing. One word for
    all, or a map as for `scaling`, which may also say `{kind: constant, value: -1}`, or
    `{kind: knn, neighbours: 5}` for the mean of the nearest training examples (tables only)."""
    infinite: Literal["error", "missing"] = "error"
    """Whether infinite features are refused or counted as missing."""
    axes: Annotated[
        dict[Column, Literal["channels_first", "channels_last"]],
        TypeName("a map of arrays to channels_first or channels_last", "orders of axes"),
    ] = {}
    """Where the channels of arrays lie in their files: `channels_first` for (examples, channels, points)
    or (examples, channels, height, width), `channels_last` for (examples, points, channels) or (examples,
    height, width, channels). Told by the shape of an array if not given, and noted."""
    length: int | None = Field(default=None, ge=1)
    """Cut or pad (with zeros, at the end) every signal to so many points; needed by methods that
    cannot take signals of unequal length."""


class ClassifierBlock(JobBlock):
    """One method with some parameters, perhaps several values of each: one classifier per combination."""

    method: Annotated[Name, TypeName("the name of a method", "names of methods")]
    """Name of a method (`sortal methods` lists them), or the import path of a scikit-learn classifier
    such as `sklearn.linear_model.RidgeClassifier`."""
    title: str | None = None
    """Title of each classifier; `{name}` is replaced by that parameter's value, `{method}` and
    `{seed}` likewise. Default: the method and every varied parameter."""
    parameters: dict[str, Any] = {}
    """Each parameter a value, a list of values, `{values: [...]}`, or a range
    `{start, stop, step}` (added) or `{start, stop, factor}` (multiplied), stop included. With
    `tuning` also `{tune: true}`, with `min`, `max`, `log`, `sigma` or `values`, and `initial`."""
    seeds: Annotated[int, Field(ge=1)] | Annotated[list[Seed], Field(min_length=1)] | None = None
    """Seeds to train with: a list, or how many, counted up from the job's seed; the job's seed alone
    if not given. Results of the same classifier are reported as mean and spread."""
    calibrate: Literal["sigmoid", "isotonic"] | None = None
    """Turn scores into probabilities with a map fitted on folds of the training examples."""
    notes: list[str] = []
    """Remarks that stay with its results."""
    asked: dict[str, Any] = {}
    """What it is in the words of whoever wrote the job, kept beside its results; changes nothing."""


class Rungs(JobBlock):
    """Train candidates in steps, after each of which only the best go on.

    Networks pause there; whatever cannot pause is trained whole on the first rung.
    """

    rule: Literal["halving", "hyperband"] = "halving"
    """`halving`: every round starts at the lowest budget. `hyperband`: rounds take turns to start many
    candidates at a low budget and few at a high one, and say themselves how many."""
    lowest: Annotated[int, Field(ge=1)]
    """Budget of the first rung [epochs]."""
    highest: Annotated[int, Field(ge=2)]
    """Budget of whole training [epochs]: rungs lie below it, and those that pass them all train to
    their own end."""
    factor: Annotated[int, Field(ge=2)] = 3
    """One in so many goes on, and the next budget is so many times as large."""


class TuningBlock(JobBlock):
    """Search for good parameters, judged on validation examples.

    The best is then trained as the job says and judged on the test examples.
    """

    sampler: Literal["tpe", "random", "cmaes", "evolution"] = "tpe"
    """Who proposes: `tpe` (tree-structured Parzen estimator), `random`, `cmaes` (covariance matrix
    adaptation, for two or more parameters that are numbers) or `evolution` (variants of the best)."""
    trials: Annotated[int, Field(ge=1)] | None = None
    """Candidates in all, 50 if not given; not for `evolution`."""
    batch: Annotated[int, Field(ge=1)] | None = None
    """Candidates proposed at once and trained together, 10 if not given; not for `evolution` and
    `hyperband`."""
    rounds: Annotated[int, Field(ge=1)] | None = None
    """`evolution`: how often candidates are varied and sifted; 5 if not given."""
    population: Annotated[int, Field(ge=1)] | None = None
    """`evolution`: best candidates that each round keeps, of all classifiers together; 10 if not given."""
    offspring: Annotated[int, Field(ge=1)] | None = None
    """`evolution`: variants of each kept candidate; 5 if not given."""
    metric: MetricName | None = Field(
        default=None,
        description="What is to be best on the validation examples, a mean over seeds, folds and "
        "targets; the figure that ranks the job if not given. Of "
        f"{', '.join(_SMALLEST[:-1])} and {_SMALLEST[-1]} the smallest is best.",
    )
    validation: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the training examples that validates, drawn stratified (or by whole groups, if the
    split goes by groups). If neither this nor `folds` is given: the split's own validation
    examples, else the folds of cross-validation, else 0.2."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Validate by cross-validation among the training examples, in so many folds."""
    keep: Annotated[int, Field(ge=1)] = 1
    """So many of the best are trained as the job says, and judged on the test examples."""
    rungs: Rungs | None = None
    """Stop hopeless candidates early; all are trained whole if not given."""
    seed: Seed | None = None
    """Seed of the search; the job's seed if not given."""


class Job(JobBlock):
    """A job: data, and the classifiers to compare on it."""

    later: ClassVar[frozenset[str]] = frozenset({"metrics"})

    title: Title | None = None
    """Name of the job in the store; the file's name if not given."""
    data: DataBlock
    """The examples."""
    classifiers: Annotated[list[ClassifierBlock], Field(min_length=1)]
    """The classifiers."""
    seed: Seed = 0
    """The one seed that all randomness derives from."""
    bootstrap: int = Field(default=1000, ge=0, le=100_000)
    """Resamples behind every interval; 0 for none."""
    training_figures: bool = False
    """Whether classifiers are also judged on the examples that they were trained on; how far those
    figures lie above the others tells what was learnt by heart."""
    metrics: list[MetricPath] = []
    """Metrics of your own, beside those of Sortal: import paths of functions of labels, scores and
    weights, in a folder of `--plugins` or an installed package."""
    tuning: TuningBlock | None = None
    """Search for good parameters instead of training every combination."""
