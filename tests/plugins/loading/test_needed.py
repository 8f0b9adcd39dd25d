"""Only plugins that a job names are imported; names are told from text, and else from code."""

import sys

import pytest

from sortal.plugins.loading.load import load
from sortal.plugins.loading.needed import NeededPlugins

from ..conftest import write

PLUGIN = """
import sys
sys._imported_here.append({folder!r})
{before}
CLF_INFO = {{'name': {name}, 'short': 'T', 'description': 'd', 'parameters': [
    {{'name': 'svm', 'description': 'd', 'type': 'integer', 'default_value': 1}}]}}
{after}


def get_info():
    return CLF_INFO


def get_clf(args, data_specs):
    return Classifier()


class Classifier:
    def fit(self, X_train, y_train): pass
    def predict(self, X_test, y_test): return y_test
"""


@pytest.fixture
def imported(monkeypatch):
    """Folders of the plugins that were imported."""
    found: list[str] = []
    monkeypatch.setattr(sys, "_imported_here", found, raising=False)
    return found


@pytest.fixture
def bench(modules, imported):
    def make(folder, name=None, before="", after=""):
        text = PLUGIN.format(folder=folder, name=name or repr(folder), before=before, after=after)
        write(modules, {f"classifiers/{folder}/__init__.py": text})

    return make


def named(*classifiers):
    return NeededPlugins(classifiers=frozenset(classifiers))


def test_plugins_that_no_job_names_are_not_imported(bench, modules, imported):
    for folder in ("one", "two", "three"):
        bench(folder)
    plugins = load([modules], named("two", "kneighbors"), {"kneighbors"})
    assert imported == ["two"]
    assert list(plugins.classifiers) == ["two"]


def test_a_broken_plugin_that_no_job_names_is_not_told(bench, modules):
    bench("one")
    bench("two", before="raise OSError")
    assert load([modules], named("one"), ()).broken == ()
    assert [broken.folder.name for broken in load([modules]).broken] == ["two"]


def test_a_broken_plugin_that_a_job_means_is_told(bench, modules):
    bench("folder", "'two'", before="raise OSError")
    assert len(load([modules], named("two"), {"two"}).broken) == 1


def test_parameters_that_are_called_so_are_no_names(bench, modules, imported):
    bench("one")
    load([modules], named("svm"), {"svm"})
    assert imported == []


def test_a_name_that_only_code_tells_is_found(bench, modules, imported):
    bench("one")
    bench("two", "'my_' + 'knn'")
    plugins = load([modules], named("my_knn"), ())
    assert "my_knn" in plugins.classifiers
    assert imported == ["two"]


def test_a_name_that_code_changes_later_is_found_in_the_end(bench, modules, imported):
    bench("one")
    bench("two", after="CLF_INFO['name'] = 'other'")
    assert "other" in load([modules], named("other"), ()).classifiers


def test_a_name_computed_by_a_plugin_precedes_a_built_in_one(bench, modules):
    bench("two", "'s' + 'vm'")
    assert "svm" in load([modules], named("svm"), {"svm"}).classifiers


def test_two_plugins_of_one_unused_name_are_no_error(bench, modules):
    bench("one", "'same'")
    bench("two", "'same'")
    bench("three")
    assert list(load([modules], named("three"), ()).classifiers) == ["three"]


def test_names_that_nothing_has_get_the_nearest_of_all_plugins(bench, modules):
    bench("my_knn")
    assert "my_knn" in load([modules], named("my_kn"), ()).classifiers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "classifiers:\n  - method: my_knn\n    title: a\n  - method:   'svm'\n",
            {"my_knn", "svm"},
        ),
        ('{"classifiers": [{"method": "my-knn"}, {"method" : "b"}]}', {"my-knn", "b"}),
        ("{method: a, method2: b}", {"a"}),
        ("method: *one", None),
        ("method: &one two", None),
        ("", set()),
    ],
)
def test_methods_of_a_native_job_are_told_from_its_text(text, found):
    assert NeededPlugins.in_text(text) == (None if found is None else named(*found))
