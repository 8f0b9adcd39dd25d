"""What `import sortal` offers, and how little it costs."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sortal


@pytest.mark.parametrize("name", sortal.__all__)
def test_a_public_name_is_what_its_home_module_holds(name: str):
    found = getattr(sortal, name)
    assert found.__name__ == name
    assert found.__module__.startswith("sortal.")
    assert inspect.getdoc(found)


def test_type_checkers_see_the_names_that_are_loaded_lazily():
    tree = ast.parse(Path(sortal.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(seen) == sortal.__all__
    assert seen == {name: f"sortal.{place}" for name, place in sortal._PLACES.items()}


def test_a_name_is_loaded_when_it_is_first_asked_for():
    code = (
        "import sys, sortal; assert 'sortal.errors' not in sys.modules; "
        "sortal.UserError; assert 'sortal.errors' in sys.modules; "
        "assert 'UserError' in vars(sortal); assert 'numpy' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'classify'"):
        _ = sortal.classify


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert sortal.__version__ == version("sortal")
    assert "__version__" in dir(sortal)


def test_no_public_name_hides_a_subpackage():
    folder = Path(sortal.__file__).parent
    assert not [name for name in sortal.__all__ if (folder / name).exists()]
    assert not [name for name in sortal.__all__ if (folder / f"{name}.py").exists()]


def test_lists_name_every_method_dataset_and_parameter():
    from sortal.data.readers.named import named_datasets
    from sortal.methods import registry

    methods = sortal.list_methods()
    assert methods["method"].to_list() == list(registry.method_names())
    assert sortal.list_datasets()["dataset"].to_list() == [one.name for one in named_datasets()]
    for name in methods["method"]:
        listed = sortal.list_parameters(name)["parameter"].to_list()
        assert listed == list(registry.find(name).Parameters.model_fields)


def test_parameters_of_an_imported_class_show_required_ones():
    listed = sortal.list_parameters("sklearn.multiclass.OneVsRestClassifier")
    assert listed.row(0)[::2] == ("estimator", "-")


def test_an_unknown_method_is_named_with_the_nearest():
    with pytest.raises(sortal.UserError, match=r"'kneighbor'.*Did you mean 'kneighbors'"):
        sortal.list_parameters("kneighbor")


def test_names_that_the_manual_tells_of_errors_are_public():
    page = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
    section = page.partition("## Errors")[2]
    named = set(re.findall(r"`([A-Z]\w+)(?:\.\w+)?`", section))
    assert "JobError" in named
    assert named <= set(sortal.__all__)
    assert issubclass(sortal.JobError, sortal.UserError)
