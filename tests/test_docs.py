"""The manual tells the truth: its commands and Python blocks run, its lists are complete, its links lead somewhere."""

import doctest
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import sortal
from sortal.cli.main import app
from sortal.data.readers.registry import suffixes
from sortal.job.models import Job
from sortal.job.type_names import arms, is_block, kinds, unwrap
from sortal.methods import registry

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]

_NUMBER = re.compile(r"[-+]?\d[\d.,]*(e[-+]?\d+)?")
_INCLUDED = re.compile(r"```\{include\} (\S+)")
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load(DOCS / "generate.py")


@pytest.fixture(scope="module")
def manual():
    """The manual as a reader sees it: all pages, generated parts included."""
    parts = generate.parts()
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    return _INCLUDED.sub(lambda found: parts[Path(found.group(1)).stem], text)


manual_output = _load(ROOT / "tests" / "manual_output.py")
_blocks, _commands = manual_output.blocks, manual_output.commands


def _plain(line: str) -> str:
    """A line without its numbers, rules and widths, which differ between machines."""
    return " ".join(_NUMBER.sub("#", line).split())


def _run(command: Any, folder: Path) -> None:
    program, *words = command.words
    assert program == "sortal"
    ran = subprocess.run(
        [sys.executable, "-m", "sortal", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    expects_problems = any(line.startswith("error:") for line in command.lines)
    assert ran.returncode == (2 if expects_problems else 0), ran.stdout + ran.stderr
    printed = {_plain(line) for line in (ran.stdout + ran.stderr).splitlines()}
    missing = [line for line in command.lines if _plain(line) not in printed]
    assert not missing, "\n".join([*missing, "is not in", ran.stdout, ran.stderr])


def _follow(page: Path, folder: Path) -> int:
    """Do everything that a page shows, in its order; returns how many commands and blocks ran."""
    done, names = 0, dict[str, Any]()
    for block in _blocks(page):
        match block.language:
            case "yaml" if named := re.match(r"# (\S+\.yaml)\n", block.text):
                (folder / named.group(1)).write_text(block.text, encoding="utf-8")
            case "console":
                for command in _commands(block):
                    _run(command, folder)
                    done += 1
            case "python" if named := re.match(r"# (\S+/\S+\.py)\n", block.text):
                (folder / named.group(1)).parent.mkdir(parents=True, exist_ok=True)
                (folder / named.group(1)).write_text(block.text, encoding="utf-8")
            case "python":
                exec(compile(block.text, f"{page.name}", "exec"), names)
                done += 1
            case "pycon":
                shown = doctest.DocTestParser().get_doctest(block.text, names, page.name, None, 0)
                doctest.DebugRunner().run(shown, clear_globs=False)
                names = shown.globs
                done += 1
    return done


def test_readme_has_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = {block.text.strip() for block in _blocks(ROOT / "README.md")}
    assert (
        "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]' "
        "&& .venv/bin/sortal demo"
    ) in shown
    assert ".venv/bin/python -m pytest" in shown
    assert len(text.splitlines()) <= 120


def test_constraints_hold_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert re.fullmatch(r"#.*|[\w.-]+(==|<|<=|>=)[\w.]+", line), line


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*__array__:DeprecationWarning")  # keras on torch
@pytest.mark.parametrize(
    "page", ["README.md", "docs/quickstart.md", "docs/cms.md", "docs/clavis.md"]
)
def test_what_a_page_shows_is_what_happens(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert _follow(ROOT / page, tmp_path)


def test_a_page_that_shows_what_is_not_printed_is_found_out(tmp_path):
    page = tmp_path / "page.md"
    true = "iris    Lengths and widths of petals and sepals of three kinds of iris  150  4  3"
    page.write_text(f"```console\n$ sortal datasets\n{true}\n```\n", encoding="utf-8")
    assert _follow(page, tmp_path) == 1
    page.write_text("```console\n$ sortal datasets\nroses  1  2  3\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="roses"):
        _follow(page, tmp_path)


def test_python_blocks_of_the_manual_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _follow(DOCS / "python.md", tmp_path) > 1


def test_the_page_of_metrics_shows_what_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _follow(DOCS / "metrics.md", tmp_path) == 3


def test_every_metric_is_in_the_list_of_the_manual(manual):
    from sortal.metrics.registry import METRICS

    assert not [one for one in METRICS if f"| `{one.name}` | {one.title} |" not in manual]


def test_a_metric_is_added_by_two_files_as_the_page_says(tmp_path):
    """The section is followed on a copy of the code."""
    source = tmp_path / "sortal"
    shutil.copytree(ROOT / "src" / "sortal", source, ignore=shutil.ignore_patterns("__pycache__"))
    page = (DOCS / "development.md").read_text(encoding="utf-8").partition("## A metric")[2]
    module, entry = re.findall(r"```\{code-block\} python\n(.*?)```", page, re.DOTALL)
    (source / "metrics" / "geometric_mean.py").write_text(module, encoding="utf-8")
    registry = source / "metrics" / "registry.py"
    text = registry.read_text(encoding="utf-8").replace("METRICS = (\n", f"METRICS = (\n{entry}")
    registry.write_text(text, encoding="utf-8")
    asked = """
import numpy as np, sortal
from sortal.data.labels import Labels
from sortal.evaluation.scores import evaluate, evaluate_counts
from sortal.job.read import read_mapping
from sortal.job.schema import schema
from sortal.jobs.planning.tuning_problems import known_figures
print(sortal.__file__)
scores = np.eye(2)[None, [0, 0, 1, 1]]
labels = Labels(np.array([0, 1, 1, 1]), ("a", "b"))
judged, = evaluate(scores, labels, None, probabilities=True, resamples=0, seed=0)
counted, = evaluate_counts(np.array([[[1, 0], [1, 2]]]), ("a", "b"), resamples=0, seed=0)
print(judged.figures["geometric_mean"] ** 2, counted.figures["geometric_mean"] ** 2)
print("geometric_mean" in known_figures("exclusive", apart=False), "geometric_mean" in str(schema()))
job = {"data": {"source": "iris"}, "classifiers": [{"method": "svm"}], "tuning": {"metric": "geometric_mean"}}
print(read_mapping(job).problems)
"""
    ran = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    where, values, known, problems = ran.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert [round(float(one), 12) for one in values.split()] == [round(2 / 3, 12)] * 2
    assert (known, problems) == ("True True", "()")


def test_the_page_of_figures_of_merit_shows_what_is_computed(tmp_path):
    assert _follow(DOCS / "significance.md", tmp_path)


def test_a_page_that_shows_what_is_not_computed_is_found_out(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```pycon\n>>> 1 + 1\n3\n\n```\n", encoding="utf-8")
    with pytest.raises(doctest.DocTestFailure):
        _follow(page, tmp_path)


def test_every_figure_of_merit_is_in_the_manual():
    from sortal.evaluation.physics.significance import FigureOfMerit

    text = (DOCS / "significance.md").read_text(encoding="utf-8")
    assert not [one for one in FigureOfMerit if f"| `{one}` |" not in text]


def _every_command() -> list[tuple[str, str]]:
    return [
        (page.name, " ".join(command.words))
        for page in (*PAGES, *TOP)
        for block in _blocks(page)
        if block.language == "console"
        for command in _commands(block)
    ]


@pytest.mark.parametrize(("page", "line"), _every_command())
def test_every_command_of_the_manual_parses(page, line):
    called: Any = typer.main.get_command(app)
    program, *words = line.split()
    assert program == "sortal", page
    context = called.make_context("sortal", list(words), resilient_parsing=True)
    while getattr(called, "commands", None):
        called = called.commands[words.pop(0)]
    known = {option for one in called.params for option in getattr(one, "opts", ())}
    for word in words:
        assert not word.startswith("-") or word in known, f"{page}: {line}"
    context.close()


def test_every_job_of_the_manual_has_the_structure_of_a_job(tmp_path):
    from sortal.job.read import read_job

    jobs = [block for page in (*PAGES, *TOP) for block in _blocks(page) if block.language == "yaml"]
    assert len(jobs) >= 4
    for number, block in enumerate(jobs):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block.text, encoding="utf-8")
        assert not read_job(path).problems, block.text


def _fields(block: Any) -> set[str]:
    found = set(block.model_fields)
    for field in block.model_fields.values():
        annotation, _ = unwrap(field.annotation, field.metadata)
        inner = list(kinds(annotation).values())
        for arm in (*arms(annotation), *getattr(annotation, "__args__", ())):
            bare, _ = unwrap(arm)
            inner += [bare] if is_block(bare) else []
        for one in inner:
            found |= _fields(one)
    return found


def test_every_option_of_a_job_is_in_the_manual(manual):
    options = _fields(Job)
    assert {"folds", "by_group", "calibrate", "infinite"} <= options
    assert not [name for name in options if f"- `{name}`:" not in manual]


def test_every_ending_that_can_be_read_is_in_the_manual(manual):
    assert not [one for one in suffixes() if f"`{one.removesuffix('.gz')}`" not in manual]


def test_the_manual_has_every_method_with_parameters_and_source(manual):
    for name in registry.method_names():
        assert f"## `{name}`" in manual
        assert name in generate.SOURCES
        assert name in generate.SHARED
        for parameter in registry.find(name).Parameters.model_fields:
            assert f"| `{parameter}` |" in manual


def test_the_manual_has_every_classifier_and_dataset_of_clavis(manual):
    from sortal.systems.clavis.builtin import classifiers, datasets

    for name, built_in in classifiers.BUILT_IN.items():
        assert f"| `{name}` |" in manual
        for one in built_in.declaration.parameters:
            assert f"| `{name}` | `{one.name}` |" in manual
    assert not [name for name in datasets.BUILT_IN if f"| `{name}` |" not in manual]


def test_every_command_and_option_is_in_the_manual(manual):
    for words in generate.command_lines():
        assert f"## `{' '.join(['sortal', *words])}`" in manual
        called: Any = typer.main.get_command(app)
        for word in words:
            called = called.commands[word]
        options = {option for one in called.params for option in getattr(one, "opts", ())}
        assert not [one for one in options if one.startswith("-") and one not in manual]


def test_every_figure_of_the_scores_is_in_the_manual():
    from sortal.data.labels import Labels, Outputs
    from sortal.evaluation.scores import evaluate

    np = pytest.importorskip("numpy")
    text = (DOCS / "scores.md").read_text(encoding="utf-8")
    scores = np.array([[[0.6, 0.4], [0.3, 0.7], [0.5, 0.5]]])
    for labels in (
        Labels(np.array([0, 1, 1]), ("a", "b")),
        Labels(np.array([[0, 1], [1, 1], [0, 0]]), ("a", "b"), Outputs.INDEPENDENT),
    ):
        (one,) = evaluate(scores, labels, None, probabilities=True, resamples=0, seed=0)
        names = {*one.figures, *one.per_class["a"]}
        assert not [name for name in names if f"`{name}`" not in text]


def test_every_public_name_is_in_the_manual():
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    assert not [name for name in sortal.__all__ if not re.search(rf"\b{name}\b", text)]


def test_every_layer_is_on_the_architecture_page():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "sortal"
    folders = {f"{path.parent.name}/" for path in source.glob("*/__init__.py")}
    files = {path.name for path in source.glob("*.py") if not path.name.startswith("__")}
    assert not [name for name in folders | files if name not in page]


@pytest.mark.parametrize("page", [*PAGES, *TOP], ids=lambda page: page.name)
def test_links_and_pictures_of_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"```\{image\} (\S+)|<img src=\"([^\"]+)\"", text)
    linked = [*(found[0] for found in _LINK.findall(text)), *("".join(one) for one in pictures)]
    for target in linked:
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.slow
def test_the_manual_builds_without_warnings_or_network(tmp_path):
    for package in ("sphinx", "myst_parser", "pydata_sphinx_theme"):
        pytest.importorskip(package)
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-E", "-d", tmp_path / "d", DOCS, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    page = re.compile(r"<(script|link|img|iframe)[^>]*(src|href)=\"(https?:)?//")
    for path in tmp_path.glob("*.html"):
        assert not page.search(path.read_text(encoding="utf-8")), path
