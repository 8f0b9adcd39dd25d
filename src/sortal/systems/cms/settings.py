"""What a user of the CMS commands can choose; the text under each field is its help everywhere.

The scripts' own values are the defaults. Every field is an option of the command, or, where
it is a map, a key of the file of settings.
"""

from collections import Counter
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from sortal.job.block import Column, File, JobBlock, Name, Seed
from sortal.networks.names import ActivationName, Initialiser
from sortal.training.optimisers.choice import OptimiserKind

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Length = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Part = Literal["train", "validation", "test"]
Activation: TypeAlias = Literal[ActivationName, "maxout"]
Year = Annotated[Name, BeforeValidator(lambda given: str(given) if type(given) is int else given)]
"""A file says 2017 and means its digits."""

PAGE_VARIABLES = (
    *("LepChg", "LepPt", "LepEta", "Dxy", "Dz", "RelIso", "Met", "mt", "Njet"),
    *("Jet1Pt", "Jet2Pt", "HT", "NbLoose", "JetHBpt", "JetHBCSV", "JetB2pt", "DrJetHBLep"),
)
"""The 17 variables of the page's multiclass script, in the order of its files."""


class ProcessBlock(JobBlock):
    """Of what the physics weight of one process is made: cross section / generated x scale factors x weight."""

    cross_section: Positive | None = None
    """Cross section [pb]; 1 where it is not given."""
    generated: Positive | None = None
    """Generated events (or the sum of their generator weights) before any selection; 1 if not given."""


class InputSettings(JobBlock):
    """Where events come from."""

    data: File = "data"
    """Folder of the six files {train,val,test}_{sig,bkg}: CSV with or without a header line, TSV,
    Parquet or ROOT."""
    signal_files: list[File] = []
    """Files of signal events that are divided here, in place of the six; `samples/T2*.root` is all
    files that fit."""
    background_files: list[File] = []
    """Files of background events that are divided here."""
    header: Literal["auto", "yes", "no"] = "auto"
    """Whether CSV files have a line of column names; auto: they have one if nothing in their first
    line is a number. Without one the columns are the variables, the weight and Name.root."""
    variables: list[Column] = []
    """Variables of the network in their order; all columns without another use if not given.
    Names those of files without a header line."""
    weight: Column = "weight"
    """Column of the event weight."""
    unit_weights: bool = False
    """Give every event of the files the weight 1; their column of weights is not read."""
    process: Column = "process"
    """Column of the process. Where a file has none, its own name is the process, and of the six
    files `sig` and `bkg`."""
    event_number: Column | None = None
    """Column of the event number, for `divide_by: event_number` and for folds."""
    tree: str = ""
    """Tree or RNTuple of ROOT files; the only one if not given."""
    aliases: dict[Column, str] = {}
    """Columns computed from others, such as `dphi: abs(phi1 - phi2)`."""
    cut: str = ""
    """Events to keep, such as `Met > 200 && Njet >= 2`."""
    missing: list[float] = []
    """Numbers that mean a missing value, such as -999, in the columns that variables are made of."""
    imputation: Literal["none", "median", "mean", "most_frequent", "zero"] = "none"
    """What takes the place of missing values, by training events alone; none: they are refused."""


class DivisionSettings(JobBlock):
    """How events are divided, classed and weighed."""

    fractions: Annotated[list[Positive], Field(min_length=3, max_length=3)] = [0.25, 0.25, 0.5]
    """Shares of training, validation and test among events that are divided here."""
    divide_by: Literal["seed", "event_number"] = "seed"
    """Whether a seeded draw or the event number divides the events of each process."""
    folds: Annotated[int, Field(ge=0)] = 0
    """Networks of a k-fold cross-evaluation by event number, or by place in the files if there is
    none: each event is tested by the one that never saw it; 0 for one division."""
    signal_class: Name = "Signal"
    """Name of the signal's class."""
    classes: dict[Name, Annotated[list[Name], Field(min_length=1)]] = {}
    """Classes of background in the order of the output nodes, each with patterns of process names
    (`TT*`); the first that fits counts."""
    processes: dict[Name, ProcessBlock] = {}
    """Cross section and generated events of processes, by name or pattern, if the files' weights
    do not hold them."""
    scale_factors: list[Column] = []
    """Columns that multiply the weight of every event."""
    signal_cross_section: bool = True
    """Whether the table's cross section counts for signal too; the page's rule for signal leaves it out."""
    negative_weights: Literal["keep", "drop", "absolute", "pairwise"] = "keep"
    """What training does with negative weights; yields keep them always."""
    balance: Literal["binary", "sqrt", "natural"] | Length = "binary"
    """Totals of the classes in training: equal, `sqrt` as roots of their yields, as in nature, or
    the exponent of the yields."""
    normalisation: Literal["minmax", "standard", "whiten", "none"] = "minmax"
    """How variables are scaled, by training events alone: to [-1, 1], to mean 0 and variance 1, and
    without correlations too, or not."""


