from importlib.metadata import version

import pytest

from sortal.plugins import source_files
from sortal.plugins.source_files import digest_of, imported_packages, libraries

CODE = """import json
import numpy as np
from sklearn.svm import SVC
from . import sibling

def fit():
    import no_such_library
    from polars import DataFrame
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "__init__.py"
    path.write_text(CODE)
    return path


def minor(name):
    return ".".join(version(name).split("+")[0].split(".")[:2])


def test_packages_are_found_inside_functions_without_siblings(plugin):
    assert imported_packages([plugin]) == {"json", "numpy", "sklearn", "no_such_library", "polars"}


def test_installed_libraries_are_listed_by_their_own_names(plugin):
    expected = (f"{name} {minor(name)}" for name in ("numpy", "polars", "scikit-learn"))
    assert libraries([plugin]) == tuple(expected)


def test_a_package_installed_under_another_name_is_found(tmp_path):
    path = tmp_path / "__init__.py"
    path.write_text("import ruamel.yaml\n")
    assert libraries([path]) == (f"ruamel.yaml {minor('ruamel.yaml')}",)


def test_another_minor_version_of_a_library_is_another_digest(plugin, monkeypatch):
    files = {plugin: b"content"}
    before = digest_of(plugin.parent, files)
    assert digest_of(plugin.parent, files) == before
    real = source_files.library_version
    monkeypatch.setattr(
        source_files, "library_version", lambda name: "numpy 0.1" if name == "numpy" else real(name)
    )
    assert digest_of(plugin.parent, files) != before
