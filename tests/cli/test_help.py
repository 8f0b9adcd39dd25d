import subprocess
import sys

import pytest
import typer
from typer.main import get_command

from sortal.cli.main import app


def commands(command=None, path=()):
    """All commands with what is typed to call them."""
    command = command or get_command(app)
    found = [(path, command)]
    for name, inner in getattr(command, "commands", {}).items():
        found += commands(inner, (*path, name))
    return found


NAMED = {" ".join(path): command for path, command in commands()}


def test_there_are_the_commands_that_the_manual_names():
    assert set(NAMED) == {
        *("", "run", "check", "show", "list", "ensemble", "import"),
        *("predict", "methods", "datasets"),
        *("export", "map", "project", "schema", "serve", "demo", "example", "example cms"),
        *(
            "example clavis",
            "clavis",
            "clavis batch",
            "clavis autotune",
            "clavis explorer",
            "clavis available",
            "clavis import",
            "clavis serve",
        ),
        *("cms", "cms binary", "cms multiclass", "cms apply", "cms template"),
        *("store", "store ls", "store show", "store check", "store rm", "store merge", "store gc"),
    }


@pytest.mark.parametrize("name", NAMED)
def test_help_describes_every_command_and_every_option(name, sortal):
    said = sortal(*name.split(), "--help")
    assert said.code == 0
    assert f"Usage: sortal {name}".rstrip() in said.out
    command = NAMED[name]
    assert (command.help or "").strip().split("\n")[0][:40] in said.out
    for parameter in command.params:
        if isinstance(parameter, typer.core.TyperOption):
            assert max(parameter.opts, key=len) in said.out
            assert parameter.help
            assert " ".join(parameter.help.split())[:25] in " ".join(said.out.split())
    for inner in getattr(command, "commands", {}):
        assert f"\n  {inner}" in said.out
    assert sortal(*name.split(), "-h").out == said.out


@pytest.mark.parametrize("name", ["", "store", "cms"])
def test_what_commands_do_fits_on_their_lines(name, sortal):
    listed = sortal(*name.split(), "--help").out.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


@pytest.mark.parametrize(
    ("typed", "allowed"), [((), ""), (("cms",), "pydantic"), (("cms", "binary"), "pydantic")]
)
def test_help_loads_no_heavy_library(typed, allowed):
    code = (
        f"import sys; sys.argv = {['sortal', *typed, '--help']}\n"
        "from sortal.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'uproot', 'sklearn', 'torch', 'polars', 'pyarrow', 'matplotlib', 'pydantic', 'rich'}\n"
        f"print('loaded:', sorted(heavy & set(sys.modules) - {{{allowed!r}}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded: []" in done.stdout


def test_the_version_is_told(sortal):
    assert sortal("--version").out.startswith("sortal 0.")


def test_without_a_command_there_is_help(sortal):
    said = sortal()
    assert "Commands:" in said.out + said.err


@pytest.mark.parametrize(
    "arguments", [["rnu"], ["run"], ["run", "--coers", "2"], ["show", "a", "b"]]
)
def test_a_wrong_command_line_is_the_users_mistake(arguments, sortal):
    said = sortal(*arguments)
    assert said.code == 2
    assert said.err
    assert "Traceback" not in said.err
