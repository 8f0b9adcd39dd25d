"""What an error becomes: a status and one sentence as JSON."""

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from sortal.errors import MissingExtra, NotFound, SortalError, StoreBusy, UserError
from sortal.web.response_model import ResponseModel


class ErrorResponse(ResponseModel):
    """Why a request was not answered."""

    error: str
    """One sentence; of a job with several problems a line each."""


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorResponse, "description": "The request is wrong, or not allowed."},
    "503": {
        "model": ErrorResponse,
        "description": "What is stored cannot be read, or too many ask at once.",
    },
}
"""For every router: what its errors look like."""

_STATUS: tuple[tuple[type[SortalError], int], ...] = (
    (NotFound, 404),
    (StoreBusy, 409),
    (MissingExtra, 424),
    (UserError, 400),
    (SortalError, 503),
)


def error_response(status: int, text: str) -> Response:
    """An answer that says why there is none.

    ASCII alone, so that any text that came from outside can be told.
    """
    return Response(json.dumps({"error": text}), status, media_type="application/json")


def add_error_handlers(app: FastAPI) -> None:
    """Make an app answer errors with a sentence."""
    app.exception_handler(SortalError)(_ours)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(OSError)(_disk)
    app.exception_handler(Exception)(_fault)


async def _ours(_request: Request, error: SortalError) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return error_response(status, str(error))


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in error.errors()]
    return error_response(422, " ".join(told))


async def _http(request: Request, error: HTTPException) -> Response:
    answer = error_response(error.status_code, f"{request.url.path}: {error.detail}.")
    answer.headers.update(error.headers or {})
    return answer


async def _disk(_request: Request, error: OSError) -> Response:
    return error_response(503, f"the disk of the store: {error.strerror or error}.")


async def _fault(_request: Request, error: Exception) -> Response:
    named = type(error).__name__
    return error_response(
        500, f"{named}: a fault of Sortal; the server's output has its traceback."
    )
