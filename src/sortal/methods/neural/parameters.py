"""Parameters of how a network is trained, and what the trainer is told of them."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from sortal.errors import OptionError
from sortal.methods.contract.base import Parameters
from sortal.networks.names import Initialiser
from sortal.training.optimisers.choice import EPSILON_PLACED, EpsilonPlace, OptimiserKind
from sortal.training.schedules.names import ScheduleName

if TYPE_CHECKING:
    from sortal.networks.network import Network
    from sortal.training.optimisers.choice import MemberRates
    from sortal.training.schedules.plateau import Plateau
    from sortal.training.schedules.span import Schedule
    from sortal.training.stopping.rule import StopRule

Share = Annotated[float, Field(ge=0, lt=1)]
Length = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ClassFactor = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_SCHEDULE_OPTIONS = {
    "decay": "rate",
    "gamma": "gamma",
    "step_size": "step_size",
    "cycle_peak": "peak",
    "cycle_mode": "mode",
    "period": "period",
    "period_multiplier": "multiplier",
    "peak_decay": "peak_decay",
    "rise": "rise",
    "start_factor": "start_factor",
    "end_factor": "end_factor",
    "anneal": "anneal",
    "schedule_unit": "unit",
}
"""The schedules' options by the name of their parameter here."""

_RATES = ("momentum", "beta1", "beta2", "rho", "epsilon")


