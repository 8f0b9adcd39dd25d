"""Files of settings and what they come to: every setting, and what is not a default of the job that trains."""

import json
from pathlib import Path

import pytest

from sortal.job.settings import read_settings
from sortal.systems.cms.settings import BinarySettings, CMSSettings, MulticlassSettings
from sortal.systems.cms.training.job import network_job

GOLDEN = Path(__file__).parent / "golden"
MODELS: dict[str, type[CMSSettings]] = {"binary": BinarySettings, "multiclass": MulticlassSettings}


@pytest.mark.parametrize("kind", MODELS)
def test_golden_settings_resolve_as_expected(kind):
    settings = read_settings(MODELS[kind], GOLDEN / f"{kind}.yaml")
    job = network_job(settings, kind)
    found = {
        "settings": settings.model_dump(mode="json"),
        "job": job.model_dump(mode="json", exclude_defaults=True),
    }
    expected = json.loads((GOLDEN / f"{kind}.expected.json").read_text(encoding="utf-8"))
    assert found == expected


@pytest.mark.parametrize("kind", MODELS)
def test_compat_allows_settings_that_name_every_default(kind):
    names = {"year": "2017", "channel": "1l", "name": "first"}
    whole = MODELS[kind](compat=True, **names)
    assert MODELS[kind].model_validate(whole.model_dump()) == whole
    assert MODELS[kind](compat=True, minimum_effective_background=0, **names).compat


def test_only_the_command_with_a_table_can_append_to_it():
    assert "append" in MulticlassSettings.model_fields
    assert "append" not in BinarySettings.model_fields


def test_an_option_stands_before_the_file_of_settings():
    settings = read_settings(BinarySettings, GOLDEN / "binary.yaml", {"epochs": 5, "year": "2018"})
    assert (settings.epochs, settings.year, settings.seed) == (5, "2018", 7)
