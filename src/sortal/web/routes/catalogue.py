"""What a job may name: methods with their parameters, and data sets; batch jobs, what they may."""

from fastapi import APIRouter

from sortal.api.catalogue import list_datasets, list_methods, list_parameters
from sortal.errors import NotFound
from sortal.methods import registry
from sortal.web.answer import Answer
from sortal.web.named import Named
from sortal.web.shelf import ShelfOf

router = APIRouter(tags=["catalogue"])


class Method(Answer):
    """A kind of classifier."""

    name: str
    what: str
    weights: bool
    """Whether training uses example weights."""

    missing_values: bool
    """Whether features may be missing."""

    shares: str
    """Along what members may differ and yet train together."""


class Parameter(Answer):
    """A parameter of a method."""

    parameter: str
    values: str
    """What it may be."""

    default: str
    meaning: str


class Described(Method):
    """A method with its parameters."""

    parameters: list[Parameter]


class Data(Answer):
    """A data set that a job may name."""

    dataset: str
    what: str
    examples: int
    features: int
    classes: int


@router.get("/methods")
def show_methods() -> list[Method]:
    """List the methods, those of the server's plugin folders among them."""
    return list(_methods())


@router.get("/methods/{method}")
def describe_method(method: str) -> Described:
    """Describe one method and its parameters."""
    found = {one.name: one for one in _methods()}
    # Only what is listed: an import path would load code that the caller names.
    if method not in found:
        raise NotFound("method", method, registry.known_names())
    parameters = [Parameter(**row) for row in list_parameters(method).to_dicts()]
    return Described(**found[method].model_dump(), parameters=parameters)


@router.get("/datasets")
def show_datasets() -> list[Data]:
    """List the data sets that a job may name instead of a file."""
    return [Data(**row) for row in list_datasets().to_dicts()]


@router.get("/available")
def show_available(shelf: ShelfOf) -> list[Named]:
    """List what batch jobs of ClaVis may name, plugins of the server's folders among it."""
    return list(shelf.settings.named)


def _methods() -> list[Method]:
    return [
        Method(
            name=row["method"],
            what=row["what"],
            weights=row["weights"],
            missing_values=row["missing values"],
            shares=row["shares"],
        )
        for row in list_methods().to_dicts()
    ]
