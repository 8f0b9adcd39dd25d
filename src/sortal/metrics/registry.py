"""Every metric of a classifier: one value each, from which all lists of metrics are derived.

The order is that of tables. A new metric is its function and an entry here; one of a user is a
`user_metric.UserMetric`, which a job names by its import path.
"""

from importlib import import_module
from typing import Any

from sortal.errors import NotFound
from sortal.metrics.metric import Interval, Metric


class _Functions:
    """The modules of `sortal.metrics` by name, each imported when a metric first calls it.

    Job files know the names of metrics, and what reads them must not wait for NumPy.
    """

    def __getattr__(self, module: str) -> Any:
        if module.startswith("_"):  # asked for by what looks at objects, such as doctest
            raise AttributeError(module)
        return import_module(f"sortal.metrics.{module}")


functions = _Functions()

_RATES = {"precision": "precision", "recall": "recall", "f1": "F1"}
"""Titles of the rates of one class or target."""


def _averaged(mean: str, rate: str, interval: Interval | None = None) -> Metric:
    """The macro or weighted mean of a rate over classes or targets."""
    return Metric(
        name=f"{mean}_{rate}",
        title=f"{mean} {_RATES[rate]}",
        outputs="both",
        from_counts=True,
        interval=interval,
        compute=lambda block: getattr(block.tally, mean)(getattr(block.tally, rate)),
    )


def _pooled(rate: str) -> Metric:
    """A rate of all targets pooled into one."""
    return Metric(
        name=f"micro_{rate}",
        title=f"micro {_RATES[rate]}",
        outputs="independent",
        compute=lambda block: getattr(block.pooled, rate)[..., 0],
    )


METRICS = (
    Metric(
        name="accuracy",
        title="accuracy",
        outputs="exclusive",
        single_target=True,
        from_counts=True,
        interval=Interval(compute=lambda sums: functions.ratio.ratio(sums.right, sums.weight)),
        compute=lambda block: functions.confusion.accuracy(block.matrix),
    ),
    Metric(
        name="balanced_accuracy",
        title="balanced accuracy",
        outputs="exclusive",
        single_target=True,
        from_counts=True,
        interval=Interval(compute=lambda sums: functions.ratio.mean_defined(sums.recalls)),
        compute=lambda block: functions.confusion.balanced_accuracy(block.matrix),
    ),
    Metric(
        name="subset_accuracy",
        title="subset accuracy",
        outputs="independent",
        interval=Interval(compute=lambda sums: functions.ratio.ratio(sums.right, sums.weight)),
        compute=lambda block: functions.multilabel.subset_accuracy(
            block.truth, block.decided, block.weights
        ),
    ),
    Metric(
        name="hamming_loss",
        title="Hamming loss",
        outputs="independent",
        greater_is_better=False,
        compute=lambda block: functions.multilabel.hamming_loss(
            block.truth, block.decided, block.weights
        ),
    ),
    _averaged("macro", "precision"),
    _averaged("macro", "recall"),
    _averaged(
        "macro",
        "f1",
        interval=Interval(
            compute=lambda sums: sums.tally.macro(sums.tally.f1), outputs="independent"
        ),
    ),
    _pooled("precision"),
    _pooled("recall"),
    _pooled("f1"),
    _averaged("weighted", "precision"),
    _averaged("weighted", "recall"),
    _averaged("weighted", "f1"),
    Metric(
        name="mcc",
        title="Matthews correlation",
        outputs="exclusive",
        from_counts=True,
        compute=lambda block: functions.confusion.matthews_correlation(block.matrix),
    ),
    Metric(
        name="kappa",
        title="Cohen's kappa",
        outputs="exclusive",
        from_counts=True,
        compute=lambda block: functions.confusion.cohen_kappa(block.matrix),
    ),
    Metric(
        name="roc_auc",
        title="ROC AUC",
        outputs="both",
        compute=lambda block: functions.ranking.macro(block.roc_auc),
    ),
    Metric(
        name="average_precision",
        title="average precision",
        outputs="both",
        compute=lambda block: functions.ranking.macro(block.average_precision),
    ),
    Metric(
        name="log_loss",
        title="log loss",
        outputs="both",
        greater_is_better=False,
        needs_probabilities=True,
        bounded=False,
        interval=Interval(compute=lambda sums: functions.ratio.ratio(sums.loss, sums.weight)),
        compute=lambda block: functions.ratio.average(block.log_losses, block.weights),
    ),
    Metric(
        name="brier",
        title="Brier score",
        outputs="both",
        greater_is_better=False,
        needs_probabilities=True,
        compute=lambda block: block.brier,
    ),
    Metric(
        name="ece",
        title="calibration error",
        outputs="exclusive",
        greater_is_better=False,
        needs_probabilities=True,
        compute=lambda block: functions.probability.expected_calibration_error(
            block.truth, block.scores, block.weights
        ),
    ),
)

_BY_NAME = {metric.name: metric for metric in METRICS}

HEADLINE = {"exclusive": "balanced_accuracy", "independent": "macro_f1"}
"""The metric that ranks classifiers, by the kind of labels."""

ACCURACY = {"exclusive": "accuracy", "independent": "subset_accuracy"}
"""The share of examples that are right, in every target where these are independent."""

BESIDE_HEADLINE = ("log_loss", "macro_f1")
"""Further metrics that a ranking has as columns."""

BESIDE_HEADLINE_OF_ENSEMBLES = ("log_loss", "brier", "macro_f1")
"""Further metrics that the table of an ensemble has as columns."""


def names() -> tuple[str, ...]:
    """Names of all metrics, in the order of tables."""
    return tuple(_BY_NAME)


def is_known(name: str) -> bool:
    """True if there is a metric of that name."""
    return name in _BY_NAME


def find(name: str) -> Metric:
    """The metric of a name.

    Raises:
        NotFound: There is none.
    """
    if name not in _BY_NAME:
        raise NotFound("metric", name, _BY_NAME)
    return _BY_NAME[name]


def metrics_of(outputs: str, *, single: bool = False) -> tuple[Metric, ...]:
    """Metrics of one kind of labels, in the order of tables; those of a single target come last.

    Args:
        outputs: `exclusive` or `independent`.
        single: True for independent labels of a single target.
    """
    usual = tuple(metric for metric in METRICS if metric.is_of(outputs))
    more = (m for m in METRICS if not m.is_of(outputs) and m.is_of(outputs, single=single))
    return (*usual, *more)


def title_of(name: str) -> str:
    """The words for a metric; a name of no metric here as it is, with spaces for underscores.

    >>> title_of("macro_f1"), title_of("my_metric")
    ('macro F1', 'my metric')
    """
    return _BY_NAME[name].title if name in _BY_NAME else name.replace("_", " ")


def is_mapped(name: str) -> bool:
    """True if a map of classifiers by metrics uses it: built in, and bounded."""
    return name in _BY_NAME and _BY_NAME[name].bounded


def smaller_is_better() -> tuple[str, ...]:
    """Names of the metrics of which the smallest value is best."""
    return tuple(metric.name for metric in METRICS if not metric.greater_is_better)
