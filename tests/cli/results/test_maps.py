"""`sortal map` and `sortal project`, as a person calls them."""

from typing import get_args

import polars as pl
import pytest

from sortal.cli.results import map as maps
from sortal.cli.results import project
from sortal.evaluation.maps.classifier_map import MAP_METHODS
from sortal.evaluation.maps.dissimilarity import ComparedBy
from sortal.evaluation.maps.parameters import PROJECTIONS, LleMethod

JOB = """\
title: flowers
data: {source: iris}
classifiers:
  - {method: kneighbors, parameters: {n_neighbors: [1, 5, 25]}}
  - {method: svm}
bootstrap: 0
"""


def test_the_commands_list_what_there_is():
    for listed, known in (
        (maps.By, ComparedBy),
        (maps.MapMethod, MAP_METHODS),
        (project.Projection, PROJECTIONS),
        (project.LleMethod, get_args(LleMethod)),
    ):
        assert {one.value for one in listed} == set(known)


@pytest.fixture(scope="module")
def flowers(trained):
    return trained(JOB)


def test_a_map_is_written_as_figure_and_table(flowers, sortal, home):
    said = sortal("map", "flowers")
    assert said.code == 0, said.err
    assert said.out.startswith("6 classifiers by errors, mds: trustworthiness ")
    assert "note: No classifier of the job is Optimal and Naive: computed" in said.out
    folder = home / "sortal-results" / "flowers"
    assert (folder / "map-errors-mds.png").stat().st_size > 10_000
    table = pl.read_csv(folder / "map-errors-mds.csv")
    assert table.columns == ["title", "method", "anchor", "computed", "x", "y", "from_optimal"]
    assert set(table["title"]) >= {"Optimal", "Naive", "svm"}
    again = sortal("map", "trained.yaml")
    assert again.out == said.out


def test_options_choose_what_is_compared_and_how(flowers, sortal, home):
    arguments = ("--by", "agreement", "--method", "tsne", "--perplexity", "2", "--seed", "3")
    said = sortal("map", "flowers", *arguments, "--top", "4", "--no-poles", "--figures", "here")
    assert said.out.startswith("4 classifiers by agreement, tsne"), said.err
    assert (home / "here" / "map-agreement-tsne.png").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("map", "flower"), "no job named 'flower'"),
        (
            ("map", "flowers", "--perplexity", "5"),
            "error: map: expected no parameters, for mds has none, got 'perplexity'",
        ),
        (("map", "flowers", "--method", "tsne", "--perplexity", "50"), "number of classifiers, 6"),
        (("map", "flowers", "--target", "petals"), "no target named 'petals'"),
        (("map", "flowers", "--top", "2", "--no-poles"), "3 classifiers or more, got 2"),
        (
            ("project", "flowers", "--neighbors", "5"),
            "error: projection.n_neighbors: expected one of random_state, got",
        ),
        (("project", "flowers", "--target", "petals"), "no target named 'petals'"),
        (("project", "flower"), "no job named 'flower'"),
    ],
)
def test_what_cannot_be_done_is_told(flowers, sortal, arguments, told):
    said = sortal(*arguments)
    assert said.code == 2
    assert told in said.err


def test_examples_are_projected(flowers, sortal, home):
    said = sortal("project", "flowers", "--method", "lle", "--lle-method", "ltsa")
    assert said.code == 0, said.err
    assert said.out.startswith("150 examples, lle: trustworthiness 0.")
    folder = home / "sortal-results" / "flowers"
    assert (folder / "projection-lle.png").stat().st_size > 10_000
    assert len(pl.read_csv(folder / "projection-lle.csv")) == 150
