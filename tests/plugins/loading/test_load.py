"""Plugins are found, imported apart from everything else, and those that fail hide no other."""

import sys
from pathlib import Path

import pytest

from sortal.errors import DataError, NotFound, UserError
from sortal.plugins.loading.load import load, methods

from ..conftest import MAJORITY, write


def test_plugins_of_the_page_are_known_by_their_own_names(page_plugins):
    assert sorted(page_plugins.datasets) == ["keras_mnist", "sklearn_iris"]
    assert sorted(page_plugins.classifiers) == ["kneighbors", "randomforest", "reshaping"]
    assert page_plugins.broken == ()
    knn = page_plugins.classifier("kneighbors")
    assert knn.folder.name == "k_neighbors"
    assert knn.declaration.defaults() == {"n_neighbors": 5}


def test_nothing_else_of_the_process_changes(page_modules):
    path, names, finders = list(sys.path), set(sys.modules), list(sys.meta_path)
    load([page_modules])
    assert sys.path == path
    new = {name for name in set(sys.modules) - names if not name.startswith("_sortal_plugins_")}
    assert not {name for name in new if name.split(".")[0] not in {"sklearn", "scipy", "joblib"}}
    assert [one for one in sys.meta_path if one in finders] == finders
    assert "modules" not in sys.modules
    assert not list(page_modules.rglob("*.pyc"))


def test_a_failed_import_shows_a_traceback_and_hides_no_plugin(modules, classifier):
    classifier("sound")
    write(modules, {"classifiers/bad/__init__.py": "import no_such_package\n"})
    write(modules, {"classifiers/odd/__init__.py": "def get_info(:\n"})
    write(modules, {"datasets/gone/__init__.py": "import sys\nsys.exit('never')\n"})
    plugins = load([modules])
    assert list(plugins.classifiers) == ["sound"]
    gone, bad, odd = plugins.broken
    assert bad.reason == (
        "importing it raised ModuleNotFoundError: No module named 'no_such_package' "
        "(__init__.py, line 1); install it beside Sortal (pip install no_such_package)."
    )
    assert "import no_such_package" in bad.traceback
    assert "importlib" not in bad.traceback
    assert bad.traceback.count("File ") == 1
    assert "SyntaxError" in odd.reason
    assert "line 1" in odd.reason
    assert gone.reason.startswith("importing it raised SystemExit: never")
    assert str(bad.folder) in bad.text


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("import no_such_package.inner", "(pip install no_such_package)."),
        ("from no_such_package.inner import one", "(pip install no_such_package)."),
        ("import json.no_such_module", ""),
        ("from . import no_such_module", ""),
        ("from .no_such_module import one", ""),
        ("from ..sibling.no_such_module import one", ""),
        ("import layers", ""),
        ("import sibling", ""),
        ("raise ModuleNotFoundError('gone', name='x; rm -r ~')", ""),
        ("raise ModuleNotFoundError('gone', name='-r')", ""),
        ("raise ModuleNotFoundError('gone')", ""),
        ("import tools", ""),
    ],
)
def test_a_missing_library_is_named_with_its_cure(modules, classifier, line, cure):
    """Unless it is a module of the plugin's own folder."""
    classifier("sibling")
    inner = {"__init__.py": line + "\n", "layers.py": ""}
    write(modules, {f"classifiers/bad/{name}": text for name, text in inner.items()})
    write(modules, {"tools.py": ""})
    (bad,) = load([modules]).broken
    assert ("install it beside Sortal" in bad.reason) == bool(cure), bad.reason
    assert bad.reason.endswith(cure)
    assert "rm -r" not in bad.reason


def test_a_broken_plugin_that_a_job_wants_is_named_with_reason(modules):
    write(modules, {"classifiers/bad/__init__.py": "1 / 0\n"})
    plugins = load([modules])
    with pytest.raises(UserError, match=r"classifier bad: its plugin cannot be used.*ZeroDivision"):
        plugins.classifier("bad")
    with pytest.raises(NotFound, match="no data set named 'bad'"):
        plugins.dataset("bad")


