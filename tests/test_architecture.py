"""The shape of the code itself: layers, cycles, start-up, surface, sizes, names."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import grimp

import sortal

SOURCE = Path(sortal.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
TESTS = Path(__file__).parent
TEST_FILES = sorted(TESTS.rglob("*.py"))
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


def test_public_names_are_documented_and_can_be_had():
    assert sorted(sortal.__all__) == list(sortal.__all__)
    assert set(sortal.__all__) <= set(dir(sortal))
    _assert_none(name for name in sortal.__all__ if not getattr(sortal, name).__doc__)


def _assert_none(offenders: Iterable[str]) -> None:
    """Fail with all offenders, one a line: who mends one should see the others."""
    lines = list(offenders)
    assert not lines, "\n".join([f"{len(lines)} found:", *lines])


def _assert_no_file(is_wrong: Callable[[Path, str], object]) -> None:
    """Fail with every file of the package of which something is true, and with what that is."""
    found = {path: is_wrong(path, path.read_text(encoding="utf-8")) for path in FILES}
    _assert_none(
        f"{path.relative_to(SOURCE).as_posix()}: {wrong}" for path, wrong in found.items() if wrong
    )


def test_no_file_is_longer_than_450_lines():
    def too_long(path: Path, text: str) -> str:
        lines = text.count("\n")
        return f"{lines} lines" if lines > 450 else ""

    _assert_no_file(too_long)


def test_no_file_is_called_utils_helpers_common_or_misc():
    _assert_no_file(lambda path, text: path.stem in {"utils", "helpers", "common", "misc"})


def test_every_file_begins_with_what_it_is():
    _assert_no_file(lambda path, text: not ast.get_docstring(ast.parse(text)))


def test_no_class_has_more_than_20_public_methods():
    def too_large(path: Path, text: str) -> list[str]:
        return [
            f"{node.name}: {len(methods)}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef)
            and len(methods := [one for one in _functions(node.body) if one.name[0] != "_"]) > 20
        ]

    _assert_no_file(too_large)


TWO_CLASSES_OF_ONE_NAME = {
    "LSTM": "The field has one name for the method and for its layer.",
    "Scale": "The manual shows users the scale of yields; the layer has the name that Keras gives it.",
}
"""Names of classes that stand in two modules, with the reason."""


def test_no_class_name_stands_in_two_modules():
    places: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path.relative_to(SOURCE).as_posix())
    twice = {name: found for name, found in places.items() if len(set(found)) > 1}
    _assert_none(f"{name}: {twice[name]}" for name in twice.keys() - TWO_CLASSES_OF_ONE_NAME.keys())
    assert TWO_CLASSES_OF_ONE_NAME.keys() <= twice.keys()


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(nodes: Iterable[ast.AST]) -> list[Function]:
    return [node for node in nodes if isinstance(node, Function)]


@cache
def _functions_of(path: Path) -> list[Function]:
    """Every function of a file, those of classes and functions included."""
    return _functions(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _tests() -> Iterator[tuple[Path, Function]]:
    for path in TEST_FILES:
        if path.name.startswith("test_"):
            for function in _functions_of(path):
                if function.name.startswith("test_"):
                    yield path, function


def _place(path: Path, function: Function) -> str:
    return f"{path.relative_to(TESTS).as_posix()}::{function.name}"


def test_names_of_tests_are_shorter_than_60_characters():
    _assert_none(_place(*one) for one in _tests() if len(one[1].name) >= 60)


ASSERTING = {"raises", "warns", "fail", "check", "call_and_validate"}
"""What asserts though it is no assert: pytest's, and the checks of sortal.testing, scikit-learn and
schemathesis."""


def _called(function: Function) -> set[str]:
    """Names of what a function calls."""
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {node.attr for node in called if isinstance(node, ast.Attribute)}
    return names | {node.id for node in called if isinstance(node, ast.Name)}


def _asserts(function: Function, asserting: set[str]) -> bool:
    called = _called(function)
    return (
        any(isinstance(node, ast.Assert) for node in ast.walk(function))
        or not called.isdisjoint(asserting)
        or any(name.startswith("assert") for name in called)
    )


@cache
def _asserting_helpers(path: Path) -> set[str]:
    """Names of what asserts for the tests of a file: its own functions, fixtures of its folders,
    and functions of the modules beside it.
    """
    folders = [path.parent, *(one for one in path.parents if TESTS in (one, *one.parents))]
    files = {path, *(folder / "conftest.py" for folder in folders)}
    files |= {one for one in path.parent.glob("*.py") if not one.name.startswith("test_")}
    helpers = [
        function
        for file in files & set(TEST_FILES)
        for function in _functions_of(file)
        if not function.name.startswith("test_")
    ]
    found: set[str] = set()
    while more := {one.name for one in helpers if _asserts(one, ASSERTING | found)} - found:
        found |= more
    return found


def test_every_test_asserts_something():
    _assert_none(
        _place(path, test)
        for path, test in _tests()
        if not _asserts(test, ASSERTING | _asserting_helpers(path))
    )


def test_nothing_is_pickled_and_no_file_of_a_user_is_executed():
    forbidden = re.compile(
        r"^\s*(import|from) (c?pickle|dill|joblib|cloudpickle)\b|\b(eval|exec)\(|allow_pickle=True",
        re.M,
    )
    found = [p for p in FILES if forbidden.search(p.read_text(encoding="utf-8"))]
    assert [p.relative_to(SOURCE).as_posix() for p in found] == [WRITTEN_ON_REQUEST]
    assert "load" not in (SOURCE / WRITTEN_ON_REQUEST).read_text(encoding="utf-8")


_ENGINE_NAMED = re.compile(r"""["']sortal\.[\w.]*\.\w*(Here|Engines?)["']""")
"""A string that names the class of an engine, as a patch would."""


def test_no_test_patches_an_engine_by_its_name():
    found = [
        f"{path.relative_to(TESTS)}: {named.group()}"
        for path in TEST_FILES
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
