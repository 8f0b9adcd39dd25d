"""The base of everything that is answered: what stands under a field is its description."""

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

Parameters: TypeAlias = dict[str, Any]
"""Parameters of a method, whose names are the method's, or what a job says in names of its own."""


class ResponseModel(BaseModel):
    """A value of the interface."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)