def test_a_broken_plugin_has_every_name_it_may_have_meant(modules):
    texts = {
        "my_neighbours": "import no_such_package\nCLF_INFO = {'name': 'kneighbors', 'short': 'K'}\n",
        "half": 'CLF_INFO = {\n    "name" : "svm",\n',
        "made": "NAME = 'mlp'\nCLF_INFO = dict(name='naive', short='optimal')\n1 / 0\n",
    }
    for folder, text in texts.items():
        write(modules, {f"classifiers/{folder}/__init__.py": text})
    plugins = load([modules])
    names = {one.folder.name: one.names for one in plugins.broken}
    assert names == {
        "my_neighbours": {"my_neighbours", "kneighbors"},
        "half": {"half", "svm"},
        "made": {"made", "mlp", "naive"},
    }
    for name in ("kneighbors", "my_neighbours", "svm", "mlp", "naive"):
        assert plugins.is_broken("classifier", name)
        with pytest.raises(UserError, match=f"classifier {name}: its plugin cannot be used"):
            plugins.classifier(name)
    assert not plugins.is_broken("data set", "svm")
    assert not plugins.is_broken("classifier", "optimal")


def test_a_usable_plugin_stands_before_one_that_is_broken(modules, classifier):
    classifier("near")
    write(modules, {"classifiers/old/__init__.py": "CLF_INFO = {'name': 'near'}\n1 / 0\n"})
    plugins = load([modules])
    assert plugins.classifier("near").folder.name == "near"
    assert set(plugins.unusable) == {"old"}


def test_siblings_own_modules_and_tools_are_imported_relatively(modules, classifier):
    classifier(
        "near",
        imports=(
            "from ...tools import check_argument as check, check_datasets_compatible\n"
            "from ... import tools\n"
            "from .parts import ONE\nfrom . import parts\nfrom .deep.inner import TWO\n"
            "from ..shared import THREE\nfrom ..far.numbers import FOUR\n"
            "SUM = ONE + TWO + THREE + FOUR + parts.ONE\n"
            "assert tools.check_argument is check\n"
        ),
    )
    write(
        modules / "classifiers",
        {
            "near/parts.py": "ONE = 1",
            "near/deep/inner.py": "from ..parts import ONE\nTWO = ONE + 1",
            "shared.py": "THREE = 3",
            "far/numbers.py": "FOUR = 4",
        },
    )
    plugins = load([modules])
    assert plugins.broken == ()
    assert plugins.classifier("near").module.SUM == 11


def test_a_tools_module_of_their_own_adds_to_ours(modules, classifier):
    write(
        modules,
        {
            "tools.py": "from .extra import BASE\nimport no_such_package_either\n",
            "extra.py": "BASE = 7\n",
        },
    )
    classifier("first", imports="from ...tools import check_argument\n")
    classifier("second", imports="from ...tools import BASE\n")
    broken = load([modules]).broken
    assert [one.folder.name for one in broken] == ["second"]
    write(modules, {"tools.py": "from .extra import BASE\ncheck_argument = None\n"})
    plugins = load([modules])
    assert plugins.broken == ()
    assert plugins.classifier("second").module.BASE == 7
    assert plugins.classifier("first").module.check_argument is not None


def test_packages_of_the_original_above_plugins_are_not_run(modules, classifier):
    classifier("calm")
    loud = "raise RuntimeError('imports everything by itself')\n"
    write(
        modules,
        {"__init__.py": loud, "classifiers/__init__.py": loud, "datasets/__init__.py": loud},
    )
    assert list(load([modules]).classifiers) == ["calm"]


def test_two_folders_are_loaded_side_by_side(tmp_path, modules, classifier):
    other = tmp_path / "other"
    classifier("one", imports="from ..shared import NAME\n")
    classifier("two", imports="from ..shared import NAME\n", root=other)
    write(modules, {"classifiers/shared.py": "NAME = 'here'"})
    write(other, {"classifiers/shared.py": "NAME = 'there'"})
    plugins = load([modules, other])
    assert plugins.classifier("one").module.NAME == "here"
    assert plugins.classifier("two").module.NAME == "there"
    assert plugins.folders == (modules, other)


