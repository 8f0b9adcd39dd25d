from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from sortal.job.validation import problems_of


class Parameters(BaseModel):
    """Parameters as a method may have them."""

    model_config = ConfigDict(extra="forbid")

    C: float = Field(default=1.0, gt=0)
    gamma: Literal["scale", "auto"] | Annotated[float, Field(gt=0)] = "scale"
    layers: tuple[int, ...] = (1,)
    class_weight: dict[str, float] | Literal["balanced"] | None = None
    depth: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> "Parameters":
        if self.depth == 3:
            raise ValueError("depth 3 needs gamma auto")
        return self


def told(values: dict) -> str:
    with pytest.raises(ValidationError) as caught:
        Parameters.model_validate(values)
    (problem,) = problems_of(caught.value, values, Parameters, path="classifiers[1].parameters")
    return str(problem).removeprefix("classifiers[1].parameters")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"C": -1}, ".C: expected a number above 0, got -1."),
        ({"c": 1}, ".c: expected a key that exists here, got 'c'. Did you mean 'C'?"),
        (
            {"gamma": "sclae"},
            ".gamma: expected one of scale, auto, or a number above 0, got 'sclae'. "
            "Did you mean 'scale'?",
        ),
        ({"layers": [1, "x"]}, ".layers[1]: expected a whole number, got 'x'."),
        ({"layers": 5}, ".layers: expected a list of whole numbers, got 5."),
        ({"depth": 0}, ".depth: expected a whole number of 1 or more, got 0."),
        ({"depth": 3}, ": expected values that fit together, got depth 3 needs gamma auto."),
    ],
)
def test_a_methods_parameters_are_told_like_a_jobs_fields(values, sentence):
    assert told(values) == sentence


def test_a_union_of_types_unknown_here_is_still_told():
    def refuse(value: object) -> object:
        raise ValueError("odd")

    class Odd(BaseModel):
        where: list[Annotated[int, AfterValidator(refuse)]] | dict[str, int] | int = 0
        what: Annotated[list[int], AfterValidator(refuse)] | int = 0

    values = {"where": [1], "what": [1]}
    with pytest.raises(ValidationError) as caught:
        Odd.model_validate(values)
    found = problems_of(caught.value, values, Odd)
    assert [problem.path for problem in found] == ["where[0]", "what"]
