from typing import get_origin

import pytest
import typer
from typer.testing import CliRunner

from sortal.job.block import JobBlock
from sortal.job.settings import read_settings
from sortal.job.type_names import unwrap
from sortal.systems.cms.settings import BinarySettings, MulticlassSettings
from sortal.systems.options import with_settings

MODELS = [BinarySettings, MulticlassSettings]


@pytest.fixture
def call():
    """Call a command made of a block; returns what it was given, and its own options."""

    def called(model, *arguments, short=None):
        app = typer.Typer(rich_markup_mode=None, context_settings={"max_content_width": 250})
        got = {}

        @app.command()
        @with_settings(model, short=short)
        def command(given, loud: bool = False):
            """Do something."""
            got.update(given=given, loud=loud)

        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return got or result.output

    return called


@pytest.mark.parametrize("model", MODELS)
def test_every_field_that_is_no_map_is_an_option_with_its_text(call, model, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    told = " ".join(call(model, "--help").split())
    for name, field in model.model_fields.items():
        option = f"--{name.replace('_', '-')}"
        is_map = get_origin(unwrap(field.annotation)[0]) is dict
        assert (f"{option} " in told) != is_map, name
        assert (" ".join(field.description.split())[:60] in told) != is_map, name


def test_nothing_is_given_where_nothing_was_typed(call):
    assert call(BinarySettings) == {"given": {}, "loud": False}


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        (["--epochs", "7"], "epochs", 7),
        (["--learning-rate", "1e-3"], "learning_rate", 1e-3),
        (["--layers", "100 100"], "layers", [100, 100]),
        (["--layers", "100,100"], "layers", [100, 100]),
        (["--layers", "100", "--layers", "50"], "layers", [100, 50]),
        (["--layers", "wide"], "layers", ["wide"]),
        (["--variables", "pt, eta"], "variables", ["pt", "eta"]),
        (["--variables", ""], "variables", []),
        (["--decays", "1e-3 0"], "decays", [1e-3, 0.0]),
        (["--compat"], "compat", True),
        (["--no-compat"], "compat", False),
        (["-y", "2017"], "year", "2017"),
        (["--balance", "0.3"], "balance", "0.3"),
        (["--cut", "pt > 3, x"], "cut", "pt > 3, x"),
    ],
)
def test_values_arrive_as_the_block_takes_them(call, typed, field, value):
    given = call(BinarySettings, *typed, short={"year": "y"})["given"]
    assert given == {field: value}
    assert type(given[field]) is type(value)


def test_a_commands_own_options_stay(call):
    assert call(BinarySettings, "--loud", "--epochs", "3") == {"given": {"epochs": 3}, "loud": True}


@pytest.mark.parametrize(("text", "power"), [("0.3", 0.3), ("sqrt", 0.5), ("2", 2.0)])
def test_a_balance_is_a_word_or_an_exponent(call, text, power):
    given = call(MulticlassSettings, "--balance", text)["given"]
    assert read_settings(MulticlassSettings, None, given).power == power


def test_help_tells_defaults_choices_and_both_flags(call, monkeypatch):
    class Oven(JobBlock):
        """An oven."""

        fan: bool = True
        """Whether air moves."""
        racks: list[int] = [1, 3]
        """Racks."""
        mode: str = ""
        """Mode."""

    monkeypatch.setenv("COLUMNS", "250")
    told = " ".join(call(Oven, "--help").split())
    assert "--fan / --no-fan Whether air moves. [default: yes]" in told
    assert "--racks LIST Racks. [default: 1 3]" in told
    assert "--mode <str> Mode. --" in told
    assert "minmax|standard|whiten|none" in call(BinarySettings, "--help")
