import pytest
from pydantic_core import PydanticUndefined

from sortal.job.settings import read_settings
from sortal.systems.cms.settings import BinarySettings, MulticlassSettings
from sortal.systems.template import template_of

NAMES = {"year": "2017", "channel": "1l", "name": "first"}
MODELS = [(BinarySettings, NAMES), (MulticlassSettings, {})]


def filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"# {name}: ...", f"{name}: '{value}'")
    return text


@pytest.mark.parametrize(("model", "names"), MODELS)
def test_a_template_with_its_names_filled_in_is_the_defaults(model, names, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(filled(template_of(model), names))
    read = read_settings(model, path)
    assert read == model(**names)
    optional = {name for name, field in model.model_fields.items() if field.default is None}
    assert read.model_fields_set == set(model.model_fields) - optional


@pytest.mark.parametrize(("model", "names"), MODELS)
def test_every_field_has_its_key_and_its_meaning_above(model, names):
    text = template_of(model)
    blocks = text.split("\n\n")
    assert len(blocks) == len(model.model_fields)
    for block, (name, field) in zip(blocks, model.model_fields.items(), strict=True):
        *meaning, key = block.strip().split("\n")
        assert all(line.startswith("# ") and len(line) <= 100 for line in meaning)
        told = " ".join(line.removeprefix("# ") for line in meaning)
        assert told == " ".join(field.description.split())
        commented = field.default is None or field.default is PydanticUndefined
        assert key.startswith("# " if commented else f"{name}: ")
        assert f"{name}: " in key


def test_what_must_be_filled_in_is_left_open():
    text = template_of(BinarySettings)
    for name in NAMES:
        assert f"\n# {name}: ..." in f"\n{text}"


def test_a_template_that_is_not_filled_in_is_refused(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(template_of(BinarySettings))
    with pytest.raises(Exception, match="--year"):
        read_settings(BinarySettings, path)