class NetworkSettings(JobBlock):
    """The networks and how they are trained."""

    layers: list[Annotated[int, Field(ge=1)]] = [50, 50]
    """Nodes of each hidden layer."""
    activation: Activation = "relu"
    """Activation of the hidden layers."""
    initialiser: Initialiser = "he_normal"
    """Distribution of the starting weights of hidden layers; the output layer has Glorot's uniform."""
    dropout: Share = 0.0
    """Share of hidden nodes silenced in each update."""
    l1: Length = 0.0
    """Penalty on absolute weights."""
    l2: Length = 0.0
    """Penalty on squared weights."""
    optimiser: OptimiserKind = "adam"
    """Update rule."""
    learning_rate: Positive = 5e-3
    """Length of a step."""
    decays: Annotated[list[Length], Field(min_length=1)] = [0.0]
    """Decay rates: the learning rate is divided by 1 + decay x updates; one training each."""
    epochs: Annotated[int, Field(ge=1)] = 2000
    """Passes over the training events."""
    batch_size: Annotated[int, Field(ge=1)] = 5000
    """Events an update."""
    early_stopping: Count = 0
    """Epochs without a better validation loss before training stops; 0 trains all."""
    runs: Annotated[int, Field(ge=1)] = 1
    """Trainings that differ in initialisation, order of events and dropout."""
    seed: Seed = 0
    """The seed that all randomness derives from; runs count up from it."""
    precision: Literal["float32", "float64", "bfloat16", "auto"] = "float32"
    """Arithmetic of the training."""


class MeritSettings(JobBlock):
    """The figure of merit and the cut."""

    luminosity: Positive = 35866.0
    """Integrated luminosity [1/pb]; physics weights are cross sections [pb]."""
    systematic: Length = 0.2
    """Relative systematic uncertainty of the background."""
    figure: Literal[
        "asimov", "s_over_b", "s_over_sqrt_b", "s_over_sqrt_sb", "s_over_sigma", "ams"
    ] = "asimov"
    """Figure of merit that chooses the cut."""
    scan: Literal["page", "scores"] = "page"
    """Cuts that are tried: the page's 200 from 0.7 on, or every distinct score; with compat only
    the page's."""
    minimum_background: Length = 0.0
    """Expected background events that a cut must leave; not with compat."""
    minimum_effective_background: Length = 10.0
    """Effective simulated background events, (sum w)^2 / sum w^2, that a cut must leave; not with
    compat."""
    signal_point: str = ""
    """Process of the signal that the figure of merit counts; all signal if not given."""
    split_factors: dict[Part, dict[Name, Positive]] = {}
    """Factors of the weights of a part, by class; all events over those of the part if not given."""
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = 500
    """Resamples behind the errors; 0 for none."""


class OutputSettings(JobBlock):
    """What is written beside the page's files."""

    compare: list[Literal["xgboost", "histgradientboosting", "lda", "logistic"]] = []
    """Other methods to train on the same events and weights."""
    optimum: str = ""
    """Folder of the true scores of simulated events, {train,val,test}.npy in the order of the
    events: how far from the best possible a network is."""
    pickles: bool = False
    """Also write the script's four pickles of the course of training; they are never read."""
    onnx: bool = False
    """Also write network.onnx, which takes raw variables: for CMSSW."""
    hep_style: bool = False
    """Draw with mplhep, in the look of CMS."""
    experiment: str = ""
    """Name of the experiment on pictures."""
    status: str = "Simulation"
    """What stands beside the experiment's name."""
    compat: bool = False
    """Reproduce the arithmetic of the page's script, its faults included."""