class AbstractTrainedParameters(Parameters):
    """What every method that trains networks lets its user choose."""

    later: ClassVar[frozenset[str]] = frozenset(
        {
            "accuracy",
            "epsilon_added_to",
            "held_out",
            "output_initialiser",
            "steps_per_epoch",
            "weight_scale",
        }
    )

    optimiser: OptimiserKind = "adam"
    """Update rule, as torch defines it; `sgd` and `nesterov` are gradient descent with momentum."""

    learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    """Length of a step."""

    momentum: Share | None = None
    """Share of the last step that `sgd`, `nesterov` or `rmsprop` makes again; by default 0.9 with
    `nesterov`, else 0."""

    beta1: Share | None = None
    """Share of the average gradient that an update of the Adam family keeps; by default 0.9."""

    beta2: Share | None = None
    """Share of the average squared gradient that it keeps; by default 0.999."""

    rho: Share | None = None
    """Share of its averages that an update of `rmsprop` (by default 0.99) or `adadelta` (0.9) keeps."""

    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Least divisor of an update, by default that of torch."""

    epsilon_added_to: EpsilonPlace | None = None
    """What `adam`, `amsgrad` or `adamw` adds epsilon to: the root of the average squared gradient
    once that is corrected for its start at 0, as torch does, or before, as Keras and TensorFlow do;
    by default `corrected`."""

    weight_decay: Length = 0.0
    """Pull of all parameters towards zero: added to the gradient, or apart from it with `adamw`."""

    l1: Length = 0.0
    """Penalty on absolute weights (not biases), added to the loss."""

    l2: Length = 0.0
    """Penalty on squared weights (not biases), added to the loss."""

    schedule: ScheduleName = "constant"
    """How the learning rate changes during training."""

    schedule_unit: Literal["epochs", "updates"] | None = None
    """What lengths of the schedule are counted in; by default updates for `inverse_time`, else epochs."""

    decay: Length | None = None
    """`inverse_time`: the learning rate is divided by 1 + decay x units trained."""

    gamma: Annotated[float, Field(gt=0, le=1)] | None = None
    """Factor of each cut (`step`, by default 0.5), of each unit (`exponential`, 0.95), or on the
    height of `cyclic` with `exp_range`."""

    step_size: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Units between cuts of `step` (by default 10), or of half a cycle of `cyclic` (8)."""

    cycle_peak: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    """`cyclic`: highest learning rate over the lowest, which is `learning_rate`; by default 10."""

    cycle_mode: Literal["triangular", "triangular2", "exp_range"] | None = None
    """`cyclic`: whether cycles keep their height, halve it each time, or lose it by gamma."""

    period: Annotated[int, Field(ge=1)] | None = None
    """`sgdr`: units of the first cycle; by default 10."""

    period_multiplier: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    """`sgdr`: how much longer each cycle is than the one before; by default 1."""

    peak_decay: Annotated[float, Field(gt=0, le=1)] | None = None
    """`sgdr`: what each restart keeps of the highest learning rate; by default all."""

    rise: Annotated[float, Field(gt=0, le=1)] | None = None
    """`one_cycle`: share of training until the highest learning rate; by default 0.3."""

    start_factor: Annotated[float, Field(ge=0, le=1)] | None = None
    """`one_cycle`: factor of the first update; by default 0.04."""

    end_factor: Annotated[float, Field(ge=0, le=1)] | None = None
    """`one_cycle`: factor of the last update; by default 4e-6."""

    anneal: Literal["cosine", "linear"] | None = None
    """`one_cycle`: shape of its rise and fall; by default cosine."""

    min_rate: Length = 0.0
    """Lowest learning rate of `sgdr`, of `cosine`, and of cuts at a plateau."""

    weight_decay_change: Literal["constant", "cosine", "flat_cos"] = "constant"
    """How weight decay changes during training."""

    dropout_change: Literal["constant", "cosine", "flat_cos"] = "constant"
    """How dropout changes during training."""

    warm_up: Length = 0.0
    """Epochs in which the learning rate rises from 0, with any schedule."""

    plateau_patience: int = Field(default=0, ge=0)
    """Validations without a gain before the learning rate is cut; 0 for never."""

    plateau_factor: float = Field(default=0.1, gt=0, lt=1)
    """Factor of such a cut."""

    plateau_min_gain: Length = 1e-4
    """Smallest drop in validation loss that delays a cut."""

    plateau_cooldown: int = Field(default=0, ge=0)
    """Validations after a cut that do not count."""

    initialiser: Initialiser = "glorot_uniform"
    """Distribution of the starting weights, as Keras defines it; biases start at zero."""

    output_initialiser: Initialiser | None = None
    """That of the output layer; by default the same."""

    dropout: Share = 0.0
    """Share of hidden units that is silenced in each update."""

    batch_size: int = Field(default=64, ge=1)
    """Examples an update."""

    shuffle: Literal["shared", "own"] = "shared"
    """Whether all members see the minibatches in one order, drawn from the split, or each in one of
    its own seed; only members that see the same minibatches can step together."""

    epochs: int = Field(default=50, ge=1)
    """Passes over the training examples, at most."""

    steps_per_epoch: int = Field(default=0, ge=0)
    """Updates of an epoch, if it is not to be one pass over the training examples: the next epoch
    then goes on where this one ended."""

    early_stopping: int = Field(default=0, ge=0)
    """Epochs to wait for a better validation loss before stopping; the best weights are kept. 0
    trains all epochs and keeps the last weights. Where the split has no validation examples,
    training examples are held out for this (`held_out`)."""

    held_out: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the training examples that validate instead of training, where the split has no
    validation examples: stratified by the labels of all targets, whole groups where the data has
    groups. By default a tenth where a validation loss decides anything, else none; given, there is
    always one."""

    patience_unit: Literal["epochs", "updates"] = "epochs"
    """What `early_stopping` and `longest_wait` are counted in."""

    min_gain: Length = 0.0
    """Smallest drop in validation loss that early stopping counts."""

    relative_gain: Share = 0.0
    """The same as a share of the best loss so far; the larger of the two counts."""

    patience_growth: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = None
    """With it `early_stopping` is a length of the whole training, and a gain after t units raises
    it to this factor times t."""

    longest_wait: int = Field(default=0, ge=0)
    """Units after a gain that `patience_growth` can grant at most; 0 for no bound."""

    min_change: Length = 0.0
    """Training ends when the weights changed by no more than this share of their norm between
    two validations; 0 for never."""

    keep_best: bool = False
    """Whether the weights of the best validation loss are kept though nothing stops early."""

    validate_every: int = Field(default=0, ge=0)
    """Updates between validations; 0 for one at the end of every epoch."""

    training_loss: bool = True
    """Whether a validation also measures the loss of the training examples, on the same weights."""

    accuracy: Literal["none", "weighted", "unweighted"] = "none"
    """Whether histories hold the share of right answers beside every loss, and whether examples
    count by their training weight or all alike (but those of weight 0). An answer is the class of
    the highest score, or for each independent target whether its score is above one half."""

    label_smoothing: float = Field(default=0.0, ge=0, le=1)
    """Share of the truth that is spread evenly over the classes in training, as Keras does."""

    focal_gamma: Length = 0.0
    """How fast well classified examples lose their say (focal loss); 0 for plain cross-entropy."""

    focal_alpha: Annotated[float, Field(ge=0, le=1)] | None = None
    """Focal loss: factor of positive examples, its rest that of negative ones; with exclusive
    classes one factor on everything."""

    normalisation: Literal["rows", "weights"] = "rows"
    """What a minibatch's sum of weighted losses is divided by: its rows, as Keras does, or the
    sum of its absolute weights."""

    class_weight: Literal["none", "balanced"] | dict[str, ClassFactor] = "none"
    """`balanced`: every class (of each target) weighs the same in training, however rare. Or a
    factor by class; for an independent target it is that of the examples that have it."""

    weight_scale: Literal["mean", "none"] = "mean"
    """Whether weights are scaled to an absolute mean of 1 over the training examples, or taken as
    they come; `balanced` then keeps their sum."""

    precision: Literal["float32", "float64", "bfloat16", "auto"] = "float32"
    """Type of parameters and arithmetic. With `bfloat16` the products of training are rounded to it,
    while parameters, losses, validation and scores stay float32; `auto` does so where the hardware
    multiplies it faster."""

    @field_validator("class_weight")
    @classmethod
    def _has_classes(cls, value: object) -> object:
        if value == {}:
            raise ValueError("a map needs at least one class and its factor")
        return value

    @model_validator(mode="after")
    def _options_fit(self) -> "AbstractTrainedParameters":
        """Refuse what would be without effect, and what the pieces refuse."""
        from sortal.training.optimisers.choice import usual_rates

        read = usual_rates(self.optimiser)
        for name in _RATES:
            if getattr(self, name) is not None and name not in read:
                raise ValueError(f"{name} has no effect with optimiser {self.optimiser}")
        if self.epsilon_added_to is not None and self.optimiser not in EPSILON_PLACED:
            raise ValueError(f"epsilon_added_to has no effect with optimiser {self.optimiser}")
        if self.longest_wait and self.patience_growth is None:
            raise ValueError("longest_wait has no effect without patience_growth")
        try:
            self.learning_rate_schedule()
            self.stop_rule()
        except OptionError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    @property
    def watches(self) -> bool:
        """Whether a validation loss decides anything."""
        rule = self.early_stopping or self.keep_best or self.min_change
        return bool(rule or self.plateau_patience)

    def shared(self, seed: int) -> Hashable:
        """What members must agree on to step together; all else is each member's own."""
        return (
            seed if self.shuffle == "own" else None,
            self.optimiser,
            self.batch_size,
            self.precision,
            (self.label_smoothing, self.focal_gamma, self.focal_alpha, self.normalisation),
            self.steps_per_epoch,
            (self.watches, self.held_out, self.validate_every, self.training_loss, self.accuracy),
        )

    def begun(self, network: "Network", classes: tuple[str, ...]) -> "Network":  # noqa: ARG002
        """The network with what its members start from; by default drawn weights."""
        return network

    def choice(self) -> "MemberRates":
        """Rates, those not given at the optimiser's usual values."""
        from sortal.training.optimisers.choice import MemberRates, usual_rates

        own = {name: getattr(self, name) for name in _RATES if getattr(self, name) is not None}
        return MemberRates(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            epsilon_added_to=self.epsilon_added_to or "corrected",
            **{**usual_rates(self.optimiser), **own},
        )

    def learning_rate_schedule(self) -> "Schedule":
        """The schedule with the options that were given.

        Raises:
            ValueError: One of them is not the schedule's.
            OptionError: One of them is out of its range.
        """
        from sortal.training.schedules.registry import build_schedule, options_of

        known = options_of(self.schedule)
        options: dict[str, Any] = {}
        for name, option in _SCHEDULE_OPTIONS.items():
            value = getattr(self, name)
            if value is None:
                continue
            if option not in known:
                raise ValueError(f"{name} has no effect with schedule {self.schedule}")
            whole = option == "step_size" and self.schedule == "step"
            options[option] = int(value) if whole and value == int(value) else value
        if "min_factor" in known:
            options["min_factor"] = self._min_factor
        elif self.min_rate and not self.plateau_patience:
            raise ValueError(f"min_rate has no effect with schedule {self.schedule}")
        return build_schedule(self.schedule, {**options, "warm_up": self.warm_up})

    def weight_decay_schedule(self) -> "Schedule":
        """What the weight decay is multiplied with."""
        from sortal.training.schedules.registry import build_schedule

        return build_schedule(self.weight_decay_change)

    def dropout_schedule(self) -> "Schedule":
        """What the share of dropped units is multiplied with."""
        from sortal.training.schedules.registry import build_schedule

        return build_schedule(self.dropout_change)

    def plateau(self) -> "Plateau | None":
        """The rule of cuts at a plateau, if there is one."""
        from sortal.training.schedules.plateau import Plateau

        if not self.plateau_patience:
            return None
        return Plateau(
            factor=self.plateau_factor,
            patience=self.plateau_patience,
            min_gain=self.plateau_min_gain,
            cooldown=self.plateau_cooldown,
            min_factor=self._min_factor,
        )

    def stop_rule(self) -> "StopRule":
        """When training ends early.

        Raises:
            OptionError: The options contradict each other.
        """
        from sortal.training.stopping.rule import StopRule

        return StopRule(
            patience=self.early_stopping,
            min_gain=self.min_gain,
            relative_gain=self.relative_gain,
            growth=self.patience_growth or 0.0,
            longest_wait=self.longest_wait,
            min_change=self.min_change,
            keep_best=self.keep_best,
            unit=self.patience_unit,
        )

    @property
    def _min_factor(self) -> float:
        return min(1.0, self.min_rate / self.learning_rate)
