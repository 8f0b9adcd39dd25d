"""Whatever a caller sends that the description allows, or forbids: no fault, and answers as described."""

import shutil
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sortal.web.app import make_app
from sortal.web.settings import ServerSettings

OURS = {"Host": "127.0.0.1:8765", "Origin": "http://127.0.0.1:8765"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def described(filled: Path, tmp_path_factory: pytest.TempPathFactory):
    store = tmp_path_factory.mktemp("fuzz") / "store"
    shutil.copytree(filled, store)
    app = make_app(ServerSettings(store=store))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=OURS)


FEW = settings(max_examples=15, database=None, suppress_health_check=list(HealthCheck))


def _send_many(operation, mode, change=lambda case: None):
    """Send what fits the description of a route, or what does not, and look at each answer."""

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        change(case)
        case.call_and_validate(headers=OURS, checks=CHECKS)

    send()


def _to_a_job_that_is_there(case):
    case.path_parameters["name"] = "kinds"
    if "title" in case.query:
        case.query["title"] = "net"
    case.query.pop("target", None)


def test_no_request_is_a_fault(described):
    operations = [one.ok() for one in described.get_all_operations()]
    assert len(operations) >= 18
    for operation in operations:
        _send_many(operation, GenerationMode.POSITIVE)


def test_no_request_that_the_description_forbids_is_a_fault(described):
    operations = [one.ok() for one in described.get_all_operations()]
    chosen = [
        one for one in operations if one.get_parameter("limit", "query") or one.method == "post"
    ]
    assert len(chosen) >= 5
    for operation in chosen:
        _send_many(operation, GenerationMode.NEGATIVE)


def test_no_request_for_a_job_that_is_there_is_a_fault(described):
    found = [one.ok() for one in described.get_all_operations()]
    of_jobs = [one for one in found if "/jobs/{name}" in one.path and one.method == "get"]
    assert len(of_jobs) >= 10
    for operation in of_jobs:
        _send_many(operation, GenerationMode.POSITIVE, _to_a_job_that_is_there)
