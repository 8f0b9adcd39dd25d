"""A user's own files beside a script never stand in for a library's modules in a worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """\
import sortal

job = {
    "title": "a",
    "data": {"source": "iris"},
    "bootstrap": 0,
    "classifiers": [{"method": "gaussiannb"}, {"method": "xgboost", "parameters": {"n_estimators": 2}}],
}
results = sortal.run(job, store="store", cores=1, quiet=True)
print(len(results.results), "results,", len(results.failures), "failures")
"""
INTRUDER = "raise SystemExit(f'{__name__} of the user was imported')\n"
SHOW = "from sortal.engines.import_path import import_path; print('\\n'.join(import_path()))"


def python(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_neither_the_script_nor_its_neighbours_reach_a_worker(tmp_path):
    # A library asks for the module py if there is one: the script would run again in the worker.
    (tmp_path / "py.py").write_text(SCRIPT)
    for name in ("xgboost", "torch"):
        (tmp_path / f"{name}.py").write_text(INTRUDER)
    ran = python(tmp_path, "py.py")
    assert ran.stdout == "2 results, 0 failures\n", ran.stderr


@pytest.mark.parametrize("name", ["random", "typing", "json", "numpy", "torch", "string", "py"])
def test_python_m_sortal_is_not_led_astray(tmp_path, name):
    (tmp_path / f"{name}.py").write_text(INTRUDER)
    ran = python(tmp_path, "-m", "sortal", "--version")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("sortal ")


def test_workers_do_not_look_beside_the_script(tmp_path):
    (tmp_path / "show.py").write_text(SHOW)
    assert str(tmp_path) not in python(tmp_path, "show.py").stdout.splitlines()
    assert str(tmp_path) not in python(tmp_path, "-c", SHOW).stdout.splitlines()
    assert str(tmp_path) not in python(tmp_path, "-m", "show").stdout.splitlines()


def test_python_m_sortal_keeps_what_pythonpath_names(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit\n"
        "def show():\n"
        "    from sortal.engines.import_path import import_path\n"
        "    print('\\n'.join(import_path()))\n"
        "atexit.register(show)\n"
    )
    ran = python(tmp_path, "-m", "sortal", "--version", PYTHONPATH=str(tmp_path))
    version, *path = ran.stdout.splitlines()
    assert version.startswith("sortal "), ran.stderr
    assert path.count(str(tmp_path)) == 1


def test_a_folder_that_pythonpath_names_is_not_lost_twice(tmp_path):
    # Another launcher may have removed the working directory as `python -m sortal` does.
    removed = f"import sys; del sys.path[0]; {SHOW}"
    shown = python(tmp_path, "-c", removed, PYTHONPATH=str(tmp_path)).stdout.splitlines()
    assert shown.count(str(tmp_path)) == 1


def test_what_the_user_asked_for_stays(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "show.py").write_text(SHOW)
    named = python(tmp_path, "inner/show.py", PYTHONPATH=f"{tmp_path}{os.pathsep}{inner}")
    lines = named.stdout.splitlines()
    assert lines[:2] == [str(tmp_path), str(inner)]
    added = f"import sys; sys.path.insert(0, {str(inner)!r}); {SHOW}"
    assert str(inner) in python(tmp_path, "-c", added).stdout.splitlines()
    safe = python(tmp_path, "-P", "-c", SHOW, PYTHONPATH=str(tmp_path))
    assert safe.stdout.splitlines()[0] == str(tmp_path)
