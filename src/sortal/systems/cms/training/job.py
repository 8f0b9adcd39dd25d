"""From settings and events to a job: its data set, its networks, and what they are compared with."""

from typing import Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.job.models import ClassifierBlock, DataBlock, GivenFoldSplit, Job, TrainingWeights
from sortal.job.preparation import Scaling
from sortal.systems.cms.data.classes import ClassMap
from sortal.systems.cms.data.division import fold_numbers
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.settings import BinarySettings, CMSSettings

FEATURES = "features"
NETWORK = "network"
"""Title of the networks; with several decay rates each has its own behind it."""

_SCALINGS: dict[str, Scaling] = {
    "minmax": "minmax_symmetric",
    "standard": "standard",
    "whiten": "whiten",
    "none": "none",
}
_PEERS: dict[str, dict[str, Any]] = {
    "xgboost": {"n_estimators": 300, "max_depth": 4, "learning_rate": 0.1},
    "histgradientboosting": {"max_iter": 300, "learning_rate": 0.1},
    "lda": {},
    "logistic": {},
}
"""Parameters of the methods that networks are compared with, where not their defaults."""


def dataset_of(events: Events, classes: ClassMap, settings: CMSSettings) -> Dataset:
    """Events as a data set with physics weights; one target for binary, exclusive classes else."""
    if isinstance(settings, BinarySettings):
        signal = events.is_signal.astype(np.int8)[:, np.newaxis]
        labels = Labels(signal, (settings.signal_class,), Outputs.INDEPENDENT)
    else:
        labels = Labels(classes.codes, classes.names)
    return Dataset(
        name="events",
        inputs=Inputs({FEATURES: events.features}, np.arange(len(events))),
        labels=labels,
        names={FEATURES: events.variables},
        weights=events.weights,
        parts=None if settings.folds else events.parts,
        folds=fold_numbers(events, settings.folds) if settings.folds else None,
        notes=events.notes,
    )


def network_job(settings: CMSSettings, title: str) -> Job:
    """The job that trains the networks: all runs and decay rates as one population."""
    parameters = network_parameters(settings)
    varied = [name for name in ("decay", "keep_best") if isinstance(parameters[name], dict)]
    block = ClassifierBlock(
        method="mlp",
        title=" ".join([NETWORK, *(f"{name}={{{name}}}" for name in varied)]),
        parameters=parameters,
        seeds=list(range(settings.seed, settings.seed + settings.runs)),
    )
    return _job(settings, title, [block])


def loses_signs(settings: CMSSettings, events: Events) -> bool:
    """Whether the methods to compare with learn from absolute weights where networks keep the signs.

    Libraries of trees refuse negative weights.
    """
    return settings.negative_weights == "keep" and bool((events.weights < 0).any())


def peer_job(settings: CMSSettings, title: str, events: Events) -> Job:
    """The job that trains the methods to compare with, on the same events and weights.

    Args:
        settings: Which methods.
        title: Name of the networks' job.
        events: The events; see `loses_signs`.
    """
    blocks = [
        ClassifierBlock(method=method, title=method, parameters=_PEERS[method])
        for method in settings.compare
    ]
    if loses_signs(settings, events):
        settings = settings.model_copy(update={"negative_weights": "absolute"})
    return _job(settings, f"{title} compared", blocks)


def network_parameters(settings: CMSSettings) -> dict[str, Any]:
    """Parameters of method `mlp` that are the script's network and training."""
    decays = settings.decays
    parameters: dict[str, Any] = {
        "hidden_layer_sizes": settings.layers,
        "activation": settings.activation,
        "initialiser": settings.initialiser,
        "output_initialiser": "glorot_uniform",
        "dropout": settings.dropout,
        "l1": settings.l1,
        "l2": settings.l2,
        "optimiser": settings.optimiser,
        "learning_rate": settings.learning_rate,
        "schedule": "inverse_time",
        "decay": decays[0] if len(decays) == 1 else {"values": decays},
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "early_stopping": settings.early_stopping,
        "keep_best": True,
        "shuffle": "own",
        "precision": settings.precision,
        "accuracy": "weighted",
    }
    if settings.compat and isinstance(settings, BinarySettings):
        # The script draws the ROC with the weights of the last epoch, and scores with the best.
        parameters["keep_best"] = {"values": [True, False]}
    if settings.compat:
        adam = {"epsilon_added_to": "uncorrected", "epsilon": 1e-7}
        parameters |= {"weight_scale": "none", "accuracy": "unweighted"}
        parameters |= adam if settings.optimiser == "adam" else {}
    return parameters


def _job(settings: CMSSettings, title: str, classifiers: list[ClassifierBlock]) -> Job:
    data = DataBlock(
        source="events",
        scaling=_SCALINGS[settings.normalisation],
        training_weights=training_weights(settings),
    )
    changes: dict[str, object] = {}
    if settings.imputation != "none":
        changes["imputation"] = settings.imputation
    if settings.missing:
        # The models remember it, so that every command reads new events as training did.
        changes["missing"] = settings.missing
    if isinstance(settings, BinarySettings):
        changes["targets"] = "independent"
    if settings.folds:
        column = settings.event_number or "row"
        changes["split"] = GivenFoldSplit(kind="given_folds", column=column, validation=True)
    return Job(
        title=title,
        data=data.model_copy(update=changes),
        classifiers=classifiers,
        seed=settings.seed,
        bootstrap=0,
    )


def training_weights(settings: CMSSettings) -> TrainingWeights:
    """The rule of training weights: totals of the page's script, up to a common factor."""
    binary = isinstance(settings, BinarySettings)
    return TrainingWeights(
        negative=settings.negative_weights,
        power=settings.power,
        reference=f"not {settings.signal_class}" if binary else settings.signal_class,
        each_part=settings.compat,
    )
