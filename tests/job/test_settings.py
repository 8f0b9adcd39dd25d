from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from sortal.errors import DataError
from sortal.job.block import JobBlock
from sortal.job.problems import JobError
from sortal.job.settings import read_settings


class Oven(JobBlock):
    """Settings to try reading with."""

    name: Annotated[str, Field(min_length=1)]
    degrees: Annotated[float, Field(gt=0, le=300)] = 180.0
    mode: Literal["fan", "grill"] = "fan"
    racks: Annotated[list[int], Field(min_length=2, max_length=2)] = [1, 3]
    limits: dict[Literal["bread", "cake"], float] = {}

    @model_validator(mode="after")
    def _fit_together(self) -> "Oven":
        if self.mode == "grill" and self.degrees > 250:
            raise ValueError("grill above 250 degrees")
        return self


@pytest.fixture
def file(tmp_path):
    def written(text: str, name: str = "oven.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def problems(path=None, **options):
    with pytest.raises(JobError) as caught:
        read_settings(Oven, path, options)
    return [str(problem) for problem in caught.value.problems]


def test_without_a_file_options_and_defaults_hold():
    assert read_settings(Oven, None, {"name": "a"}) == Oven(name="a")
    assert read_settings(Oven, None, {"name": "a", "degrees": 200.0}).degrees == 200


def test_an_option_precedes_the_file_and_the_file_the_default(file):
    path = file("name: a\ndegrees: 100 # warm\nmode: grill\n")
    read = read_settings(Oven, path, {"degrees": 120.0})
    assert (read.name, read.degrees, read.mode, read.racks) == ("a", 120.0, "grill", [1, 3])


def test_json_with_comments_is_read_too(file):
    path = file('{"name": "a", // which\n "degrees": 90}', "oven.json")
    assert read_settings(Oven, path).degrees == 90


def test_an_empty_file_says_nothing(file):
    assert read_settings(Oven, file(""), {"name": "a"}) == Oven(name="a")


def test_problems_of_a_file_have_their_lines_and_all_are_told(file):
    path = file("name: a\n\ndegres: 5\nmode: fann\nracks: [1, many]\n")
    assert problems(path) == [
        "line 3, degres: expected a key that exists here, got 'degres'. Did you mean 'degrees'?",
        "line 4, mode: expected one of fan, grill, got 'fann'. Did you mean 'fan'?",
        "line 5, racks[1]: expected a whole number, got 'many'.",
    ]


def test_a_wrong_option_is_told_as_it_is_typed(file):
    assert problems(name="a", degrees=400.0) == [
        "--degrees: expected a number above 0 and up to 300, got 400.0."
    ]
    assert problems(file("name: a\ndegrees: x\n"), degrees=0.0) == [
        "--degrees: expected a number above 0 and up to 300, got 0.0."
    ]
    assert problems(name="a", racks=[1]) == [
        "--racks: expected a list of 2 whole numbers, got [1]."
    ]


def test_what_is_missing_is_told_as_the_option_that_gives_it(file):
    expected = ["--name: expected text that is not empty, got nothing."]
    assert problems() == expected
    assert problems(file("degrees: 5\n")) == expected


def test_a_key_of_a_map_is_told_with_those_it_may_be(file):
    path = file("name: a\nlimits:\n  bred: 3\n")
    assert problems(path) == [
        "line 3, limits.bred: expected as key one of bread, cake, got 'bred'. Did you mean 'bread'?"
    ]


def test_settings_that_contradict_each_other_are_told(file):
    told = ["settings: expected values that fit together, got grill above 250 degrees."]
    assert problems(name="a", mode="grill", degrees=300.0) == told
    assert problems(file("name: a\nmode: grill\ndegrees: 300\n")) == told


def test_a_file_that_is_no_map_or_no_yaml_is_told_with_its_name(file):
    path = file("- a\n")
    assert problems(path) == ["line 1: expected a map of settings, got ['a']."]
    with pytest.raises(JobError, match=r"oven.yaml: 1 problem\n  line 2: expected valid YAML"):
        read_settings(Oven, file("name: a\nracks: [1\n"))


def test_a_file_that_is_not_there_is_told_with_the_nearest_name(file):
    path = file("name: a\n")
    with pytest.raises(DataError, match=r"there is no such file of settings. Did you mean 'oven."):
        read_settings(Oven, path.with_name("ovn.yaml"))
