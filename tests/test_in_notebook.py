"""The manual's page on Python, executed as a notebook: every figure and table shows itself."""

import ast
import base64
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FIGURES = re.compile(r"_?figure\(")
_SHOWN_AS_TEXT = re.compile(r"print\(")

WRONG = """\
import sortal
sortal.run({"data": {"source": "iris", "scalng": "standard"}, "classifiers": [{"method": "svn"}]})
"""
IN_USE = """\
import matplotlib.pyplot as plt
import sortal
results = sortal.load("cancer", store="results")
results.figure()
"""


def execute(cells: list[str], folder: Path, **options: object) -> list[nbformat.NotebookNode]:
    """The outputs of cells in one kernel that works in a folder."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    client = NotebookClient(
        notebook, timeout=200, resources={"metadata": {"path": str(folder)}}, **options
    )
    client.execute(env={**os.environ, "COLUMNS": "120"})
    return list(notebook.cells)


def last_expression(code: str) -> str:
    """What a notebook shows of a cell; nothing if it ends in another statement."""
    last = ast.parse(code).body[-1]
    return ast.unparse(last) if isinstance(last, ast.Expr) else ""


def shown(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [
        one.data for one in cell.outputs if one.output_type in ("execute_result", "display_data")
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def cells(folder) -> list[nbformat.NotebookNode]:
    """The page's blocks after they were executed."""
    return execute(_BLOCK.findall(PAGE.read_text(encoding="utf-8")), folder)


def test_every_figure_and_table_of_the_page_shows_itself(cells, folder):
    figures, tables = 0, 0
    for number, cell in enumerate(cells):
        assert not [one for one in cell.outputs if one.output_type == "error"]
        expression = last_expression(cell.source)
        if not expression or _SHOWN_AS_TEXT.match(expression) or "savefig" in expression:
            continue
        if expression.startswith("scores.write_csv"):
            continue
        (data,) = shown(cell)
        if _FIGURES.search(expression):
            figures += 1
            picture = base64.b64decode(data["image/png"])
            assert picture[1:4] == b"PNG"
            (folder / f"cell-{number}.png").write_bytes(picture)
        else:
            tables += 1
            assert re.search(r"<table|<pre", data["text/html"])
    assert figures == 5
    assert tables >= 12


def test_a_wrong_job_shows_its_problems_without_a_stack(folder):
    (cell,) = execute([WRONG], folder, allow_errors=True)
    (error,) = [one for one in cell.outputs if one.output_type == "error"]
    told = "\n".join(error.traceback)
    assert error.ename == "JobError"
    assert "data.scalng" in told
    assert "Did you mean 'scaling'?" in told
    assert "Did you mean 'svm'?" in told
    assert "File " not in told
    assert "----" not in told


def test_with_pyplot_in_use_a_figure_is_shown_once(cells, folder):
    assert cells
    (cell,) = execute([IN_USE], folder)
    assert len(shown(cell)) == 1
    assert "image/png" in shown(cell)[0]
