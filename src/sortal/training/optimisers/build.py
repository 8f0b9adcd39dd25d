"""Optimisers by name."""

from importlib import import_module
from typing import cast

from torch import Tensor

from sortal.errors import NotFound
from sortal.training.optimisers.choice import PLACES, OptimiserKind
from sortal.training.optimisers.optimiser import Optimiser
from sortal.training.optimisers.rule import Rule


def build_optimiser(kind: OptimiserKind, like: Tensor) -> Optimiser:
    """Make an optimiser that has made no update yet.

    Args:
        kind: Its name.
        like: Parameters of all members, shape (members, numbers).

    Raises:
        NotFound: No optimiser has that name.
    """
    if kind not in PLACES:
        raise NotFound("optimiser", kind, PLACES)
    place = PLACES[kind]
    module, _, name = place.rule.partition(":")
    rule = getattr(import_module(f"sortal.training.optimisers.{module}"), name)(**place.variant)
    return Optimiser(cast("Rule", rule), like)
