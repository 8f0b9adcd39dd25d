"""What batch jobs may name, as a server is told of it when it starts."""

from collections.abc import Mapping

from sortal.web.response_model import Parameters, ResponseModel


class AvailableName(ResponseModel):
    """A classifier, data set or projection that a batch job may name."""

    kind: str
    """`classifier`, `data set` or `projection`."""

    name: str
    what: str
    source: str
    """Folder of its plugin, or that it is built in."""

    parameters: tuple[Mapping[str, str], ...]
    """parameter, values, default, meaning."""

    place: str
    """Where in a job it is named."""

    example: Parameters
    """What a job says there, every value the default."""

    remarks: tuple[str, ...]
    """Of a data set its classes, and the file that it needs."""
