"""Optimisers by name."""

from torch import Tensor

from sortal.errors import NotFound
from sortal.training.optimisers.adadelta import Adadelta
from sortal.training.optimisers.adagrad import Adagrad
from sortal.training.optimisers.adam import Adam
from sortal.training.optimisers.adamax import Adamax
from sortal.training.optimisers.choice import OptimiserKind
from sortal.training.optimisers.descent import Descent
from sortal.training.optimisers.nadam import Nadam
from sortal.training.optimisers.optimiser import Optimiser
from sortal.training.optimisers.rmsprop import RMSprop
from sortal.training.optimisers.rule import Rule

_RULES: dict[OptimiserKind, Rule] = {
    "sgd": Descent(),
    "nesterov": Descent(ahead=True),
    "adam": Adam(),
    "amsgrad": Adam(largest=True),
    "adamw": Adam(decoupled=True),
    "nadam": Nadam(),
    "adamax": Adamax(),
    "rmsprop": RMSprop(),
    "adagrad": Adagrad(),
    "adadelta": Adadelta(),
}


def build_optimiser(kind: OptimiserKind, like: Tensor) -> Optimiser:
    """Make an optimiser that has made no update yet.

    Args:
        kind: Its name.
        like: Parameters of all members, shape (members, numbers).

    Raises:
        NotFound: No optimiser has that name.
    """
    if kind not in _RULES:
        raise NotFound("optimiser", kind, _RULES)
    return Optimiser(_RULES[kind], like)
