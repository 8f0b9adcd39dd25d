"""Methods from users' folders: known while they are provided, by full and by plain name."""

from pathlib import Path

import pytest

from sortal.errors import NotFound, UserError
from sortal.methods import registry
from sortal.methods.contract import user_methods as provided
from sortal.methods.contract.user_methods import (
    Provider,
    describe_provided,
    provide_from_description,
    providing,
    providing_by_plain_name,
)

LOADER = "sortal.plugins.loading.load:methods"

TEXT = """\
def get_info():
    return {{'name': {name!r}, 'parameters': []}}


def get_clf(args, data_specs):
    return Classifier()


class Classifier:
    NUMBER = {number}

    def fit(self, X, y):
        pass

    def predict(self, X, y):
        return y
"""


def write(root: Path, name: str, number: int = 1) -> Path:
    folder = root / "classifiers" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").write_text(TEXT.format(name=name, number=number))
    return folder


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(LOADER, write(tmp_path, "mine"))


def test_a_name_of_what_cannot_be_used_is_no_built_in_method(provider):
    with providing_by_plain_name([provider], {"svm": "the svm in /x failed.", "mine": "never"}):
        with pytest.raises(UserError, match="the svm in /x failed"):
            registry.choose("svm")
        assert registry.choose("mine").name.startswith("mine@")
        assert "svm" not in registry.known_names()
        assert "mine" in registry.known_names()
        assert registry.find("svm").name == "svm", "results of the built-in one can be read"
    assert registry.choose("svm").name == "svm"
    assert "svm" in registry.known_names()


def test_a_provided_method_has_its_full_name_while_provided(provider):
    with providing([provider]) as (method,):
        assert method.name.startswith("mine@")
        assert registry.find(method.name) is method
        assert registry.find(method.name, "sigmoid").name == method.name
        for find in (registry.find, registry.choose):
            with pytest.raises(NotFound):
                find("mine")
    with pytest.raises(UserError):
        registry.find(method.name)


def test_a_job_may_mean_it_by_its_plain_name(provider):
    with providing_by_plain_name([provider]) as (method,):
        assert registry.choose("mine") is method
        assert registry.choose(method.name) is method
        assert "mine" in registry.known_names()
        assert "mine" not in registry.method_names()
    with pytest.raises(NotFound):
        registry.choose("mine")


def test_it_stands_before_a_built_in_of_its_name_in_jobs_alone(tmp_path):
    built_in = registry.find("kneighbors")
    with providing_by_plain_name([Provider(LOADER, write(tmp_path, "kneighbors"))]) as (method,):
        assert registry.choose("kneighbors") is method
        assert registry.find("kneighbors") is built_in
        assert describe_provided("kneighbors") == []
        assert registry.known_names().count("kneighbors") == 1
    assert registry.choose("kneighbors") is built_in


def test_a_built_in_and_a_provided_namesake_train_side_by_side(tmp_path):
    with providing([Provider(LOADER, write(tmp_path, "kneighbors"))]) as (method,):
        assert registry.choose("kneighbors").name == "kneighbors"
        assert registry.choose(method.name) is method


def test_a_worker_is_told_what_its_own_method_needs(provider, tmp_path):
    with providing([provider, Provider(LOADER, write(tmp_path, "other"))]) as (mine, _):
        told = describe_provided(mine.name)
        assert describe_provided("svm") == []
    assert told == [[LOADER, str(provider.folder)]]
    with providing([]):
        provide_from_description(told)
        assert registry.find(mine.name).name == mine.name


def test_a_method_without_its_folder_names_the_option_for_it():
    with pytest.raises(
        UserError, match=r"mine is a classifier of a plugin \(source 0a1b2c3d\).*--plugins"
    ):
        registry.find("mine@0a1b2c3d")


def test_one_whose_source_changed_is_told_so(provider, tmp_path):
    with providing([provider]) as (before,):
        pass
    write(tmp_path, "mine", number=2)
    with providing([provider]) as (after,):
        assert after.name != before.name
        with pytest.raises(UserError, match=f"source was {before.name[-8:]}.*has changed since"):
            registry.find(before.name)


def test_providing_again_brings_the_source_as_it_is(provider, tmp_path):
    with providing([provider]) as (before,):
        write(tmp_path, "mine", number=3)
        (after,) = provided.provide(provider.loader, provider.folder)
        assert registry.find(after.name) is after
        assert after.name != before.name
        with pytest.raises(UserError, match="has changed since"):
            registry.find(before.name)


def test_two_folders_cannot_provide_one_name(provider, tmp_path):
    second = write(tmp_path / "b", "mine")
    with (
        pytest.raises(UserError, match="one plugin of this name, got two"),
        providing([provider, Provider(LOADER, second)]),
    ):
        pass
    with pytest.raises(UserError, match="no folder given has it"):
        registry.find("mine@00000000")


def test_only_our_own_loaders_are_called(tmp_path):
    with pytest.raises(UserError, match=r"expected sortal\.module:function"):
        provided.provide("os:listdir", tmp_path)


def test_a_plugin_that_broke_meanwhile_is_told_with_its_reason(provider):
    (provider.folder / "__init__.py").write_text("1 / 0\n")
    with pytest.raises(UserError, match="ZeroDivisionError"), providing([provider]):
        pass