def test_two_plugins_of_one_name_are_refused(tmp_path, classifier, modules):
    first = classifier("twin")
    second = classifier("twin", root=tmp_path / "other")
    with pytest.raises(UserError, match="one plugin of this name, got two") as caught:
        load([modules, tmp_path / "other"])
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)


def test_a_folder_named_twice_counts_once(page_modules):
    assert len(load([page_modules, page_modules / "."]).classifiers) == 3


def test_a_data_set_and_a_classifier_may_have_one_name(modules, classifier):
    classifier("same")
    write(
        modules,
        {
            "datasets/same/__init__.py": "def get_info():\n    return {'name': 'same', "
            "'class_names': ['a']}\ndef get_data(path):\n    return {}\n"
        },
    )
    plugins = load([modules])
    assert list(plugins.datasets) == list(plugins.classifiers) == ["same"]


def test_what_stands_before_a_built_in_is_noticed(page_plugins):
    notices = page_plugins.shadowing(["kneighbors", "svm"], ["sklearn_iris"])
    assert len(notices) == 2
    assert "kneighbors" in notices[0]
    assert "in place of the built-in one" in notices[1]


def test_what_stands_before_several_built_ins_is_one_notice(modules, classifier):
    for name in ("svm", "qda", "mine"):
        classifier(name)
    (notice,) = load([modules]).shadowing(["svm", "qda"])
    folder = (modules / "classifiers").resolve()
    assert notice == (
        f"the classifiers qda and svm of {folder} are used in place of the built-in ones."
    )


def test_several_plugins_on_keras_are_one_notice(modules, classifier):
    for name in "ab":
        classifier(name, imports="def network():\n    import keras\n")
    (notice,) = load([modules]).notices
    assert notice.startswith("a and b import Keras: they run on the installed Keras")


def test_a_network_that_cannot_be_reached_has_a_cure(modules):
    text = (
        "from urllib.error import URLError\n"
        "def get_info():\n    return {'name': 'far', 'class_names': ['a', 'b']}\n"
        "def get_data(path):\n    try:\n        raise URLError('no name')\n"
        "    except URLError as error:\n        raise Exception(f'URL fetch failure: {error}')\n"
    )
    write(modules, {"datasets/far/__init__.py": text})
    with pytest.raises(DataError, match="the network cannot be reached: put the files where"):
        load([modules]).dataset("far").read()


@pytest.mark.parametrize(
    ("folder", "hint"),
    [
        ("nowhere", "which is none"),
        (".", "Did you mean .*modules"),
        ("modules/classifiers", "Did you mean"),
    ],
)
def test_a_folder_that_holds_no_plugins_is_refused(tmp_path, modules, folder, hint):
    with pytest.raises(UserError, match=hint):
        load([tmp_path / folder])


def test_output_of_plugins_while_loading_stays_off_stdout(classifier, modules, capsys):
    classifier("loud", imports="print('Using TensorFlow backend.')\n")
    load([modules])
    out, err = capsys.readouterr()
    assert out == ""
    assert "Using TensorFlow backend." in err


