"""The base of everything that is answered: what stands under a field is its description."""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """A value of the interface."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)
