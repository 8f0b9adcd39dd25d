"""What a run can use: plugins first, built-in ones behind them, and never one in place of a broken one."""

import pytest

from sortal.errors import UserError
from sortal.systems.clavis.available import find_available


@pytest.fixture
def modules(tmp_path):
    folder = tmp_path / "modules"
    (folder / "classifiers" / "mine").mkdir(parents=True)
    (folder / "datasets" / "mine").mkdir(parents=True)
    return folder


def test_a_broken_plugin_is_not_replaced_by_a_built_in_namesake(modules):
    for kind, name in (("classifiers", "kneighbors"), ("datasets", "sklearn_iris")):
        text = f"import no_such_package\nINFO = {{'name': '{name}'}}\n"
        (modules / kind / "mine" / "__init__.py").write_text(text)
    available = find_available([modules], announce=print)
    with pytest.raises(UserError, match=r"kneighbors: its plugin cannot be used.*no_such_package"):
        available.classifier("kneighbors")
    with pytest.raises(UserError, match=r"sklearn_iris: its plugin cannot be used"):
        available.source("sklearn_iris")
    assert available.classifier("svm").declaration.name == "svm"


def test_an_unnamed_plugin_folder_is_announced_before_it_runs(modules):
    text = "raise ValueError(f'{__name__} runs')\n"
    (modules / "classifiers" / "mine" / "__init__.py").write_text(text)
    said = []

    def announce(notice):
        said.append(notice)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_available(job=modules.parent / "job.json", announce=announce)
    assert said == [f"plugins are loaded from {modules}."]
    assert not find_available([modules], announce=announce).plugins.classifiers
