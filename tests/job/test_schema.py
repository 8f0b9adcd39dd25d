import json
from pathlib import Path

import pytest

from sortal.job.models import DataBlock, Job
from sortal.job.read import read_job
from sortal.job.schema import reference, schema

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.expected.json"))


def blocks(node: object) -> list[dict]:
    if isinstance(node, list):
        return [block for entry in node for block in blocks(entry)]
    if not isinstance(node, dict):
        return []
    inner = [block for entry in node.values() for block in blocks(entry)]
    return [node, *inner] if isinstance(node.get("properties"), dict) else inner


def test_the_schema_says_its_draft_and_is_json():
    described = json.loads(json.dumps(schema()))
    assert described["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert described["required"] == ["data", "classifiers"]


def test_blocks_refuse_unknown_keys_and_every_field_has_help():
    found = blocks(schema())
    assert len(found) == 16
    for block in found:
        assert block["additionalProperties"] is False
        for name, field in block["properties"].items():
            assert name == "kind" or field["description"].strip()
            assert "\n" not in field.get("description", "")


def test_the_schema_names_the_fields_of_the_models():
    described = schema()
    assert set(described["properties"]) == set(Job.model_fields)
    assert set(described["$defs"]["DataBlock"]["properties"]) == set(DataBlock.model_fields)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden_jobs_hold_to_the_schema(path):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema())
    assert list(validator.iter_errors(json.loads(path.read_text()))) == []


def test_the_reference_describes_every_block_and_every_field():
    text = reference()
    for heading in ("The whole file", "`data`", "`data.source` as a map", "`classifiers[]`"):
        assert f"## {heading}\n" in text
    for kind in ("random", "group", "column", "files", "folds", "given_folds"):
        assert f"## `data.split` of kind `{kind}`\n" in text
    for name in (*Job.model_fields, *DataBlock.model_fields):
        assert f"\n- `{name}`: " in text
    assert "`folds`: a whole number of 2 or more; default `5`. Number of folds." in text
    assert "None" not in text


def test_the_reference_names_types_as_errors_do():
    assert "`test`: a number from 0 to below 1; default `0.25`." in reference()
    assert '`targets`: one of multilabel, independent; default `"multilabel"`.' in reference()
    assert read_job(GOLDEN[0].with_name("iris.yaml")).job.data.split.test == 0.3
