"""What a job may name: methods with their parameters, and data sets; batch jobs, what they may."""

from fastapi import APIRouter

from sortal.api.catalogue import list_datasets, list_methods, list_parameters
from sortal.errors import NotFound
from sortal.methods import registry
from sortal.web.available_name import AvailableName
from sortal.web.response_model import ResponseModel
from sortal.web.served_store import ShelfOf

router = APIRouter(tags=["catalogue"])


class MethodOut(ResponseModel):
    """A kind of classifier."""

    name: str
    what: str
    weights: bool
    """Whether training uses example weights."""

    missing_values: bool
    """Whether features may be missing."""

    shares: str
    """Along what members may differ and yet train together."""


class ParameterOut(ResponseModel):
    """A parameter of a method."""

    parameter: str
    values: str
    """What it may be."""

    default: str
    meaning: str


class DescribedMethodOut(MethodOut):
    """A method with its parameters."""

    parameters: list[ParameterOut]


class NamedDatasetOut(ResponseModel):
    """A data set that a job may name."""

    dataset: str
    what: str
    examples: int
    features: int
    classes: int


@router.get("/methods")
def show_methods() -> list[MethodOut]:
    """List the methods, those of the server's plugin folders among them."""
    return list(_methods())


@router.get("/methods/{method}")
def describe_method(method: str) -> DescribedMethodOut:
    """Describe one method and its parameters."""
    found = {one.name: one for one in _methods()}
    # Only what is listed: an import path would load code that the caller names.
    if method not in found:
        raise NotFound("method", method, registry.known_names())
    parameters = [ParameterOut(**row) for row in list_parameters(method).to_dicts()]
    return DescribedMethodOut(**found[method].model_dump(), parameters=parameters)


@router.get("/datasets")
def show_datasets() -> list[NamedDatasetOut]:
    """List the data sets that a job may name instead of a file."""
    return [NamedDatasetOut(**row) for row in list_datasets().to_dicts()]


@router.get("/available")
def show_available(shelf: ShelfOf) -> list[AvailableName]:
    """List what batch jobs of ClaVis may name, plugins of the server's folders among it."""
    return list(shelf.settings.named)


def _methods() -> list[MethodOut]:
    return [
        MethodOut(
            name=row["method"],
            what=row["what"],
            weights=row["weights"],
            missing_values=row["missing values"],
            shares=row["shares"],
        )
        for row in list_methods().to_dicts()
    ]
