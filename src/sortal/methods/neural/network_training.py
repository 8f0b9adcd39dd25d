"""Train the networks that a method draws for the members of one group."""

from collections.abc import Iterator

from sortal.data.prepared import Prepared
from sortal.errors import UserError
from sortal.methods.contract.base import Control, Outcome, Population
from sortal.methods.contract.outcomes import failed
from sortal.methods.neural.training import train_stacked
from sortal.methods.neural.training_setup import Draw, stacked_training


def train_networks(
    population: Population,
    data: Prepared,
    control: Control,
    draw: Draw,
    *,
    scales_features: bool = False,
) -> Iterator[Outcome]:
    """Train in tiles; where no network can be drawn for the data, all members fail with the reason.

    Args:
        population: Members of one group.
        data: Prepared examples.
        control: The line to the driver.
        draw: The network of a member.
        scales_features: Whether unscaled features need no remark.
    """
    try:
        training = stacked_training(population, data, draw, scales_features=scales_features)
    except UserError as error:
        yield from (failed(key, error) for key in population.keys)
        return
    yield from train_stacked(training, population, data, control)