class CMSSettings(OutputSettings, MeritSettings, NetworkSettings, DivisionSettings, InputSettings):
    """What both commands have in common; the last of the bases comes first in help and templates."""

    later: ClassVar[frozenset[str]] = frozenset({"unit_weights", "missing", "imputation"})

    @model_validator(mode="before")
    @classmethod
    def _numbers_stay_numbers(cls, data: Any) -> Any:
        """An exponent that comes as text, from an option, is a number all the same."""
        if isinstance(data, dict) and isinstance(data.get("balance"), str):
            try:
                return {**data, "balance": float(data["balance"])}
            except ValueError:
                return data
        return data

    @model_validator(mode="after")
    def _fit_together(self) -> "CMSSettings":
        if bool(self.signal_files) != bool(self.background_files):
            raise ValueError("signal_files or background_files without the other")
        if self.divide_by == "event_number" and self.event_number is None:
            raise ValueError("divide_by: event_number without the column event_number")
        if self.divide_by == "event_number" and not self.signal_files:
            raise ValueError("divide_by: event_number with six files, which are divided already")
        if self.folds in (1, 2):
            raise ValueError(
                f"{self.folds} folds; of 3 or more one tests, one validates and the others train"
            )
        if self.optimum and (self.folds or self.signal_files):
            raise ValueError(
                "optimum with events that are divided here; true scores are those of given parts"
            )
        self._refuse_beside_compat()
        if self.missing and self.imputation == "none":
            raise ValueError("missing without an imputation, such as median, that fills values in")
        twice = [rate for rate, count in Counter(self.decays).items() if count > 1]
        if twice:
            raise ValueError(f"the decay rate {twice[0]:g} twice; runs train a network again")
        self._refuse_shared_columns()
        return self

    def _refuse_beside_compat(self) -> None:
        """What the scripts do not have is refused, so that no setting is without effect."""
        if not self.compat:
            return
        if self.folds:
            raise ValueError("compat with folds; the scripts have one division")
        if self.imputation != "none":
            raise ValueError("compat with imputation; the scripts fill nothing in")
        if self.scan == "scores":
            raise ValueError("compat with scan: scores; the scripts try the page's 200 cuts")
        for name in ("minimum_background", "minimum_effective_background"):
            # A template, and the report of a run, name every setting with its default.
            if getattr(self, name) not in (0.0, type(self).model_fields[name].default):
                raise ValueError(f"compat with {name}; the scripts ask for none")

    def _refuse_shared_columns(self) -> None:
        """A column has one use; above all, no network learns from the weight or the process."""
        single = (self.weight, self.process, *filter(None, [self.event_number]))
        used = Counter((*self.variables, *single, *self.scale_factors))
        twice = [name for name, count in used.items() if count > 1]
        if twice:
            raise ValueError(f"the column {twice[0]!r} for two uses")

    @property
    def power(self) -> float:
        """Exponent of a class's yield in its total weight in training."""
        named = {"binary": 0.0, "sqrt": 0.5, "natural": 1.0}
        return named[self.balance] if isinstance(self.balance, str) else self.balance


class BinaryNames(JobBlock):
    """What the folder of a binary network is named after."""

    year: Year
    """Year of the data."""
    channel: Name
    """Final state."""
    name: Name
    """Name of the network."""


class MulticlassNames(JobBlock):
    """What the folders of a multiclass campaign are named after."""

    year: Year = "2016"
    """Year of the data."""
    channel: Name = "1l"
    """Final state."""
    name: str = ""
    """Name of the campaign's folders; made of year, channel, network, rate and decay if not given."""


class BinarySettings(CMSSettings, BinaryNames):
    """Settings of `sortal cms binary`."""

    models: File = "models"
    """Folder in which the folder {year}_{channel}_{name} is made."""


class MulticlassSettings(CMSSettings, MulticlassNames):
    """Settings of `sortal cms multiclass`."""

    models: File = "17var_models_5C"
    """Folder in which a folder for each decay rate is made."""
    table: File = "17var_fom.csv"
    """File of the figures of merit of all runs."""
    append: bool = False
    """Append to the table of figures of merit as the script does, instead of writing it anew."""
    data: File = "17var/data"
    """Folder of the six files {train,val,test}_{sig,bkg}: CSV with or without a header line, TSV,
    Parquet or ROOT."""
    weight: Column = "Weights"
    """Column of the event weight."""
    process: Column = "Tag"
    """Column of the process. Where a file has none, its own name is the process, and of the six
    files `sig` and `bkg`."""
    classes: dict[Name, Annotated[list[Name], Field(min_length=1)]] = {
        "Wjets": ["Wj*"],
        "TTbar": ["TT*"],
        "Z2nu": ["ZJ*"],
        "Other": ["*"],
    }
    """Classes of background in the order of the output nodes, each with patterns of process names
    (`TT*`); the first that fits counts."""
    balance: Literal["binary", "sqrt", "natural"] | Length = "sqrt"
    """Totals of the classes in training: equal, `sqrt` as roots of their yields, as in nature, or
    the exponent of the yields."""
    layers: list[Annotated[int, Field(ge=1)]] = [100, 100]
    """Nodes of each hidden layer."""
    activation: Activation = "tanh"
    """Activation of the hidden layers."""
    learning_rate: Positive = 5e-5
    """Length of a step."""
    decays: Annotated[list[Length], Field(min_length=1)] = [1e-3, 1e-4]
    """Decay rates: the learning rate is divided by 1 + decay x updates; one training each."""
    epochs: Annotated[int, Field(ge=1)] = 1000
    """Passes over the training events."""
    runs: Annotated[int, Field(ge=1)] = 10
    """Trainings that differ in initialisation, order of events and dropout."""
    signal_point: str = "T2DegStop_550_520"
    """Process of the signal that the figure of merit counts; all signal if empty."""
