"""Import paths that the manual showed go on."""

from importlib import import_module

import pytest

from sortal.former_paths import FORMER


@pytest.mark.parametrize("former", sorted(FORMER))
def test_a_former_path_leads_to_the_same_names(former):
    then, now = import_module(former), import_module(FORMER[former])
    public = [name for name in vars(now) if not name.startswith("_")]
    assert public
    assert all(getattr(then, name) is getattr(now, name) for name in public)
    assert now.__name__ == FORMER[former]


def test_other_paths_are_not_found():
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        import_module("sortal.nowhere")