class TestTheDigest:
    """It is of the source that a result depends on."""

    def digest(self, modules: Path) -> str:
        return load([modules]).classifier("near").digest

    def test_it_has_eight_hexadecimal_digits_that_a_copy_shares(
        self, tmp_path, modules, classifier
    ):
        classifier("near")
        classifier("near", root=tmp_path / "copy")
        digest = self.digest(modules)
        assert len(digest) == 8
        assert int(digest, 16) >= 0
        assert self.digest(tmp_path / "copy") == digest

    @pytest.mark.parametrize(
        "changed",
        [
            "classifiers/near/parts.py",
            "classifiers/shared.py",
            "classifiers/far/numbers.py",
            "tools.py",
            "deeper.py",
        ],
    )
    def test_it_changes_with_every_file_that_is_imported(self, modules, classifier, changed):
        classifier(
            "near",
            imports="from ..shared import THREE\nfrom ...tools import check_argument\n",
            body=MAJORITY + "\n    def late(self):\n        from ..far import numbers\n",
        )
        write(
            modules,
            {
                "classifiers/near/parts.py": "ONE = 1",
                "classifiers/shared.py": "from ...deeper import X\nTHREE = 3".replace("...", ".."),
                "classifiers/far/numbers.py": "FOUR = 4",
                "tools.py": "FIVE = 5",
                "deeper.py": "X = 6",
            },
        )
        before = self.digest(modules)
        assert self.digest(modules) == before
        text = (modules / changed).read_text()
        (modules / changed).write_text(text.replace(text[-1], "9"))  # as long, in the same second
        assert self.digest(modules) != before

    def test_it_does_not_change_with_what_is_not_imported(self, modules, classifier):
        classifier("near")
        before = self.digest(modules)
        classifier("another")
        write(modules, {"classifiers/near/log.txt": "written while it trains", "datasets/x.py": ""})
        assert self.digest(modules) == before

    def test_changed_source_runs_as_it_is_now(self, modules, classifier):
        folder = classifier("near", imports="N = 1\n")
        assert load([modules]).classifier("near").module.N == 1
        text = (folder / "__init__.py").read_text()
        (folder / "__init__.py").write_text(text.replace("N = 1", "N = 2"))
        assert load([modules]).classifier("near").module.N == 2

    def test_a_changed_sibling_module_is_imported_anew(self, modules, classifier):
        write(modules, {"classifiers/shared.py": "N = 1"})
        near = classifier("near", imports="from ..shared import N\n")
        methods(near)
        write(modules, {"classifiers/shared.py": "N = 2"})
        classifier("later", imports="from ..shared import N\n")
        assert load([modules]).classifier("later").module.N == 2
        assert load([modules]).classifier("near").module.N == 2


def test_a_folder_name_that_is_no_identifier_does(modules, classifier):
    folder = classifier("plain")
    folder.rename(folder.with_name("2020 my-plugin"))
    assert list(load([modules]).classifiers) == ["plain"]
    (modules / "classifiers" / "2020 my-plugin").rename(modules / "classifiers" / "v1.0")
    assert "without a dot" in load([modules]).broken[0].reason


class TestRules:
    """Rules of the page that a classifier breaks, each with the value found."""

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            ([{"name": "title", "type": "string", "default_value": ""}], "'title'"),
            ([{"name": "method", "type": "string", "default_value": ""}], "'method'"),
            ([{"name": "fold", "type": "integer", "default_value": 0}], "'fold'"),
            ([{"name": "job_title", "type": "string", "default_value": ""}], "'job_title'"),
            ([{"name": "undeclared", "type": "other", "default_value": 0}], "'undeclared'"),
            ([{"name": "meaning", "type": "string", "default_value": ""}], "'meaning'"),
            ([{"name": "a", "type": "complex", "default_value": 0}], "'complex'"),
            ([{"name": "a", "type": "integer"}], "default_value"),
            ([{"name": "a", "type": "integer", "default_value": 0, "range": [3]}], "[3]"),
        ],
    )
    def test_a_parameter_that_breaks_one(self, modules, classifier, parameters, told):
        classifier("small", parameters=parameters)
        (broken,) = load([modules]).broken
        assert "small" in broken.reason
        assert told in broken.reason
        assert broken.traceback == ""

    def test_a_name_outside_the_alphabet(self, modules, classifier):
        classifier("né")
        (broken,) = load([modules]).broken
        assert "expected letters, digits and _ alone, got 'né'" in broken.reason

    def test_a_dash_is_taken_as_the_original_takes_it(self, modules, classifier):
        classifier("with-dash")
        assert list(load([modules]).classifiers) == ["with-dash"]

    def test_a_class_without_predict(self, modules, classifier):
        classifier("small", body="    def fit(self, X, y):\n        pass\n")
        (broken,) = load([modules]).broken
        assert "Classifier.predict: expected a function" in broken.reason

    def test_a_module_without_get_clf(self, modules):
        text = "def get_info():\n    return {'name': 'small'}\n"
        write(modules, {"classifiers/small/__init__.py": text})
        (broken,) = load([modules]).broken
        assert "get_clf(args, data_specs)" in broken.reason
