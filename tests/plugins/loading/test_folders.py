"""Which folder of plugins is used when, and that it is said when nobody named one."""

import os
from pathlib import Path

import pytest

from sortal.errors import UserError
from sortal.plugins.loading.folders import find_folders


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A working directory, and a job in the `jobs` folder of another one."""
    working, project = tmp_path / "working", tmp_path / "project"
    working.mkdir()
    (project / "jobs").mkdir(parents=True)
    return {"working": working, "project": project, "job": project / "jobs" / "iris.json"}


def make(folder: Path) -> Path:
    (folder / "modules" / "classifiers").mkdir(parents=True)
    return folder / "modules"


def found(places, named=()):
    return find_folders(named, places["job"], working=places["working"])


def test_the_named_ones_are_used_without_a_word(places, tmp_path):
    make(places["working"])
    own = make(tmp_path / "own")
    assert found(places, [own]).folders == (own,)
    assert found(places, [own]).notices == ()


def test_else_the_nearest_modules_and_it_is_said(places):
    assert found(places).folders == ()
    assert found(places).notices == ()
    parent = make(places["project"])
    assert found(places).folders == (parent,)
    assert found(places).notices == (f"plugins are loaded from {parent}.",)
    beside = make(places["project"] / "jobs")
    assert found(places).folders == (beside,)
    working = make(places["working"])
    assert found(places).folders == (working,)


def test_a_folder_of_that_name_without_plugins_is_passed_over(places):
    (places["working"] / "modules").mkdir()
    parent = make(places["project"])
    assert found(places).folders == (parent,)


def test_without_a_job_the_working_directory_is_looked_at(places, monkeypatch):
    monkeypatch.chdir(places["working"])
    own = make(places["working"])
    assert find_folders(()).folders == (own,)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners of files are those of POSIX")
class TestOwners:
    """What nobody named is run only where nobody else could have put it."""

    @pytest.fixture(params=["working", "jobs", "parent"])
    def folder(self, places, request) -> Path:
        above = {"working": places["working"], "jobs": places["job"].parent}
        return make(above.get(request.param, places["project"]))

    def test_a_folder_of_another_user_is_not_loaded_with_a_notice(
        self, places, folder, monkeypatch
    ):
        monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
        assert found(places).folders == ()
        (notice,) = found(places).notices
        assert notice.startswith(f"plugins in {folder} are not loaded: {folder} belongs to another")
        assert f"--plugins {folder}" in notice
        assert found(places, [folder]).folders == (folder,)

    @pytest.mark.parametrize("inner", [".", "classifiers"])
    def test_nor_is_what_everybody_may_write_to(self, places, folder, inner):
        (folder / inner).chmod(0o777)
        assert found(places).folders == ()
        assert f"everybody may write to {folder / inner}" in found(places).notices[0]

    @pytest.fixture
    def plugin(self, folder) -> Path:
        """The source of a plugin that imports a module of its own."""
        inner = folder / "classifiers" / "mine" / "parts"
        inner.mkdir(parents=True)
        (inner.parent / "__init__.py").write_text("from .parts import layers\n")
        for name in ("__init__.py", "layers.py", "weights.npz"):
            (inner / name).write_text("")
        (folder / "tools.py").write_text("")
        return inner.parent

    @pytest.mark.parametrize(
        "place", [".", "__init__.py", "parts", "parts/layers.py", "../../tools.py"]
    )
    def test_nor_is_one_of_whose_code_everybody_may_write_a_part(self, places, plugin, place):
        (plugin / place).chmod(0o666 if place.endswith(".py") else 0o777)
        assert found(places).folders == ()
        (notice,) = found(places).notices
        assert f"everybody may write to {(plugin / place).resolve()};" in notice

    def test_a_plugin_with_a_part_of_another_user_is_not_loaded(self, places, plugin, monkeypatch):
        true = os.stat

        def stat(path, **options):
            about = list(true(path, **options))
            about[4] += str(path).endswith("layers.py")
            return os.stat_result(about)

        monkeypatch.setattr(os, "stat", stat)
        assert found(places).folders == ()
        assert f"{plugin / 'parts' / 'layers.py'} belongs to another user" in " ".join(
            found(places).notices
        )

    def test_data_and_a_group_that_may_write_are_no_doubt(self, places, folder, plugin):
        (plugin / "parts" / "weights.npz").chmod(0o666)
        (plugin / "parts").chmod(0o775)
        (plugin / "__init__.py").chmod(0o664)
        assert found(places).folders == (folder,)

    def test_links_are_judged_by_what_they_lead_to_and_not_followed(
        self, places, folder, plugin, tmp_path
    ):
        elsewhere = tmp_path / "elsewhere"
        (elsewhere / "deep").mkdir(parents=True)
        (elsewhere / "deep").chmod(0o777)
        (plugin / "linked").symlink_to(elsewhere)
        (plugin / "round").symlink_to(plugin)
        (plugin / "broken.py").symlink_to(tmp_path / "nothing.py")
        assert found(places).folders == (folder,)
        elsewhere.chmod(0o777)
        assert found(places).folders == ()
        assert f"everybody may write to {plugin / 'linked'}" in found(places).notices[0]

    def test_what_cannot_be_looked_at_is_a_doubt(self, places, plugin):
        (plugin / "itself.py").symlink_to(plugin / "itself.py")
        assert found(places).folders == ()
        assert f"{plugin / 'itself.py'} cannot be looked at" in found(places).notices[0]

    def test_the_next_place_is_looked_at(self, places):
        make(places["working"]).chmod(0o777)
        own = make(places["project"])
        assert found(places).folders == (own,)
        assert [one.split()[-1] for one in found(places).notices][-1] == f"{own}."
        assert len(found(places).notices) == 2


def test_a_named_folder_must_be_one(places, tmp_path):
    with pytest.raises(UserError, match="expected a folder"):
        found(places, [tmp_path / "none"])
