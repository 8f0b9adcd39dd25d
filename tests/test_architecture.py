"""The shape of the code itself: layers, cycles, start-up, surface, sizes, names."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import grimp
import pytest

import sortal

SOURCE = Path(sortal.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
WRITTEN_ON_REQUEST = "systems/cms/results/pickles.py"
"""Legacy files of a published script; nothing ever reads them."""

HEAVY = ("torch", "sklearn", "scipy", "xgboost", "polars", "pyarrow", "matplotlib", "h5py", "skops")


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_importing_sortal_loads_no_heavy_library():
    loaded = _loaded_by("import sortal")
    assert not [name for name in (*HEAVY, "numpy", "pydantic") if name in loaded]


def test_asking_the_command_for_help_loads_no_heavy_library():
    loaded = _loaded_by("import sortal.cli.main")
    assert not [name for name in (*HEAVY, "numpy", "pydantic") if name in loaded]


def test_naming_the_methods_loads_no_library_behind_them():
    loaded = _loaded_by(
        "from sortal.methods import registry; [registry.find(n) for n in registry.method_names()]"
    )
    assert not [name for name in ("torch", "sklearn", "xgboost") if name in loaded]


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("sortal", cache_dir=None, exclude_type_checking_imports=True)
    circles = [
        (module, chain)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if (chain := graph.find_shortest_chain(imported, module))
    ]
    assert circles == []


def test_layers_hold():
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=SOURCE.parents[1],
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_public_names_are_the_documented_ones_and_all_can_be_had():
    assert sorted(sortal.__all__) == list(sortal.__all__)
    assert set(sortal.__all__) <= set(dir(sortal))
    for name in sortal.__all__:
        assert getattr(sortal, name).__doc__, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_file_is_one_idea(path: Path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 450
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert ast.get_docstring(ast.parse(text)), "a file says in its first line what it is"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_classes_stay_small(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            public = [
                item.name
                for item in node.body
                if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
            ]
            assert len(public) <= 20, f"{node.name}: {public}"


def test_nothing_is_pickled_and_no_file_of_a_user_is_executed():
    forbidden = re.compile(
        r"^\s*(import|from) (c?pickle|dill|joblib|cloudpickle)\b|\b(eval|exec)\(|allow_pickle=True",
        re.M,
    )
    found = [p for p in FILES if forbidden.search(p.read_text(encoding="utf-8"))]
    assert [p.relative_to(SOURCE).as_posix() for p in found] == [WRITTEN_ON_REQUEST]
    assert "load" not in (SOURCE / WRITTEN_ON_REQUEST).read_text(encoding="utf-8")


TESTS = Path(__file__).parent
_ENGINE_NAMED = re.compile(r"""["']sortal\.[\w.]*\.\w*(Here|Engines?)["']""")
"""A string that names the class of an engine, as a patch would."""


def test_no_test_patches_an_engine_by_its_name():
    found = [
        f"{path.relative_to(TESTS)}: {named.group()}"
        for path in sorted(TESTS.rglob("*.py"))
        for named in _ENGINE_NAMED.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "give the engines to `launch`, `sortal.run` or the command instead"


def test_only_launch_makes_engines_and_only_the_default():
    engines = {"Here", "WarmEngines", "InlineEngine"}
    made = [
        (path.relative_to(SOURCE).as_posix(), node.func.id)
        for path in FILES
        if path.parent != SOURCE / "engines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in engines
    ]
    assert made == [("jobs/launch.py", "WarmEngines")]


HOP = re.compile(r"\| \d+ \| `([\w.]+)` \| `(\w+)`[^|]* \| `(\w+)`[^|]* \|")


def test_the_way_of_a_job_is_as_the_manual_shows_it():
    page = (TESTS.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    hops = HOP.findall(page)
    assert 10 <= len(hops) <= 16
    wrong = []
    for path, given, returned in hops:
        signature = inspect.signature(_found(path))
        taken = " ".join(str(one.annotation) for one in signature.parameters.values())
        if given not in taken or returned not in str(signature.return_annotation):
            wrong.append(f"{path}{signature}")
        if re.search(r"\bdict\b|Mapping\[str, Any\]", str(signature.return_annotation)):
            wrong.append(f"{path} returns a dict")
    assert not wrong


def _found(path: str) -> Callable[..., object]:
    """A function or method by its path below the package."""
    parts = path.split(".")
    for place in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            found = importlib.import_module(".".join(["sortal", *parts[:place]]))
            for name in parts[place:]:
                found = getattr(found, name)
            return found
    raise AssertionError(path)
